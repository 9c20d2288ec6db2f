// socialize.getContacts: e-mail contacts of the networks that tell e-mail addresses.
// http://developers.gigya.com/037_API_reference/010_Socialize/socialize.getContacts

import { z } from 'zod'
import { type ContactList, readIdentityContacts } from '../../core/contacts.ts'
import type { Gateway } from '../../core/gateway.ts'
import type { Identity } from '../../core/model.ts'
import { parseContacts } from '../../core/portable.ts'
import { GigyaError } from './errors.ts'
import { type Fields, gigyaRoute } from './method.ts'
import { capabilitiesOf, networkName, selectNetworks } from './networks.ts'
import { list } from './parameters.ts'
import { allFailed, type NetworkFailure, toProviderErrors } from './provider-errors.ts'

export const getContacts = gigyaRoute({
  name: 'getContacts',
  summary: 'Read the e-mail contacts of a user',
  user: 'required',
  input: z.object({ enabledProviders: list, disabledProviders: list }),
  async run({ gateway, caller, input }) {
    const identities = await gateway.store.identities.ofUser(caller.user)
    const isWanted = selectNetworks(gateway, input)
    const selected = identities.filter(({ provider }) => isWanted(provider))
    if (selected.length === 0)
      throw new GigyaError(400106, 'The user is not connected to any of these networks')
    const able = selected.filter((identity) => hasEmails(gateway, identity))
    if (able.length === 0) {
      throw new GigyaError(400096, 'None of the networks the user is connected to has e-mail contacts')
    }
    const lists = await Promise.all(
      able.map(({ token }) => readIdentityContacts(gateway, caller.site, token)),
    )
    const failures = lists.flatMap(toFailure)
    if (failures.length === lists.length) throw allFailed(gateway, failures)
    return {
      contacts: lists.flatMap((each) => toContacts(gateway, each)),
      providerErrorCodes: toProviderErrors(gateway, failures),
    }
  },
})

function hasEmails({ providers }: Gateway, { provider: id }: Identity): boolean {
  const provider = providers.get(id)
  return provider !== undefined && capabilitiesOf(provider).includes('Contacts')
}

function toFailure({ identity, problem }: ContactList): readonly NetworkFailure[] {
  return problem ? [{ identity, problem }] : []
}

/** One for each address; people without one are no e-mail contacts. */
function toContacts(gateway: Gateway, { identity, contacts }: ContactList): readonly Fields[] {
  const provider = networkName(gateway, identity.provider)
  return parseContacts(contacts).flatMap(({ name, thumbnailUrl, emails = [] }) =>
    emails.map(({ value: email }) => ({ email, provider, nickname: name.formatted, photoURL: thumbnailUrl })),
  )
}
