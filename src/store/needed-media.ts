// Which pictures and videos belong to publications that have not come to their end.

import type { Rendered } from '../core/publish.ts'
import { all, type Query } from './query.ts'
import { fromJson, number, text } from './row.ts'
import type { Driver } from './writes.ts'

/** Publications looked at in one query: no other read waits for long. */
const BATCH = 500

interface Place {
  readonly dueAt: number
  readonly id: number
}

/** SHA-256 hashes, hex. */
export async function neededMedia(driver: Driver): Promise<ReadonlySet<string>> {
  const hashes = new Set<string>()
  const note = (found: readonly string[]) => {
    for (const hash of found) hashes.add(hash)
  }
  // Once more at the end: one that was waiting may have been taken up before its turn came.
  note(await driver.read(heldMedia()))
  for (let place: Place | undefined = { dueAt: 0, id: 0 }; place; ) {
    const batch: WaitingMedia = await driver.read(waitingMedia(place))
    note(batch.hashes)
    place = batch.next
  }
  note(await driver.read(heldMedia()))
  return hashes
}

function* heldMedia(): Query<readonly string[]> {
  const rows = yield* all('select rendered from publications where lease_until is not null')
  return rows.flatMap((row) => hashesOf(row.rendered))
}

interface WaitingMedia {
  readonly hashes: readonly string[]
  readonly next?: Place
}

function* waitingMedia({ dueAt, id }: Place): Query<WaitingMedia> {
  const rows = yield* all(
    `select due_at, id, rendered from publications
     where due_at is not null and lease_until is null and (due_at > ? or (due_at = ? and id > ?))
     order by due_at, id limit ${BATCH}`,
    dueAt,
    dueAt,
    id,
  )
  const last = rows.length < BATCH ? undefined : rows.at(-1)
  return {
    hashes: rows.flatMap((row) => hashesOf(row.rendered)),
    next: last && { dueAt: number(last, 'due_at'), id: number(last, 'id') },
  }
}

function hashesOf(rendered: unknown): readonly string[] {
  if (rendered === null) return []
  return fromJson<Rendered>(text({ rendered }, 'rendered')).media.map(({ hash }) => hash)
}
