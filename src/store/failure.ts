// What the databases complain about, in our codes. A complaint in SQL's own words is for the log, never for callers.

import { GatewayError, type Problem } from '../core/errors.ts'
import { Again } from './query.ts'

/** Whether the same transaction may be begun again at once: it lost against another one. */
export function isLostRace(error: unknown): boolean {
  const code = codeOf(error)
  // serialization_failure, deadlock_detected: https://www.postgresql.org/docs/current/errcodes-appendix.html
  return error instanceof Again || code === '40001' || code === '40P01'
}

/** Whether a connection that had been made was lost. What its transaction did is undone, unless it was committing. */
export function isLostConnection(error: unknown): boolean {
  // Class 08 connection, 57P01 to 57P03 shutdown and restart.
  if (/^08|^57P0[1-3]$|^ECONNRESET$|^EPIPE$/.test(codeOf(error) ?? '')) return true
  // pg gives these no code.
  return (
    error instanceof Error &&
    /^(Connection terminated|Client has encountered a connection error|Client was closed)/.test(error.message)
  )
}

/** Any error of a database, as a GatewayError with the database's own as its cause. */
export function toGatewayError(error: unknown): GatewayError {
  if (error instanceof GatewayError) return error
  const code = codeOf(error) ?? ''
  if (isLostRace(error)) {
    return new GatewayError('overloaded', 'Too many changes of the same thing at once.', { cause: error })
  }
  // A parent row was removed meanwhile.
  if (code === '23503' || code === 'SQLITE_CONSTRAINT_FOREIGNKEY') {
    return new GatewayError('not_found', 'What this belongs to is gone.', { cause: error })
  }
  if (code === '23505' || code === 'SQLITE_CONSTRAINT_UNIQUE') {
    return new GatewayError('conflict', 'This exists already.', { cause: error })
  }
  if (code === 'SQLITE_FULL' || code === '53100' || code === 'ENOSPC') {
    return new GatewayError('overloaded', 'The disk of the database is full.', { cause: error })
  }
  if (isUnavailable(code, error)) {
    return new GatewayError('overloaded', 'The database does not answer.', { cause: error })
  }
  return GatewayError.from(error)
}

/** An error on its way between threads. */
export interface SentError {
  readonly problem: Problem
  readonly cause?: {
    readonly name: string
    readonly message: string
    readonly code?: string
    readonly stack?: string
  }
}

/** A GatewayError without what cannot travel. */
export function sendError(error: unknown): SentError {
  const { problem, cause } = toGatewayError(error)
  if (!(cause instanceof Error)) return { problem }
  return {
    problem,
    cause: { name: cause.name, message: cause.message, code: codeOf(cause), stack: cause.stack },
  }
}

/** A GatewayError as it was sent. */
export function receiveError({ problem, cause }: SentError): GatewayError {
  const { code, message, retryAfterSeconds, field } = problem
  return new GatewayError(code, message, {
    retryAfterSeconds,
    field,
    cause: cause && Object.assign(new Error(cause.message), cause),
  })
}

/** SQLSTATE, SQLite's result code or the system's error name. */
function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined
}

function isUnavailable(code: string, error: unknown): boolean {
  // Classes 53 resources, 57 operator intervention and timeouts, 55P03 lock timeout, 25P03 idle too long.
  if (isLostConnection(error) || /^(53|57)|^55P03$|^25P03$/.test(code)) return true
  if (/^SQLITE_(BUSY|LOCKED)/.test(code)) return true
  if (/^(ECONN|ETIMEDOUT|ENOTFOUND|ENOENT|EAI_|EHOSTUNREACH|ENETUNREACH)/.test(code)) return true
  // pg gives this no code.
  return error instanceof Error && /^timeout exceeded when trying to connect/.test(error.message)
}
