// Friends as the members of an answer, in JSON or XML, in slices: a long list does not hold up other requests.

import { setImmediate as turn } from 'node:timers/promises'
import type { Friend, FriendAccount } from '../../core/friends.ts'
import type { Gateway } from '../../core/gateway.ts'
import type { Fields, MemberFormat } from './method.ts'
import { networkName } from './networks.ts'
import type { ProviderError } from './provider-errors.ts'
import { friendshipSigner, toTimestamp } from './signature.ts'
import { toXmlMembers } from './xml.ts'

interface View {
  readonly format: MemberFormat
  readonly detailLevel: 'basic' | 'extended'
  /** What friendships are signed with, in whose name; absent when they are not to be. */
  readonly signing?: { readonly key: Uint8Array; readonly at: number; readonly userUid: string }
  readonly errors?: readonly ProviderError[]
}

/** Friends written in one turn of the event loop. */
const SLICE = 500

/** `friends`, and `providerErrorCodes` where there are any. */
export async function renderFriends(
  gateway: Pick<Gateway, 'providers'>,
  friends: readonly Friend[],
  { format, detailLevel, signing, errors }: View,
): Promise<Uint8Array> {
  const sign = signing && signer(signing)
  const parts: string[] = []
  for (let from = 0; from < friends.length; from += SLICE) {
    if (from > 0) await turn()
    for (const friend of friends.slice(from, from + SLICE)) {
      const fields = toFields(gateway, friend, detailLevel, sign?.(friend.uid))
      parts.push(format === 'xml' ? toXmlMembers({ friend: fields }) : JSON.stringify(fields))
    }
  }
  if (format === 'xml') {
    const list = parts.length === 0 ? '<friends />' : `<friends>${parts.join('')}</friends>`
    return Buffer.from(`${list}${toXmlMembers({ providerErrorCodes: errors })}`)
  }
  const failures = errors ? `,"providerErrorCodes":${JSON.stringify(errors)}` : ''
  return Buffer.from(`"friends":[${parts.join(',')}]${failures}`)
}

type Signed = { readonly friendshipSignature: string; readonly signatureTimestamp: string }

function signer({ key, at, userUid }: NonNullable<View['signing']>): (friendUid: string) => Signed {
  const signatureTimestamp = toTimestamp(at)
  const sign = friendshipSigner(key, signatureTimestamp, userUid)
  return (friendUid) => ({ friendshipSignature: sign(friendUid), signatureTimestamp })
}

function toFields(
  gateway: Pick<Gateway, 'providers'>,
  { uid, isSiteUser, isSiteUid, accounts, own }: Friend,
  detailLevel: View['detailLevel'],
  signed: Signed | undefined,
): Fields {
  const identities = accounts.map((account) => ({
    provider: networkName(gateway, account.provider),
    providerUID: account.contact.provider_properties.id,
    // Those that a user of the site has linked.
    isLoginIdentity: isSiteUser,
    ...toPersonFields(account, detailLevel),
  }))
  return {
    UID: uid,
    isSiteUser,
    isSiteUID: isSiteUid,
    ...signed,
    identities,
    ...firstOf([
      ...accounts.map((account) => toPersonFields(account, detailLevel)),
      { nickname: own?.nickname, photoURL: own?.imageUrl, thumbnailURL: own?.imageUrl },
    ]),
  }
}

interface PersonFields {
  readonly nickname?: string
  readonly photoURL?: string
  readonly thumbnailURL?: string
  readonly profileURL?: string
  readonly email?: string
}

function toPersonFields({ contact }: FriendAccount, detailLevel: View['detailLevel']): PersonFields {
  const { name, preferredUsername, thumbnailUrl, profileUrl, emails, provider_properties } = contact
  // Without any name a contact is called by its id.
  const isNamed = name.formatted !== provider_properties.id || preferredUsername !== undefined
  const basic = {
    nickname: isNamed ? name.formatted : undefined,
    photoURL: thumbnailUrl,
    thumbnailURL: thumbnailUrl,
  }
  return detailLevel === 'basic' ? basic : { ...basic, profileURL: profileUrl, email: emails?.[0]?.value }
}

/** Of each field what the first account has that has it. */
function firstOf([first = {}, ...others]: readonly PersonFields[]): PersonFields {
  return others.reduce(
    (sofar, next) => ({
      nickname: sofar.nickname ?? next.nickname,
      photoURL: sofar.photoURL ?? next.photoURL,
      thumbnailURL: sofar.thumbnailURL ?? next.thumbnailURL,
      profileURL: sofar.profileURL ?? next.profileURL,
      email: sofar.email ?? next.email,
    }),
    first,
  )
}
