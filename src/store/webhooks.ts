// Endpoints of sites, and who tells them: a lease with a fence each, over all processes.

import { GatewayError, type Problem } from '../core/errors.ts'
import type {
  HeldWebhook,
  HookFailure,
  HookRef,
  NewWebhook,
  Webhook,
  WebhookStore,
} from '../core/webhook-store.ts'
import { appendEvents } from './events.ts'
import { all, one, type Query, type Row } from './query.ts'
import { fromJson, number, optionalNumber, optionalText, sure, text, toJson } from './row.ts'
import { unseal } from './seal.ts'
import { type Context, sealed, webhookPlace } from './sealed.ts'
import { lockSite } from './sites.ts'
import type { Driver } from './writes.ts'

const WEBHOOK = `w.id, w.site_id, w.token, w.url, w.events, w.sealed, w.is_disabled, w.position, w.fence, w.attempt,
  w.failing_since, w.problem, w.last_success_at, w.created_at`

const NEWEST = 'coalesce((select position from feeds where feeds.site_id = webhooks.site_id), 0)'

export function* addWebhook(context: Context, siteId: number, webhook: NewWebhook): Query<Webhook> {
  const { token, url, events, secret, max, now } = webhook
  yield* lockSite(siteId)
  const count = number(
    sure(yield* one('select count(*) as hooks from webhooks where site_id = ?', siteId)),
    'hooks',
  )
  if (count >= max) {
    throw new GatewayError('conflict', `A site has at most ${max} webhooks; remove one first.`)
  }
  const newest = yield* one('select position from feeds where site_id = ?', siteId)
  yield* one(
    `insert into webhooks (site_id, token, url, events, sealed, position, created_at) values (?, ?, ?, ?, ?, ?, ?)`,
    siteId,
    token,
    url,
    toJson(events),
    yield* sealed(context, webhookPlace(siteId, token), secret),
    newest ? number(newest, 'position') : 0,
    now,
  )
  const row = yield* one(
    `select ${WEBHOOK} from webhooks w where w.site_id = ? and w.token = ?`,
    siteId,
    token,
  )
  return toWebhook(sure(row))
}

export function* listWebhooks(siteId: number): Query<readonly Webhook[]> {
  const rows = yield* all(`select ${WEBHOOK} from webhooks w where w.site_id = ? order by w.id`, siteId)
  return rows.map(toWebhook)
}

export function* findWebhook(
  context: Context,
  siteId: number,
  token: string,
): Query<(Webhook & { readonly secret: string }) | undefined> {
  const row = yield* one(
    `select ${WEBHOOK} from webhooks w where w.site_id = ? and w.token = ?`,
    siteId,
    token,
  )
  return row && { ...toWebhook(row), secret: secretOf(context, row) }
}

export function* removeWebhook(_: Context, siteId: number, token: string): Query<boolean> {
  const rows = yield* all('delete from webhooks where site_id = ? and token = ? returning id', siteId, token)
  return rows.length > 0
}

export function* enableWebhook(_: Context, siteId: number, token: string): Query<boolean> {
  const rows = yield* all(
    `update webhooks set position = case when is_disabled = 1 then ${NEWEST} else position end, is_disabled = 0,
       due_at = null, attempt = 0, failing_since = null, problem = null
     where site_id = ? and token = ? returning id`,
    siteId,
    token,
  )
  return rows.length > 0
}

export function* claimWebhooks(
  context: Context,
  limit: number,
  leaseMs: number,
): Query<readonly HeldWebhook[]> {
  const taken = yield* all(
    `update webhooks set fence = fence + 1, lease_until = {now} + ?
     where id in (
       select w.id from webhooks w
       where w.is_disabled = 0 and (w.due_at is null or w.due_at <= {now})
         and (w.lease_until is null or w.lease_until <= {now})
         and w.position < (select f.position from feeds f where f.site_id = w.site_id)
       order by w.due_at, w.id limit ? {skip}
     ) returning id`,
    leaseMs,
    limit,
  )
  if (taken.length === 0) return []
  const ids = taken.map((row) => number(row, 'id')).join(',')
  const rows = yield* all(`select ${WEBHOOK} from webhooks w where w.id {among} order by w.id`, ids)
  return rows.map((row) => ({
    ...toWebhook(row),
    fence: number(row, 'fence'),
    secret: secretOf(context, row),
  }))
}

const MINE = 'site_id = ? and id = ? and fence = ? and lease_until is not null'

