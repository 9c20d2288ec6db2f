// Files on disk, named by their content. A file is whole or not there: it is written beside, flushed, then renamed.

import { createHash, hash, randomUUID } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { mkdir, open, readdir, rename, rm, stat, utimes } from 'node:fs/promises'
import { join } from 'node:path'

/** Files of this folder by their names: 64 hex digits. `made` are those that can be made again from the others. */
export type Shelf = 'kept' | 'made'

export interface FileEntry {
  readonly shelf: Shelf
  readonly name: string
  readonly bytes: number
  /** When it was last asked for, in milliseconds since 1970. */
  readonly usedAt: number
}

export interface Folder {
  /** A path for a new file; what is not kept is cleared away after an hour. */
  draft(): Promise<string>
  /** Makes a draft a file of this name, on disk for good when it resolves. */
  keep(shelf: Shelf, name: string, draft: string): Promise<void>
  /** Says that it was asked for; undefined when there is none. */
  use(shelf: Shelf, name: string): Promise<string | undefined>
  /** All files, in no order. */
  list(): Promise<FileEntry[]>
  /** Removes a file unless it was asked for after `usedBefore`; false then, and when there was none. */
  remove(file: FileEntry, usedBefore: number): Promise<boolean>
  /** Clears away drafts that nobody finished; answers how many. */
  sweep(): Promise<number>
}

const DRAFT_LIFE_MS = 3_600_000

/** A folder at this place, made when the first file comes. */
export function createFolder(root: string, now: () => number): Folder {
  const drafts = join(root, 'drafts')

  async function use(shelf: Shelf, name: string): Promise<string | undefined> {
    const path = pathOf(root, shelf, name)
    const time = now() / 1_000
    try {
      await utimes(path, time, time)
      return path
    } catch (error) {
      if (isMissing(error)) return undefined
      throw error
    }
  }

  return {
    use,
    async draft() {
      await mkdir(drafts, { recursive: true, mode: 0o700 })
      return join(drafts, randomUUID())
    },
    async keep(shelf, name, draft) {
      if (await use(shelf, name)) {
        await rm(draft, { force: true })
        return
      }
      const path = pathOf(root, shelf, name)
      const place = join(path, '..')
      await flush(draft)
      const made = await mkdir(place, { recursive: true, mode: 0o700 })
      const time = now() / 1_000
      await utimes(draft, time, time)
      await rename(draft, path)
      await flush(place)
      if (made) await Promise.all([flush(join(place, '..')), flush(root)])
    },
    async list() {
      const shelves = await Promise.all([listShelf(root, 'kept'), listShelf(root, 'made')])
      return shelves.flat()
    },
    async remove({ shelf, name }, usedBefore) {
      const path = pathOf(root, shelf, name)
      // Out of the way first: whoever asks for it now writes it anew, and who asked just before is seen by its time.
      const aside = await asideOf(drafts)
      try {
        await rename(path, aside)
      } catch (error) {
        if (isMissing(error)) return false
        throw error
      }
      const isWanted = (await stat(aside)).mtimeMs > usedBefore
      if (isWanted) await rename(aside, path)
      else await rm(aside, { force: true })
      return !isWanted
    },
    async sweep() {
      const names = await readdir(drafts).catch(emptyWhenMissing)
      let swept = 0
      for (const name of names) {
        const path = join(drafts, name)
        const found = await stat(path).catch(undefinedWhenMissing)
        // Written by whoever wrote it last, so by the machine's own clock.
        if (!found || found.mtimeMs > Date.now() - DRAFT_LIFE_MS) continue
        await rm(path, { force: true })
        swept += 1
      }
      return swept
    },
  }
}

/** Where a file of this name lies in a media folder. */
export function pathOf(root: string, shelf: Shelf, name: string): string {
  return join(root, shelf, name.slice(0, 2), name.slice(2))
}

/** SHA-256 of a file, hex. */
export async function hashFile(path: string): Promise<string> {
  const digest = createHash('sha256')
  for await (const piece of createReadStream(path, { highWaterMark: 262_144 })) digest.update(piece)
  return digest.digest('hex')
}

/** The name of what is made from a file for these wishes. */
export function nameOfMade(from: string, wishes: unknown): string {
  return hash('sha256', `${from}\0${JSON.stringify(wishes)}`)
}

async function asideOf(drafts: string): Promise<string> {
  await mkdir(drafts, { recursive: true, mode: 0o700 })
  return join(drafts, randomUUID())
}

async function listShelf(root: string, shelf: Shelf): Promise<FileEntry[]> {
  const entries: FileEntry[] = []
  for (const start of await readdir(join(root, shelf)).catch(emptyWhenMissing)) {
    const place = join(root, shelf, start)
    for (const rest of await readdir(place).catch(emptyWhenMissing)) {
      const found = await stat(join(place, rest)).catch(undefinedWhenMissing)
      if (found) entries.push({ shelf, name: start + rest, bytes: found.size, usedAt: found.mtimeMs })
    }
  }
  return entries
}

/** Makes sure that a file or a folder is on disk for good. */
export async function flush(path: string): Promise<void> {
  const handle = await open(path, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** Whether the file system says that there is no such thing. */
export function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT'
}

function emptyWhenMissing(error: unknown): string[] {
  if (isMissing(error)) return []
  throw error
}

function undefinedWhenMissing(error: unknown): undefined {
  if (isMissing(error)) return undefined
  throw error
}
