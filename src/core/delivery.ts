// One publication on its way: step by step, each stored before the next begins, so that any process can go on where
// another one died. Only one request makes a post visible, and it is written down before it leaves.

import {
  isSent,
  keepLease,
  logged,
  mayRepeat,
  pauseMs,
  type Run,
  save,
  silent,
  toRun,
  verdictOn,
} from './delivery-run.ts'
import { GatewayError, type Problem } from './errors.ts'
import type { Gateway } from './gateway.ts'
import { lookFor } from './lookup.ts'
import type { PostRef, Unfinished } from './publish.ts'
import type { Held, Progress, PublicationState, Then } from './sharing-store.ts'

/**
 * Delivers as far as it goes now; answers in how many milliseconds it is due again, if it is. Never rejects. The
 * controller is aborted when the lease is lost, or by whoever ends the process: what may be interrupted then is.
 */
export async function deliver(
  gateway: Gateway,
  held: Held,
  controller: AbortController,
): Promise<number | undefined> {
  const { store, log, deliveries } = gateway
  const lease = keepLease(gateway, held, controller)
  try {
    return await advance(gateway, held, controller.signal)
  } catch (error) {
    const { code, cause } = GatewayError.from(error)
    const fields = { publication: held.key, code, error: cause ?? error }
    if (!controller.signal.aborted) log.error(fields, 'a delivery was broken off')
    try {
      // Its place is stored: whoever takes it up goes on from there.
      await store.publications.release(held)
      return deliveries.isStopping ? undefined : deliveries.bounds.retryBaseMs
    } catch (failure) {
      log.warn({ publication: held.key, error: failure }, 'a lease could not be given back; it will expire')
      return deliveries.bounds.leaseMs
    }
  } finally {
    lease.stop()
  }
}

/** `commit`: the visible request is about to leave, and will have been written down. */
type Next = { readonly progress: Progress } & (
  | { readonly to: 'go' | 'commit' }
  | { readonly to: 'wait'; readonly dueInMs: number }
  | { readonly to: 'end'; readonly isFound?: boolean }
)

async function advance(gateway: Gateway, held: Held, signal: AbortSignal): Promise<number | undefined> {
  const { leaseMs } = gateway.deliveries.bounds
  const run = toRun(gateway, held, signal)
  let before = progressOf(gateway, held)
  let next =
    'code' in run ? ended(before, isSent(before) ? 'unknown' : 'failed', run) : await step(run, before)
  for (;;) {
    const storedAt = performance.now()
    const outcome = await save(gateway, held, next.progress, thenOf(gateway, next))
    if (outcome === 'lost') return undefined
    if (outcome === 'saved' && next.to === 'end') {
      const labels = { provider: held.provider, outcome: next.progress.state }
      gateway.meter.count('kith_publications_total', labels)
      return undefined
    }
    if (next.to === 'wait') return next.dueInMs
    if ('code' in run) return undefined
    if (outcome === 'taken') {
      // The post that was found is what another publication has become: look again.
      next = await step(run, before)
    } else if (next.to === 'commit') {
      // A process that slept meanwhile may have lost the lease without knowing.
      const isLate = performance.now() - storedAt > leaseMs / 2
      const { progress } = next
      next = isLate ? { progress: before, to: 'wait', dueInMs: 0 } : await commit(run, progress, before)
      before = isLate ? before : progress
    } else {
      before = next.progress
      next = await step(run, before)
    }
  }
}

/** A request of the last holder may have left until the moment that its lease was over. */
function progressOf({ now }: Gateway, { progress, isLeft }: Held): Progress {
  return isLeft && progress.state === 'committing' ? { ...progress, lastCommitAt: now() } : progress
}

function thenOf({ deliveries, now }: Gateway, next: Next): Then {
  if (next.to === 'end') return { endedAt: now(), isFound: next.isFound }
  return next.to === 'wait' ? { dueInMs: next.dueInMs } : { holdMs: deliveries.bounds.leaseMs }
}

