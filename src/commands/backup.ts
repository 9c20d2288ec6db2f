// kith backup: a whole copy of the database, also while it is served.

import { resolve } from 'node:path'
import { readArgs, takeWords } from './usage.ts'
import { withStore } from './with-store.ts'

/** `kith backup <file>`; the keys are not in the copy and want a safe place of their own. */
export async function backup(args: readonly string[]): Promise<void> {
  const { file } = takeWords(readArgs(args, {}).positionals, ['file'])
  await withStore((store) => store.backup(resolve(file)))
  process.stderr.write(
    `The database is copied to ${file}. Keep the file of keys too, elsewhere: without it no token opens.\n`,
  )
}
