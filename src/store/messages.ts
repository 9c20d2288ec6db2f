// Messages as they were accepted: with all their publications in one transaction, before a byte leaves.

import { GatewayError } from '../core/errors.ts'
import type { PageOf, PageQuery } from '../core/model.ts'
import type { Message } from '../core/publish.ts'
import type {
  Accepted,
  HeldKey,
  MessageFlags,
  MessageHead,
  NewMessage,
  NewPublication,
  NewRun,
  SharedMessage,
} from '../core/sharing-store.ts'
import { noteEnds } from './events.ts'
import { hold } from './jobs.ts'
import { insertLinks } from './links.ts'
import { readPage } from './page.ts'
import { PUBLICATION, toPublication } from './publications.ts'
import { Again, all, one, type Query, type Row } from './query.ts'
import { fromJson, number, optionalNumber, sure, text, toJson } from './row.ts'
import type { Context } from './sealed.ts'

/** Requests forgotten in one transaction, at most. */
export const REQUEST_PURGE_BATCH = 5_000

export function* createMessage(
  _: Context,
  siteId: number,
  message: NewMessage,
  token: string,
): Query<Accepted> {
  const before = yield* repeatedRequest(siteId, message.request)
  if (before) return before
  const created = yield* one(
    `insert into messages (site_id, user_id, token, body, flags, created_at)
     select site_id, id, ?, ?, ?, ? from users where site_id = ? and id = ? returning id`,
    token,
    toJson(message.message),
    toJson(message.flags),
    message.now,
    siteId,
    message.user.id,
  )
  if (!created) throw new GatewayError('not_found', 'There is no such user.')
  const messageId = number(created, 'id')
  const held = yield* insertRun(siteId, messageId, 1, message)
  return { outcome: 'created', token, run: 1, held }
}

export function* addRun(_: Context, siteId: number, token: string, run: NewRun): Query<Accepted> {
  const before = yield* repeatedRequest(siteId, run.request)
  if (before) return before
  const found = yield* one('select id from messages where site_id = ? and token = ? {lock}', siteId, token)
  if (!found) throw new GatewayError('not_found', 'There is no such message.')
  const messageId = number(found, 'id')
  const last = yield* one(
    'select coalesce(max(run), 0) as run from publications where site_id = ? and message_id = ?',
    siteId,
    messageId,
  )
  const next = number(sure(last), 'run') + 1
  const held = yield* insertRun(siteId, messageId, next, run)
  return { outcome: 'created', token, run: next, held }
}

function* insertRun(
  siteId: number,
  messageId: number,
  run: number,
  { publications, now, sendAt, hold: wish, request }: NewRun,
): Query<readonly HeldKey[]> {
  const { queued, failed } = yield* insertPublications(siteId, messageId, { run, now, sendAt }, publications)
  const links = publications.flatMap(({ key, links = [] }) => {
    return links.map((link) => ({ ...link, publicationKey: key }))
  })
  yield* insertLinks(siteId, links, now)
  if (request) {
    const noted = yield* all(
      `insert into message_requests (site_id, key, hash, message_id, run, expires_at)
       values (?, ?, ?, ?, ?, {now} + ?) on conflict (site_id, key) do nothing returning run`,
      siteId,
      request.key,
      request.hash,
      messageId,
      run,
      request.keepMs,
    )
    // The same request was taken at the same moment: begun again, this one will find it.
    if (noted.length === 0) throw new Again()
  }
  const held = sendAt > now ? [] : yield* hold(queued.slice(0, wish.limit), wish.leaseMs)
  yield* noteEnds(siteId, failed)
  return held
}

