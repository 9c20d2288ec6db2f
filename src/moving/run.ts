// An import from its first user to its last: read, understand, store, tell. Memory does not grow with the number of
// users; whoever is killed goes on where the database says.

import type { Site } from '../core/model.ts'
import {
  type MoveCounts,
  type MovedUser,
  type MoveProblem,
  type MoveState,
  type MovingStore,
  NO_COUNTS,
} from '../core/moving.ts'
import type { Item, ToMoved } from './records.ts'

/** The report of problems, a line each. */
export interface Report {
  /** Its length, in bytes. */
  length(): number
  /** Cuts off what was written behind this length. */
  cut(length: number): void
  add(problems: readonly MoveProblem[]): void
}

export interface ImportParts {
  readonly moving: MovingStore
  readonly site: Pick<Site, 'id'>
  /** What the place is kept under: the same line again goes on, another one begins. */
  readonly source: string
  /** Everything behind this place, or everything. */
  readonly items: (place: string | undefined) => AsyncIterable<Item>
  readonly toMoved: ToMoved
  readonly report: Report
  /** Users stored in one transaction. */
  readonly batch: number
  /** Nothing is stored. */
  readonly isTrial: boolean
  /** Ends it after the step under way. */
  readonly signal: AbortSignal
  /** After every step. */
  readonly onStep: (counts: MoveCounts, share: number | undefined) => void
}

export interface ImportEnd {
  readonly counts: MoveCounts
  /** False when it was told to stop before the end. */
  readonly isWhole: boolean
  /** It went on from where an earlier run had stopped. */
  readonly isResumed: boolean
}

interface Step {
  readonly users: MovedUser[]
  readonly problems: MoveProblem[]
  place: string
  share?: number
  size: number
}

/** Brings all that the source has. What cannot be read or stored is reported and left out; other failures end it. */
export async function runImport(parts: ImportParts): Promise<ImportEnd> {
  const { moving, site, source, items, toMoved, report, batch, isTrial, signal } = parts
  const before = isTrial ? undefined : await moving.state(site, source)
  // What a real import has told stays: a trial may come between two parts of one.
  if (!isTrial) report.cut(before?.reportBytes ?? 0)
  if (before) report.add(before.problems)
  const store = createSteps(parts, before)
  let step = emptyStep()
  let isWhole = true
  try {
    for await (const item of items(before?.place)) {
      take(step, item, toMoved)
      if (step.size >= batch) {
        await store.add(step)
        step = emptyStep()
      }
      if (!signal.aborted) continue
      isWhole = false
      break
    }
  } finally {
    // What was read before a failure is kept too.
    if (step.size > 0) await store.add(step)
    await store.end()
  }
  const counts = await store.end()
  if (isWhole && !isTrial) await moving.forget(site, source)
  return { counts, isWhole, isResumed: before !== undefined }
}

function take(step: Step, { found, problem, place, share }: Item, toMoved: ToMoved): void {
  if (problem) step.problems.push(problem)
  if (found) {
    const { user, problems } = toMoved(found)
    if (user) step.users.push(user)
    step.problems.push(...problems)
  }
  step.place = place
  step.share = share
  step.size += 1
}

function emptyStep(): Step {
  return { users: [], problems: [], place: '', size: 0 }
}

/** One step is stored while the next one is read. */
function createSteps({ moving, site, source, report, isTrial, onStep }: ImportParts, before?: MoveState) {
  let state = before
  let underWay: Promise<void> = Promise.resolve()

  const store = async ({ users, problems, place, share }: Step): Promise<void> => {
    const step = { users, problems, place }
    state = isTrial
      ? await moving.tryOut(site, step, state)
      : await moving.bring(site, source, { ...step, reportBytes: report.length() })
    report.add(state.problems)
    onStep(state.counts, share)
  }
  return {
    async add(step: Step): Promise<void> {
      await underWay
      underWay = store(step)
      // Whoever waits for it next hears of its failure; until then nobody does.
      underWay.catch(() => undefined)
    },
    async end(): Promise<MoveCounts> {
      await underWay
      return state?.counts ?? NO_COUNTS
    },
  }
}