function step(run: Run, progress: Progress): Promise<Next> {
  if (progress.state === 'committing') return settle(run, progress)
  if (progress.state === 'pending') return finish(run, progress)
  return prepare(run, progress)
}

/** Uploads and the like, which nobody sees: they may be repeated. */
async function prepare(run: Run, progress: Progress): Promise<Next> {
  const { gateway, held, publish, draft, network, signal } = run
  const now = gateway.now()
  if (!publish.prepare || progress.isPrepared) {
    signal.throwIfAborted()
    const committing = { ...progress, state: 'committing', committedAt: now, lastCommitAt: now } as const
    return { progress: committing, to: 'commit' }
  }
  try {
    const done = await publish.prepare(draft, network, progress.ticket)
    if ('prepared' in done) {
      const { ticket } = done.prepared
      const prepared = { ...progress, state: 'preparing', ticket, isPrepared: true, attempt: 0 } as const
      return { progress: { ...prepared, problem: undefined }, to: 'go' }
    }
    if (now > held.sendAt + gateway.deliveries.bounds.waitMaxMs) {
      return ended(progress, 'failed', silent(run, 'did not finish what was uploaded.'))
    }
    return waiting({ ...progress, state: 'preparing' }, done.unfinished)
  } catch (error) {
    signal.throwIfAborted()
    const failure = logged(run, error)
    if (!failure.retryable) return ended(progress, 'failed', failure.problem)
    return again(run, { ...progress, state: 'preparing' }, failure, 'failed')
  }
}

/** The one visible request. `before` is what held until it was written down that this request leaves. */
async function commit(run: Run, progress: Progress, before: Progress): Promise<Next> {
  const { gateway, identity, publish, draft } = run
  try {
    const prepared = progress.isPrepared ? { ticket: progress.ticket } : undefined
    const done = await publish.commit(draft, gateway.open(identity), prepared)
    if ('post' in done) return published(progress, done.post)
    return waiting({ ...progress, state: 'pending', attempt: 0, problem: undefined }, done.unfinished)
  } catch (error) {
    const failure = logged(run, error)
    const { problem } = failure
    const isFirst = before.state !== 'committing'
    const verdict = verdictOn(failure)
    if (verdict === 'undone') return again(run, before, failure, isFirst ? 'failed' : 'unknown')
    if (verdict === 'refused' && isFirst) return ended(before, 'failed', problem)
    // A refusal of the second says nothing of the first: it may be the very reason of it.
    if (verdict === 'refused') return look(run, { ...before, problem, attempt: before.attempt + 1 })
    const unsure = { ...progress, problem, attempt: progress.attempt + 1, lastCommitAt: gateway.now() }
    if (!mayRepeat(run, unsure)) return { progress: unsure, to: 'go' }
    return { progress: unsure, to: 'wait', dueInMs: pauseMs(gateway, unsure.attempt, failure) }
  }
}

/** A visible request may have left, and nothing is known of it. */
async function settle(run: Run, progress: Progress): Promise<Next> {
  if (!mayRepeat(run, progress)) return look(run, progress)
  run.signal.throwIfAborted()
  return { progress: { ...progress, lastCommitAt: run.gateway.now() }, to: 'commit' }
}

