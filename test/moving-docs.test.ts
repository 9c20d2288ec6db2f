// The commands in docs/moving-from-*.md are carried out as they stand there, with values for what is in angle brackets.

import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { kith, openFolder, startKith } from './support/process.ts'

/** Every `npx kith …` of a page's examples, as words; a line that ends in a backslash goes on. */
function commandsIn(page: string): string[][] {
  const text = readFileSync(new URL(`../docs/${page}`, import.meta.url), 'utf8').replaceAll('\\\n', ' ')
  const examples = [...text.matchAll(/```sh\n([\s\S]*?)```/g)].map(([, example = '']) => example)
  return examples
    .flatMap((example) => example.split('\n'))
    .map((line) => line.replace(/\s+#.*$/, '').trim())
    .filter((line) => line.startsWith('npx kith '))
    .map((line) => line.replaceAll(/<[^>]*>/g, 'abc').match(/"[^"]*"|\S+/g) ?? [])
    .map((words) => words.slice(2).map((word) => word.replaceAll('"', '')))
}

async function openShop(test: TestContext) {
  const folder = openFolder(test)
  const settings = {
    KITH_DATABASE_URL: join(folder, 'kith.db'),
    KITH_IMPORT_SECRET: 'secret',
    KITH_CLIENT_SECRET: 'secret',
    KITH_IMPORT_REPEATS_MAX: '0',
  }
  return { folder, settings }
}

for (const page of ['moving-from-oneall.md', 'moving-from-gigya.md', 'moving-from-tencent.md']) {
  test(`the commands in ${page} are understood and do what they say`, async (t) => {
    const { folder, settings } = await openShop(t)
    const saved = join(folder, 'saved.ndjson')
    writeFileSync(saved, '')
    const commands = commandsIn(page)
    assert.ok(commands.length >= 4, `${commands.length} commands`)
    for (const words of commands) {
      // The old service is nobody here: nothing answers on this port.
      const args = words.map((word) =>
        word.replace(/^https:\/\/.*$/, 'http://127.0.0.1:9').replace('./saved', saved),
      )
      const [command] = args
      if (command === 'import') args.push('--problems', join(folder, 'problems'))
      const isRemote = args.includes('--from') || args.includes('check')
      const { code, err } = await kith(t, args, settings)
      assert.equal(code, isRemote ? 1 : 0, `${args.join(' ')}: ${err}`)
      if (args.includes('--from')) assert.match(err, /127\.0\.0\.1:9 could not be reached/)
    }
  })
}

test('accounts and friends move as docs/moving-from-tencent.md says', async (t) => {
  const { settings } = await openShop(t)
  const created = await kith(t, ['site', 'create', 'My App', '--subdomain', 'my-app'], settings)
  const { sdkAppId } = JSON.parse(created.out)
  const { out } = await kith(t, ['usersig', 'my-app'], settings)
  const service = startKith(t, ['serve'], {
    ...settings,
    KITH_PORT: '0',
    KITH_METRICS_PORT: 'off',
    KITH_HOST: '127.0.0.1',
  })
  const { url } = JSON.parse(await service.line(/"ready"/))
  const usersig = encodeURIComponent(JSON.parse(out).userSig)
  const query = `sdkappid=${sdkAppId}&identifier=administrator&usersig=${usersig}&random=1&contenttype=json`
  const text = readFileSync(new URL('../docs/moving-from-tencent.md', import.meta.url), 'utf8')
  const calls = [...text.matchAll(/curl "\$(?:HERE|THERE)\/([\w/]+)\?[^"]*"(?: \\)?\s*\n?\s*-d '([^']+)'/g)]
  const answers: Record<string, unknown>[] = []
  for (const [, path = '', body = ''] of calls) {
    const answer = await fetch(`${url}/v4/${path}?${query}`, { method: 'POST', body })
    answers.push({ path, ...((await answer.json()) as Record<string, unknown>) })
  }
  assert.deepEqual(
    answers.map(({ path, ErrorCode }) => [path, ErrorCode]),
    [
      ['im_open_login_svc/multiaccount_import', 0],
      ['sns/friend_get', 0],
      ['sns/friend_import', 0],
      ['sns/friend_get', 0],
    ],
  )
  assert.deepEqual([answers[0]?.FailAccounts, answers[1]?.FriendNum, answers[3]?.FriendNum], [[], 0, 1])
})
