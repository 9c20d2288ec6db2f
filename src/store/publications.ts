// What became of a message on each network. A held row is written whole by its holder, under its fence.

import type { Problem } from '../core/errors.ts'
import type { Rendered } from '../core/publish.ts'
import type {
  Held,
  HeldRef,
  Progress,
  Publication,
  PublicationState,
  RenderedAnew,
  Then,
} from '../core/sharing-store.ts'
import { noteEnds } from './events.ts'
import { toIdentity } from './identities.ts'
import { insertLinks } from './links.ts'
import { all, one, type Query, type Row } from './query.ts'
import { fromJson, number, optionalNumber, optionalText, sure, text, toJson } from './row.ts'
import type { Context } from './sealed.ts'

/** Columns of a publication as `p`, beside those of other tables. */
export const PUBLICATION = `p.id as p_id, p.site_id as p_site_id, p.key, p.run, p.provider, p.identity_token, p.state,
  p.problem, p.post_id, p.post_url, p.rendered, p.attempt, p.due_at, p.send_at, p.ended_at, p.removed_at`

/** Columns of a held publication, with its identity and its user beside it. */
export const HELD = `${PUBLICATION}, p.fence, p.marks, p.ticket, p.is_prepared, p.committed_at, p.last_commit_at,
  i.id, i.site_id, i.user_id, u.token as user_token, i.token, i.provider as i_provider, i.server, i.subject, i.profile,
  i.posting, i.refused, i.created_at, i.updated_at`

export type HeldRow = Row

export function* savePublication(
  _: Context,
  { siteId, id, fence }: HeldRef,
  progress: Progress,
  then: Then,
): Query<'saved' | 'lost' | 'taken'> {
  const { post } = progress
  const claims = post !== undefined && 'endedAt' in then
  if (claims && then.isFound && (yield* isTaken(siteId, id, post.id))) return 'taken'
  const holdMs = 'holdMs' in then ? then.holdMs : null
  const sql = `update publications set state = ?, ticket = ?, is_prepared = ?, attempt = ?, committed_at = ?,
       last_commit_at = ?, problem = ?, post_id = ?, post_url = ?,
       is_claimed = case when ? = 1 and not exists (
         select 1 from publications o where o.provider = publications.provider and o.server = publications.server
           and o.subject = publications.subject and o.post_id = ? and o.is_claimed = 1 and o.id <> publications.id
       ) then 1 else 0 end,
       lease_until = {now} + cast(? as {integer}),
       due_at = case when ? = 1 then due_at else {now} + cast(? as {integer}) end,
       ended_at = ?
     where site_id = ? and id = ? and fence = ? and lease_until is not null returning id,
       (select count(*) from webhooks w where w.site_id = publications.site_id and w.is_disabled = 0) as told`
  const params = [
    progress.state,
    progress.ticket === undefined ? null : toJson({ ticket: progress.ticket }),
    progress.isPrepared ? 1 : 0,
    progress.attempt,
    progress.committedAt ?? null,
    progress.lastCommitAt ?? null,
    progress.problem ? toJson(progress.problem) : null,
    post?.id ?? null,
    post?.url ?? null,
    claims ? 1 : 0,
    post?.id ?? null,
    holdMs,
    holdMs === null ? 0 : 1,
    'dueInMs' in then ? then.dueInMs : null,
    'endedAt' in then ? then.endedAt : null,
    siteId,
    id,
    fence,
  ]
  // The step before a request leaves, the most frequent of all: one trip to the database instead of three.
  const isLast = holdMs !== null
  const rows = yield { sql, params, isLast }
  if (rows.length === 0) return 'lost'
  if (isLast) return 'saved'
  yield* all('delete from lanes where publication_id = ?', id)
  if ('endedAt' in then && number(sure(rows[0]), 'told') > 0) yield* noteEnds(siteId, [id])
  return 'saved'
}

/** Whether this post is known to be the result of another publication. */
export function* isTaken(siteId: number, id: number, postId: string): Query<boolean> {
  const row = yield* one(
    `select 1 as taken from publications p join publications o on o.provider = p.provider and o.server = p.server
       and o.subject = p.subject and o.is_claimed = 1 and o.id <> p.id
     where p.site_id = ? and p.id = ? and o.post_id = ?`,
    siteId,
    id,
    postId,
  )
  return row !== undefined
}

