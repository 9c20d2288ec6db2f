// LinkedIn. Connections are for approved partners only:
// https://learn.microsoft.com/en-us/linkedin/shared/integrations/people/connections-api

import { z } from 'zod'
import { byOffset, paged, read } from '../core/answers.ts'
import type { Contact, Profile } from '../core/model.ts'
import type { Provider } from '../core/provider.ts'
import { Address, Id, Text } from './fields.ts'
import { publish, remove } from './linkedin-posts.ts'

// The documented locale is text ('en-US'); what comes is an object.
const Locale = z.union([
  z.string().transform((tag) => /^[a-z]{2,3}(?![a-z])/i.exec(tag)?.[0]),
  z.object({ language: Text }).transform(({ language }) => language),
])

// https://learn.microsoft.com/en-us/linkedin/consumer/integrations/self-serve/sign-in-with-linkedin-v2
const UserInfo = z.object({
  sub: Id,
  name: Text,
  given_name: Text,
  family_name: Text,
  picture: Address,
  locale: Locale.nullish(),
  email: Text,
  email_verified: z
    .union([z.boolean(), z.string()])
    .transform((value) => String(value) === 'true')
    .nullish(),
})

// Smallest first.
const Pictures = z.object({
  'displayImage~': z
    .object({ elements: z.array(z.object({ identifiers: z.array(z.object({ identifier: Address })) })) })
    .optional(),
})

const Connection = z.object({
  to: Id,
  // Absent where the member hides it.
  'to~': z
    .object({ localizedFirstName: Text, localizedLastName: Text, profilePicture: Pictures.optional() })
    .optional(),
})

const PAGE_SIZE = 50
const DAY_MS = 86_400_000

// `to~` asks for the member behind the URN: https://learn.microsoft.com/en-us/linkedin/shared/api-guide/concepts/decoration
const PROJECTION =
  '(elements*(to~(id,localizedFirstName,localizedLastName,profilePicture(displayImage~:playableStreams))),paging)'

export const linkedin = {
  id: 'linkedin',
  name: 'LinkedIn',
  look: { color: '#0a66c2', mark: 'in' },
  docs: 'https://learn.microsoft.com/en-us/linkedin/',
  api: 'https://api.linkedin.com/v2',
  hosts: { rest: 'https://api.linkedin.com/rest', uploads: 'https://www.linkedin.com/dms-uploads' },
  // Of `rest`; a version lives about a year: https://learn.microsoft.com/en-us/linkedin/marketing/versioning
  version: '202605',
  auth: {
    type: 'oauth2',
    // https://learn.microsoft.com/en-us/linkedin/shared/authentication/authorization-code-flow
    authorizeUrl: 'https://www.linkedin.com/oauth/v2/authorization',
    tokenUrl: 'https://www.linkedin.com/oauth/v2/accessToken',
    clientAuth: 'body',
    needsApproval: ['contacts'],
    // Only approved apps are given refresh tokens:
    // https://learn.microsoft.com/en-us/linkedin/shared/authentication/programmatic-refresh-tokens
    refresh: 'rotates',
    scopes: {
      profile: ['openid', 'profile', 'email'],
      contacts: ['r_1st_connections'],
      publish: ['w_member_social'],
      remove: ['w_member_social'],
    },
  },
  // https://learn.microsoft.com/en-us/linkedin/shared/api-guide/concepts/error-handling
  errors: [
    // At the token endpoint: https://learn.microsoft.com/en-us/linkedin/shared/authentication/programmatic-refresh-tokens
    { status: 400, body: /refresh token is (invalid|expired|revoked)/i, code: 'relink_required' },
    {
      status: 422,
      body: /DUPLICATE_POST|is a duplicate of/i,
      code: 'conflict',
      message: 'LinkedIn does not take the same words from one member twice.',
    },
    {
      status: 426,
      code: 'network_rejected',
      message:
        'LinkedIn no longer answers in this version of its API; name a newer one in the configuration.',
    },
    {
      status: 403,
      body: /connections/i,
      code: 'permission_missing',
      message: 'LinkedIn gives connections to apps of approved partners only, and this app is none.',
    },
  ],

  // A day ends at midnight UTC: https://learn.microsoft.com/en-us/linkedin/shared/api-guide/concepts/rate-limits
  retryAfter: ({ text }, now) =>
    /\bDAY limit\b/i.test(text) ? (DAY_MS - (now % DAY_MS)) / 1_000 : undefined,

  profile: read(() => ({ path: '/userinfo' }), UserInfo, toProfile),

  contacts: {
    all: paged({
      first: () => ({
        path: '/connections',
        query: { q: 'viewer', start: 0, count: PAGE_SIZE, projection: PROJECTION },
      }),
      body: z.object({
        elements: z.array(Connection),
        paging: z.object({ total: z.number().int().nonnegative().optional() }).optional(),
      }),
      items: ({ elements }) => elements.map(toContact),
      next: byOffset('start', PAGE_SIZE, ({ elements, paging }) => ({
        onPage: elements.length,
        total: paging?.total,
      })),
    }),
  },

  publish,
  remove,
} satisfies Provider

function toProfile(info: z.infer<typeof UserInfo>): Profile {
  return {
    subject: info.sub,
    displayName: info.name,
    givenName: info.given_name,
    familyName: info.family_name,
    pictureUrl: info.picture,
    thumbnailUrl: info.picture,
    language: info.locale ?? undefined,
    emails: info.email ? [{ value: info.email, isVerified: info.email_verified ?? false }] : undefined,
  }
}

function toContact({ to, 'to~': member }: z.infer<typeof Connection>): Contact {
  const name = [member?.localizedFirstName, member?.localizedLastName].filter(Boolean).join(' ')
  return {
    // Without its URN's prefix it is the `sub` that the same member has at login.
    id: to.replace(/^urn:li:person:(?=.)/, ''),
    displayName: name || undefined,
    thumbnailUrl: member?.profilePicture?.['displayImage~']?.elements[0]?.identifiers[0]?.identifier,
  }
}
