import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { startKith } from './support/process.ts'

const run = promisify(execFile)
const readme = readFileSync(join(import.meta.dirname, '..', 'README.md'), 'utf8')

/** The shell commands of the first block below a heading, one each. */
function commandsUnder(heading: string): readonly string[] {
  const section = readme.split(`\n## ${heading}\n`)[1] ?? ''
  const block = /```sh\n([\s\S]*?)```/.exec(section)?.[1] ?? ''
  return block.split(/\n\n|\n(?=curl)/).flatMap((part) => /^curl[\s\S]*/m.exec(part)?.[0].trim() ?? [])
}

test('a message is published as the README says', async (t) => {
  const demo = startKith(t, ['demo', '--json', '--port', '0'])
  await demo.line(/./)
  const { url, site, users } = JSON.parse(demo.out().split('\n')[0] ?? '')
  const [ada] = users
  let token = ''
  const ask = async (command: string) => {
    const filled = command
      .replaceAll('http://127.0.0.1:8080', url)
      .replaceAll('<user_token>', ada.userToken)
      .replaceAll('<token>', token)
    const env = { ...process.env, KEYS: `${site.publicKey}:${site.privateKey}` }
    const { stdout } = await run('bash', ['-c', `${filled} -s`], { env })
    return JSON.parse(stdout)
  }
  const [preview = '', publish = '', read = '', remove = '', ...more] = commandsUnder('Publish a message')
  assert.deepEqual(more, [])
  const { previews } = await ask(preview)
  assert.deepEqual(
    previews.map(({ shown }: { shown: { count: number } }) => shown.count),
    [12, 12],
  )
  const { message } = await ask(publish)
  assert.deepEqual(
    message.publications.map(({ state }: { state: string }) => state),
    ['published', 'published'],
  )
  token = message.token
  const [first] = (await ask(read)).message.publications
  assert.deepEqual([first.links[0].url, first.links[0].clicks], ['https://example.com/', 0])
  const removed = await ask(remove)
  assert.equal(removed.is_removed, true, JSON.stringify(removed))
  demo.child.kill('SIGTERM')
  assert.equal((await demo.ended).code, 0)
})
