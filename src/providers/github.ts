// GitHub.

import { z } from 'zod'
import { byLink, paged, read } from '../core/answers.ts'
import type { Contact, Profile } from '../core/model.ts'
import type { Provider } from '../core/provider.ts'
import { Address, Id, Text, toAddress } from './fields.ts'

// Lists tell login and picture only; `name` is in the description of the API, but not in its answers.
const SimpleUser = z.object({ id: Id, login: Text, name: Text, avatar_url: Address, html_url: Address })

const OwnUser = SimpleUser.extend({ bio: Text, location: Text, blog: Text, email: Text })

const usersOf = (list: 'following' | 'followers') =>
  paged({
    // At most 100 a page: https://docs.github.com/en/rest/users/followers
    first: () => ({ path: `/user/${list}`, query: { per_page: 100 } }),
    body: z.array(SimpleUser),
    items: (users) => users.map(toContact),
    next: byLink(),
  })

export const github = {
  id: 'github',
  name: 'GitHub',
  look: { color: '#24292f', mark: 'G' },
  docs: 'https://docs.github.com/en/rest',
  api: 'https://api.github.com',
  // https://docs.github.com/en/rest/about-the-rest-api/api-versions
  version: '2022-11-28',
  headers: { accept: 'application/vnd.github+json', 'x-github-api-version': '{version}' },
  auth: {
    type: 'oauth2',
    // https://docs.github.com/en/apps/oauth-apps/building-oauth-apps/authorizing-oauth-apps
    authorizeUrl: 'https://github.com/login/oauth/authorize',
    tokenUrl: 'https://github.com/login/oauth/access_token',
    // https://docs.github.com/en/rest/apps/oauth-applications#delete-an-app-authorization
    grantUrl: 'https://api.github.com/applications/{client_id}/grant',
    clientAuth: 'body',
    pkce: true,
    // Tokens of OAuth apps do not expire.
    refresh: 'none',
    // https://docs.github.com/en/apps/oauth-apps/building-oauth-apps/scopes-for-oauth-apps
    scopes: { profile: ['read:user'], contacts: ['read:user'] },
  },
  // Both limits answer 403 or 429:
  // https://docs.github.com/en/rest/using-the-rest-api/troubleshooting-the-rest-api#rate-limit-errors
  errors: [
    { status: 403, header: ['x-ratelimit-remaining', /^0$/], code: 'rate_limited' },
    { status: 403, header: ['retry-after', /^\d+$/], code: 'rate_limited' },
    { status: 403, body: /secondary rate limit|API rate limit exceeded/i, code: 'rate_limited' },
  ],
  // Seconds since 1970: https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api
  rateLimit: {
    limit: 'x-ratelimit-limit',
    remaining: 'x-ratelimit-remaining',
    reset: 'x-ratelimit-reset',
    as: 'unix',
    scope: 'identity',
  },

  profile: read(() => ({ path: '/user' }), OwnUser, toProfile),

  contacts: { following: usersOf('following'), followers: usersOf('followers') },
} satisfies Provider

function toProfile(user: z.infer<typeof OwnUser>): Profile {
  const website = websiteOf(user.blog)
  return {
    subject: user.id,
    displayName: user.name,
    username: user.login,
    profileUrl: user.html_url,
    pictureUrl: user.avatar_url,
    thumbnailUrl: user.avatar_url,
    about: user.bio,
    location: user.location,
    urls: website ? [website] : undefined,
    // The public address; this answer does not say whether it is verified.
    emails: user.email ? [{ value: user.email, isVerified: false }] : undefined,
  }
}

function toContact(user: z.infer<typeof SimpleUser>): Contact {
  return {
    id: user.id,
    displayName: user.name,
    username: user.login,
    profileUrl: user.html_url,
    thumbnailUrl: user.avatar_url,
  }
}

// People may leave out the scheme, as in `example.org`.
function websiteOf(blog: string | undefined): string | undefined {
  if (!blog || /\s/.test(blog)) return undefined
  return toAddress(/^[a-z][a-z\d+.-]*:/i.test(blog) ? blog : `https://${blog}`)
}
