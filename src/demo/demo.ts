// kith demo: the gateway on a fresh database, over pretend networks, with a tour. Nothing of it is left at the end.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { untilTold } from '../commands/until-told.ts'
import { readArgs, takeWords, UsageError } from '../commands/usage.ts'
import { readConfig } from '../config.ts'
import { GatewayError } from '../core/errors.ts'
import { openSandbox } from '../sandbox/sandbox.ts'
import { createLog } from '../server/log.ts'
import { start } from '../start.ts'
import { seed } from './seed.ts'
import { tour } from './tour.ts'
import { linesToTry } from './try-it.ts'

interface DemoOptions {
  readonly port: number
  /** Only the tour, then the end. */
  readonly isOnce: boolean
  /** The first line of standard output is one JSON object; without `isOnce` there is no tour. */
  readonly isJson: boolean
}

/** `kith demo [--port <n>] [--once] [--json]`; fails when the tour does not go as it should. */
export async function demo(args: readonly string[]): Promise<void> {
  const options = readOptions(args)
  const told = untilTold()
  const closing: (() => Promise<void> | void)[] = []
  const play = perform(options, told, closing).then(
    () => undefined,
    (error: unknown) => ({ error }),
  )
  const failure = await Promise.race([play, told.then(() => undefined)])
  for (const close of closing.reverse()) await close()
  if (failure) throw failure.error
}

async function perform(
  { port, isOnce, isJson }: DemoOptions,
  told: Promise<unknown>,
  closing: (() => Promise<void> | void)[],
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'kith-demo-'))
  const removeFolder = () => rmSync(folder, { recursive: true, force: true })
  // However the process ends: this runs at the last moment, and finds nothing when all went well.
  process.once('exit', removeFolder)
  closing.push(removeFolder)

  tell('Starting pretend networks and a gateway …')
  const sandbox = await openSandbox()
  closing.push(() => sandbox.close())
  const log = createLog('warn', 2)
  const config = readConfig({
    KITH_DATABASE_URL: join(folder, 'kith.db'),
    KITH_PORT: String(port),
    KITH_HOST: '127.0.0.1',
    KITH_METRICS_PORT: '0',
    KITH_SANDBOX: sandbox.url,
    // On this machine alone, without a certificate: so that curl can show the calls with a secret too.
    KITH_ALLOW_SECRET_OVER_HTTP: 'true',
  })
  const { gateway, url, metricsUrl, stop } = await start(config, log, { portSetting: '--port' })
  closing.push(stop)

  const seeded = await seed(gateway, sandbox, tell)
  if (isJson) process.stdout.write(`${JSON.stringify({ url, site: seeded.site, users: seeded.users })}\n`)
  const say = isJson ? tell : (text: string) => void process.stdout.write(`${text}\n`)
  if (!isJson || isOnce) {
    const nameOf = (provider: string) => gateway.providers.get(provider)?.name ?? provider
    const wrong = await tour({ url, seed: seeded, nameOf, say })
    if (wrong.length > 0) {
      throw new GatewayError('conflict', `The tour did not go as it should: ${wrong.join('; ')}.`)
    }
  }
  if (isOnce) return
  say(`\nThe gateway stays up at ${url} until you press Ctrl-C. To try:\n`)
  for (const { what, command } of linesToTry(seeded, { url, metricsUrl, gateway, sandbox })) {
    say(`   # ${what}\n   ${command}`)
  }
  await told
}

function readOptions(args: readonly string[]): DemoOptions {
  const { positionals, values } = readArgs(args, {
    port: { type: 'string', default: '8080' },
    once: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  })
  takeWords(positionals, [])
  const port = Number(values.port)
  if (!/^\d{1,5}$/.test(values.port) || port > 65_535)
    throw new UsageError('--port is a number from 0 to 65535.')
  return { port, isOnce: values.once, isJson: values.json }
}

function tell(text: string): void {
  process.stderr.write(`${text}\n`)
}
