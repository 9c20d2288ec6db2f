// Users brought from a file that was saved from OneAll, by the command as it is shipped: how many a second, and whether
// memory stays where it is, however many they are. The floor puts the same rows into SQLite with nothing around.

import { execFileSync, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { createReadStream, createWriteStream, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { pipeline } from 'node:stream/promises'
import { fileURLToPath } from 'node:url'
import Database from 'better-sqlite3'
import { type Figure, rounded } from './figure.ts'

/** 1,000,000 take some minutes; fewer are enough to see the shape: MOVED_USERS=50000. */
const USERS = Number(process.env.MOVED_USERS ?? 1_000_000)
const IDENTITIES = 2
const BATCH = 500
const MIB = 1_048_576

/** `npm run bench -- moved-in`. */
export async function movedIn(): Promise<readonly Figure[]> {
  const folder = mkdtempSync(join(tmpdir(), 'kith-moved-'))
  try {
    const [few, many] = [join(folder, 'few.ndjson'), join(folder, 'many.ndjson')]
    await write(few, USERS / 10)
    await write(many, USERS)
    const floorSeconds = await floor(many, join(folder, 'floor.db'))
    const small = await run(folder, few)
    const large = await run(folder, many)
    const perSecond = USERS / large.seconds
    const grown = (large.peak - small.peak) / MIB
    return [
      {
        what: `${USERS.toLocaleString('en')} users moved in from a file, ${IDENTITIES} identities and tokens each, SQLite`,
        measured: `${Math.round(perSecond).toLocaleString('en')} users/s, peak memory ${Math.round(large.peak / MIB)} MB`,
        asked: 'a tenth of them takes within 64 MB of that memory',
        isMet: grown < 64,
        detail: `${rounded(large.seconds, 1)} s, ${rounded(floorSeconds / large.seconds)} of the floor (the same rows, unsealed, unchecked: ${rounded(floorSeconds, 1)} s); a tenth of them ${rounded(small.seconds, 1)} s and ${Math.round(small.peak / MIB)} MB`,
      },
    ]
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** As `/users/<user_token>.json` tells of them, one a line. */
async function write(file: string, users: number): Promise<void> {
  await pipeline(async function* () {
    for (let from = 0; from < users; from += 1_000) {
      const some = Array.from({ length: Math.min(1_000, users - from) }, (_, at) => lineOf(from + at))
      yield some.join('')
    }
  }, createWriteStream(file))
}

function lineOf(user: number): string {
  const date = new Date(1_400_000_000_000 + user * 1_000).toUTCString().replace('GMT', '+0000')
  const identities = Array.from({ length: IDENTITIES }, (_, nth) => ({
    identity_token: uuid(`identity ${user} ${nth}`),
    provider: ['github', 'facebook'][nth % 2],
    date_creation: date,
    date_last_update: date,
    source: { key: 'x', access_token: { key: `token-${user}-${nth}-${'x'.repeat(60)}` } },
    displayName: `User ${user}`,
    preferredUsername: `user${user}`,
    emails: [{ value: `user${user}@example.com`, is_verified: true }],
    accounts: [{ domain: 'github.com', userid: String(10_000_000 + user * IDENTITIES + nth) }],
  }))
  const dates = { date_creation: date, date_last_login: date, num_logins: user % 50 }
  return `${JSON.stringify({ user_token: uuid(`user ${user}`), ...dates, identities })}\n`
}

function uuid(of: string): string {
  const hex = createHash('sha256').update(of).digest('hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`
}

/** The command on a new database; seconds from its start to its end, and its memory at its highest. */
async function run(folder: string, file: string): Promise<{ seconds: number; peak: number }> {
  const main = fileURLToPath(new URL('../src/main.ts', import.meta.url))
  const env = { ...process.env, KITH_DATABASE_URL: join(mkdtempSync(join(folder, 'run-')), 'kith.db') }
  execFileSync(process.execPath, [main, 'site', 'create', 'bench'], { env, stdio: 'ignore' })
  const startedAt = performance.now()
  const args = [main, 'import', 'oneall', 'bench', '--files', file, '--problems', join(folder, 'problems')]
  const child = spawn(process.execPath, [...process.execArgv, ...args], {
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let out = ''
  let peak = 0
  child.stdout.on('data', (chunk: Buffer) => {
    out += chunk.toString()
  })
  const watch = setInterval(() => {
    peak = Math.max(peak, peakOf(child.pid))
  }, 50)
  const code = await new Promise((resolve) => child.once('close', resolve))
  clearInterval(watch)
  if (code !== 0 || JSON.parse(out).problems !== 0) throw new Error(`the import failed: ${out}`)
  return { seconds: (performance.now() - startedAt) / 1_000, peak }
}

/** Bytes at its highest; 0 of a process that has just ended and has no memory any more. */
function peakOf(pid: number | undefined): number {
  const path = `/proc/${pid}/status`
  const status = existsSync(path) ? readFileSync(path, 'utf8') : ''
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) * 1_024
}

/** Rows of the same sizes under the same indexes, as fast as they go in. */
async function floor(file: string, path: string): Promise<number> {
  const database = new Database(path)
  database.pragma('journal_mode = wal')
  database.exec(`
    create table users (id integer primary key, token text unique, created_at integer);
    create table identities (id integer primary key, user_id integer, token text unique, subject text unique, body text);
    create index by_user on identities (user_id);
    create table tokens (id integer primary key, token text)`)
  const user = database.prepare('insert into users (token, created_at) values (?, ?)')
  const identity = database.prepare(
    'insert into identities (user_id, token, subject, body) values (?, ?, ?, ?)',
  )
  const token = database.prepare('insert into tokens (id, token) values (?, ?)')
  const startedAt = performance.now()
  let inBatch = 0
  database.exec('begin')
  for await (const line of createInterface({ input: createReadStream(file) })) {
    const { user_token, identities, date_creation } = JSON.parse(line)
    const { lastInsertRowid } = user.run(user_token, Date.parse(date_creation))
    for (const { identity_token, accounts, source, ...rest } of identities) {
      const row = identity.run(lastInsertRowid, identity_token, accounts[0].userid, JSON.stringify(rest))
      token.run(row.lastInsertRowid, source.access_token.key)
    }
    inBatch += 1
    if (inBatch % BATCH === 0) database.exec('commit; begin')
  }
  database.exec('commit')
  database.close()
  return (performance.now() - startedAt) / 1_000
}
