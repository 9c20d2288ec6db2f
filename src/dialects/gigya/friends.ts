// socialize.getFriendsInfo: the friends of a user over all networks, as people.
// http://developers.gigya.com/037_API_reference/010_Socialize/socialize.getFriendsInfo

import { hash } from 'node:crypto'
import { z } from 'zod'
import { type FriendLists, hasContacts, readFriendLists } from '../../core/friend-lists.ts'
import { type FriendSources, findSources, toFriends, withSiteFriends } from '../../core/friends.ts'
import type { Gateway } from '../../core/gateway.ts'
import type { User } from '../../core/model.ts'
import type { FriendList } from '../../core/people-store.ts'
import { readSiteFriends, siteFriendsHead } from '../../core/site-friends.ts'
import { GigyaError } from './errors.ts'
import { renderFriends } from './friends-view.ts'
import { type GigyaCall, gigyaRoute, type UserCaller } from './method.ts'
import { capabilitiesOf, findCapability, selectNetworks } from './networks.ts'
import { list, truth, word } from './parameters.ts'
import { allFailed, toProviderErrors } from './provider-errors.ts'

/** Signatures are shared by the calls of one minute: the SDKs refuse them when they are three minutes old. */
const SIGNED_FOR_MS = 60_000

const Input = z.object({
  detailLevel: word.transform((level = 'basic', context) => {
    const lower = level.toLowerCase()
    if (lower === 'basic' || lower === 'extended') return lower
    context.addIssue('must be basic or extended')
    return z.NEVER
  }),
  UIDs: list,
  // Named by the documentation beside UIDs, and nowhere explained.
  friends: list,
  siteUsersOnly: truth,
  enabledProviders: list,
  disabledProviders: list,
  requiredCapabilities: list.transform((names, context) =>
    names?.map((name) => {
      const capability = findCapability(name)
      if (capability) return capability
      context.addIssue(`must be names of capabilities; "${name.slice(0, 50)}" is none`)
      return z.NEVER
    }),
  ),
})

type Asked = z.output<typeof Input>

export const getFriendsInfo = gigyaRoute({
  name: 'getFriendsInfo',
  summary: 'Read the friends of a user over all networks, as people',
  user: 'required',
  input: Input,
  async run(call) {
    const { gateway, caller, input } = call
    const { linkedVersion, lists } = await gateway.store.people.lists(caller.user)
    // Who asks for the friends of some networks does not ask for those of the site.
    const isAboutNetworks = input.enabledProviders ?? input.requiredCapabilities
    const own = isAboutNetworks ? undefined : await siteFriendsHead(gateway, caller.site, caller.user)
    const wanted = selectLists(gateway, lists, input, own !== undefined && own.total > 0)
    const found = await readFriendLists(gateway, caller.user, wanted)
    if (found.pending.length > 0) throw pending(caller.user)
    if (found.failed.length > 0 && found.ready.length === 0) throw allFailed(gateway, found.failed)
    const sources = await findSources(gateway, caller.site, found.ready, linkedVersion)
    if (!sources) throw pending(caller.user)
    return { rendered: await renderOnce(call, found, sources, own?.name ?? '') }
  },
})

/**
 * The lists that the caller's filters leave; 400106 when there are none, 400096 when none of them can have friends,
 * unless the site itself has some.
 */
function selectLists(
  gateway: Gateway,
  lists: readonly FriendList[],
  input: Asked,
  hasOwn: boolean,
): readonly FriendList[] {
  const isWanted = selectNetworks(gateway, input)
  const selected = lists.filter(({ identity }) => isWanted(identity.provider))
  if (selected.length === 0 && !hasOwn)
    throw new GigyaError(400106, 'The user is not connected to any of these networks')
  const able = selected.filter(({ identity }) => hasContacts(gateway, identity))
  if (able.length === 0 && !hasOwn)
    throw new GigyaError(400096, 'None of the networks the user is connected to has friends')
  const { requiredCapabilities = [] } = input
  return able.filter(({ identity }) => {
    const provider = gateway.providers.get(identity.provider)
    const has = provider ? capabilitiesOf(provider) : []
    return requiredCapabilities.every((capability) => has.includes(capability))
  })
}

// The SDKs of Java keep a request's nonce for as long as the request object lives.
function pending({ uid, token }: User): GigyaError {
  const whose = uid ?? token
  const details = `Friends of ${whose} are still being fetched; ask again in a moment, with a new request`
  return new GigyaError(100001, details, { retryAfterSeconds: 1 })
}

/** Renders what is not in memory; callers who ask for the same at the same time share the work. */
async function renderOnce(
  call: GigyaCall<Asked, UserCaller>,
  found: FriendLists,
  sources: FriendSources,
  ownName: string,
): Promise<Uint8Array> {
  const { gateway, caller, input, format } = call
  const { detailLevel, siteUsersOnly } = input
  const errors = toProviderErrors(gateway, found.failed)
  const signedAt = Math.floor(gateway.now() / SIGNED_FOR_MS) * SIGNED_FOR_MS
  const uids = input.UIDs || input.friends ? [...(input.UIDs ?? []), ...(input.friends ?? [])] : undefined
  const key = [
    'gigya:friends',
    caller.user.id,
    sources.name,
    // Nicknames and pictures of the site's own are at most as old as signatures.
    ownName && `${ownName}.${signedAt}`,
    format,
    detailLevel,
    siteUsersOnly ? 'users' : 'all',
    uids ? hash('sha256', uids.join(','), 'base64url') : '',
    caller.signingKey ? signedAt : 'unsigned',
    caller.user.uid ?? '',
    JSON.stringify(errors) ?? '',
  ].join(':')
  const kept = gateway.memory.get(key)
  if (kept) return kept
  const flights = flightsOf(gateway)
  const flight = flights.get(key)
  if (flight) return flight

  const render = async () => {
    const friends = await toFriends(gateway, caller.site, caller.user, sources)
    if (!friends) throw pending(caller.user)
    // Generated ones are base64, in which a `+` that was sent bare has become a space.
    const asked =
      uids && new Set(uids.map((uid) => (uid.startsWith('_gid_') ? uid.replaceAll(' ', '+') : uid)))
    const own = ownName ? await readSiteFriends(gateway, caller.site, caller.user) : []
    const wanted = withSiteFriends(friends, own).filter(({ uid, isSiteUser }) => {
      return (!siteUsersOnly || isSiteUser) && (asked?.has(uid) ?? true)
    })
    const { user, signingKey } = caller
    const signing = signingKey && { key: signingKey, at: signedAt, userUid: user.uid ?? user.token }
    const rendered = await renderFriends(gateway, wanted, { format, detailLevel, signing, errors })
    gateway.memory.set(key, rendered)
    return rendered
  }
  const started = render().finally(() => flights.delete(key))
  flights.set(key, started)
  return started
}

function flightsOf(gateway: Gateway): Map<string, Promise<Uint8Array>> {
  const known = FLIGHTS.get(gateway)
  if (known) return known
  const flights = new Map<string, Promise<Uint8Array>>()
  FLIGHTS.set(gateway, flights)
  return flights
}

const FLIGHTS = new WeakMap<Gateway, Map<string, Promise<Uint8Array>>>()
