// Users: what is known of them, what the site says of them, the site's own ids.

import { z } from 'zod'
import { removeUser } from '../../core/farewell.ts'
import type { Gateway } from '../../core/gateway.ts'
import type { Identity } from '../../core/model.ts'
import type { UserInfo } from '../../core/user-info-store.ts'
import { checkUid } from '../../core/users.ts'
import { GigyaError, missing } from './errors.ts'
import { type Fields, type GigyaMethod, gigyaRoute, type UserCaller } from './method.ts'
import { allowsLogin, capabilitiesOf, networkName, selectNetworks } from './networks.ts'
import { jsonOf, list, requiredWord, truth } from './parameters.ts'
import { firstOf, SiteInfo, toPersonFields, toSiteFields } from './profiles.ts'
import { providerUidSignature, uidSignature } from './signature.ts'
import { inGigyaWords, uidOf } from './uids.ts'

/** `*` stands for all networks. */
const networks = list.transform((names) => (names?.includes('*') ? undefined : names))

/** http://developers.gigya.com/037_API_reference/010_Socialize/socialize.getUserInfo */
const getUserInfo = gigyaRoute({
  name: 'getUserInfo',
  summary: 'Read a user with identities',
  user: 'required',
  input: z.object({
    includeAllIdentities: truth,
    extraFields: list,
    enabledProviders: networks,
    disabledProviders: list,
  }),
  async run({ gateway, caller, input, request }) {
    const { store } = gateway
    const { user } = caller
    const [all, info] = await Promise.all([store.identities.ofUser(user), store.userInfo.of(user)])
    const isWanted = selectNetworks(gateway, input)
    const active = all.filter((identity) => isActive(gateway, identity))
    const shown = (input.includeAllIdentities ? all : active).filter(({ provider }) => isWanted(provider))
    const UID = uidOf(user)
    const signed = uidSignature(caller, UID, request.at)
    const { signatureTimestamp } = signed
    const loggedInBy = loginIdentityOf(user.uid, all, info)
    const people = shown.map(({ profile }) => toPersonFields(profile, request.at, input.extraFields))
    return {
      UID,
      ...signed,
      isSiteUser: true,
      isConnected: active.length > 0,
      isLoggedIn: info.isLoggedIn,
      isTempUser: false,
      isSiteUID: user.uid !== undefined,
      ...toLoginFields(gateway, user.uid, loggedInBy),
      identities: shown.map((identity, at) => ({
        ...toIdentityFields(gateway, caller, identity, {
          timestamp: signatureTimestamp,
          isLoginIdentity: identity === loggedInBy,
        }),
        isExpiredSession: input.includeAllIdentities ? !isActive(gateway, identity) : undefined,
        ...people[at],
      })),
      ...firstOf([toSiteFields(info.profile, request.at), ...people]),
      capabilities: toCapabilities(gateway, active),
    }
  },
})

/** Whether the network would still let us in, as far as we know. */
function isActive({ providers }: Gateway, { provider, refused }: Identity): boolean {
  const isThere = providers.get(provider)?.gone === undefined
  return isThere && refused?.problem.code !== 'relink_required'
}

function toIdentityFields(
  gateway: Gateway,
  { signingKey }: UserCaller,
  { provider: id, subject, updatedAt }: Identity,
  {
    timestamp,
    isLoginIdentity,
  }: { readonly timestamp: string | undefined; readonly isLoginIdentity: boolean },
): Fields {
  const provider = networkName(gateway, id)
  const known = gateway.providers.get(id)
  const lastUpdated = new Date(updatedAt).toISOString()
  const isSigned = signingKey !== undefined && timestamp !== undefined
  return {
    provider,
    providerUID: subject,
    providerUIDSig: isSigned ? providerUidSignature(signingKey, timestamp, provider, subject) : undefined,
    isLoginIdentity,
    allowsLogin: known !== undefined && allowsLogin(known),
    lastUpdated,
    lastUpdatedTimestamp: updatedAt,
    oldestDataUpdated: lastUpdated,
    oldestDataUpdatedTimestamp: updatedAt,
  }
}

/** The identity that the user came in with last; undefined when that was through the site itself. */
function loginIdentityOf(
  uid: string | undefined,
  identities: readonly Identity[],
  { loginIdentityId }: UserInfo,
): Identity | undefined {
  const told = identities.find(({ id }) => id === loginIdentityId)
  if (told || uid !== undefined) return told
  return identities.toSorted((one, other) => other.updatedAt - one.updatedAt)[0]
}

/** How the user came in last: through a network, or through the site itself. */
function toLoginFields(gateway: Gateway, uid: string | undefined, identity: Identity | undefined): Fields {
  if (!identity) return uid === undefined ? {} : { loginProvider: 'site', loginProviderUID: uid }
  const { provider, subject } = identity
  return { loginProvider: networkName(gateway, provider), loginProviderUID: subject }
}

/** Text with commas, as the REST answers had it; absent when there is none. */
function toCapabilities({ providers }: Gateway, identities: readonly Identity[]): string | undefined {
  const found = identities.flatMap(({ provider: id }) => {
    const provider = providers.get(id)
    return provider ? capabilitiesOf(provider) : []
  })
  return found.length > 0 ? [...new Set(found)].join(', ') : undefined
}

const setUserInfo = gigyaRoute({
  name: 'setUserInfo',
  summary: 'Say what the site knows of a user',
  access: 'server',
  user: 'required',
  input: z.object({ userInfo: jsonOf(SiteInfo) }),
  async run({ gateway, caller, input }) {
    if (input.userInfo === undefined) throw missing('userInfo')
    await gateway.store.userInfo.saveProfile(caller.user, input.userInfo)
    return {}
  },
})

/** `linkAccounts` is what `setUID` was called before; `notifyRegistration` says the same at the end of a registration. */
const namings = ['setUID', 'notifyRegistration', 'linkAccounts'].map(
  (name): GigyaMethod =>
    gigyaRoute({
      name,
      summary: 'Give a user the site’s own id',
      access: 'server',
      user: 'required',
      input: z.object({ siteUID: requiredWord }),
      async run({ gateway, caller, input }) {
        const uid = checkUid(input.siteUID, 'siteUID')
        await inGigyaWords(() => gateway.store.userInfo.rename(caller.user, uid), 'siteUID')
        return {}
      },
    }),
)

const unlinkAccounts = gigyaRoute({
  name: 'unlinkAccounts',
  summary: 'Take the site’s own id away from a user',
  access: 'server',
  user: 'required',
  input: z.object({}),
  async run({ gateway, caller: { user } }) {
    if (user.uid === undefined) throw new GigyaError(400106, 'The user has no id of the site')
    await gateway.store.userInfo.rename(user, undefined)
    return {}
  },
})

const deleteAccount = gigyaRoute({
  name: 'deleteAccount',
  summary: 'Delete a user with all that belongs to it',
  access: 'server',
  user: 'required',
  input: z.object({}),
  async run({ gateway, caller }) {
    await removeUser(gateway, caller.site, caller.user.token)
    return {}
  },
})

export const users = [getUserInfo, setUserInfo, ...namings, unlinkAccounts, deleteAccount]
