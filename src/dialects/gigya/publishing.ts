// What publishes: a status, an action, a short link; and messages to single friends, which no network lets through.

import { z } from 'zod'
import { GatewayError } from '../../core/errors.ts'
import { createLink } from '../../core/links.ts'
import type { MediaInput } from '../../core/media-room.ts'
import type { Identity } from '../../core/model.ts'
import { publishMessage, standingOf, type Wanted } from '../../core/sharing.ts'
import type { Publication } from '../../core/sharing-store.ts'
import { GigyaError, missing } from './errors.ts'
import { type Fields, type GigyaCall, gigyaRoute, type UserCaller } from './method.ts'
import {
  capabilitiesOf,
  type NetworkCapability,
  type NetworkFilter,
  networkName,
  selectNetworks,
} from './networks.ts'
import { jsonOf, list, requiredWord, word } from './parameters.ts'
import { allFailed, type NetworkFailure, toProviderErrors } from './provider-errors.ts'
import { toInputs, toWords, UserAction } from './user-action.ts'

/** Which networks, and whether links are replaced by short ones: `always`; any other word means no. */
const FILTER = { enabledProviders: list, disabledProviders: list, shortURLs: word }

const setStatus = gigyaRoute({
  name: 'setStatus',
  summary: 'Publish a text to the networks of a user',
  user: 'required',
  input: z.object({ ...FILTER, status: requiredWord }),
  async run(call) {
    const { status: text, ...filter } = call.input
    const identities = await ableIdentities(call, filter, 'Status')
    return publish(call, identities, { message: { text }, filter, parameter: 'status' })
  },
})

const publishUserAction = gigyaRoute({
  name: 'publishUserAction',
  summary: 'Publish an action to the networks of a user',
  user: 'required',
  input: z.object({ ...FILTER, userAction: jsonOf(UserAction), scope: word }),
  async run(call) {
    const { userAction, scope, ...filter } = call.input
    const parameter = 'userAction'
    if (!userAction) throw missing(parameter)
    if (scope?.toLowerCase() === 'internal') {
      throw new GigyaError(400096, 'There is no feed of activities here: scope cannot be internal')
    }
    const inputs = toInputs(userAction)
    if (!inputs) throw new GigyaError(400096, 'Of mediaItems only images and videos are published')
    const identities = await ableIdentities(call, filter, 'Actions')
    return publish(call, identities, { message: toWords(userAction), inputs, filter, parameter })
  },
})

const sendNotification = gigyaRoute({
  name: 'sendNotification',
  summary: 'Messages to single friends, which no network lets through any more',
  user: 'required',
  input: z.object({ recipients: requiredWord, body: requiredWord, subject: word }),
  async run(call) {
    await ableIdentities(call, {}, 'Notifications')
    throw new GigyaError(400096, 'No network lets messages to single friends be sent through its API')
  },
})

const shortenURL = gigyaRoute({
  name: 'shortenURL',
  summary: 'A short link',
  user: 'optional',
  input: z.object({ url: requiredWord }),
  async run({ gateway, caller, input }) {
    const { address } = await createLink(gateway, caller.site, { url: input.url, field: 'url' })
    return { shortURL: address }
  },
})

export const publishing = [setStatus, publishUserAction, sendNotification, shortenURL]

/** The identities of the user that are wanted and can do this: 400106 when none is wanted, 400096 when none can. */
async function ableIdentities(
  { gateway, caller }: Pick<GigyaCall<unknown, UserCaller>, 'gateway' | 'caller'>,
  filter: NetworkFilter,
  capability: NetworkCapability,
): Promise<readonly Identity[]> {
  const isWanted = selectNetworks(gateway, filter)
  const identities = await gateway.store.identities.ofUser(caller.user)
  const selected = identities.filter(({ provider }) => isWanted(provider))
  if (selected.length === 0) {
    throw new GigyaError(400106, 'The user is not connected to any of these networks')
  }
  const able = selected.filter(({ provider: id }) => {
    const provider = gateway.providers.get(id)
    return provider !== undefined && capabilitiesOf(provider).includes(capability)
  })
  if (able.length > 0) return able
  throw new GigyaError(400096, 'Unsupported provider: none of the connected networks can do this')
}

interface Wish {
  readonly message: Wanted['message']
  readonly inputs?: readonly MediaInput[]
  readonly filter: { readonly shortURLs?: string }
  /** The caller's name for the message. */
  readonly parameter: string
}

/** Success where one network took it; else the failure of the first, with all of them in it. */
async function publish(
  { gateway, caller, request }: Pick<GigyaCall<unknown, UserCaller>, 'gateway' | 'caller' | 'request'>,
  identities: readonly Identity[],
  { message, inputs, filter, parameter }: Wish,
): Promise<Fields> {
  const providers = [...new Set(identities.map(({ provider }) => provider))]
  const { publications } = await inParameter(parameter, () =>
    publishMessage(gateway, caller.site, {
      message,
      inputs,
      target: { user: caller.user.token, providers },
      flags: { tracksLinks: filter.shortURLs?.toLowerCase() === 'always' },
      idempotencyKey: request.headers['idempotency-key'],
    }),
  )
  const failures = publications.flatMap((publication) => toFailure(publication, gateway.now()))
  if (failures.length === publications.length) throw allFailed(gateway, failures)
  const posts = publications.flatMap(({ provider, post }) =>
    post ? [[networkName(gateway, provider), post.id] as const] : [],
  )
  return {
    // The first of a network counts: one network has one member.
    providerPostIDs: posts.length > 0 ? Object.fromEntries(posts.toReversed()) : undefined,
    providerErrorCodes: toProviderErrors(gateway, failures),
  }
}

function toFailure(publication: Publication, now: number): readonly NetworkFailure[] {
  const standing = standingOf(publication, now)
  if (standing !== 'failed' && standing !== 'unknown' && standing !== 'cancelled') return []
  const { provider, problem } = publication
  const said = problem ?? { code: 'network_silent', message: 'It is not known whether this is published.' }
  // A repeated post is 403024: https://github.com/graze/gigya-client/blob/master/src/Response/ErrorCode.php
  const code = said.code === 'conflict' ? 'rate_limited' : said.code
  return [{ identity: { provider }, problem: { ...said, code } }]
}

/** What is wrong with a message is wrong with the parameter it came in. */
async function inParameter<T>(parameter: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    const failure = GatewayError.from(error)
    const { code, message, field, retryAfterSeconds, cause } = failure
    if (field === undefined || field === 'Idempotency-Key') throw failure
    throw new GatewayError(code, message, { field: parameter, retryAfterSeconds, cause })
  }
}
