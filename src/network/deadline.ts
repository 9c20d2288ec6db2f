// One clock per call of a network: its own time and its caller's patience, whichever ends first.

import { setTimeout as sleep } from 'node:timers/promises'
import { GatewayError } from '../core/errors.ts'

export interface Deadline {
  readonly signal: AbortSignal
  /** Milliseconds; 0 when the time is over. */
  remainingMs(): number
  /** Who ended it, if it has ended. */
  endedBy(): 'time' | 'caller' | undefined
  /** Frees the timer; the deadline never ends afterwards. */
  close(): void
}

/** Starts now and ends after `durationMs`, or when the caller's signal does. */
export function openDeadline(durationMs: number, caller?: AbortSignal): Deadline {
  const controller = new AbortController()
  const endsAt = performance.now() + durationMs
  let ended: 'time' | 'caller' | undefined
  const end = (by: 'time' | 'caller', reason?: unknown) => {
    ended ??= by
    controller.abort(reason)
  }
  const timer = setTimeout(() => end('time'), durationMs)
  const leave = () => end('caller', caller?.reason)
  if (caller?.aborted) leave()
  else caller?.addEventListener('abort', leave, { once: true })
  return {
    signal: controller.signal,
    remainingMs: () => (ended ? 0 : Math.max(0, endsAt - performance.now())),
    endedBy: () => ended,
    close() {
      clearTimeout(timer)
      caller?.removeEventListener('abort', leave)
    },
  }
}

/** What the deadline's end means to the one who waited; a caller who said why hears it again. */
export function afterDeadline(
  deadline: Deadline,
  code: 'network_silent' | 'network_unreached',
  name: string,
) {
  const reason: unknown = deadline.signal.reason
  if (deadline.endedBy() === 'caller' && reason instanceof GatewayError) return reason
  const message =
    code === 'network_silent' ? `${name} did not answer in time.` : `${name} could not be reached in time.`
  return new GatewayError(code, message, { cause: reason })
}

/** Waits; false when the deadline ended first. */
export async function pause(ms: number, deadline: Deadline): Promise<boolean> {
  if (deadline.signal.aborted) return false
  try {
    await sleep(ms, undefined, { signal: deadline.signal })
    return true
  } catch (error) {
    if (deadline.signal.aborted) return false
    throw error
  }
}

/** The promise's result, or what `late` makes when the deadline ends first; the work itself goes on. */
export function within<T>(deadline: Deadline, work: Promise<T>, late: () => GatewayError): Promise<T> {
  return new Promise((resolve, reject) => {
    const onEnd = () => reject(late())
    if (deadline.signal.aborted) onEnd()
    deadline.signal.addEventListener('abort', onEnd, { once: true })
    const settle = () => deadline.signal.removeEventListener('abort', onEnd)
    work.then(
      (value) => {
        settle()
        resolve(value)
      },
      (error: unknown) => {
        settle()
        reject(error)
      },
    )
  })
}
