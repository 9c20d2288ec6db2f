// kith usersig: a signature for the Tencent API, as Tencent's own signers make it.

import { GatewayError } from '../core/errors.ts'
import { createUserSig } from '../dialects/tencent/usersig.ts'
import { print, readArgs, takeWords, UsageError } from './usage.ts'
import { siteNamed, withStore } from './with-store.ts'

/** What Tencent's own signers take: https://cloud.tencent.com/document/product/269/32688 */
const LIFE_SECONDS = 180 * 86_400

/** `kith usersig`. */
export async function usersig(args: readonly string[]): Promise<void> {
  const { positionals, values } = readArgs(args, {
    identifier: { type: 'string' },
    expire: { type: 'string' },
  })
  const { subdomain } = takeWords(positionals, ['subdomain'])
  const lifeSeconds = toSeconds(values.expire)
  await withStore(async (store) => {
    const site = await siteNamed(store, subdomain)
    const [key] = (await store.signers.of(site.sdkAppId))?.keys ?? []
    if (key === undefined) throw new GatewayError('not_found', `The site "${subdomain}" is gone.`)
    const { sdkAppId, admin } = site
    const identifier = values.identifier ?? admin
    const madeAt = Math.floor(Date.now() / 1_000)
    const sig = createUserSig({ identifier, sdkAppId, madeAt, lifeSeconds }, key)
    print({ sdkAppId, identifier, userSig: sig, expiresAt: new Date((madeAt + lifeSeconds) * 1_000) })
  })
}

function toSeconds(text: string | undefined): number {
  if (text === undefined) return LIFE_SECONDS
  if (/^[1-9]\d{0,9}$/.test(text)) return Number(text)
  throw new UsageError('--expire is a number of seconds, from 1 up.')
}
