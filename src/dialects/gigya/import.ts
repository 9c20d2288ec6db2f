// Users in and out by the many: accounts that the site vouches for, and the list of all.

import { z } from 'zod'
import type { Gateway } from '../../core/gateway.ts'
import { toServer } from '../../core/identities.ts'
import type { ExportedUser, VouchedAccount } from '../../core/user-info-store.ts'
import { checkUid, importAccounts, type NamedAccount } from '../../core/users.ts'
import { GigyaError, missing } from './errors.ts'
import { type Fields, gigyaRoute } from './method.ts'
import { findNetwork, networkName } from './networks.ts'
import { integer, jsonOf, list, requiredWord, truth, word } from './parameters.ts'
import { NamedIdentity } from './profiles.ts'
import { toProviderErrors } from './provider-errors.ts'
import { serverOf, sessionsParameter, toSessions } from './provider-sessions.ts'
import { inGigyaWords, uidOf } from './uids.ts'
import { toXmlMembers } from './xml.ts'

const IDENTITIES_MAX = 100

const onInvalid = word.transform((name = 'ignore', context): 'ignore' | 'error' => {
  const lower = name.toLowerCase()
  if (lower === 'ignore' || lower === 'error') return lower
  context.addIssue('must be Ignore or Error')
  return z.NEVER
})

const importIdentities = gigyaRoute({
  name: 'importIdentities',
  summary: 'Link accounts that the site knows of',
  access: 'server',
  user: 'none',
  input: z.object({
    UID: requiredWord,
    identities: jsonOf(z.array(NamedIdentity).max(IDENTITIES_MAX)),
    providerSessions: sessionsParameter,
    allowNewUser: truth,
    handleInvalidSessions: onInvalid,
  }),
  async run({ gateway, caller, input }) {
    if (input.identities === undefined) throw missing('identities')
    const uid = checkUid(input.UID, 'UID')
    const wish = {
      uid,
      named: input.identities.map((identity) => toNamed(gateway, identity)),
      sessions: toSessions(gateway, input.providerSessions),
      mayMakeUser: input.allowNewUser,
      ignoresRefused: input.handleInvalidSessions === 'ignore',
    }
    const imported = await inGigyaWords(() => importAccounts(gateway, caller.site, wish), 'UID')
    const identityConflicts = toConflicts(gateway, imported.conflicts)
    if (!imported.user) {
      throw new GigyaError(409001, 'All identities belong to other users of the site', {
        extra: { identityConflicts },
      })
    }
    const refused = imported.refused.map(({ session, problem }) => ({ identity: session, problem }))
    return {
      UID: uidOf(imported.user),
      isImported: imported.identities.length > 0 || imported.isNewUser,
      identityConflicts,
      providerErrorCodes: toProviderErrors(gateway, refused),
    }
  },
})

function toNamed(
  gateway: Gateway,
  { provider: name, server, profile }: z.output<typeof NamedIdentity>,
): NamedAccount {
  const provider = findNetwork(gateway, name)
  if (!provider) {
    throw new GigyaError(
      400006,
      `Invalid parameter value : identities: there is no network "${name.slice(0, 50)}"`,
      { field: 'identities' },
    )
  }
  return { provider: provider.id, server: serverOf(() => toServer(provider, server), 'identities'), profile }
}

/** Absent when there is none. */
function toConflicts(gateway: Gateway, conflicts: readonly VouchedAccount[]): readonly Fields[] | undefined {
  if (conflicts.length === 0) return undefined
  return conflicts.map(({ provider, subject }) => ({
    provider: networkName(gateway, provider),
    providerUID: subject,
  }))
}

const EXPORT_USUAL = 1_000
const EXPORT_MAX = 10_000
/** Users read and written in one turn of the event loop. */
const SLICE = 500

const FIELDS = ['uid', 'provider', 'provideruid'] as const
type Field = (typeof FIELDS)[number]

const fieldNames = list.transform((names, context): ReadonlySet<Field> => {
  const wanted = (names ?? FIELDS).map((name) => FIELDS.find((field) => field === name.toLowerCase()))
  const known = wanted.filter((field) => field !== undefined)
  if (known.length === wanted.length) return new Set(known)
  context.addIssue('must be some of uid, provider, providerUID')
  return z.NEVER
})

/** http://developers.gigya.com/037_API_reference/010_Socialize/socialize.exportUsers */
const exportUsers = gigyaRoute({
  name: 'exportUsers',
  summary: 'List the users of a site with the names of their accounts',
  access: 'server',
  user: 'none',
  input: z.object({
    fields: fieldNames,
    limit: integer({ min: 1 }),
    /** Our addition: `nextAfter` of the answer before. */
    after: integer(),
  }),
  async run({ gateway, caller, input, format }) {
    const limit = Math.min(input.limit ?? EXPORT_USUAL, EXPORT_MAX)
    const parts: string[] = []
    let after = input.after ?? 0
    let hasMore = true
    for (let count = 0; count < limit && hasMore; ) {
      const size = Math.min(SLICE, limit - count)
      const page = await gateway.store.userInfo.export(caller.site, { after, limit: size })
      for (const user of page) {
        const fields = toExported(gateway, user, input.fields)
        parts.push(format === 'xml' ? toXmlMembers({ user: fields }) : JSON.stringify(fields))
      }
      count += page.length
      after = page.at(-1)?.id ?? after
      hasMore = page.length === size
    }
    const nextAfter = hasMore ? after : undefined
    if (format === 'xml') {
      const users = parts.length === 0 ? '<users />' : `<users>${parts.join('')}</users>`
      return { rendered: Buffer.from(`${users}${toXmlMembers({ nextAfter })}`) }
    }
    const next = nextAfter === undefined ? '' : `,"nextAfter":${nextAfter}`
    return { rendered: Buffer.from(`"users":[${parts.join(',')}]${next}`) }
  },
})

function toExported(gateway: Gateway, user: ExportedUser, fields: ReadonlySet<Field>): Fields {
  return {
    UID: fields.has('uid') ? uidOf(user) : undefined,
    identities: user.identities.map(({ provider, subject }) => ({
      provider: fields.has('provider') ? networkName(gateway, provider) : undefined,
      providerUID: fields.has('provideruid') ? subject : undefined,
    })),
  }
}

export const imports = [importIdentities, exportUsers]
