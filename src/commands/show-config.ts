// kith config: what is in effect.

import { effectiveValues, readConfig } from '../config.ts'
import { print, readArgs, takeWords } from './usage.ts'

/** `kith config`: every setting with its value, secrets masked. */
export async function showConfig(args: readonly string[]): Promise<void> {
  takeWords(readArgs(args, {}).positionals, [])
  print(effectiveValues(readConfig()))
}
