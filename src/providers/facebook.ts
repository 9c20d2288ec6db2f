// Facebook. Tells only those friends who use the same app and have allowed it:
// https://developers.facebook.com/docs/graph-api/reference/user/friends

import { z } from 'zod'
import { byUrl, paged, read } from '../core/answers.ts'
import type { ErrorCode } from '../core/errors.ts'
import type { Contact, Profile } from '../core/model.ts'
import type { ErrorRule, Provider } from '../core/provider.ts'
import { Address, Id, Text } from './fields.ts'

const Picture = z.object({ data: z.object({ url: Address, is_silhouette: z.boolean().optional() }) })

const Friend = z.object({ id: Id, name: Text, picture: Picture.optional() })

const Person = Friend.extend({ first_name: Text, last_name: Text, email: Text })

const FRIEND_FIELDS = 'id,name,picture.width(200).height(200){url,is_silhouette}'

export const facebook = {
  id: 'facebook',
  name: 'Facebook',
  docs: 'https://developers.facebook.com/docs/graph-api',
  api: 'https://graph.facebook.com/{version}',
  // A version lives about two years: https://developers.facebook.com/docs/graph-api/changelog/versions
  version: 'v25.0',
  auth: {
    type: 'oauth2',
    // https://developers.facebook.com/docs/facebook-login/guides/advanced/manual-flow
    authorizeUrl: 'https://www.facebook.com/{version}/dialog/oauth',
    tokenUrl: 'https://graph.facebook.com/{version}/oauth/access_token',
    clientAuth: 'body',
    scopeSeparator: ',',
    // After about 60 days the person must log in again:
    // https://developers.facebook.com/docs/facebook-login/guides/access-tokens/get-long-lived
    refresh: 'none',
    extend: {
      grant: 'fb_exchange_token',
      tokenParam: 'fb_exchange_token',
      url: 'https://graph.facebook.com/{version}/oauth/access_token',
    },
    scopes: { profile: ['public_profile', 'email'], contacts: ['user_friends'] },
  },
  // https://developers.facebook.com/docs/graph-api/guides/error-handling and, for 32 and 613,
  // https://developers.facebook.com/docs/graph-api/overview/rate-limiting
  errors: [
    whenCode('102|190', 'relink_required'),
    whenCode('3|10|2\\d\\d', 'permission_missing'),
    whenCode('4|17|32|341|368|613', 'rate_limited'),
    whenCode('1|2', 'network_unavailable'),
  ],

  profile: read(
    () => ({ path: '/me', query: { fields: `${FRIEND_FIELDS},first_name,last_name,email` } }),
    Person,
    toProfile,
  ),

  contacts: {
    all: paged({
      first: () => ({ path: '/me/friends', query: { fields: FRIEND_FIELDS, limit: 100 } }),
      body: z.object({
        data: z.array(Friend),
        paging: z.object({ next: z.url().optional() }).optional(),
      }),
      items: ({ data }) => data.map(toContact),
      // A short page is not the end, a missing `next` is: https://developers.facebook.com/docs/graph-api/results
      next: byUrl(({ paging }) => paging?.next && withoutSecrets(paging.next)),
    }),
  },
} satisfies Provider

/** Facebook writes the caller's token into the address of the next page; ours travels in a header only. */
function withoutSecrets(address: string): string {
  const url = new URL(address)
  for (const name of ['access_token', 'appsecret_proof']) url.searchParams.delete(name)
  return url.href
}

/** The code in the body says what went wrong; the status does not (400 for nearly all). */
function whenCode(numbers: string, code: ErrorCode): ErrorRule {
  return {
    body: new RegExp(`^\\s*\\{\\s*"error"\\s*:\\s*\\{.*"code"\\s*:\\s*(?:${numbers})\\s*[,}]`, 's'),
    code,
  }
}

function toProfile(person: z.infer<typeof Person>): Profile {
  return {
    subject: person.id,
    displayName: person.name,
    givenName: person.first_name,
    familyName: person.last_name,
    pictureUrl: pictureOf(person),
    thumbnailUrl: pictureOf(person),
    // Facebook does not say whether it has verified the address.
    emails: person.email ? [{ value: person.email, isVerified: false }] : undefined,
  }
}

function toContact(friend: z.infer<typeof Friend>): Contact {
  return { id: friend.id, displayName: friend.name, thumbnailUrl: pictureOf(friend) }
}

function pictureOf({ picture }: z.infer<typeof Friend>): string | undefined {
  return picture?.data.is_silhouette ? undefined : picture?.data.url
}
