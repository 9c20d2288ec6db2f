import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { kith, startKith } from './support/process.ts'

const run = promisify(execFile)
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/

interface ContactsBody {
  readonly response: {
    readonly result: {
      readonly data: {
        readonly results: readonly {
          readonly provider: string
          readonly status: { readonly code: number }
          readonly contacts: readonly unknown[]
        }[]
      }
    }
  }
}

interface ShortBody {
  readonly response: {
    readonly result: { readonly data: { readonly shorturl: { readonly short_url: string } } }
  }
}

interface Told {
  readonly url: string
  readonly site: Readonly<Record<string, unknown>>
  readonly users: readonly {
    readonly userToken: string
    readonly uid: string
    readonly identities: readonly { readonly identityToken: string; readonly provider: string }[]
  }[]
}

/** A temporary folder for the process alone, so that what it leaves behind is seen. */
function openTemporary(after: (clean: () => void) => void): string {
  const folder = mkdtempSync(join(tmpdir(), 'kith-test-'))
  after(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

test('the demo with --once tells the whole tour and leaves nothing behind', async (t) => {
  const folder = openTemporary((clean) => t.after(clean))
  const { code, out, err } = await kith(t, ['demo', '--once', '--port', '0'], { TMPDIR: folder })
  assert.equal(code, 0, err)
  assert.match(out, /1\. Ada[\s\S]+200 {2}X +\d+ contacts\n[\s\S]+2\. The same again[\s\S]+from the cache/)
  assert.match(
    out,
    /3\. One of Grace[\s\S]+401 {2}Facebook[\s\S]+200 {2}X[\s\S]+\n {3}207 {2}Your request has partially/,
  )
  assert.match(err, /^Starting/)
  assert.deepEqual(readdirSync(folder), [])
})

test('the demo with --json begins with one line that has all a harness needs, and what it prints to try works', async (t) => {
  const folder = openTemporary((clean) => t.after(clean))
  const demo = startKith(t, ['demo', '--json', '--port', '0'], { TMPDIR: folder })
  await demo.line(/./)
  const told: Told = JSON.parse(demo.out().split('\n')[0] ?? '')
  assert.deepEqual(Object.keys(told), ['url', 'site', 'users'])
  const { subdomain, publicKey, privateKey, apiKey, secret, sdkAppId, secretKey, admin, ...more } = told.site
  assert.deepEqual(more, {})
  assert.equal(subdomain, 'demo')
  assert.match(String(publicKey), UUID)
  assert.match(String(privateKey), UUID)
  assert.match(String(apiKey), /^3_[\w-]+$/)
  assert.equal(Buffer.from(String(secret), 'base64').length, 32)
  assert.ok(Number.isInteger(sdkAppId) && Number(sdkAppId) >= 1_400_000_000)
  assert.match(String(secretKey), /^[0-9a-f]{64}$/)
  assert.equal(admin, 'administrator')
  for (const user of told.users) {
    assert.deepEqual(Object.keys(user), ['userToken', 'uid', 'identities'])
    assert.match(user.userToken, UUID)
    for (const identity of user.identities) {
      assert.deepEqual(Object.keys(identity), ['identityToken', 'provider'])
      assert.match(identity.identityToken, UUID)
    }
  }

  const authorization = `Basic ${Buffer.from(`${publicKey}:${privateKey}`).toString('base64')}`
  const answers = await Promise.all(
    told.users.map(async ({ userToken }) => {
      const answer = await fetch(`${told.url}/users/${userToken}/contacts.json`, {
        headers: { authorization },
      })
      return { status: answer.status, body: (await answer.json()) as ContactsBody }
    }),
  )
  const counts = answers
    .filter(({ status }) => status === 200)
    .map(({ body }) =>
      body.response.result.data.results.reduce((sum, { contacts }) => sum + contacts.length, 0),
    )
  assert.ok(counts.some((count) => count >= 500))
  const partial = answers
    .filter(({ status }) => status === 207)
    .map(({ body }) => body.response.result.data.results)
  const codes = partial.map((results) => results.map((each) => [each.provider, each.status.code]))
  assert.deepEqual(codes[0], [
    ['facebook', 401],
    ['twitter', 200],
  ])

  const made = await fetch(`${told.url}/shorturls.json`, {
    method: 'POST',
    headers: { authorization },
    body: JSON.stringify({ request: { shorturl: { original_url: 'https://example.org/far' } } }),
  })
  const short = (await made.json()) as ShortBody
  const followed = await fetch(short.response.result.data.shorturl.short_url, { redirect: 'manual' })
  assert.equal(followed.status, 302)
  assert.equal(followed.headers.get('location'), 'https://example.org/far')

  const [ada] = told.users
  const message = {
    parts: {
      text: { body: 'with the picture that stands in OneAll’s example' },
      picture: { url: 'http://oneallcdn.com/img/heading/slides/provider_grid.png' },
      link: { url: 'http://www.oneall.com/', name: 'oneall.com' },
      flags: { enable_tracking: 1 },
    },
    publish_for_user: { user_token: ada?.userToken, providers: ['facebook', 'twitter', 'linkedin'] },
  }
  const posted = await fetch(`${told.url}/sharing/messages.json`, {
    method: 'POST',
    headers: { authorization },
    body: JSON.stringify({ request: { sharing_message: message } }),
  })
  assert.equal(posted.status, 207, await posted.text())

  while (!demo.err().includes('/metrics')) await new Promise((resolve) => setTimeout(resolve, 20))
  const lines = demo
    .err()
    .split('\n')
    .filter((line) => line.startsWith('   curl '))
  assert.ok(lines.length >= 8)
  for (const line of lines) {
    const { stdout } = await run('bash', ['-c', `${line} -o /dev/null -w '%{http_code}'`])
    assert.match(stdout, /^20[017]$/, line)
  }

  assert.equal(readdirSync(folder).length, 1)
  demo.child.kill('SIGTERM')
  const { code, out } = await demo.ended
  assert.equal(code, 0)
  assert.equal(out.trimEnd().split('\n').length, 1)
  assert.deepEqual(readdirSync(folder), [])
})

test('the demo told to end while it starts ends well, and leaves nothing behind', async (t) => {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    const folder = openTemporary((clean) => t.after(clean))
    const demo = startKith(t, ['demo', '--port', '0'], { TMPDIR: folder })
    while (!demo.err().includes('Starting')) await new Promise((resolve) => setTimeout(resolve, 5))
    demo.child.kill(signal)
    const { code, err } = await demo.ended
    assert.equal(code, 0, err)
    assert.ok(existsSync(folder))
    assert.deepEqual(readdirSync(folder), [])
  }
})

test('the demo heeds no settings of a real gateway', async (t) => {
  const folder = openTemporary((clean) => t.after(clean))
  const settings = { TMPDIR: folder, KITH_DATABASE_URL: join(folder, 'mine.db'), KITH_PORT: '1' }
  const { code, err } = await kith(t, ['demo', '--once', '--port', '0'], settings)
  assert.equal(code, 0, err)
  assert.deepEqual(readdirSync(folder), [])
})

for (const port of ['x', '-1', '65536', '80.5', '']) {
  test(`"${port}" is no port for the demo`, async (t) => {
    const { code, out, err } = await kith(t, ['demo', `--port=${port}`])
    assert.deepEqual([code, out], [2, ''])
    assert.equal(err, '--port is a number from 0 to 65535.\nTry: kith help\n')
  })
}
