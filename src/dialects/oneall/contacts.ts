// Contacts: of all identities of a user at once, and of one identity page by page.

import { z } from 'zod'
import { type ContactList, readContacts, readIdentityContacts } from '../../core/contacts.ts'
import { parseContacts } from '../../core/portable.ts'
import { route } from '../dialect.ts'
import { toBulk, toContact, toExact } from './contact-lists.ts'
import { type Reply, toDate } from './envelope.ts'
import { PAGING, toPageQuery, toToken, yes } from './input.ts'
import { FRESHLY_READ, overallStatus, SUCCESS, toSubStatus } from './statuses.ts'
import { isLegacy } from './view.ts'
import { toPage } from './wire.ts'

const ofUser = route({
  method: 'GET',
  path: '/users/:user_token/contacts',
  summary: 'Read the contacts of all identities of a user',
  input: z.object({ user_token: z.string(), disable_cache: yes }),
  async run({ gateway, caller, input, request }): Promise<Reply> {
    const token = toToken(input.user_token, 'user')
    const { lists } = await readContacts(gateway, caller.site, token, { fresh: input.disable_cache })
    return {
      status: overallStatus(lists),
      data: toBulk(gateway, token, lists, { legacy: isLegacy({ caller, request }) }),
      at: gateway.now(),
      keepUntil: keepUntil(lists, gateway.bounds.contactsMaxAgeMs),
    }
  },
})

const ofIdentity = route({
  method: 'GET',
  path: '/identities/:identity_token/contacts',
  summary: 'Read the contacts of one identity',
  input: z.object({ ...PAGING, identity_token: z.string(), disable_cache: yes }),
  async run({ gateway, caller, input }): Promise<Reply> {
    const token = toToken(input.identity_token, 'identity')
    const list = await readIdentityContacts(gateway, caller.site, token, { fresh: input.disable_cache })
    const { fromCache, updatedAt, problem } = list
    const cache = {
      has_been_used: fromCache,
      date_last_update: toDate(updatedAt),
      date_next_update: toDate(updatedAt + gateway.bounds.contactsMaxAgeMs),
    }
    const fresh = caller.site.settings.freshContacts203 && !fromCache ? FRESHLY_READ : SUCCESS
    return {
      status: problem ? overallStatus([list]) : fresh,
      outcome: problem && toOutcome(list),
      data: toExact({ cache, contacts: toContactsPage(list, toPageQuery(input)) }),
      at: gateway.now(),
    }
  },
})

export const contacts = [ofUser, ofIdentity]

/** Until when a remembered answer says the same as a new one; undefined when it is not to be remembered. */
function keepUntil(lists: readonly ContactList[], maxAgeMs: number): number | undefined {
  const isCached = lists.length > 0 && lists.every(({ fromCache, problem }) => fromCache && !problem)
  return isCached ? Math.min(...lists.map(({ updatedAt }) => updatedAt)) + maxAgeMs : undefined
}

function toOutcome({ problem }: ContactList) {
  if (!problem) return undefined
  const { code, message: info } = toSubStatus(problem)
  return { flag: 'error' as const, code, info }
}

function toContactsPage(list: ContactList, { page: asked, size, direction }: ReturnType<typeof toPageQuery>) {
  const all = parseContacts(list.contacts)
  if (direction === 'desc') all.reverse()
  const totalPages = Math.max(1, Math.ceil(all.length / size))
  const page = Math.min(asked, totalPages)
  const entries = all.slice((page - 1) * size, page * size)
  const contactsPage = { entries, page, size, direction, totalPages, totalEntries: all.length }
  return { ...toPage(contactsPage, toContact), is_truncated: list.isTruncated || undefined }
}
