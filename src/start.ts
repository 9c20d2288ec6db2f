// A gateway that serves: assembled, its ports open, its upkeep running.

import { assemble } from './assemble.ts'
import type { Config } from './config.ts'
import type { Gateway, Log, Meter } from './core/gateway.ts'
import { toPingback } from './dialects/oneall/snapshots.ts'
import { startThrift } from './server/thrift.ts'
import { startUpkeep } from './server/upkeep.ts'
import { startServer } from './server.ts'

export interface Running {
  readonly gateway: Gateway
  /** Where the wire APIs are, such as `http://127.0.0.1:8080`. */
  readonly url: string
  readonly metricsUrl?: string
  /** In good order: not ready, nothing new, what is in flight, reads with their place stored, the database. */
  stop(): Promise<void>
}

const NO_METER: Meter = { count: () => {}, seconds: () => {}, gauge: () => {} }

/** Resolves when requests are answered; when it cannot start, what was opened is closed again. */
export async function start(
  config: Config,
  log: Log,
  { portSetting }: { readonly portSetting?: string } = {},
): Promise<Running> {
  const { tlsCert, tlsKey, ...doors } = config.server
  const tls = tlsCert && tlsKey ? { cert: tlsCert, key: tlsKey } : undefined
  const metrics =
    doors.metricsPort === 'off' ? undefined : (await import('./server/metrics.ts')).createMetrics(log)
  const { gateway, front, mediaDoor, gauges, close } = await assemble(config, {
    log,
    meter: metrics?.meter ?? NO_METER,
  })
  metrics?.observe(gauges)
  try {
    const ping = () => gateway.store.ping()
    const server = await startServer(
      { front, mediaDoor, ping, metrics, log },
      { ...doors, tls, portSetting, head: config.front },
    )
    // Which port was free is known only now.
    if (!doors.publicUrl && !config.links.shortUrl && doors.port === 0) {
      gateway.links.book.moveTo(`${server.url}/s`)
    }
    const upkeep = startUpkeep(gateway, { keepReportDays: config.reports.keepDays, toNotice: toPingback })
    const thrift = startThrift(gateway)
    return {
      gateway,
      url: server.url,
      metricsUrl: server.metricsUrl,
      async stop() {
        await server.stop()
        thrift.stop()
        await upkeep.stop()
        await close()
      },
    }
  } catch (error) {
    await close()
    throw error
  }
}
