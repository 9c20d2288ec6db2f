// What a new site is given: one set of credentials for each wire API.

import { createHash, randomBytes, randomUUID } from 'node:crypto'
import { GatewayError } from '../core/errors.ts'
import type { Site } from '../core/model.ts'
import type { Store } from '../core/store.ts'

/** Printed once: the private key cannot be read again. */
export interface Credentials {
  readonly subdomain: string
  /** OneAll: public and private key, both UUIDs. */
  readonly publicKey: string
  readonly privateKey: string
  /** Gigya: site key, and partner secret in base64. */
  readonly apiKey: string
  readonly secret: string
  /** Tencent: app id, UserSig key, and the account that administers it. */
  readonly sdkAppId: number
  readonly secretKey: string
  readonly admin: string
}

interface NewSite {
  readonly name: string
  /** Made of the name when absent. */
  readonly subdomain?: string
  /** Milliseconds since 1970. */
  readonly now: number
}

/** Ten digits that begin with 14, like those that Tencent's own pages show; below 2^32. */
const FIRST_SDK_APP_ID = 1_400_000_000
const LAST_SDK_APP_ID = 2 ** 32 - 1

/** Creates a site; `invalid_request` for a subdomain that is no DNS label, `conflict` when it is taken. */
export async function createSite(
  { sites }: Pick<Store, 'sites'>,
  { name, subdomain = toLabel(name), now }: NewSite,
): Promise<{ site: Site; credentials: Credentials }> {
  checkLabel(subdomain)
  for (let triesLeft = 5; ; triesLeft -= 1) {
    const credentials = createCredentials(subdomain, nextSdkAppId(await sites.list()))
    try {
      const { secret, secretKey } = credentials
      const site = await sites.create(toSite(credentials, { name, createdAt: now }), { secret, secretKey })
      return { site, credentials }
    } catch (error) {
      // Somebody else may have made a site at the same time and taken the number; the name is another matter.
      const isNumberTaken =
        GatewayError.from(error).code === 'conflict' && !(await sites.bySubdomain(subdomain))
      if (!isNumberTaken || triesLeft === 0) throw error
    }
  }
}

function createCredentials(subdomain: string, sdkAppId: number): Credentials {
  return {
    subdomain,
    publicKey: randomUUID(),
    privateKey: randomUUID(),
    apiKey: `3_${randomBytes(48).toString('base64url')}`,
    secret: randomBytes(32).toString('base64'),
    sdkAppId,
    secretKey: randomBytes(32).toString('hex'),
    admin: 'administrator',
  }
}

function toSite(
  { subdomain, publicKey, privateKey, apiKey, sdkAppId, admin }: Credentials,
  { name, createdAt }: Pick<Site, 'name' | 'createdAt'>,
): Omit<Site, 'id'> {
  const privateKeyHash = createHash('sha256').update(privateKey).digest('hex')
  return { subdomain, name, publicKey, privateKeyHash, apiKey, sdkAppId, admin, settings: {}, createdAt }
}

/** A name as a DNS label: `My Shop!` is `my-shop`. */
export function toLabel(name: string): string {
  const plain = name.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase()
  return plain
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 63)
    .replace(/-+$/, '')
}

function checkLabel(subdomain: string): void {
  if (/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(subdomain)) return
  throw new GatewayError(
    'invalid_request',
    'A subdomain has 1 to 63 letters (a to z), digits and inner hyphens; give one with --subdomain.',
  )
}

function nextSdkAppId(sites: readonly Pick<Site, 'sdkAppId'>[]): number {
  const next = sites.reduce((highest, { sdkAppId }) => Math.max(highest, sdkAppId), FIRST_SDK_APP_ID - 1) + 1
  if (next <= LAST_SDK_APP_ID) return next
  throw new GatewayError('overloaded', 'There is no number left for another site.')
}
