// The command line as a process of its own, with its data in a folder that goes when the test is over.

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'

const MAIN = join(import.meta.dirname, '..', '..', 'src', 'main.ts')

export interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly out: string
  readonly err: string
}

/** One process that is under way. */
export interface Running {
  readonly child: ChildProcess
  readonly ended: Promise<Ended>
  out(): string
  err(): string
  /** The first line of standard output that satisfies the pattern; fails when the process ends before. */
  line(pattern: RegExp): Promise<string>
}

/** A folder of its own for this test. */
export function openFolder(test: Pick<TestContext, 'after'>): string {
  const folder = mkdtempSync(join(tmpdir(), 'kith-test-'))
  test.after(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** Starts `kith <args>` with these settings and no other KITH_ ones. */
export function startKith(
  test: Pick<TestContext, 'after'>,
  args: readonly string[],
  settings: Readonly<Record<string, string>> = {},
): Running {
  const environment = Object.entries(process.env).filter(([name]) => !name.startsWith('KITH_'))
  const child = spawn(process.execPath, [MAIN, ...args], {
    env: { ...Object.fromEntries(environment), ...settings },
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  const text = { out: '', err: '' }
  child.stdout.on('data', (chunk: Buffer) => {
    text.out += chunk.toString()
  })
  child.stderr.on('data', (chunk: Buffer) => {
    text.err += chunk.toString()
  })
  const ended = once(child, 'close').then(([code, signal]): Ended => ({ code, signal, ...text }))
  test.after(async () => {
    child.kill('SIGKILL')
    await ended
  })

  async function line(pattern: RegExp): Promise<string> {
    for (;;) {
      const found = text.out.split('\n').find((each) => pattern.test(each))
      if (found !== undefined) return found
      if (child.exitCode !== null || child.signalCode !== null)
        throw new Error(`It ended: ${text.out}${text.err}`)
      await Promise.race([once(child.stdout, 'data'), ended])
    }
  }
  return { child, ended, out: () => text.out, err: () => text.err, line }
}

/** Runs `kith <args>` to its end. */
export async function kith(
  test: Pick<TestContext, 'after'>,
  args: readonly string[],
  settings: Readonly<Record<string, string>> = {},
  input = '',
): Promise<Ended> {
  const { child, ended } = startKith(test, args, settings)
  child.stdin?.end(input)
  return ended
}
