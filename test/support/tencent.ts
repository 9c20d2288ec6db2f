// A whole house that is asked over the Tencent API, without a socket.

import { createRequire } from 'node:module'
import { toWireRequest } from '../../src/dialects/wire-request.ts'
import { type House, openHouse } from './house.ts'

interface Signer {
  genUserSig(identifier: string, expireSeconds: number): string
}

/** Tencent's own signer, as it is published. */
export const TLSSigAPI: { readonly Api: new (sdkAppId: number, key: string) => Signer } = createRequire(
  import.meta.url,
)('tls-sig-api-v2')

export interface Asking {
  /** Instead of a right query; without `?`. */
  readonly query?: string
  /** Query parameters that differ; undefined leaves one out. */
  readonly parameters?: Readonly<Record<string, string | undefined>>
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly address?: string
}

export interface Answered {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly text: string
  /** The parsed JSON. */
  // biome-ignore lint/suspicious/noExplicitAny: tests read what they expect to be there.
  readonly json: any
}

export interface TencentHouse {
  readonly house: House
  /** The site's key. */
  readonly key: string
  /** A right UserSig of the site's administrator. */
  readonly usersig: string
  /** Calls `/v4/<name>`; a body that is no text or bytes goes as JSON. */
  call(name: string, body: unknown, asking?: Asking): Promise<Answered>
  /** Moves the clock of the gateway. */
  passTime(ms: number): void
  close(): Promise<void>
}

/** A house without limits on how often it may be asked, unless told so. */
export async function openTencentHouse(
  options: { readonly database?: string; readonly settings?: House['site']['settings'] } = {},
): Promise<TencentHouse> {
  let ahead = 0
  const now = () => Date.now() + ahead
  const house = await openHouse({ database: options.database, now })
  const { store, site, front } = house
  await store.sites.saveSettings(site, { callsPerSecond: 0, ...options.settings })
  const { secretKey: key } = await store.sites.secrets(site)
  const usersig = new TLSSigAPI.Api(site.sdkAppId, key).genUserSig(site.admin, 86_400)
  return {
    house,
    key,
    usersig,
    async call(name, body, { query, parameters, method = 'POST', headers, address } = {}) {
      const known = { sdkappid: String(site.sdkAppId), identifier: site.admin, usersig, random: '99999999' }
      const asked = Object.entries<string | undefined>({ ...known, contenttype: 'json', ...parameters })
      const spelled = asked.flatMap(([field, value]) =>
        value === undefined ? [] : [`${field}=${encodeURIComponent(value)}`],
      )
      const target = `/v4/${name}?${query ?? spelled.join('&')}`
      const bytes = body instanceof Uint8Array ? Buffer.from(body) : Buffer.from(toText(body))
      const request = {
        method,
        target,
        headers: { host: 'console.tim.qq.com', ...headers },
        address,
        at: now(),
      }
      const answer = await front.answer(toWireRequest({ ...request, body: bytes }))
      const text = Buffer.concat([answer.body].flat()).toString()
      return { status: answer.status, headers: answer.headers, text, json: JSON.parse(text) }
    },
    passTime(ms) {
      ahead += ms
    },
    close: () => house.close(),
  }
}

function toText(body: unknown): string {
  return typeof body === 'string' ? body : JSON.stringify(body)
}
