// What commands ask of the world outside.

import type { Config } from './config.ts'
import type { Log } from './core/gateway.ts'
import type { OldService } from './core/moving.ts'
import { type AppCheck, createAppCheck } from './network/app-check.ts'
import { createNetworks, type Networks } from './network/networks.ts'
import { createOldService } from './network/old-service.ts'
import { providersById } from './providers/index.ts'
import type { OpenStore } from './store/open.ts'

/** The API of a service that is left. */
export function openOldService(
  { network, moving }: Config,
  old: {
    readonly origin: string
    readonly authorization?: string
    readonly onWait?: (ms: number) => void
  },
): OldService {
  const { requestMs, repeatsMax, waitMaxMs, answerBytes } = moving
  return createOldService({
    ...old,
    network: { ...network, bodyMaxBytes: answerBytes },
    requestMs,
    repeatsMax,
    waitMaxMs,
  })
}

/** Asks networks whether they know an app. */
export function openAppCheck({ network, bases, versions }: Config): AppCheck {
  return createAppCheck({ ...network, bases, versions })
}

/** The networks, for a command that asks them something and ends: it closes them. */
export function openNetworks({ network, bases, versions }: Config, store: OpenStore, log: Log): Networks {
  const meter = { count: () => {}, seconds: () => {}, gauge: () => {} }
  return createNetworks({
    store,
    providers: providersById,
    options: { ...network, bases, versions },
    log,
    meter,
  })
}
