// Values nobody may read in the file: AES-256-GCM, bound to their place, so that one moved elsewhere does not open.

import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import { GatewayError } from '../core/errors.ts'
import type { KeyRing } from './keys.ts'

const IV_BYTES = 12
const TAG_BYTES = 16

/** Where a sealed value lies: table, stable identity of its row, column. */
export type Place = readonly [table: string, row: string, column: string]

/** `v1.<key id>.<base64url of iv, tag and ciphertext>`, sealed with the current key. */
export function seal(keys: KeyRing, place: Place, plain: string): string {
  const { id, secret } = keys.current()
  const iv = randomBytes(IV_BYTES)
  const cipher = createCipheriv('aes-256-gcm', secret, iv).setAAD(Buffer.from(place.join(':')))
  const sealed = Buffer.concat([cipher.update(plain, 'utf8'), cipher.final()])
  return `v1.${id}.${Buffer.concat([iv, cipher.getAuthTag(), sealed]).toString('base64url')}`
}

/** What `seal` was given for this very place; `internal` when the key is missing or the value was moved or changed. */
export function unseal(keys: KeyRing, place: Place, value: string): string {
  const [version, id, body] = value.split('.')
  if (version !== 'v1' || id === undefined || body === undefined) {
    throw new GatewayError('internal', `A sealed value in ${place[0]} has an unknown form.`)
  }
  const key = keys.find(id)
  if (!key) {
    throw new GatewayError(
      'internal',
      `A value in ${place[0]} is sealed with key ${id}, which is not in the key ring.`,
    )
  }
  const packed = Buffer.from(body, 'base64url')
  try {
    const decipher = createDecipheriv('aes-256-gcm', key.secret, packed.subarray(0, IV_BYTES), {
      authTagLength: TAG_BYTES,
    })
      .setAAD(Buffer.from(place.join(':')))
      .setAuthTag(packed.subarray(IV_BYTES, IV_BYTES + TAG_BYTES))
    return decipher.update(packed.subarray(IV_BYTES + TAG_BYTES), undefined, 'utf8') + decipher.final('utf8')
  } catch (cause) {
    throw new GatewayError('internal', `A sealed value in ${place[0]} does not open in its place.`, { cause })
  }
}

/** The key a sealed value names. */
export function keyIdOf(value: string): string {
  return value.split('.')[1] ?? ''
}
