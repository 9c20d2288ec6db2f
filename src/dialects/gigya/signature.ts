// Signatures in both directions: those that requests carry, in every form in which the SDKs are known to make them, and
// those that answers carry. OAuth 1.0's base string with the decoded secret alone as key.

import { timingSafeEqual } from 'node:crypto'
import { createKeyedHash } from '../../core/keyed-hash.ts'
import type { Pair, WireRequest } from '../dialect.ts'
import { hostName } from '../wire-request.ts'

/** The bytes of a secret, which customers see in base64; what is no base64 in it does not count. */
export function decodeSecret(secret: string): Buffer {
  return Buffer.from(secret.replace(/[^A-Za-z0-9+/]/g, ''), 'base64')
}

/** HMAC-SHA1 of the text in UTF-8, in standard base64. */
export function sign(key: Uint8Array, text: string): string {
  return createKeyedHash('sha1', key)(text)
}

/** `UIDSignature` and its `signatureTimestamp`, made now; nothing where replies are not to be signed. */
export function uidSignature(
  { signingKey }: { readonly signingKey?: Uint8Array },
  uid: string,
  atMs: number,
): { readonly UIDSignature?: string; readonly signatureTimestamp?: string } {
  if (!signingKey) return {}
  const signatureTimestamp = toTimestamp(atMs)
  return { UIDSignature: sign(signingKey, `${signatureTimestamp}_${uid}`), signatureTimestamp }
}

/** `friendshipSignature`: the friend first, then the user. */
export function friendshipSignature(
  key: Uint8Array,
  timestamp: string,
  friendUid: string,
  uid: string,
): string {
  return friendshipSigner(key, timestamp, uid)(friendUid)
}

/** The same for many friends of one user. */
export function friendshipSigner(
  key: Uint8Array,
  timestamp: string,
  uid: string,
): (friendUid: string) => string {
  const signText = createKeyedHash('sha1', key)
  return (friendUid) => signText(`${timestamp}_${friendUid}_${uid}`)
}

/** `providerUIDSig` of an identity. */
export function providerUidSignature(
  key: Uint8Array,
  timestamp: string,
  provider: string,
  providerUid: string,
): string {
  return sign(key, `${timestamp}_${provider}_${providerUid}`)
}

/** Unix seconds as text: one SDK joins it to other text and fails on a number. */
export function toTimestamp(atMs: number): string {
  return String(Math.floor(atMs / 1_000))
}

/** What a request's signature is checked against. */
export interface Signed {
  readonly request: Pick<WireRequest, 'method' | 'scheme' | 'host' | 'target' | 'query'>
  readonly pairs: readonly Pair[]
  /** Hosts that clients know us by where the Host header does not say so. */
  readonly publicHosts?: readonly string[]
}

/** Whether the signature is that of one of the ways in which this request may have been signed. */
export function isSignedBy(key: Uint8Array, signature: string, signed: Signed): boolean {
  const given = toDigest(signature)
  if (given === undefined) return false
  const signText = createKeyedHash('sha1', key)
  for (const base of baseStrings(signed)) {
    if (timingSafeEqual(given, Buffer.from(signText(base), 'base64'))) return true
  }
  return false
}

/** The base string of the request as we saw it: a help for whoever looks for a mistake. */
export function baseStringOf(signed: Signed): string {
  const [first = ''] = baseStrings(signed)
  return first
}

/**
 * Every base string that a client may have signed, the likeliest first: one SDK never has the port in it, TLS may end
 * before us, a proxy may have changed the host, one library writes `+` for a space.
 */
function* baseStrings({ request, pairs, publicHosts = [] }: Signed): Generator<string> {
  const path = pathOf(request)
  for (const form of formsOf(pairs)) {
    const query = percentEncode(form)
    for (const origin of originsOf(request, publicHosts)) {
      yield `${request.method.toUpperCase()}&${percentEncode(origin + path)}&${query}`
    }
  }
}

function pathOf({ target, query }: Signed['request']): string {
  return query === undefined ? target : target.slice(0, target.length - query.length - 1)
}

/** Each once, the likeliest first; nearly always it is the only one that is looked at. */
function* originsOf({ scheme, host }: Signed['request'], publicHosts: readonly string[]): Generator<string> {
  const usual = originOf(scheme, hostName({ host }), portOf(host))
  yield usual
  const other = scheme === 'http' ? 'https' : 'http'
  const namespace = /^[a-z]+(?=\.)/.exec(hostName({ host }))?.[0] ?? 'socialize'
  const named = publicHosts.flatMap((name) => [name, `${namespace}.${name}`])
  const origins = new Set<string>()
  for (const candidate of [host, ...named]) {
    const name = hostName({ host: candidate })
    const port = portOf(candidate)
    for (const protocol of [scheme, other]) origins.add(originOf(protocol, name, port))
    for (const protocol of [scheme, other]) origins.add(originOf(protocol, name, undefined))
  }
  origins.delete(usual)
  yield* origins
}

function originOf(protocol: string, name: string, port: string | undefined): string {
  const isUsual = port === undefined || port === (protocol === 'http' ? '80' : '443')
  return `${protocol}://${name}${isUsual ? '' : `:${port}`}`
}

function portOf(host: string): string | undefined {
  return /:(\d{1,5})$/.exec(host)?.[1]
}

/** Beyond so many characters only the usual form is tried: a megabyte of spaces shall not keep us busy. */
const RARE_FORMS_MAX = 65_536

function* formsOf(pairs: readonly Pair[]): Generator<string> {
  const counted = pairs.filter(([name]) => name.toLowerCase() !== 'sig')
  const distinct = [...new Map(counted.map((pair) => [`${pair[0]}\0${pair[1]}`, pair])).values()]
  const usual = joined(distinct)
  yield usual
  if (usual.length > RARE_FORMS_MAX) return
  const forms = new Set([usual, joined(counted)])
  for (const form of [...forms]) forms.add(form.replaceAll('%20', '+'))
  forms.delete(usual)
  yield* forms
}

function joined(pairs: readonly Pair[]): string {
  const sorted = pairs.toSorted(byNameThenValue)
  return sorted.map(([name, value]) => `${name}=${percentEncode(value)}`).join('&')
}

function byNameThenValue([name, value]: Pair, [otherName, otherValue]: Pair): number {
  if (name !== otherName) return name < otherName ? -1 : 1
  if (value === otherValue) return 0
  return value < otherValue ? -1 : 1
}

/** RFC 3986: every byte of the UTF-8 but letters, digits and `-_.~`. */
export function percentEncode(text: string): string {
  return encodeURIComponent(text.toWellFormed()).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  )
}

const DIGEST_BYTES = 20

/** The 20 bytes of a signature in base64 or in its URL-safe form; a `+` that was sent bare has become a space. */
function toDigest(signature: string): Buffer | undefined {
  const plain = signature.replaceAll(' ', '+').replaceAll('-', '+').replaceAll('_', '/')
  if (!/^[A-Za-z0-9+/]{27}=?$/.test(plain)) return undefined
  const bytes = Buffer.from(plain, 'base64')
  return bytes.length === DIGEST_BYTES ? bytes : undefined
}
