// Bluesky, over the AT Protocol: the home server is asked, and asks the AppView.

import { z } from 'zod'
import { byCursor, paged, read } from '../core/answers.ts'
import type { Contact, Profile } from '../core/model.ts'
import type { ErrorRule, Provider } from '../core/provider.ts'
import { publishRecord, removeRecord } from './bluesky-publish.ts'
import { blueskyPublishing } from './bluesky-text.ts'
import { Address, Id, Text } from './fields.ts'

const Actor = z.object({ did: Id, handle: Text, displayName: Text, avatar: Address, description: Text })

const Own = Actor.extend({ email: Text, emailConfirmed: z.boolean().optional() })

const Cursor = z.string().optional()

// At most 100 a page: https://github.com/bluesky-social/atproto/blob/main/lexicons/app/bsky/graph/getFollows.json
const PAGE_SIZE = 100

const following = paged({
  first: ({ subject }) => ({
    path: '/app.bsky.graph.getFollows',
    query: { actor: subject, limit: PAGE_SIZE },
  }),
  body: z.object({ follows: z.array(Actor), cursor: Cursor }),
  items: ({ follows }) => follows.map(toContact),
  next: byCursor('cursor', ({ cursor }) => cursor),
})

const followers = paged({
  first: ({ subject }) => ({
    path: '/app.bsky.graph.getFollowers',
    query: { actor: subject, limit: PAGE_SIZE },
  }),
  body: z.object({ followers: z.array(Actor), cursor: Cursor }),
  items: ({ followers }) => followers.map(toContact),
  next: byCursor('cursor', ({ cursor }) => cursor),
})

export const bluesky = {
  id: 'bluesky',
  name: 'Bluesky',
  look: { color: '#0a66e0', mark: 'B' },
  docs: 'https://docs.bsky.app/docs/category/http-reference',
  api: '{server}/xrpc',
  // Ids are DIDs, the same everywhere: https://atproto.com/specs/did
  server: { default: 'https://bsky.social', sharesIds: true },
  auth: {
    type: 'atproto',
    // https://docs.bsky.app/docs/api/com-atproto-server-refresh-session
    refreshPath: '/xrpc/com.atproto.server.refreshSession',
    directoryUrl: 'https://plc.directory',
    // https://docs.bsky.app/docs/api/com-atproto-identity-resolve-handle
    handlePath: '/xrpc/com.atproto.identity.resolveHandle',
    // https://atproto.com/specs/oauth#authorization-scopes
    scopes: {
      profile: ['atproto', 'transition:generic'],
      contacts: ['atproto', 'transition:generic'],
      publish: ['atproto', 'transition:generic'],
      remove: ['atproto', 'transition:generic'],
    },
  },
  // https://atproto.com/specs/xrpc#error-responses
  errors: [
    whenError('ExpiredToken|InvalidToken|AuthMissing|AuthenticationRequired', 'relink_required'),
    whenError(
      'AccountTakedown|AccountSuspended|RepoTakendown',
      'permission_missing',
      'The server has taken this account down.',
    ),
    whenError(
      'AccountDeactivated|RepoDeactivated',
      'permission_missing',
      'This account is deactivated; its owner can bring it back in the app.',
    ),
    { status: 400, body: /^\s*\{.*"message"\s*:\s*"(?:Profile|Actor) not found/s, code: 'not_found' },
  ],
  // Seconds since 1970, and counted by address: https://docs.bsky.app/docs/advanced-guides/rate-limits
  rateLimit: {
    limit: 'ratelimit-limit',
    remaining: 'ratelimit-remaining',
    reset: 'ratelimit-reset',
    as: 'unix',
    scope: 'server',
  },

  // There is no "me" among the profiles. The session is the token's own account, whatever its scopes, but tells no
  // more than id and handle: https://docs.bsky.app/docs/api/com-atproto-server-get-session
  profile: read(
    ({ subject }) =>
      subject
        ? { path: '/app.bsky.actor.getProfile', query: { actor: subject } }
        : { path: '/com.atproto.server.getSession' },
    Own,
    toProfile,
  ),

  contacts: { following, followers },

  publish: { ...blueskyPublishing, ...publishRecord },
  remove: removeRecord,
} satisfies Provider

/** The name of the error is in the body; 400 and 401 are both in use. */
function whenError(names: string, code: ErrorRule['code'], message?: string): ErrorRule {
  return { body: new RegExp(`^\\s*\\{\\s*"error"\\s*:\\s*"(?:${names})"`), code, message }
}

function toProfile(own: z.infer<typeof Own>): Profile {
  const { id, ...contact } = toContact(own)
  return {
    subject: id,
    ...contact,
    pictureUrl: own.avatar,
    emails: own.email ? [{ value: own.email, isVerified: own.emailConfirmed ?? false }] : undefined,
  }
}

function toContact(actor: z.infer<typeof Actor>): Contact {
  // Stands for a handle whose domain no longer answers: https://atproto.com/specs/handle
  const handle = actor.handle === 'handle.invalid' ? undefined : actor.handle
  return {
    id: actor.did,
    displayName: actor.displayName,
    username: handle,
    profileUrl: `https://bsky.app/profile/${handle ?? actor.did}`,
    thumbnailUrl: actor.avatar,
    about: actor.description,
  }
}
