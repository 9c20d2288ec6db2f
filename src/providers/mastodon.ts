// Mastodon, and what speaks its API: any server, each with its own apps and ids.

import { z } from 'zod'
import { byLink, type NextInHead, paged, read } from '../core/answers.ts'
import type { Contact, Profile } from '../core/model.ts'
import type { Paged, Provider } from '../core/provider.ts'
import { Address, Html, Id, Text, toAddress } from './fields.ts'
import { askHome, publishStatus, removeStatus } from './mastodon-publish.ts'
import { mastodonPublishing } from './mastodon-text.ts'

// Accounts on a page, at most: https://docs.joinmastodon.org/methods/accounts/#followers
const PAGE_SIZE = 80

// https://docs.joinmastodon.org/entities/Account/
const Account = z.object({
  id: Id,
  acct: Text,
  display_name: Text,
  url: Address,
  avatar: Address,
  note: Html,
})

const OwnAccount = Account.extend({
  fields: z.array(z.object({ value: Html })).nullish(),
  source: z.object({ language: Text }).nullish(),
})

/** One of an account's two lists, walked as `next` says. */
export function accountsOf(list: 'following' | 'followers', next: NextInHead): Paged<Contact> {
  return paged({
    first: ({ subject }) => ({
      path: `/accounts/${encodeURIComponent(subject)}/${list}`,
      query: { limit: PAGE_SIZE },
    }),
    body: z.array(Account),
    items: (accounts) => accounts.map(toContact),
    next,
  })
}

export const mastodon = {
  id: 'mastodon',
  name: 'Mastodon',
  look: { color: '#6364ff', mark: 'M' },
  docs: 'https://docs.joinmastodon.org/api/',
  api: '{server}/api/v1',
  hosts: { v2: '{server}/api/v2', home: '{server}' },
  server: {},
  auth: {
    type: 'oauth2',
    // https://docs.joinmastodon.org/methods/oauth/ and https://docs.joinmastodon.org/methods/apps/
    authorizeUrl: '{server}/oauth/authorize',
    tokenUrl: '{server}/oauth/token',
    revokeUrl: '{server}/oauth/revoke',
    registerUrl: '{server}/api/v1/apps',
    clientAuth: 'body',
    reauthorizeParams: { force_login: 'true' },
    // Since 4.3; older servers do not look at it.
    pkce: true,
    // Tokens do not expire: https://github.com/mastodon/documentation/issues/1233
    refresh: 'none',
    // Not `profile`: that scope is new in 4.3. The lists need none since 4.0, read:accounts before.
    // https://docs.joinmastodon.org/api/oauth-scopes/
    scopes: {
      profile: ['read:accounts'],
      contacts: ['read:accounts'],
      publish: ['read:statuses', 'write:statuses', 'write:media'],
      remove: ['write:statuses'],
    },
  },
  errors: [
    // snac2 refuses a token with 422 and an empty body, and signs its answers.
    { status: 422, header: ['x-creator', /^snac\//], code: 'relink_required' },
    { status: 422, body: /requires an authenticated user|access token/i, code: 'relink_required' },
    // https://docs.joinmastodon.org/methods/accounts/#verify_credentials
    {
      status: 403,
      body: /login is (?:currently )?disabled|pending approval|confirmed e-?mail/i,
      code: 'permission_missing',
      message: 'The server has disabled this account, or waits for its approval or its e-mail address.',
    },
  ],
  // A timestamp: https://docs.joinmastodon.org/api/rate-limits/
  rateLimit: {
    limit: 'x-ratelimit-limit',
    remaining: 'x-ratelimit-remaining',
    reset: 'x-ratelimit-reset',
    as: 'iso',
    scope: 'identity',
  },

  profile: read(() => ({ path: '/accounts/verify_credentials' }), OwnAccount, toProfile),

  contacts: {
    following: accountsOf('following', byLink()),
    followers: accountsOf('followers', byLink()),
  },

  publish: {
    ...mastodonPublishing,
    ...publishStatus,
    // For an hour, and only where the server is the one that says so; others speak this API and ignore the key.
    // https://github.com/mastodon/mastodon/blob/main/app/services/post_status_service.rb
    once: { by: 'key', seconds: 3_600, software: ['mastodon'] },
  },
  remove: removeStatus,
  home: askHome,
} satisfies Provider

function toProfile(account: z.infer<typeof OwnAccount>): Profile {
  const urls = (account.fields ?? []).flatMap(({ value }) => toAddress(value) ?? [])
  return {
    subject: account.id,
    displayName: account.display_name,
    username: account.acct,
    profileUrl: account.url,
    pictureUrl: pictureOf(account),
    thumbnailUrl: pictureOf(account),
    about: account.note,
    language: account.source?.language,
    urls: urls.length > 0 ? urls : undefined,
  }
}

function toContact(account: z.infer<typeof Account>): Contact {
  return {
    id: account.id,
    displayName: account.display_name,
    // Without a domain it is an account of the same server.
    username: account.acct,
    profileUrl: account.url,
    thumbnailUrl: pictureOf(account),
    about: account.note,
  }
}

// Who has no picture has this one.
function pictureOf({ avatar }: z.infer<typeof Account>): string | undefined {
  return avatar?.endsWith('/avatars/original/missing.png') ? undefined : avatar
}
