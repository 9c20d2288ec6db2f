// The report of problems: a file with one JSON object a line.

import { closeSync, existsSync, fstatSync, ftruncateSync, openSync, rmSync, writeSync } from 'node:fs'
import { GatewayError } from '../core/errors.ts'
import type { Report } from '../moving/run.ts'

/**
 * Opens the file, made where there is none, for its owner alone; `invalid_request` when that cannot be. Closed, one that
 * was made goes when there is nothing in it.
 */
export function openReport(path: string): Report & { close(): void } {
  const isNew = !existsSync(path)
  const file = open(path)
  if (!fstatSync(file).isFile()) {
    closeSync(file)
    throw new GatewayError(
      'invalid_request',
      `The report cannot be written to "${path}": it is no plain file.`,
    )
  }
  let length = fstatSync(file).size
  return {
    length: () => length,
    cut(to) {
      length = Math.min(length, to)
      ftruncateSync(file, length)
    },
    add(problems) {
      if (problems.length === 0) return
      const lines = Buffer.from(problems.map((problem) => `${JSON.stringify(problem)}\n`).join(''))
      writeSync(file, lines, 0, lines.length, length)
      length += lines.length
    },
    close() {
      closeSync(file)
      if (isNew && length === 0) rmSync(path, { force: true })
    },
  }
}

function open(path: string): number {
  try {
    // Made where there is none, and not emptied where there is one.
    closeSync(openSync(path, 'a', 0o600))
    return openSync(path, 'r+')
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new GatewayError('invalid_request', `The report cannot be written to "${path}": ${reason}`, {
      cause,
    })
  }
}
