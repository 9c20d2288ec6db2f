// A store over a fresh database, with one site in it and a way to look at the raw tables.

import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import pg from 'pg'
import type { Connection, Site } from '../../src/core/model.ts'
import type { NewIdentity } from '../../src/core/store.ts'
import { openKeys } from '../../src/store/keys.ts'
import { type OpenStore, openStore, type StoreOptions } from '../../src/store/open.ts'
import type { DatabaseKind } from './databases.ts'

type Row = Record<string, unknown>

export interface StoreHouse extends AsyncDisposable {
  readonly url: string
  readonly keysPath: string
  readonly store: OpenStore
  readonly site: Site
  /** Another store over the same database, as another process would have it. */
  beside(options?: Partial<StoreOptions>): Promise<OpenStore>
  /** Asks the database past the store. `$1` and so on stand for parameters, on SQLite too. */
  raw(sql: string, ...params: readonly unknown[]): Promise<Row[]>
}

/** Opens a house that is closed at the end of its block: `await using house = …`. */
export async function openStoreHouse(kind: DatabaseKind): Promise<StoreHouse> {
  const database = await kind.open()
  const folder = mkdtempSync(join(tmpdir(), 'kith-keys-'))
  const keysPath = join(folder, 'kith.keys')
  const keys = openKeys({ path: keysPath })
  const stores: OpenStore[] = []
  const beside = async (options: Partial<StoreOptions> = {}) => {
    const opened = await openStore(database.url, { keys, role: 'tool', ...options })
    stores.push(opened)
    return opened
  }
  const store = await beside({ role: 'server' })
  return {
    url: database.url,
    keysPath,
    store,
    site: await createSite(store),
    beside,
    raw: (sql, ...params) =>
      kind.name === 'sqlite' ? rawSqlite(database.url, sql, params) : rawPostgres(database.url, sql, params),
    async [Symbol.asyncDispose]() {
      await Promise.all(stores.map((opened) => opened.close()))
      await database.close()
      rmSync(folder, { recursive: true })
    },
  }
}

/** A site with keys of its own. */
export function createSite(store: OpenStore): Promise<Site> {
  const mark = randomUUID()
  return store.sites.create(
    {
      subdomain: `site-${mark}`,
      name: 'A site',
      publicKey: mark,
      privateKeyHash: 'a'.repeat(64),
      apiKey: `3_${mark}`,
      sdkAppId: 1_400_000_000 + Number.parseInt(mark.slice(0, 7), 16),
      admin: 'administrator',
      settings: {},
      createdAt: Date.now(),
    },
    { secret: `secret-of-${mark}`, secretKey: `key-of-${mark}` },
  )
}

/** An account of a pretend network. */
export function accountOf(subject: string, rest: Partial<NewIdentity> = {}): NewIdentity {
  return {
    provider: 'pretend',
    subject,
    profile: { subject, displayName: `Person ${subject}` },
    tokens: { accessToken: `access-of-${subject}`, refreshToken: `refresh-of-${subject}` },
    ...rest,
  }
}

/** The result of a successful login. */
export function connectionOf(siteId: number, userToken?: string): Omit<Connection, 'id'> {
  return {
    siteId,
    token: randomUUID(),
    plugin: 'social_login',
    action: 'login',
    status: 'success',
    reason: 'user_authenticated',
    callbackUri: 'https://site.example/back',
    userToken,
    identityToken: undefined,
    createdAt: Date.now(),
  }
}

async function rawSqlite(file: string, sql: string, params: readonly unknown[]): Promise<Row[]> {
  const database = new Database(file, { timeout: 5000 })
  try {
    const statement = database.prepare<unknown[], Row>(sql.replace(/\$\d+/g, '?'))
    if (statement.reader) return statement.all(...params)
    statement.run(...params)
    return []
  } finally {
    database.close()
  }
}

async function rawPostgres(url: string, sql: string, params: readonly unknown[]): Promise<Row[]> {
  const types = new pg.TypeOverrides()
  types.setTypeParser(20, Number)
  const client = new pg.Client({ connectionString: url, types })
  await client.connect()
  try {
    const { rows } = await client.query<Row>(sql, [...params])
    return rows
  } finally {
    await client.end()
  }
}
