// snac2, a real server that speaks Mastodon's API and ActivityPub, on loopback with a few people who follow each other.
// https://codeberg.org/grunfink/snac2

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { z } from 'zod'
import { findProgram, freePort, type Program, ROOT, startProgram, until } from './counterparts.ts'

const run = promisify(execFile)

const SCOPES = 'read write'

/** Everybody that `alice` follows; the first two follow her too. */
const FRIENDS = ['bob', 'carol', 'dave', 'erin', 'frank', 'grace', 'heidi', 'ivan'] as const
const FOLLOWERS = FRIENDS.slice(0, 2)
/** What must survive the way unharmed. */
const BOB = { name: 'Bob & Söhne 🦋', bio: 'First line\n\nsecond <b>line</b>' }

/** A server with its accounts and what an account's owner can do with them. */
export interface Snac {
  /** Origin of the server. */
  readonly server: string
  /** Whom `alice` follows. */
  readonly following: readonly { readonly username: string; readonly profileUrl: string }[]
  /** An app and a token for `alice`, by the server's own sign-in page. */
  signIn(): Promise<{ clientId: string; clientSecret: string; accessToken: string }>
  /** Signs `alice` in at the page that an app has sent her to; where the browser is sent then. */
  agree(page: string): Promise<string>
  /** What the app's owner does when she has changed her mind. */
  revoke(session: { clientId: string; clientSecret: string; accessToken: string }): Promise<void>
  close(): Promise<void>
}

/** Why there can be no such server here, or nothing. */
export function missingForSnac(): string | undefined {
  if (!findProgram('setpriv')) return 'setpriv is not installed.'
  return snacPath() ? undefined : 'snac2 is not installed.'
}

/** Starts it in a temporary folder; resolves when every follow is confirmed. */
export async function openSnac(): Promise<Snac> {
  const snac = snacPath()
  assert(snac, missingForSnac())
  const folder = await mkdtemp(join(tmpdir(), 'kith-snac-'))
  const data = join(folder, 'data')
  const port = await freePort()
  const origin = `http://localhost:${port}`

  const passwords = new Map<string, string>()
  let program: Program | undefined
  const close = async () => {
    await program?.stop()
    await rm(folder, { recursive: true, force: true })
  }
  try {
    await answer(run(snac, ['init', data]), `127.0.0.1\n${port}\nlocalhost:${port}\n\nadmin@kith.test\n`)
    await edit(join(data, 'server.json'), { protocol: 'http', queue_retry_minutes: 1 })
    for (const name of ['alice', ...FRIENDS]) passwords.set(name, await addUser(snac, data, name))
    await edit(join(data, 'user', 'bob', 'user.json'), BOB)

    const server = startProgram(snac, ['httpd', data])
    program = server
    await until(() => isUp(origin), { forMs: 10_000, otherwise: server.said })
    for (const name of FRIENDS) await run(snac, ['follow', data, 'alice', `${origin}/${name}`])
    for (const name of FOLLOWERS) await run(snac, ['follow', data, name, `${origin}/alice`])
    const wanted = FRIENDS.length + FOLLOWERS.length
    const confirmed = () => server.said().split('confirmed follow').length - 1
    await until(() => confirmed() >= wanted, { forMs: 60_000, otherwise: server.said })
  } catch (error) {
    await close()
    throw error
  }
  return {
    server: origin,
    following: FRIENDS.map((username) => ({ username, profileUrl: `${origin}/${username}` })),
    agree: (page) => agree(page, 'alice', passwords.get('alice') ?? ''),
    signIn: () => signIn(origin, 'alice', passwords.get('alice') ?? ''),
    revoke: (session) => revoke(origin, session),
    close,
  }
}

function snacPath(): string | undefined {
  return findProgram('snac', [join(ROOT, '.tools/snac2/usr/bin')])
}

async function answer(running: ReturnType<typeof run>, text: string): Promise<void> {
  running.child.stdin?.end(text)
  await running
}

async function addUser(snac: string, data: string, name: string): Promise<string> {
  const { stdout, stderr } = await run(snac, ['adduser', data, name])
  const password = /^User password is (\S+)/m.exec(stdout + stderr)?.[1]
  assert(password, `snac adduser said no password: ${stdout}${stderr}`)
  return password
}

async function edit(file: string, changes: Readonly<Record<string, unknown>>): Promise<void> {
  const settings: Record<string, unknown> = JSON.parse(await readFile(file, 'utf8'))
  await writeFile(file, JSON.stringify({ ...settings, ...changes }, undefined, 4))
}

async function isUp(server: string): Promise<boolean> {
  try {
    return (await fetch(server)).ok
  } catch {
    return false // Refused: not yet.
  }
}

const App = z.object({ client_id: z.string(), client_secret: z.string() })
const Token = z.object({ access_token: z.string() })

async function signIn(server: string, login: string, password: string) {
  const redirect = 'http://127.0.0.1:4999/callback'
  const registration = { client_name: 'Kith', redirect_uris: redirect, scopes: SCOPES }
  const app = App.parse(await (await post(`${server}/api/v1/apps`, registration)).json())
  const { client_id: clientId, client_secret: clientSecret } = app
  const asked = {
    response_type: 'code',
    client_id: clientId,
    redirect_uri: redirect,
    scope: SCOPES,
    state: 'any',
  }
  const back = await agree(`${server}/oauth/authorize?${new URLSearchParams(asked)}`, login, password)
  const code = new URL(back).searchParams.get('code')
  assert(code, 'snac gave no code')
  const token = await post(`${server}/oauth/token`, {
    grant_type: 'authorization_code',
    code,
    client_id: clientId,
    client_secret: clientSecret,
    redirect_uri: redirect,
    scope: SCOPES,
  })
  const { access_token: accessToken } = Token.parse(await token.json())
  return { clientId, clientSecret, accessToken }
}

async function agree(page: string, login: string, password: string): Promise<string> {
  const text = await (await fetch(page)).text()
  const hidden = [...text.matchAll(/<input type="hidden" name="(\w+)" value="([^"]*)"/g)]
  const form = Object.fromEntries(hidden.map(([, name, value]) => [name, value]))
  const { origin } = new URL(page)
  const back = await post(`${origin}/oauth/x-snac-login`, { ...form, login, passwd: password })
  return back.headers.get('location') ?? assert.fail('snac sends nobody back')
}

async function revoke(
  server: string,
  { clientId, clientSecret, accessToken }: { clientId: string; clientSecret: string; accessToken: string },
): Promise<void> {
  const form = { client_id: clientId, client_secret: clientSecret, token: accessToken }
  const { status } = await post(`${server}/oauth/revoke`, form)
  assert.equal(status, 200)
}

function post(url: string, form: Readonly<Record<string, string>>): Promise<Response> {
  return fetch(url, { method: 'POST', redirect: 'manual', body: new URLSearchParams(form) })
}
