// kith backup: a whole copy of the database and of the pictures and videos, also while they are served.

import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { copyMedia } from '../assemble.ts'
import { GatewayError } from '../core/errors.ts'
import { readArgs, takeWords } from './usage.ts'
import { withStore } from './with-store.ts'

/** Where the pictures and videos of a copy lie. */
export function mediaOf(file: string): string {
  return `${file}.media`
}

/** `kith backup <file>`; the keys are not in the copy and want a safe place of their own. */
export async function backup(args: readonly string[]): Promise<void> {
  const { file } = takeWords(readArgs(args, {}).positionals, ['file'])
  const path = resolve(file)
  const folder = mediaOf(path)
  const { files } = await withStore(async (store, config) => {
    if (existsSync(folder)) throw new GatewayError('conflict', `There is something at ${folder} already.`)
    // The database first: what it speaks of is there then, and goes no sooner than after an hour.
    await store.backup(path)
    return copyMedia(config, { folder })
  })
  const media = files > 0 ? `, ${files} pictures and videos to ${mediaOf(file)}` : ''
  process.stderr.write(
    `The database is copied to ${file}${media}. Keep the file of keys too, elsewhere: without it no token opens.\n`,
  )
}
