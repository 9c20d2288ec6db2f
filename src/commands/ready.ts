// kith ready: what a container's health check calls.

import { get } from 'node:http'
import { get as getSecurely } from 'node:https'
import { readConfig } from '../config.ts'
import { GatewayError } from '../core/errors.ts'
import { readArgs, takeWords } from './usage.ts'

const WAIT_MS = 2_500

/** `kith ready`: asks the configured port of this machine; fails when the answer is not 200. */
export async function ready(args: readonly string[]): Promise<void> {
  takeWords(readArgs(args, {}).positionals, [])
  const { port, host, tlsCert } = readConfig().server
  const here = !host || host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host
  const request = { host: here, port, path: '/readyz', timeout: WAIT_MS, agent: false }
  // The certificate names the gateway and not this machine's own address.
  const status = await ask((use) =>
    tlsCert ? getSecurely({ ...request, rejectUnauthorized: false }, use) : get(request, use),
  )
  if (status !== 200) throw new GatewayError('overloaded', `Not ready: it answers ${status}.`)
}

type Send = (use: (response: { statusCode?: number; resume(): unknown }) => void) => ReturnType<typeof get>

function ask(send: Send): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const sent = send((response) => {
      response.resume()
      resolve(response.statusCode)
    })
    sent.on('timeout', () => sent.destroy(new Error('no answer in time')))
    sent.on('error', (cause) => {
      reject(new GatewayError('network_unreached', `Not ready: ${cause.message}.`, { cause }))
    })
  })
}
