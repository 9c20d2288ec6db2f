// kith keys: what tokens and secrets are sealed with.

import { keySource } from '../assemble.ts'
import { readConfig } from '../config.ts'
import { GatewayError } from '../core/errors.ts'
import { keyIds } from '../store/keys.ts'
import { rotateKeys } from '../store/rotate.ts'
import { print, readArgs, takeWords, UsageError } from './usage.ts'

/** `kith keys list|rotate`. */
export async function keys([verb, ...args]: readonly string[]): Promise<void> {
  takeWords(readArgs(args, {}).positionals, [])
  if (verb === 'list') return list()
  if (verb === 'rotate') return rotate()
  throw new UsageError('After "keys" comes list or rotate.')
}

function list(): void {
  const [current, ...others] = keyIds(keyFile())
  print({ current, others })
}

async function rotate(): Promise<void> {
  const { data, store } = readConfig()
  print(await rotateKeys({ ...store, url: data.databaseUrl, keysPath: keyFile() }))
  process.stderr.write('Copies of the database made until now open with the keys of their time alone.\n')
}

function keyFile(): string {
  const source = keySource(readConfig())
  if ('path' in source) return source.path
  throw new GatewayError(
    'unsupported',
    'Keys given by KITH_KEYS are yours to change: this works on a file of keys.',
  )
}
