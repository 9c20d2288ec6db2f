// kith serve: until told to stop.

import { flushCompileCache } from 'node:module'
import { readConfig } from '../config.ts'
import { createLog } from '../server/log.ts'
import { start } from '../start.ts'
import { untilTold } from './until-told.ts'
import { readArgs, takeWords } from './usage.ts'
import { version } from './version.ts'

/** `kith serve`; ends in good order at SIGTERM or SIGINT, at once at the second. */
export async function serve(args: readonly string[]): Promise<void> {
  takeWords(readArgs(args, {}).positionals, [])
  const config = readConfig()
  const log = createLog(config.server.logLevel, 1, { waitingMaxBytes: config.server.logBytes })
  const told = untilTold()
  const crash = (error: unknown) => {
    log.error({ error }, 'something nobody waited for went wrong; the process ends')
    log.flush()
    process.exit(1)
  }
  process.on('uncaughtException', crash)
  process.on('unhandledRejection', crash)

  const { url, metricsUrl, stop } = await start(config, log)
  log.info({ version: version(), url: config.server.publicUrl ?? url, metrics: metricsUrl }, 'ready')
  // Otherwise the compiled code would be written at the end, which a killed process does not have.
  flushCompileCache()

  log.info({ signal: await told }, 'stopping')
  await stop()
  log.info({}, 'stopped')
  log.flush()
}
