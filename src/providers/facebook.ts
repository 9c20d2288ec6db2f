// Facebook. Tells only those friends who use the same app and have allowed it:
// https://developers.facebook.com/docs/graph-api/reference/user/friends

import { z } from 'zod'
import { byUrl, paged, read } from '../core/answers.ts'
import type { ErrorCode } from '../core/errors.ts'
import type { Contact, Profile } from '../core/model.ts'
import type { ErrorRule, Provider } from '../core/provider.ts'
import { withoutSecrets } from './facebook-addresses.ts'
import { pages } from './facebook-pages.ts'
import { publish, remove } from './facebook-posts.ts'
import { Address, Id, Text } from './fields.ts'

const Picture = z.object({ data: z.object({ url: Address, is_silhouette: z.boolean().optional() }) })

const Friend = z.object({ id: Id, name: Text, picture: Picture.optional() })

const Person = Friend.extend({ first_name: Text, last_name: Text, email: Text })

const FRIEND_FIELDS = 'id,name,picture.width(200).height(200){url,is_silhouette}'

export const facebook = {
  id: 'facebook',
  name: 'Facebook',
  look: { color: '#0866ff', mark: 'f' },
  docs: 'https://developers.facebook.com/docs/graph-api',
  api: 'https://graph.facebook.com/{version}',
  // https://developers.facebook.com/docs/video-api/overview#graph-video-host
  hosts: { video: 'https://graph-video.facebook.com/{version}' },
  // A version lives about two years: https://developers.facebook.com/docs/graph-api/changelog/versions
  version: 'v25.0',
  auth: {
    type: 'oauth2',
    // https://developers.facebook.com/docs/facebook-login/guides/advanced/manual-flow
    authorizeUrl: 'https://www.facebook.com/{version}/dialog/oauth',
    tokenUrl: 'https://graph.facebook.com/{version}/oauth/access_token',
    clientAuth: 'body',
    // https://developers.facebook.com/docs/facebook-login/guides/advanced/re-authentication
    reauthorizeParams: { auth_type: 'reauthenticate' },
    // https://developers.facebook.com/docs/permissions#user_friends
    // https://developers.facebook.com/docs/facebook-login/guides/advanced/oidc-token#pkce
    pkce: true,
    needsApproval: ['contacts', 'publish', 'remove'],
    scopeSeparator: ',',
    // After about 60 days the person must log in again:
    // https://developers.facebook.com/docs/facebook-login/guides/access-tokens/get-long-lived
    refresh: 'none',
    extend: {
      grant: 'fb_exchange_token',
      tokenParam: 'fb_exchange_token',
      url: 'https://graph.facebook.com/{version}/oauth/access_token',
    },
    // Pages: https://developers.facebook.com/docs/pages-api/posts
    scopes: {
      profile: ['public_profile', 'email'],
      contacts: ['user_friends'],
      publish: ['pages_show_list', 'pages_read_engagement', 'pages_manage_posts'],
      remove: ['pages_show_list', 'pages_read_engagement', 'pages_manage_posts'],
    },
  },
  // https://developers.facebook.com/docs/graph-api/guides/error-handling and, for 32 and 613,
  // https://developers.facebook.com/docs/graph-api/overview/rate-limiting
  errors: [
    whenCode('102|190', 'relink_required'),
    whenCode('506', 'conflict', 'Facebook does not take the same words on one Page twice.'),
    { status: 400, body: /"error_subcode"\s*:\s*33\b/, code: 'not_found' },
    whenCode('3|10|2\\d\\d', 'permission_missing'),
    whenCode('4|17|32|341|368|613|80001', 'rate_limited'),
    // A picture that is none has the code of a passing fault.
    { status: 400, body: /"error_subcode"\s*:\s*1366046\b/, code: 'network_rejected' },
    whenCode('1|2', 'network_unavailable'),
  ],
  // In minutes, for each kind of use: https://developers.facebook.com/docs/graph-api/overview/rate-limiting/
  retryAfter: ({ headers }) => {
    const usage = headers['x-business-use-case-usage'] ?? ''
    const said = [...usage.matchAll(/"estimated_time_to_regain_access"\s*:\s*(\d+)/g)]
    const minutes = Math.max(0, ...said.map(([, each]) => Number(each)))
    return minutes > 0 ? minutes * 60 : undefined
  },

  profile: read(
    () => ({ path: '/me', query: { fields: `${FRIEND_FIELDS},first_name,last_name,email` } }),
    Person,
    toProfile,
  ),

  // https://developers.facebook.com/docs/facebook-login/guides/permissions/request-revoke
  forget: { method: 'DELETE', path: '/me/permissions' },

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

  targets: pages,
  publish,
  remove,
} satisfies Provider

/** The code in the body says what went wrong; the status does not (400 for nearly all). */
function whenCode(numbers: string, code: ErrorCode, message?: string): ErrorRule {
  return {
    message,
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
