// What clients ask before and beside their work: networks, ids of a device, a signature in another key.

import { randomBytes } from 'node:crypto'
import { z } from 'zod'
import { sameSecret } from '../access.ts'
import { GigyaError } from './errors.ts'
import { gigyaRoute } from './method.ts'
import { capabilitiesOf, findCapability, networkName } from './networks.ts'
import { integer, list, requiredWord } from './parameters.ts'
import { decodeSecret, sign, uidSignature } from './signature.ts'
import { uidOf } from './uids.ts'

const getAvailableProviders = gigyaRoute({
  name: 'getAvailableProviders',
  summary: 'List the networks that have some capabilities',
  access: 'anyone',
  user: 'none',
  input: z.object({ requiredCapabilities: list }),
  async run({ gateway, input }) {
    const required = (input.requiredCapabilities ?? []).map((name) => {
      const capability = findCapability(name)
      if (capability) return capability
      throw new GigyaError(
        400006,
        `Invalid parameter value : there is no capability "${name.slice(0, 50)}"`,
        {
          field: 'requiredCapabilities',
        },
      )
    })
    const able = [...gateway.providers.values()].filter((provider) => {
      const capabilities = capabilitiesOf(provider)
      return capabilities.length > 0 && required.every((capability) => capabilities.includes(capability))
    })
    return { availableProviders: able.map(({ id }) => networkName(gateway, id)) }
  },
})

/** How long a device may keep its ids, in milliseconds. */
const IDS_KEPT_MS = 365 * 86_400_000

/** Ids of a device, which the mobile SDKs send along: nothing here depends on them. */
const newIds = () => ({ gmid: `gmid.${newId()}`, ucid: newId() })
const newId = () => randomBytes(16).toString('base64url')

const getIDs = gigyaRoute({
  name: 'getIDs',
  summary: 'Ids for a device',
  access: 'anyone',
  user: 'none',
  input: z.object({}),
  async run({ request }) {
    const { gmid, ucid } = newIds()
    return { gmid, gcid: gmid, ucid, refreshTime: request.at + IDS_KEPT_MS }
  },
})

const getSDKConfig = gigyaRoute({
  name: 'getSDKConfig',
  summary: 'What the mobile SDKs ask first',
  access: 'anyone',
  user: 'none',
  input: z.object({ include: list }),
  async run({ input }) {
    const parts = { permissions: {}, ids: newIds(), appIds: {}, errorReportRules: [] }
    const wanted = input.include && new Set(input.include.map((name) => name.toLowerCase()))
    return Object.fromEntries(
      Object.entries(parts).filter(([name]) => wanted?.has(name.toLowerCase()) ?? true),
    )
  },
})

/** Older signatures are not exchanged, in seconds. */
const EXCHANGE_MAX_AGE = 60

/** For whoever has a user key, and so cannot check what the partner secret signed. */
const exchangeUIDSignature = gigyaRoute({
  name: 'exchangeUIDSignature',
  summary: 'A signature of a UID in the caller’s own key',
  access: 'server',
  user: 'required',
  input: z.object({ UIDSignature: requiredWord, signatureTimestamp: integer({ min: 1 }) }),
  async run({ gateway, caller, input, request }) {
    const { store } = gateway
    const { site, user, userKey: name } = caller
    const { UIDSignature, signatureTimestamp } = input
    if (signatureTimestamp === undefined) {
      throw new GigyaError(400002, 'Missing required parameter : signatureTimestamp')
    }
    const UID = uidOf(user)
    if (Math.abs(request.at / 1_000 - signatureTimestamp) > EXCHANGE_MAX_AGE) {
      throw new GigyaError(403002, `The signature is not of the last ${EXCHANGE_MAX_AGE} seconds`)
    }
    const door = await store.access.byApiKey(site.apiKey, { userKey: name })
    const partnerKey = decodeSecret(door?.secret ?? '')
    // A `+` that was sent bare has become a space.
    if (!sameSecret(sign(partnerKey, `${signatureTimestamp}_${UID}`), UIDSignature.replaceAll(' ', '+'))) {
      throw new GigyaError(400006, 'Invalid parameter value : UIDSignature', { field: 'UIDSignature' })
    }
    const secret = name === undefined ? undefined : door?.userKey?.secret
    if (name !== undefined && secret === undefined) {
      throw new GigyaError(400096, 'This user key has no secret to sign with')
    }
    const signingKey = secret === undefined ? partnerKey : decodeSecret(secret)
    return { UID, ...uidSignature({ signingKey }, UID, request.at) }
  },
})

export const plumbing = [getAvailableProviders, getIDs, getSDKConfig, exchangeUIDSignature]
