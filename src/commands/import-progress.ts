// How far an import is: a bar on a terminal, a line now and then elsewhere.

import type { MoveCounts } from '../core/moving.ts'

const BAR_LENGTH = 30
const BAR_EVERY_MS = 200
const LINE_EVERY_MS = 10_000

export interface Progress {
  step(counts: MoveCounts, share: number | undefined): void
  say(line: string): void
  end(): void
}

interface Surroundings {
  readonly isTerminal?: boolean
  /** Milliseconds of a clock that never goes back. */
  readonly now?: () => number
  readonly write?: (text: string) => void
}

/** Writes to standard error, so that standard output holds the result alone. */
export function createProgress({
  isTerminal = process.stderr.isTTY,
  now = () => performance.now(),
  write = (text) => process.stderr.write(text),
}: Surroundings = {}): Progress {
  const startedAt = now()
  const every = isTerminal ? BAR_EVERY_MS : LINE_EVERY_MS
  let first: number | undefined
  let shownAt = startedAt
  let hasBar = false
  const clear = () => {
    if (hasBar) write('\r\x1b[2K')
    hasBar = false
  }
  return {
    step(counts, share) {
      // What an earlier run has brought does not count for the rate of this one.
      first ??= counts.users
      if (now() - shownAt < every) return
      shownAt = now()
      const perSecond = Math.round(((counts.users - first) * 1_000) / (now() - startedAt))
      const line = lineOf(counts, share, perSecond)
      if (!isTerminal) {
        write(`${line}\n`)
        return
      }
      clear()
      write(share === undefined ? line : `${barOf(share)} ${line}`)
      hasBar = true
    },
    say(line) {
      clear()
      write(`${line}\n`)
    },
    end: clear,
  }
}

function lineOf({ users, problems }: MoveCounts, share: number | undefined, perSecond: number): string {
  const percent = share === undefined ? '' : `${Math.floor(share * 100)} %, `
  return `${percent}${users} users, ${perSecond}/s, ${problems} problems`
}

function barOf(share: number): string {
  const done = Math.round(share * BAR_LENGTH)
  return `[${'#'.repeat(done)}${' '.repeat(BAR_LENGTH - done)}]`
}
