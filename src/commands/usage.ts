// What is wrong with a command line, and the few ways in which command lines are read.

import { type ParseArgsConfig, parseArgs } from 'node:util'

/** The line was not understood; the program ends with 2. */
export class UsageError extends Error {}

/** The words that must be there, by name, and nothing after them; UsageError names the first that is missing. */
export function takeWords<const Name extends string>(
  words: readonly string[],
  names: readonly Name[],
): Readonly<Record<Name, string>> {
  const missing = names[words.length]
  if (missing !== undefined) throw new UsageError(`The ${missing} is missing.`)
  if (words.length > names.length) throw new UsageError(`"${words[names.length]}" is one word too many.`)
  return Object.fromEntries(names.map((name, index) => [name, words[index]])) as Record<Name, string>
}

/** node:util's parseArgs with words allowed between the options. */
export function readArgs<const Options extends NonNullable<ParseArgsConfig['options']>>(
  args: readonly string[],
  options: Options,
) {
  return parseArgs({ args: [...args], options, allowPositionals: true, strict: true })
}

/** Writes a value to standard output as JSON, readable. */
export function print(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value, undefined, 2)}\n`)
}
