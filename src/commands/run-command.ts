// Which command a line names, and how it ends: 0 done, 1 failed, 2 not understood.

import { GatewayError } from '../core/errors.ts'
import { HELP } from './help.ts'
import { UsageError } from './usage.ts'

type Run = (args: readonly string[]) => Promise<void>

/** Each loads its own file, and that what it needs. */
const COMMANDS: Readonly<Record<string, () => Promise<Run>>> = {
  serve: async () => (await import('./serve.ts')).serve,
  demo: async () => (await import('../demo/demo.ts')).demo,
  site: async () => (await import('./site.ts')).site,
  provider: async () => (await import('./provider.ts')).provider,
  import: async () => (await import('./import.ts')).importUsers,
  identity: async () => (await import('./identity.ts')).identity,
  user: async () => (await import('./user.ts')).user,
  userkey: async () => (await import('./userkey.ts')).userkey,
  usersig: async () => (await import('./usersig.ts')).usersig,
  'usersig-key': async () => (await import('./usersig-key.ts')).usersigKey,
  webhook: async () => (await import('./webhook.ts')).webhook,
  keys: async () => (await import('./keys.ts')).keys,
  backup: async () => (await import('./backup.ts')).backup,
  restore: async () => (await import('./restore.ts')).restore,
  report: async () => (await import('./report.ts')).report,
  ready: async () => (await import('./ready.ts')).ready,
  config: async () => (await import('./show-config.ts')).showConfig,
}

/** Runs the command and answers the exit code; what it has to say is written by then. */
export async function runCommand([name, ...args]: readonly string[]): Promise<number> {
  if (
    name === undefined ||
    name === 'help' ||
    name === '--help' ||
    name === '-h' ||
    args.includes('--help')
  ) {
    process.stdout.write(HELP)
    return name === undefined ? 2 : 0
  }
  if (name === '--version') {
    process.stdout.write(`${(await import('./version.ts')).version()}\n`)
    return 0
  }
  try {
    const load = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined
    if (!load) throw new UsageError(`There is no command "${name}".`)
    const run = await load()
    await run(args)
    return 0
  } catch (error) {
    return explain(error)
  }
}

function explain(error: unknown): number {
  if (error instanceof UsageError || isParseArgsError(error)) {
    process.stderr.write(`${error.message}\nTry: kith help\n`)
    return 2
  }
  if (error instanceof GatewayError && error.code !== 'internal') {
    process.stderr.write(`${error.message}\n`)
    return 1
  }
  const cause = error instanceof GatewayError ? (error.cause ?? error) : error
  process.stderr.write(
    `Something went wrong on our side: ${cause instanceof Error ? cause.stack : String(cause)}\n`,
  )
  return 1
}

function isParseArgsError(error: unknown): error is Error {
  return error instanceof Error && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS_')
}
