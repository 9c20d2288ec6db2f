// Who somebody is, as networks of OpenID Connect tell it. https://openid.net/specs/openid-connect-core-1_0.html#UserInfo

import { z } from 'zod'
import { read } from '../core/answers.ts'
import type { Profile } from '../core/model.ts'
import type { Read } from '../core/provider.ts'
import { Address, Id, Text } from './fields.ts'

const UserInfo = z.object({
  sub: Id,
  name: Text,
  given_name: Text,
  family_name: Text,
  preferred_username: Text,
  profile: Address,
  picture: Address,
  locale: Text,
  email: Text,
  // Some send it as text.
  email_verified: z
    .union([z.boolean(), z.string()])
    .transform((value) => String(value) === 'true')
    .nullish(),
})

/** The standard claims, read below the API's root. */
export function openIdProfile(path: string): Read<Profile> {
  return read(() => ({ path }), UserInfo, toProfile)
}

function toProfile(info: z.infer<typeof UserInfo>): Profile {
  return {
    subject: info.sub,
    displayName: info.name,
    username: info.preferred_username,
    givenName: info.given_name,
    familyName: info.family_name,
    profileUrl: info.profile,
    pictureUrl: info.picture,
    thumbnailUrl: info.picture,
    language: /^[a-z]{2,3}(?![a-z])/i.exec(info.locale ?? '')?.[0],
    emails: info.email ? [{ value: info.email, isVerified: info.email_verified ?? false }] : undefined,
  }
}
