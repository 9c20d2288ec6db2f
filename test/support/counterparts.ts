// What the suites against real network software have in common.

import assert from 'node:assert/strict'
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { once } from 'node:events'
import { accessSync, constants } from 'node:fs'
import { createServer } from 'node:net'
import { delimiter, join } from 'node:path'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'

/** The folder of the whole project. */
export const ROOT = fileURLToPath(new URL('../..', import.meta.url))

/** How long one suite may take, its software's start included. */
const SUITE_MS = 90_000

/**
 * A suite against software that is not always installed: without it, one skipped test that says what is missing, or
 * a failed one where `KITH_REQUIRE_COUNTERPARTS` is 1.
 */
export function describeCounterpart(name: string, missing: string | undefined, suite: () => void): void {
  if (missing === undefined) return void describe(name, { timeout: SUITE_MS }, suite)
  const reason = `${missing} Bring it with: sudo test/counterparts/install.sh`
  const isRequired = process.env.KITH_REQUIRE_COUNTERPARTS === '1'
  test(name, { skip: isRequired ? false : reason }, () => assert.fail(reason))
}

/** The path of a program, in one of these folders or in PATH; undefined when it is nowhere. */
export function findProgram(name: string, folders: readonly string[] = []): string | undefined {
  const places = [...folders, ...(process.env.PATH ?? '').split(delimiter)]
  return places.map((folder) => join(folder, name)).find(isExecutable)
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false // That it cannot be run is the answer.
  }
}

/** A TCP port on loopback that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  assert(typeof address === 'object' && address !== null)
  return address.port
}

/** A program under way, what it has said last, and how to end it. */
export interface Program {
  readonly child: ChildProcessWithoutNullStreams
  /** Up to 64,000 characters of both outputs. */
  said(): string
  /** Closes its standard input and terminates it; kills it after ten seconds. */
  stop(): Promise<void>
}

/** Starts a program that is told to end when this process does, however that ends. */
export function startProgram(
  command: string,
  words: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Program {
  const guarded = ['--pdeathsig', 'TERM', command, ...words]
  const child = spawn('setpriv', guarded, { env: { ...process.env, ...environment }, stdio: 'pipe' })
  let said = ''
  const hear = (piece: string) => {
    said = (said + piece).slice(-64_000)
  }
  child.stdout.setEncoding('utf8').on('data', hear)
  child.stderr.setEncoding('utf8').on('data', hear)
  const ended = once(child, 'close')
  return {
    child,
    said: () => said,
    async stop() {
      child.stdin.end()
      child.kill('SIGTERM')
      const impatience = setTimeout(() => child.kill('SIGKILL'), 10_000)
      await ended
      clearTimeout(impatience)
    },
  }
}

/** Asks every 50 ms until the answer is yes; fails with `otherwise()` after the time given. */
export async function until(
  isTrue: () => boolean | Promise<boolean>,
  { forMs, otherwise }: { forMs: number; otherwise: () => string },
): Promise<void> {
  const end = performance.now() + forMs
  while (!(await isTrue())) {
    if (performance.now() > end) throw new Error(otherwise())
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}
