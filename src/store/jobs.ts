// Who delivers what: leases with fences, one lane per identity, over all processes.

import type { Claimed, HeldKey, HeldRef } from '../core/sharing-store.ts'
import { HELD, type HeldRow, toHeld } from './publications.ts'
import { all, one, type Query } from './query.ts'
import { number, text } from './row.ts'
import type { Context } from './sealed.ts'

/** Due publications looked at together, and how often: the oldest may all be of a few identities, one of each at a time. */
const LOOK_AT = 256
const LOOKS = 16

/** Those of these publications whose lane is free, held from now on; in order of id. */
export function* hold(ids: readonly number[], leaseMs: number): Query<readonly HeldKey[]> {
  if (ids.length === 0) return []
  // In one order everywhere, so that two processes never wait for each other.
  const lanes = yield* all(
    `insert into lanes (identity_id, publication_id)
     select p.identity_id, min(p.id) from publications p
     where p.id {among} and p.identity_id is not null and p.lease_until is null and p.due_at is not null group by p.identity_id order by p.identity_id
     on conflict (identity_id) do nothing returning publication_id`,
    ids.join(','),
  )
  if (lanes.length === 0) return []
  const taken = lanes.map((row) => number(row, 'publication_id')).join(',')
  const rows = yield* all(
    `update publications set fence = fence + 1, lease_until = {now} + ?
     where id {among} and lease_until is null and due_at <= {now} returning id, key, fence`,
    leaseMs,
    taken,
  )
  if (rows.length < lanes.length) {
    // Somebody has held and ended one between the look at it and its lane.
    yield* all(
      `delete from lanes where publication_id {among}
         and publication_id not in (select id from publications where id {among} and lease_until is not null)`,
      taken,
      taken,
    )
  }
  return rows.map((row) => ({ key: text(row, 'key'), id: number(row, 'id'), fence: number(row, 'fence') }))
}

export function* claimPublications(_: Context, limit: number, leaseMs: number): Query<Claimed> {
  // Those of dead holders first: their lanes are theirs already.
  const left = yield* all(
    `update publications set fence = fence + 1, lease_until = {now} + ?
     where id in (select id from publications where lease_until <= {now} order by lease_until, id limit ? {skip})
     returning id`,
    leaseMs,
    limit,
  )
  const ids = left.map((row) => number(row, 'id'))
  for (let look = 0; look < LOOKS && ids.length < limit; look += 1) {
    // What was taken in the look before has a lane by now: this one sees past its identities.
    const due = yield* all(
      `select p.id, p.identity_id from publications p
       where p.due_at <= {now} and p.lease_until is null
         and not exists (select 1 from lanes l where l.identity_id = p.identity_id)
       order by p.due_at, p.id limit ${LOOK_AT} {skip}`,
    )
    const first = new Map<unknown, number>()
    for (const row of due) {
      if (ids.length + first.size === limit) break
      if (!first.has(row.identity_id)) first.set(row.identity_id, number(row, 'id'))
    }
    for (const { id } of yield* hold([...first.values()], leaseMs)) ids.push(id)
    if (due.length < LOOK_AT) break
  }
  const waiting = yield* one(
    'select 1 as found from publications where due_at <= {now} and lease_until is null limit 1',
  )
  const isMore = waiting !== undefined
  if (ids.length === 0) return { held: [], isMore }
  const rows: readonly HeldRow[] = yield* all(
    `select ${HELD} from publications p
     join messages m on m.site_id = p.site_id and m.id = p.message_id
     left join identities i on i.site_id = p.site_id and i.id = p.identity_id and i.user_id = m.user_id
     left join users u on u.site_id = i.site_id and u.id = i.user_id
     where p.id {among} order by p.due_at, p.id`,
    ids.join(','),
  )
  const leftIds = new Set(left.map((row) => number(row, 'id')))
  const held = rows.map((row) => ({ ...toHeld(row), isLeft: leftIds.has(number(row, 'p_id')) }))
  return { held, isMore }
}

export function* renewPublication(
  _: Context,
  siteId: number,
  id: number,
  fence: number,
  leaseMs: number,
): Query<boolean> {
  const rows = yield* all(
    `update publications set lease_until = {now} + ?
     where site_id = ? and id = ? and fence = ? and lease_until is not null returning id`,
    leaseMs,
    siteId,
    id,
    fence,
  )
  return rows.length > 0
}

export function* releasePublication(_: Context, { siteId, id, fence }: HeldRef): Query<void> {
  const rows = yield* all(
    `update publications set lease_until = null
     where site_id = ? and id = ? and fence = ? and lease_until is not null returning id`,
    siteId,
    id,
    fence,
  )
  if (rows.length > 0) yield* all('delete from lanes where publication_id = ?', id)
}
