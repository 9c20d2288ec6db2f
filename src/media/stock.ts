// How much is kept, and for how long: what nobody needs goes, the oldest first.

import { GatewayError } from '../core/errors.ts'
import type { MediaBounds } from './bounds.ts'
import type { FileEntry, Folder } from './folder.ts'

export interface Stock {
  /** Makes room for one more file of this name; `overloaded` when there is none. */
  admit(name: string, bytes: number): Promise<void>
  /** Removes what nobody needs; answers how many files. */
  purge(): Promise<number>
}

export interface StockParts {
  readonly folder: Folder
  readonly bounds: Pick<MediaBounds, 'folderBytes' | 'keepMs'>
  /** Hashes of what messages need that are not yet sent. */
  readonly needed: () => Promise<ReadonlySet<string>>
  readonly now: () => number
}

/** A file so young may belong to a message that is being accepted. */
const YOUNG_MS = 3_600_000
/** Down to this share of the bound, so that not every next file makes room for itself. */
const SHARE = 0.9
const PAUSE_MS = 10_000
/** A file that is not in its place so long after it was admitted never came there. */
const ARRIVAL_MS = 60_000

/** Counts what it admits; what other processes keep in the same folder it learns when it purges. */
export function createStock({ folder, bounds, needed, now }: StockParts): Stock {
  let used = 0
  /** Admitted, and not yet seen in the folder. */
  const expected = new Map<string, { readonly bytes: number; readonly at: number }>()
  let last: Promise<unknown> = Promise.resolve()
  let upkeep: Promise<number> | undefined
  let makingRoom: Promise<number> | undefined
  let roomMadeAt = Number.NEGATIVE_INFINITY

  function purge(): Promise<number> {
    upkeep ??= inTurn(0).finally(() => {
      upkeep = undefined
    })
    return upkeep
  }

  /** What is cleared for upkeep makes no room: it is waited for, not joined. */
  function makeRoom(wanted: number): Promise<number> {
    makingRoom ??= inTurn(wanted).finally(() => {
      makingRoom = undefined
      roomMadeAt = performance.now()
    })
    return makingRoom
  }

  function inTurn(wanted: number): Promise<number> {
    const mine = last.then(() => clear(wanted))
    // Whoever asked for it hears of its failure.
    last = mine.catch(() => undefined)
    return mine
  }

  async function clear(wanted: number): Promise<number> {
    const swept = await folder.sweep()
    const entries = (await folder.list()).toSorted((one, other) => one.usedAt - other.usedAt)
    for (const { name } of entries) expected.delete(name)
    for (const [name, { at }] of expected) if (at < performance.now() - ARRIVAL_MS) expected.delete(name)
    used = [...entries, ...expected.values()].reduce((sum, { bytes }) => sum + bytes, 0)
    const isFull = used + wanted > bounds.folderBytes
    const target = isFull ? bounds.folderBytes * SHARE - wanted : Number.POSITIVE_INFINITY
    const isToGo = ({ usedAt }: FileEntry) =>
      usedAt < now() - bounds.keepMs || (used > target && usedAt < now() - YOUNG_MS)
    let removed = swept
    const drop = async (entry: FileEntry) => {
      if (!(await folder.remove(entry, entry.usedAt))) return
      used -= entry.bytes
      removed += 1
    }
    // What can be made again goes first.
    for (const entry of entries) if (entry.shelf === 'made' && isToGo(entry)) await drop(entry)
    const kept = entries.filter((entry) => entry.shelf === 'kept')
    if (!kept.some(isToGo)) return removed
    const waitedFor = await needed()
    for (const entry of kept) if (isToGo(entry) && !waitedFor.has(entry.name)) await drop(entry)
    return removed
  }

  return {
    purge,
    async admit(name, bytes) {
      const isFull = () => used + bytes > bounds.folderBytes
      if (isFull() && performance.now() - roomMadeAt > PAUSE_MS) await makeRoom(bytes)
      if (isFull()) {
        throw new GatewayError('overloaded', 'There is no room left for pictures and videos.', {
          retryAfterSeconds: 3_600,
        })
      }
      used += bytes
      expected.set(name, { bytes, at: performance.now() })
    },
  }
}