/** Ids of those that are to be delivered, in order, and of those that cannot be. */
function* insertPublications(
  siteId: number,
  messageId: number,
  place: { readonly run: number; readonly now: number; readonly sendAt: number },
  publications: readonly NewPublication[],
): Query<{ readonly queued: readonly number[]; readonly failed: readonly number[] }> {
  const { run, now, sendAt } = place
  const lines = publications.map(({ key, provider, identity, rendered, marks = [], problem }, position) => [
    position,
    key,
    provider,
    identity?.server ?? '',
    identity?.subject ?? '',
    identity?.id ?? null,
    identity?.token ?? null,
    rendered ? 'queued' : 'failed',
    problem ? toJson(problem) : null,
    rendered ? toJson(rendered) : null,
    marks.length > 0 ? toJson(marks) : null,
  ])
  // Times of callers are of the gateway's clock, times of leases and turns of the database's.
  const rows = yield* all(
    `insert into publications (site_id, message_id, run, send_at, position, key, provider, server, subject,
       identity_id, identity_token, state, problem, rendered, marks, due_at, ended_at)
     select cast(? as {integer}), cast(? as {integer}), cast(? as {integer}), cast(? as {integer}),
       cast(item.value ->> 0 as {integer}), item.value ->> 1, item.value ->> 2, item.value ->> 3, item.value ->> 4,
       cast(item.value ->> 5 as {integer}), item.value ->> 6, item.value ->> 7, item.value ->> 8, item.value ->> 9,
       item.value ->> 10,
       case when item.value ->> 7 = 'queued' then {now} + cast(? as {integer}) end,
       case when item.value ->> 7 = 'failed' then cast(? as {integer}) end
     from {lines} order by item.key returning id, state`,
    siteId,
    messageId,
    run,
    sendAt,
    Math.max(0, sendAt - now),
    now,
    toJson(lines),
  )
  const idsOf = (state: string) =>
    rows
      .filter((row) => row.state === state)
      .map((row) => number(row, 'id'))
      .toSorted((one, other) => one - other)
  return { queued: idsOf('queued'), failed: idsOf('failed') }
}

/** The request of this key, if it was made before; one whose time has passed is forgotten on the way. */
function* repeatedRequest(siteId: number, request: NewRun['request']): Query<Accepted | undefined> {
  if (!request) return undefined
  yield* all(
    'delete from message_requests where site_id = ? and key = ? and expires_at <= {now}',
    siteId,
    request.key,
  )
  return yield* findRequest(siteId, request)
}

/** The request of this key, if it was made before and is still known. */
export function* findRequest(
  siteId: number,
  { key, hash }: Pick<NonNullable<NewRun['request']>, 'key' | 'hash'>,
): Query<Exclude<Accepted, { readonly outcome: 'created' }> | undefined> {
  const known = yield* one(
    `select r.hash, r.run, m.token from message_requests r
     join messages m on m.site_id = r.site_id and m.id = r.message_id
     where r.site_id = ? and r.key = ? and r.expires_at > {now}`,
    siteId,
    key,
  )
  if (!known) return undefined
  if (text(known, 'hash') !== hash) return { outcome: 'conflict' }
  return { outcome: 'repeated', token: text(known, 'token'), run: number(known, 'run') }
}

const HEAD = `m.id, m.site_id, m.token, m.user_id, u.token as user_token, m.created_at,
  (select max(o.ended_at) from publications o
   where o.site_id = m.site_id and o.message_id = m.id and o.state = 'published') as published_at`

export function* findMessage(siteId: number, token: string): Query<SharedMessage | undefined> {
  const rows = yield* all(
    `select ${HEAD}, m.body, m.flags, ${PUBLICATION}
     from messages m join users u on u.site_id = m.site_id and u.id = m.user_id
     left join publications p on p.site_id = m.site_id and p.message_id = m.id
     where m.site_id = ? and m.token = ? order by p.run, p.position`,
    siteId,
    token,
  )
  const [first] = rows
  if (!first) return undefined
  return {
    ...toHead(first),
    message: fromJson<Message>(text(first, 'body')),
    flags: fromJson<MessageFlags>(text(first, 'flags')),
    publications: rows.filter((row) => row.p_id !== null).map(toPublication),
  }
}

export function* listMessages(siteId: number, query: PageQuery): Query<PageOf<MessageHead>> {
  if (query.filter?.field === 'lastLoginAt') {
    throw new GatewayError('invalid_request', 'Only users can be filtered by their last login.')
  }
  return yield* readPage(
    {
      table: 'messages',
      columns: HEAD.replaceAll('m.', 't.'),
      joins: 'join users u on u.site_id = t.site_id and u.id = t.user_id',
      collect: (rows) => rows.map(toHead),
    },
    siteId,
    query,
  )
}

export function* removeMessage(_: Context, siteId: number, token: string): Query<boolean> {
  const removed = yield* one(
    'delete from messages where site_id = ? and token = ? returning id',
    siteId,
    token,
  )
  return removed !== undefined
}

export function* purgeRequests(): Query<number> {
  const rows = yield* all(
    `delete from message_requests where (site_id, key) in
       (select site_id, key from message_requests where expires_at <= {now} limit ${REQUEST_PURGE_BATCH})
     returning site_id`,
  )
  return rows.length
}

function toHead(row: Row): MessageHead {
  return {
    id: number(row, 'id'),
    siteId: number(row, 'site_id'),
    token: text(row, 'token'),
    userId: number(row, 'user_id'),
    userToken: text(row, 'user_token'),
    createdAt: number(row, 'created_at'),
    lastPublishedAt: optionalNumber(row, 'published_at'),
  }
}
