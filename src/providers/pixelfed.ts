// Pixelfed speaks Mastodon's API, with other scopes, tokens that expire, and other pages.

import { linkTo, type NextInHead } from '../core/answers.ts'
import type { Provider } from '../core/provider.ts'
import { accountsOf, mastodon } from './mastodon.ts'
import { publishStatus } from './mastodon-publish.ts'
import { pixelfedPublishing } from './pixelfed-text.ts'

export const pixelfed = {
  ...mastodon,
  id: 'pixelfed',
  name: 'Pixelfed',
  look: { color: '#c13584', mark: 'P' },
  docs: 'https://docs.pixelfed.org/technical-documentation/api/',
  auth: {
    ...mastodon.auth,
    revokeUrl: undefined,
    // Knows no finer scopes, and lets tokens expire after a year:
    // https://github.com/pixelfed/pixelfed/blob/dev/app/Providers/AuthServiceProvider.php
    scopes: { profile: ['read'], contacts: ['read'], publish: ['read', 'write'], remove: ['write'] },
    refresh: 'rotates',
  },
  errors: [],
  // Sent with a refusal only, as Laravel does:
  // https://github.com/laravel/framework/blob/12.x/src/Illuminate/Routing/Middleware/ThrottleRequests.php
  rateLimit: { ...mastodon.rateLimit, as: 'unix' },
  contacts: {
    following: accountsOf('following', byCursorLink()),
    followers: accountsOf('followers', byCursorLink()),
  },

  // It takes an idempotency key and does nothing with it.
  publish: { ...pixelfedPublishing, ...publishStatus },
} satisfies Provider

/**
 * The `Link` header, by what its cursors say. NOTE: Pixelfed has the relations the wrong way round: `prev` leads on and
 * `next` leads back. https://github.com/pixelfed/pixelfed/blob/dev/app/Http/Controllers/Api/ApiV1Controller.php
 */
function byCursorLink(): NextInHead {
  return {
    inHead({ headers }, request) {
      const next = linkTo(headers.link ?? '', 'next')
      const prev = linkTo(headers.link ?? '', 'prev')
      const onward = [next, prev].find((link) => link && (leadsOn(link) ?? link === next))
      return onward ? { ...request, path: onward, query: undefined } : undefined
    },
  }
}

/**
 * Which way a cursor leads; undefined without one.
 * https://github.com/laravel/framework/blob/12.x/src/Illuminate/Pagination/Cursor.php
 */
function leadsOn(link: string): boolean | undefined {
  const cursor = /[?&]cursor=([\w-]+)/.exec(link)?.[1]
  return cursor === undefined
    ? undefined
    : Buffer.from(cursor, 'base64url').includes('"_pointsToNextItems":true')
}
