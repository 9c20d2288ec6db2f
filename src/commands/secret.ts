// Secrets on their way in: from the environment or standard input, never from a command line, where others read it.

import { createInterface } from 'node:readline/promises'
import { Writable } from 'node:stream'
import { text } from 'node:stream/consumers'

/** What is typed unseen, or what stands on standard input; undefined when that is nothing. */
export async function readSecret(question: string): Promise<string | undefined> {
  const given = process.stdin.isTTY ? await askHidden(`${question} (not shown): `) : await text(process.stdin)
  return given.trim() || undefined
}

async function askHidden(question: string): Promise<string> {
  process.stderr.write(question)
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() })
  const lines = createInterface({ input: process.stdin, output: silent, terminal: true })
  try {
    return await lines.question('')
  } finally {
    lines.close()
    process.stderr.write('\n')
  }
}
