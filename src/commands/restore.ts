// kith restore: a copy that `kith backup` made, put where the configuration says that the database is.

import { constants, existsSync } from 'node:fs'
import { chmod, copyFile, mkdir, open, rename, rm } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { copyMedia } from '../assemble.ts'
import { readConfig } from '../config.ts'
import { GatewayError } from '../core/errors.ts'
import { parseAddress } from '../store/open.ts'
import { mediaOf } from './backup.ts'
import { readArgs, takeWords } from './usage.ts'

/** https://www.sqlite.org/fileformat2.html#magic_header_string */
const MAGIC = 'SQLite format 3\0'

/** `kith restore <file>`; `conflict` where there is a database already, `unsupported` on PostgreSQL. */
export async function restore(args: readonly string[]): Promise<void> {
  const { file } = takeWords(readArgs(args, {}).positionals, ['file'])
  const config = readConfig()
  const address = parseAddress(config.data.databaseUrl)
  if (!('file' in address)) {
    throw new GatewayError('unsupported', 'A database on PostgreSQL is restored with its own tools.')
  }
  const copy = resolve(file)
  await checkCopy(copy)
  checkFree(address.file)
  // The database comes last: until then nothing is there, and the command can be given again.
  const { files } = await copyMedia(config, { folder: mediaOf(copy), isBack: true })
  await putBack(copy, address.file)
  process.stderr.write(
    `${address.file} is there again, with ${files} pictures and videos. It opens with the keys of its time.\n`,
  )
}

async function checkCopy(path: string): Promise<void> {
  const head = Buffer.alloc(MAGIC.length)
  try {
    const opened = await open(path, 'r')
    try {
      await opened.read(head, 0, head.length, 0)
    } finally {
      await opened.close()
    }
  } catch (cause) {
    throw new GatewayError('not_found', `There is no copy at ${path} that can be read.`, { cause })
  }
  if (head.toString('latin1') === MAGIC) return
  throw new GatewayError('invalid_request', `${path} is no copy of a database.`)
}

/** What SQLite wrote beside an earlier database would be taken for a part of this one. */
function checkFree(path: string): void {
  const taken = ['', '-wal', '-journal'].map((end) => `${path}${end}`).find((each) => existsSync(each))
  if (taken) throw new GatewayError('conflict', `There is something at ${taken} already.`)
}

async function putBack(copy: string, path: string): Promise<void> {
  const draft = `${path}.restoring`
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  try {
    await copyFile(copy, draft, constants.COPYFILE_FICLONE)
    await chmod(draft, 0o600)
    const written = await open(draft, 'r')
    await written.sync()
    await written.close()
    await rename(draft, path)
  } finally {
    await rm(draft, { force: true })
  }
}
