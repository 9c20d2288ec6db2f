// A network whose calls end when a signal says so.

import { understand } from './answers.ts'
import type { Network } from './provider.ts'

/** The same network; its calls are given up when the signal is aborted, or their own is. */
export function interruptible(network: Network, signal: AbortSignal): Network {
  const ask: Network['fetch'] = (request, options) => {
    const signals = options?.signal ? AbortSignal.any([signal, options.signal]) : signal
    return network.fetch(request, { signal: signals })
  }
  return {
    identity: network.identity,
    fetch: ask,
    call: async (request, shape) => understand(await ask(request), shape),
  }
}
