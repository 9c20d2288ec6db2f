// A copy of what was taken, beside a copy of the database. What is made of it can be made again.

import { constants } from 'node:fs'
import { copyFile, mkdir, rename, rm, utimes } from 'node:fs/promises'
import { dirname } from 'node:path'
import { createFolder, type FileEntry, flush, isMissing, pathOf } from './folder.ts'

/** What was copied. */
export interface Copied {
  readonly files: number
  readonly bytes: number
}

/**
 * Copies from one media folder to another what that one has not yet, each file whole or not at all, readable by its owner
 * alone, as old as it is. Files that go meanwhile are left out.
 */
export async function copyKept(from: string, to: string): Promise<Copied> {
  const [there, here] = await Promise.all([keptIn(to), keptIn(from)])
  const known = new Set(there.map(({ name }) => name))
  let files = 0
  let bytes = 0
  for (const entry of here) {
    if (known.has(entry.name) || !(await copyOne(entry, from, to))) continue
    files += 1
    bytes += entry.bytes
  }
  return { files, bytes }
}

async function keptIn(root: string): Promise<FileEntry[]> {
  const entries = await createFolder(root, Date.now).list()
  return entries.filter(({ shelf, name }) => shelf === 'kept' && /^[0-9a-f]{64}$/.test(name))
}

async function copyOne({ shelf, name, usedAt }: FileEntry, from: string, to: string): Promise<boolean> {
  const path = pathOf(to, shelf, name)
  const draft = await createFolder(to, Date.now).draft()
  try {
    // Without blocks of its own where the file system can do that.
    await copyFile(pathOf(from, shelf, name), draft, constants.COPYFILE_FICLONE)
    await utimes(draft, usedAt / 1_000, usedAt / 1_000)
    await flush(draft)
    await mkdir(dirname(path), { recursive: true, mode: 0o700 })
    await rename(draft, path)
    await flush(dirname(path))
    return true
  } catch (error) {
    if (isMissing(error)) return false
    throw error
  } finally {
    await rm(draft, { force: true })
  }
}
