// Sessions over several sites: made by the site's server for an identity, asked for by pages through the plugin.

import { z } from 'zod'
import { GatewayError } from '../../core/errors.ts'
import type { Gateway } from '../../core/gateway.ts'
import type { Site } from '../../core/model.ts'
import { ssoIdentity } from '../../core/sso.ts'
import type { SsoSession } from '../../core/sso-store.ts'
import { route } from '../dialect.ts'
import { type Reply, toDate } from './envelope.ts'
import { notFound, PAGING, requireConfirmation, toPageQuery, toToken, unlessEmpty, yes } from './input.ts'
import { CREATED, SUCCESS } from './statuses.ts'
import { toPage } from './wire.ts'
import type { PlainObject } from './xml.ts'

/** A day, where the site names no other; at most a year. In seconds. */
const LIFE_DEFAULT = 86_400
const LIFE_MAX = 31_536_000
const SECONDS = `must be a number of seconds, from 1 to ${LIFE_MAX}`
const REALM_MAX = 253
/** Longest `data` of a session, in characters of JSON. */
const DATA_MAX = 10_000

const Wish = z.object({
  top_realm: z.string().max(REALM_MAX).default(''),
  sub_realm: z.string().max(REALM_MAX).default(''),
  lifetime: unlessEmpty(
    z
      .union([z.number(), z.string().regex(/^\d+$/, SECONDS).transform(Number)], SECONDS)
      .pipe(z.number().int(SECONDS).min(1, SECONDS).max(LIFE_MAX, SECONDS))
      .default(LIFE_DEFAULT),
  ),
  data: z.unknown().optional(),
})

const list = route({
  method: 'GET',
  path: '/sso/sessions',
  summary: 'List all sessions',
  input: z.object(PAGING),
  async run({ gateway, caller, input }): Promise<Reply> {
    const page = await gateway.store.sso.list(caller.site, toPageQuery(input))
    const sessions = toPage(page, toSession)
    // The published Node library looks for them under a name of its own, here and where one is begun.
    return { status: SUCCESS, data: { sso_sessions: sessions, ssosessions: sessions } }
  },
})

const create = route({
  method: 'PUT',
  path: '/sso/sessions',
  summary: 'Begin a session for an identity that the body names',
  input: z.object({
    request: z.object({
      sso_session: Wish.extend({ identity_token: z.string(), user_token: z.string().optional() }),
    }),
  }),
  async run({ gateway, caller, input }): Promise<Reply> {
    const { identity_token: token, user_token: user, ...wish } = input.request.sso_session
    const session = await begin(gateway, caller.site, { token, user, wish })
    const shown = toSession(session)
    return { status: CREATED, data: { sso_session: shown, ssosession: shown } }
  },
})

const createFor = route({
  method: 'PUT',
  path: '/sso/sessions/identities/:identity_token',
  summary: 'Begin a session for an identity',
  input: z.object({
    identity_token: z.string(),
    request: z.object({ sso_session: unlessEmpty(Wish.prefault({})) }).prefault({}),
  }),
  async run({ gateway, caller, input }): Promise<Reply> {
    const { identity_token: token, request } = input
    const session = await begin(gateway, caller.site, { token, wish: request.sso_session })
    return { ...toReply(session), status: CREATED }
  },
})

const read = route({
  method: 'GET',
  path: '/sso/sessions/:sso_session_token',
  summary: 'Read a session',
  input: z.object({ sso_session_token: z.string() }),
  async run({ gateway, caller, input }): Promise<Reply> {
    const session = await gateway.store.sso.find(caller.site, toToken(input.sso_session_token, 'sso_session'))
    if (!session) throw notFound('sso_session')
    return toReply(session)
  },
})

const readFor = route({
  method: 'GET',
  path: '/sso/sessions/identities/:identity_token',
  summary: 'Read the session of an identity',
  input: z.object({ identity_token: z.string() }),
  run: async ({ gateway, caller, input }) =>
    toReply(await sessionOf(gateway, caller.site, input.identity_token)),
})

const remove = route({
  method: 'DELETE',
  path: '/sso/sessions/:sso_session_token',
  summary: 'End a session',
  input: z.object({ sso_session_token: z.string(), confirm_deletion: yes }),
  async run({ gateway, caller, input }): Promise<Reply> {
    requireConfirmation(input.confirm_deletion)
    const token = toToken(input.sso_session_token, 'sso_session')
    if (!(await gateway.store.sso.remove(caller.site, token))) throw notFound('sso_session')
    return { status: SUCCESS }
  },
})

const removeFor = route({
  method: 'DELETE',
  path: '/sso/sessions/identities/:identity_token',
  summary: 'End the session of an identity',
  input: z.object({ identity_token: z.string(), confirm_deletion: yes }),
  async run({ gateway, caller, input }): Promise<Reply> {
    requireConfirmation(input.confirm_deletion)
    const { token } = await sessionOf(gateway, caller.site, input.identity_token)
    if (!(await gateway.store.sso.remove(caller.site, token))) throw notFound('sso_session')
    return { status: SUCCESS }
  },
})

export const sso = [list, create, createFor, read, readFor, remove, removeFor]

async function begin(
  gateway: Gateway,
  site: Site,
  {
    token,
    user,
    wish,
  }: { readonly token: string; readonly user?: string; readonly wish: z.output<typeof Wish> },
): Promise<SsoSession> {
  const identity = await ssoIdentity(gateway, site, toToken(token, 'identity'))
  if (!identity) throw notFound('identity')
  if (user && toToken(user, 'user') !== identity.userToken) throw notFound('user')
  const data = wish.data === undefined ? '' : JSON.stringify(wish.data)
  if (data.length > DATA_MAX) {
    const field = 'request.sso_session.data'
    throw new GatewayError('invalid_request', `'${field}' is longer than ${DATA_MAX} characters.`, { field })
  }
  const { top_realm: topRealm, sub_realm: subRealm, lifetime } = wish
  return gateway.store.sso.put(identity, { topRealm, subRealm, data, lifeMs: lifetime * 1_000 })
}

async function sessionOf(gateway: Gateway, site: Site, token: string): Promise<SsoSession> {
  const identity = await ssoIdentity(gateway, site, toToken(token, 'identity'))
  if (!identity) throw notFound('identity')
  const session = await gateway.store.sso.ofIdentity(identity)
  if (!session) throw notFound('sso_session')
  return session
}

function toReply(session: SsoSession): Reply {
  return { status: SUCCESS, data: { sso_session: toSession(session) } }
}

function toSession(session: SsoSession): PlainObject {
  return {
    sso_session_token: session.token,
    user_token: session.userToken,
    identity_token: session.identityToken,
    top_realm: session.topRealm,
    sub_realm: session.subRealm,
    data: session.data === '' ? undefined : JSON.parse(session.data),
    date_creation: toDate(session.createdAt),
    date_update: toDate(session.updatedAt),
    date_expiration: toDate(session.expiresAt),
  }
}