async function look(run: Run, progress: Progress): Promise<Next> {
  const { gateway, held, publish, network, signal } = run
  const { settleMs, skewMs, lookPages, attemptsMax } = gateway.deliveries.bounds
  const { committedAt = held.sendAt, lastCommitAt = committedAt } = progress
  if (!publish.recent)
    return ended(progress, 'unknown', silent(run, 'did not say whether it took the message.'))
  try {
    const earliest = publish.datesByDraft ? Math.min(held.sendAt, committedAt) : committedAt
    const wanted = { text: held.rendered.text, marks: held.marks, since: earliest - skewMs }
    const seen = await lookFor(publish.recent, network, { ...wanted, pagesMax: lookPages })
    for (const post of seen.posts) {
      const isTaken = await gateway.store.publications.isTaken(held, post.id)
      if (!isTaken) return { ...published(progress, post), isFound: true }
    }
    const canBeKnown = held.marks.length > 0 || held.rendered.text.trim() !== ''
    const isHidden = publish.retells && (await holdsStranger(run, seen.others))
    if (!seen.reachesBack || !canBeKnown || isHidden) {
      return ended(
        progress,
        'unknown',
        silent(run, 'did not answer, and the post cannot be told from others.'),
      )
    }
  } catch (error) {
    signal.throwIfAborted()
    return again(run, progress, logged(run, error), 'unknown')
  }
  const settledInMs = lastCommitAt + settleMs - gateway.now()
  if (settledInMs > 0) return { progress, to: 'wait', dueInMs: settledInMs }
  const { problem = silent(run, 'did not take the message.') } = progress
  if (progress.attempt >= attemptsMax) return ended(progress, 'failed', problem)
  const anew = { ...progress, state: 'preparing', committedAt: undefined, lastCommitAt: undefined } as const
  return { progress: anew, to: 'go' }
}

/** Whether one of these posts is no publication's that we know of: it could be this one. */
async function holdsStranger({ gateway, held }: Run, posts: readonly PostRef[]): Promise<boolean> {
  for (const { id } of posts) {
    if (!(await gateway.store.publications.isTaken(held, id))) return true
  }
  return false
}

/** The network has it and takes its time. */
async function finish(run: Run, progress: Progress): Promise<Next> {
  const { gateway, held, publish, network, signal } = run
  const { lastCommitAt = held.sendAt } = progress
  if (!publish.finish || gateway.now() > lastCommitAt + gateway.deliveries.bounds.pendingMaxMs) {
    return ended(progress, 'unknown', silent(run, 'did not say what became of the message.'))
  }
  try {
    const done = await publish.finish(progress.ticket, network)
    if ('post' in done) return published(progress, done.post)
    return waiting({ ...progress, attempt: 0, problem: undefined }, done.unfinished)
  } catch (error) {
    signal.throwIfAborted()
    const failure = logged(run, error)
    if (verdictOn(failure) === 'refused') return ended(progress, 'failed', failure.problem)
    return again(run, progress, failure, 'unknown')
  }
}

function published(progress: Progress, post: PostRef): Next & { readonly to: 'end' } {
  return { progress: { ...progress, state: 'published', post, problem: undefined }, to: 'end' }
}

function ended(progress: Progress, state: PublicationState, problem: Problem): Next {
  return { progress: { ...progress, state, problem }, to: 'end' }
}

function waiting(progress: Progress, { ticket, retryAfterSeconds }: Unfinished): Next {
  return { progress: { ...progress, ticket }, to: 'wait', dueInMs: Math.max(0, retryAfterSeconds) * 1_000 }
}

/** Once more after a pause: limits are waited out, anything else is tried only so often. */
function again(run: Run, progress: Progress, failure: GatewayError, otherwise: PublicationState): Next {
  const { gateway, held } = run
  const { attemptsMax, waitMaxMs } = gateway.deliveries.bounds
  const { problem, code } = failure
  const isLimit = code === 'rate_limited' || code === 'overloaded' || code === 'throttled'
  const attempt = isLimit ? progress.attempt : progress.attempt + 1
  const dueInMs = pauseMs(gateway, Math.max(attempt, 1), failure)
  const isTooLate = gateway.now() + dueInMs > held.sendAt + waitMaxMs
  if (attempt >= attemptsMax || isTooLate) return ended({ ...progress, attempt }, otherwise, problem)
  return { progress: { ...progress, attempt, problem }, to: 'wait', dueInMs }
}