export function* cancelPublications(
  _: Context,
  siteId: number,
  messageId: number,
  now: number,
): Query<number> {
  // Its holder, if there is one, is still preparing: it loses the fence, and with it the right to commit.
  const rows = yield* all(
    `update publications set state = 'cancelled', fence = fence + 1, lease_until = null, due_at = null, ended_at = ?
     where site_id = ? and message_id = ? and state in ('queued', 'preparing') returning id`,
    now,
    siteId,
    messageId,
  )
  if (rows.length > 0) {
    yield* all('delete from lanes where publication_id {among}', rows.map((row) => row.id).join(','))
    yield* noteEnds(
      siteId,
      rows.map((row) => number(row, 'id')),
    )
  }
  return rows.length
}

export function* retryPublications(
  _: Context,
  siteId: number,
  messageId: number,
  again: readonly RenderedAnew[],
  now: number,
): Query<number> {
  let begun = 0
  for (const { id, key, rendered, marks = [], links = [] } of again) {
    const rows = yield* all(
      `update publications set state = 'queued', rendered = ?, marks = ?, ticket = null, is_prepared = 0, attempt = 0,
         committed_at = null, last_commit_at = null, problem = null, due_at = {now}, send_at = ?, ended_at = null
       where site_id = ? and message_id = ? and id = ? and state = 'failed' and identity_id is not null returning id`,
      toJson(rendered),
      marks.length > 0 ? toJson(marks) : null,
      now,
      siteId,
      messageId,
      id,
    )
    if (rows.length === 0) continue
    begun += 1
    const own = links.map((link) => ({ ...link, publicationKey: key }))
    yield* insertLinks(siteId, own, now)
  }
  return begun
}

export function* markRemoved(_: Context, siteId: number, id: number, now: number): Query<void> {
  yield* all('update publications set removed_at = ? where site_id = ? and id = ?', now, siteId, id)
}

export function toPublication(row: Row): Publication {
  const problem = optionalText(row, 'problem')
  const rendered = optionalText(row, 'rendered')
  return {
    id: number(row, 'p_id'),
    siteId: number(row, 'p_site_id'),
    key: text(row, 'key'),
    run: number(row, 'run'),
    provider: text(row, 'provider'),
    identityToken: optionalText(row, 'identity_token'),
    // Written by us alone.
    state: text(row, 'state') as PublicationState,
    problem: problem === undefined ? undefined : fromJson<Problem>(problem),
    post: toPost(row),
    rendered: rendered === undefined ? undefined : fromJson<Rendered>(rendered),
    attempt: number(row, 'attempt'),
    dueAt: optionalNumber(row, 'due_at'),
    sendAt: number(row, 'send_at'),
    endedAt: optionalNumber(row, 'ended_at'),
    removedAt: optionalNumber(row, 'removed_at'),
  }
}

export function toHeld(row: HeldRow): Held {
  const ticket = optionalText(row, 'ticket')
  const problem = optionalText(row, 'problem')
  const marks = optionalText(row, 'marks')
  return {
    siteId: number(row, 'p_site_id'),
    id: number(row, 'p_id'),
    fence: number(row, 'fence'),
    key: text(row, 'key'),
    provider: text(row, 'provider'),
    sendAt: number(row, 'send_at'),
    rendered: fromJson<Rendered>(text(row, 'rendered')),
    marks: marks === undefined ? [] : fromJson<readonly string[]>(marks),
    progress: {
      state: text(row, 'state') as PublicationState,
      ticket: ticket === undefined ? undefined : fromJson<{ ticket: unknown }>(ticket).ticket,
      isPrepared: number(row, 'is_prepared') === 1,
      attempt: number(row, 'attempt'),
      committedAt: optionalNumber(row, 'committed_at'),
      lastCommitAt: optionalNumber(row, 'last_commit_at'),
      problem: problem === undefined ? undefined : fromJson<Problem>(problem),
      post: toPost(row),
    },
    identity: row.id === null ? undefined : toIdentity({ ...row, provider: row.i_provider }),
  }
}

function toPost(row: Row): Publication['post'] {
  const id = optionalText(row, 'post_id')
  return id === undefined ? undefined : { id, url: optionalText(row, 'post_url') }
}
