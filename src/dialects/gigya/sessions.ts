// The tokens of a user's networks for the site's server, encrypted as the SDKs decrypt them: AES in CBC mode, the
// decoded partner secret as key. https://developers.gigya.com/display/GD/socialize.getSessionInfo+REST

import { createCipheriv, randomBytes } from 'node:crypto'
import { z } from 'zod'
import { GigyaError } from './errors.ts'
import { gigyaRoute } from './method.ts'
import { findNetwork, networkName } from './networks.ts'
import { requiredWord, truth, truthOr, word } from './parameters.ts'
import { decodeSecret, providerUidSignature, toTimestamp } from './signature.ts'

const paddingMode = word.transform((name = 'PKCS7', context): Padding => {
  const upper = name.toUpperCase()
  if (upper === 'PKCS5' || upper === 'PKCS7' || upper === 'ZEROS') return upper
  context.addIssue('must be PKCS5, PKCS7 or ZEROS')
  return z.NEVER
})

type Padding = 'PKCS5' | 'PKCS7' | 'ZEROS'

const getSessionInfo = gigyaRoute({
  name: 'getSessionInfo',
  summary: 'Read the token that a network gave for a user',
  access: 'server',
  user: 'required',
  input: z.object({
    provider: requiredWord,
    paddingMode,
    signIDs: truth,
    encrypt: truthOr(true),
    encryptAll: truth,
  }),
  async run({ gateway, caller, input, request }) {
    const { store } = gateway
    const { site, user, signingKey } = caller
    const provider = findNetwork(gateway, input.provider)
    if (!provider) {
      throw new GigyaError(400006, 'Invalid parameter value : provider names no network', {
        field: 'provider',
      })
    }
    const identity = (await store.identities.ofUser(user)).find((each) => each.provider === provider.id)
    if (!identity) throw new GigyaError(400106, `The user is not connected to ${provider.name}`)
    const key = signingKey ?? decodeSecret((await store.sites.secrets(site)).secret)
    await gateway.renewTokens(identity, { force: false })
    const held = await store.tokens.of(identity)
    if (!held) throw new GigyaError(403009, `There is no session with ${provider.name}`)
    const { accessToken, secret, expiresAt } = held.tokens
    const { encryptAll } = input
    // Over http no secret travels in clear, whatever the caller wishes.
    const hidesSecret = encryptAll || input.encrypt || !caller.isPrivate
    const hidesToken = encryptAll || !caller.isPrivate
    const hidesSome = hidesToken || (hidesSecret && secret !== undefined)
    const cipher = hidesSome ? createCipher(key, input.paddingMode) : undefined
    const hidden = (text: string | undefined, isHidden: boolean) =>
      text && isHidden && cipher ? cipher.encrypt(text) : text
    const name = networkName(gateway, provider.id)
    const timestamp = input.signIDs ? toTimestamp(request.at) : undefined
    return {
      authToken: hidden(accessToken, hidesToken),
      tokenSecret: hidden(secret, hidesSecret),
      tokenExpirationUTC: hidden(expiresAt === undefined ? undefined : toTime(expiresAt), encryptAll),
      IV: cipher?.iv,
      providerUID: hidden(identity.subject, encryptAll),
      timestamp,
      providerUIDSig: timestamp && providerUidSignature(key, timestamp, name, identity.subject),
    }
  },
})

export const sessions = [getSessionInfo]

const BLOCK_BYTES = 16

/** One initialization vector for all fields of one answer, as there is one `IV` in it. */
function createCipher(key: Uint8Array, padding: Padding) {
  const algorithm = ALGORITHMS.get(key.length)
  if (algorithm === undefined) {
    throw new GigyaError(
      400096,
      'The secret of this site is not 16, 24 or 32 bytes long, so it is no AES key',
    )
  }
  const iv = randomBytes(BLOCK_BYTES)
  return {
    iv: iv.toString('base64'),
    encrypt(text: string): string {
      const cipher = createCipheriv(algorithm, key, iv)
      const plain = Buffer.from(text)
      // PKCS5 and PKCS7 are the same for blocks of 16 bytes.
      const padded = padding === 'ZEROS' ? zeroPadded(plain) : plain
      if (padding === 'ZEROS') cipher.setAutoPadding(false)
      return Buffer.concat([cipher.update(padded), cipher.final()]).toString('base64')
    },
  }
}

const ALGORITHMS: ReadonlyMap<number, string> = new Map([
  [16, 'aes-128-cbc'],
  [24, 'aes-192-cbc'],
  [32, 'aes-256-cbc'],
])

function zeroPadded(plain: Uint8Array): Uint8Array {
  const padded = Buffer.alloc(Math.ceil(plain.length / BLOCK_BYTES) * BLOCK_BYTES)
  padded.set(plain)
  return padded
}

/** `2014-03-19T08:50:30Z`. */
function toTime(atMs: number): string {
  return `${new Date(atMs).toISOString().slice(0, 19)}Z`
}
