// X. Every user read is paid for: https://docs.x.com/x-api/getting-started/pricing

import { z } from 'zod'
import { byCursor, paged, read } from '../core/answers.ts'
import type { Contact, Profile } from '../core/model.ts'
import type { Provider } from '../core/provider.ts'
import { Address, Id, Text } from './fields.ts'
import { publish, remove } from './twitter-posts.ts'

const TwitterUser = z.object({
  id: Id,
  name: Text,
  username: Text,
  description: Text,
  profile_image_url: Address,
})

const OwnUser = TwitterUser.extend({ location: Text, url: Address })

// id, name and username come unasked: https://docs.x.com/x-api/fundamentals/data-dictionary
const FIELDS = { 'user.fields': 'description,profile_image_url' }
const OWN_FIELDS = { 'user.fields': 'description,profile_image_url,location,url' }

// An empty list has no `data`; an answer without `meta` is not a list.
const Users = z.object({
  data: z.array(TwitterUser).default([]),
  meta: z.object({ next_token: z.string().optional() }),
})

const usersOf = (list: 'following' | 'followers') =>
  paged({
    // At most 1000 a page: https://docs.x.com/x-api/users/get-followers
    first: ({ subject }) => ({
      path: `/users/${encodeURIComponent(subject)}/${list}`,
      query: { max_results: 1000, ...FIELDS },
    }),
    body: Users,
    items: ({ data }) => data.map(toContact),
    next: byCursor('pagination_token', ({ meta }) => meta.next_token),
  })

export const twitter = {
  id: 'twitter',
  name: 'X',
  look: { color: '#000000', mark: 'X' },
  // OneAll's texts say Twitter, and clients compare them.
  wireNames: { oneall: { name: 'Twitter' } },
  docs: 'https://docs.x.com/x-api',
  api: 'https://api.x.com/2',
  auth: {
    type: 'oauth2',
    // https://docs.x.com/fundamentals/authentication/oauth-2-0/user-access-token
    authorizeUrl: 'https://x.com/i/oauth2/authorize',
    tokenUrl: 'https://api.x.com/2/oauth2/token',
    revokeUrl: 'https://api.x.com/2/oauth2/revoke',
    clientAuth: 'basic',
    pkce: true,
    refresh: 'rotates',
    // https://docs.x.com/fundamentals/authentication/guides/v2-authentication-mapping
    scopes: {
      profile: ['tweet.read', 'users.read', 'offline.access'],
      contacts: ['tweet.read', 'users.read', 'follows.read'],
      publish: ['tweet.read', 'users.read', 'tweet.write', 'media.write'],
      remove: ['tweet.read', 'users.read', 'tweet.write'],
    },
  },
  // https://docs.x.com/x-api/fundamentals/response-codes-and-errors
  errors: [
    {
      status: 402,
      code: 'network_rejected',
      message: 'X did not answer: the developer account behind this app has no credits left.',
    },
    {
      status: 403,
      body: /problems\/client-forbidden/,
      code: 'permission_missing',
      message: 'X did not answer: this app is not enrolled for it in X’s developer console.',
    },
    {
      status: 403,
      body: /problems\/unsupported-authentication/,
      code: 'relink_required',
      message: 'X wants a token of the user here; the one it was shown is none.',
    },
    {
      status: 403,
      body: /duplicate content/i,
      code: 'conflict',
      message: 'X does not take the same words from one account twice.',
    },
    { body: /text is too long/i, code: 'too_large', message: 'X counts more in this text than it takes.' },
    {
      status: 403,
      body: /problems\/usage-capped/,
      code: 'rate_limited',
      message: 'X did not answer: this app has used up what it may read in its billing period.',
    },
    // A list that may not be seen is a 200 with `errors` and without `data`.
    { status: 200, body: only('not-authorized-for-resource'), code: 'permission_missing' },
    { status: 200, body: only('resource-not-found'), code: 'not_found' },
  ],
  // Seconds since 1970: https://docs.x.com/x-api/fundamentals/rate-limits
  rateLimit: {
    limit: 'x-rate-limit-limit',
    remaining: 'x-rate-limit-remaining',
    reset: 'x-rate-limit-reset',
    as: 'unix',
    scope: 'identity',
  },
  charges: true,

  profile: read(
    () => ({ path: '/users/me', query: OWN_FIELDS }),
    z.object({ data: OwnUser }),
    ({ data }) => toProfile(data),
  ),

  contacts: { following: usersOf('following'), followers: usersOf('followers') },

  publish,
  remove,
} satisfies Provider

/** The problem in an answer that has no data; inside of texts quotes are escaped, so people cannot write it. */
function only(problem: string): RegExp {
  return new RegExp(`^(?!.*"data"\\s*:).*"type"\\s*:\\s*"[^"]*/problems/${problem}"`, 's')
}

function toProfile(user: z.infer<typeof OwnUser>): Profile {
  return {
    subject: user.id,
    displayName: user.name,
    username: user.username,
    profileUrl: pageOf(user.username),
    // The address without its size is the picture as it was uploaded:
    // https://developer.x.com/en/docs/x-api/v1/accounts-and-users/user-profile-images-and-banners
    pictureUrl: user.profile_image_url?.replace(/_normal(?=\.\w+$)/, ''),
    thumbnailUrl: user.profile_image_url,
    about: user.description,
    location: user.location,
    urls: user.url ? [user.url] : undefined,
  }
}

function toContact(user: z.infer<typeof TwitterUser>): Contact {
  return {
    id: user.id,
    displayName: user.name,
    username: user.username,
    profileUrl: pageOf(user.username),
    thumbnailUrl: user.profile_image_url,
    about: user.description,
  }
}

function pageOf(username: string | undefined): string | undefined {
  return username && `https://x.com/${encodeURIComponent(username)}`
}
