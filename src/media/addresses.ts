// Public addresses of files: signed with an end, so that no list of them is kept and nobody can make one.

import { createHmac, hkdfSync, type KeyObject, timingSafeEqual } from 'node:crypto'
import { GatewayError } from '../core/errors.ts'
import type { Shelf } from './folder.ts'

/** Keys by id; the current one signs, all of them are believed. */
export interface SigningKeys {
  current(): SigningKey
  find(id: string): SigningKey | undefined
}

export interface SigningKey {
  readonly id: string
  readonly secret: KeyObject
}

/** One file, until when. */
export interface AddressedFile {
  readonly shelf: Shelf
  /** 64 hex digits. */
  readonly name: string
  /** Milliseconds since 1970. */
  readonly until: number
}

/** Where files are below the public address of the gateway. */
export const MEDIA_PATH = '/media/'

const SHELVES: readonly Shelf[] = ['kept', 'made']
// Version, shelf, end in seconds, name.
const PLAIN_BYTES = 2 + 6 + 32
const PROOF_BYTES = 16
const VERSION = 1

/** The unguessable part of an address. */
export function spellKey(keys: SigningKeys, { shelf, name, until }: AddressedFile): string {
  const plain = Buffer.alloc(PLAIN_BYTES)
  plain[0] = VERSION
  plain[1] = SHELVES.indexOf(shelf)
  plain.writeUIntBE(Math.ceil(until / 1_000), 2, 6)
  plain.write(name, 8, 'hex')
  const key = keys.current()
  return Buffer.concat([plain, proofOf(key, plain), Buffer.from(key.id)]).toString('base64url')
}

/** The file of an address that we have given; undefined when we have not, whether or not its time has passed. */
export function readKey(keys: SigningKeys, text: string): AddressedFile | undefined {
  const bytes = Buffer.from(text, 'base64url')
  const proofEnd = PLAIN_BYTES + PROOF_BYTES
  if (bytes.length <= proofEnd || bytes.toString('base64url') !== text) return undefined
  const plain = bytes.subarray(0, PLAIN_BYTES)
  const key = keys.find(bytes.subarray(proofEnd).toString('latin1'))
  if (!key || !timingSafeEqual(proofOf(key, plain), bytes.subarray(PLAIN_BYTES, proofEnd))) return undefined
  const shelf = SHELVES[plain[1] ?? SHELVES.length]
  if (plain[0] !== VERSION || !shelf) return undefined
  return { shelf, name: plain.toString('hex', 8), until: plain.readUIntBE(2, 6) * 1_000 }
}

function proofOf({ secret }: SigningKey, plain: Buffer): Buffer {
  const key = Buffer.from(hkdfSync('sha256', secret, '', 'kith media address', 32))
  return createHmac('sha256', key).update(plain).digest().subarray(0, PROOF_BYTES)
}

/** The public base without a slash at its end; `unsupported` when there is none. */
export function publicBase(publicUrl: string | undefined): string {
  if (publicUrl !== undefined) return publicUrl.replace(/\/+$/, '')
  throw new GatewayError(
    'unsupported',
    'This network fetches pictures and videos by itself, and the gateway has no public address (KITH_PUBLIC_URL).',
    { field: 'media' },
  )
}