export function* advanceWebhook(
  _: Context,
  { siteId, id, fence }: HookRef,
  position: number,
  { leaseMs, now }: { readonly leaseMs: number; readonly now: number },
): Query<boolean> {
  const rows = yield* all(
    `update webhooks set position = ?, lease_until = {now} + ?, due_at = null, attempt = 0, failing_since = null,
       problem = null, last_success_at = ? where ${MINE} and is_disabled = 0 returning id`,
    position,
    leaseMs,
    now,
    siteId,
    id,
    fence,
  )
  return rows.length > 0
}

export function* releaseWebhook(_: Context, { siteId, id, fence }: HookRef): Query<void> {
  yield* all(`update webhooks set lease_until = null where ${MINE}`, siteId, id, fence)
}

export function* failWebhook(
  _: Context,
  { siteId, id, fence }: HookRef,
  { position, problem, dueInMs, isDisabled, now }: HookFailure,
): Query<void> {
  yield* all(
    `update webhooks set position = ?, problem = ?, is_disabled = ?, attempt = attempt + 1,
       failing_since = coalesce(failing_since, cast(? as {integer})), due_at = {now} + ?, lease_until = null
     where ${MINE}`,
    position,
    toJson(problem),
    isDisabled ? 1 : 0,
    now,
    dueInMs,
    siteId,
    id,
    fence,
  )
}

export function* announceClicks(_: Context, limit: number): Query<number> {
  const rows = yield* all(
    `delete from clicked_links where (site_id, link_id) in
       (select site_id, link_id from clicked_links order by site_id, link_id limit ? {skip})
     returning site_id, link_id`,
    limit,
  )
  const sites = Map.groupBy(rows, (row) => number(row, 'site_id'))
  // In one order for all processes, each site's counter at the end.
  for (const [siteId, followed] of [...sites].toSorted(([one], [other]) => one - other)) {
    const ids = followed.map((row) => number(row, 'link_id')).join(',')
    yield* appendEvents(siteId, function* () {
      const links = yield* all('select code from links where id {among} order by id', ids)
      const others = links.map((row) => text(row, 'code'))
      return others.length === 0 ? [] : [{ kind: 'clicked', account: '', others }]
    })
  }
  return rows.length
}

function secretOf({ keys }: Context, row: Row): string {
  return unseal(keys, webhookPlace(number(row, 'site_id'), text(row, 'token')), text(row, 'sealed'))
}

function toWebhook(row: Row): Webhook {
  const problem = optionalText(row, 'problem')
  return {
    id: number(row, 'id'),
    siteId: number(row, 'site_id'),
    token: text(row, 'token'),
    url: text(row, 'url'),
    events: fromJson<readonly string[]>(text(row, 'events')),
    isDisabled: number(row, 'is_disabled') === 1,
    position: number(row, 'position'),
    failingSince: optionalNumber(row, 'failing_since'),
    attempt: number(row, 'attempt'),
    problem: problem === undefined ? undefined : fromJson<Problem>(problem),
    lastSuccessAt: optionalNumber(row, 'last_success_at'),
    createdAt: number(row, 'created_at'),
  }
}

/** The methods of webhooks that change the database. */
export const WEBHOOK_WRITES = {
  addWebhook,
  removeWebhook,
  enableWebhook,
  claimWebhooks,
  advanceWebhook,
  releaseWebhook,
  failWebhook,
  announceClicks,
} as const

/** Webhooks over a driver. */
export function createWebhookStore(driver: Driver): WebhookStore {
  const refOf = ({ id, siteId, fence }: HookRef): HookRef => ({ id, siteId, fence })
  return {
    add: (site, webhook) => driver.write('addWebhook', site.id, webhook),
    list: (site) => driver.read(listWebhooks(site.id)),
    find: (site, token) => driver.read(findWebhook(driver.context, site.id, token)),
    remove: (site, token) => driver.write('removeWebhook', site.id, token),
    enable: (site, token) => driver.write('enableWebhook', site.id, token),
    claim: ({ limit, leaseMs }) => driver.write('claimWebhooks', limit, leaseMs),
    advance: (held, position, options) => driver.write('advanceWebhook', refOf(held), position, options),
    release: (held) => driver.write('releaseWebhook', refOf(held)),
    fail: (held, failure) => driver.write('failWebhook', refOf(held), failure),
    announceClicks: (limit) => driver.write('announceClicks', limit),
  }
}
