// Keys with which an app on a phone publishes for one user, without the site's own keys.

import { hash, randomBytes } from 'node:crypto'
import type { Gateway } from '../../core/gateway.ts'
import type { Site, User } from '../../core/model.ts'
import type { Caller } from '../dialect.ts'
import { toDate } from './envelope.ts'
import type { PlainObject } from './xml.ts'

/** What `Authorization` begins with. */
const SCHEME = /^OneAllPublishToken\s+(\S{1,256})$/i

/** A new key for this user, as it stands beside them after a login; only its hash is kept. */
export async function issuePublishToken(
  { store, deliveries, now }: Gateway,
  site: Pick<Site, 'id'>,
  user: Pick<User, 'id'>,
): Promise<PlainObject> {
  const key = randomBytes(32).toString('base64url')
  const { tokenLifeMs: lifeMs } = deliveries.bounds
  await store.access.issue(site, { hash: hashOf(key), user, lifeMs })
  return { key, date_creation: toDate(now()), date_expiration: toDate(now() + lifeMs) }
}

/** Whose key it is; undefined for a key that is none or has ended, `none` where no key of this kind is shown. */
export async function findPublisher(
  { store }: Pick<Gateway, 'store'>,
  authorization: string,
): Promise<Caller | 'none' | undefined> {
  const key = SCHEME.exec(authorization)?.[1]
  if (key === undefined) return 'none'
  const door = await store.access.byToken(hashOf(key))
  const user = door?.token.user
  return door && user && { site: door.site, user, by: 'publishToken' }
}

// Apart from the tokens of other APIs, which let their bearer do more.
function hashOf(key: string): string {
  return hash('sha256', `publish ${key}`)
}
