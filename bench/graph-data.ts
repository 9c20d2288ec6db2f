// A graph of any size, written past the store: a site with accounts that have profiles, and lists of friends.

import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import Database from 'better-sqlite3'
import pg from 'pg'
import { newRing, openKeys } from '../src/store/keys.ts'
import { type OpenStore, openStore } from '../src/store/open.ts'
import { databases } from '../test/support/databases.ts'
import { createSite } from '../test/support/stores.ts'

/** Accounts of every graph; prime, so that any step walks through all of them. */
export const ACCOUNTS = 10_007
/** Of the accounts, those before this one have friends; each of them has `friends`. */
export interface Size {
  readonly owners: number
  readonly friends: number
}

/** Friends of an account lie this far apart, so that lists overlap without being alike. */
const STEP = 3_571

/** The name of an account, from 0. */
export function nameOf(account: number): string {
  return `user_${account}`
}

/** The nth friend of an owner, from 0. */
export function friendOf(owner: number, nth: number): number {
  return (owner + (nth + 1) * STEP) % ACCOUNTS
}

/** Some friends of an owner, each once. */
export function someFriends(owner: number, { friends }: Size, count: number): number[] {
  const chosen = new Set<number>()
  while (chosen.size < count) chosen.add(Math.floor(Math.random() * friends))
  return [...chosen].map((nth) => friendOf(owner, nth))
}

export interface GraphData {
  readonly kind: 'sqlite' | 'postgres'
  readonly url: string
  readonly store: OpenStore
  readonly site: { readonly id: number; readonly settings: object }
  readonly bytes: number
  readonly seconds: number
  close(): Promise<void>
}

/** A database of its own with such a graph. */
export async function makeGraph(kind: 'sqlite' | 'postgres', size: Size): Promise<GraphData> {
  const found = databases.find(({ name }) => name === kind)
  if (!found) throw new Error(`no ${kind}`)
  const database = await found.open()
  const store = await openStore(database.url, {
    keys: openKeys({ text: newRing() }),
    role: 'tool',
    statementTimeoutMs: 600_000,
  })
  const site = { id: (await createSite(store)).id, settings: {} }
  const startedAt = performance.now()
  const bytes = await (kind === 'sqlite' ? fillSqlite : fillPostgres)(database.url, site.id, size)
  const seconds = (performance.now() - startedAt) / 1_000
  return {
    kind,
    url: database.url,
    store,
    site,
    bytes,
    seconds,
    async close() {
      await store.close()
      await database.close()
    },
  }
}

/** The same on SQLite, made with the command line, to be served by `kith serve`. */
export function makeServedGraph(size: Size) {
  const folder = mkdtempSync(join(tmpdir(), 'kith-bench-'))
  const settings = {
    KITH_DATABASE_URL: join(folder, 'kith.db'),
    KITH_KEYS: newRing(),
    KITH_TENCENT_CALLS_PER_SECOND: '0',
  }
  const main = fileURLToPath(new URL('../src/main.ts', import.meta.url))
  const kith = (...args: string[]) =>
    JSON.parse(
      execFileSync(process.execPath, [main, ...args], {
        env: { ...process.env, ...settings },
        encoding: 'utf8',
      }),
    )
  const { sdkAppId, admin } = kith('site', 'create', 'bench')
  const { userSig } = kith('usersig', 'bench')
  const database = new Database(settings.KITH_DATABASE_URL)
  const siteId = database.prepare('select id from sites').pluck().get()
  database.close()
  const bytes = fillSqlite(settings.KITH_DATABASE_URL, Number(siteId), size)
  return {
    folder,
    settings,
    bytes,
    query: `sdkappid=${sdkAppId}&identifier=${admin}&usersig=${userSig}&contenttype=json`,
    remove: () => rmSync(folder, { recursive: true, force: true }),
  }
}

const PROFILE = (account: string) =>
  `'{"nick":"Nick of ' || ${account} || '","image":"https://pictures.example/' || ${account} || '.jpg","custom":{"Test":"custom profile ' || ${account} || '"}}'`
const EDGE = (friend: string) =>
  `'Remark on ' || ${friend}, 'Import', null, case ${friend} % 3 when 0 then '[1]' else '[1,2]' end, '{"Test":"custom sns ' || ${friend} || '"}'`
const COLUMNS = 'key, from_id, to_id, site_id, serial, added_at, remark, source, wording, group_ids, custom'
const LEDGER = `insert into graphs (user_id, site_id, standard_sequence, custom_sequence, group_sequence, last_serial,
  last_group, friend_count, group_names)`

/** Answers the bytes of the file. */
function fillSqlite(file: string, siteId: number, { owners, friends }: Size): number {
  const database = new Database(file)
  database.pragma('synchronous = OFF')
  database.pragma('cache_size = -400000')
  database.pragma('foreign_keys = OFF')
  database.exec(`
    drop index friends_in_order;
    create temp table n as with recursive n(i) as (select 0 union all select i + 1 from n where i < ${ACCOUNTS - 1}) select i from n;
    begin;
    insert into users (site_id, token, uid, created_at, last_login_at, login_count)
      select ${siteId}, 'token-' || i, 'user_' || i, 0, 0, 0 from n;
    insert into profiles (user_id, site_id, profile)
      select u.id, ${siteId}, ${PROFILE('n.i')} from n cross join users u on u.uid = 'user_' || n.i and u.site_id = ${siteId};
    ${LEDGER}
      select u.id, ${siteId}, 1, 1, 1, ${friends}, 2, ${friends}, '[[1,"work"],[2,"gym"]]'
      from n cross join users u on u.uid = 'user_' || n.i and u.site_id = ${siteId} where n.i < ${owners};
    commit;`)
  const first = Number(database.prepare('select min(id) from users where site_id = ?').pluck().get(siteId))
  const insert = database.prepare(
    `insert into friends (${COLUMNS})
     select ((${first} + @owner) << 31) | (${first} + f.account), ${first} + @owner, ${first} + f.account, ${siteId}, f.nth + 1, 1700000000000, ${EDGE('f.account')}
     from (select i as nth, (@owner + (i + 1) * ${STEP}) % ${ACCOUNTS} as account from n where i < ${friends}) f
     order by f.account`,
  )
  for (let from = 0; from < owners; from += 100) {
    database.transaction(() => {
      for (let owner = from; owner < Math.min(owners, from + 100); owner += 1) insert.run({ owner })
    })()
  }
  database.exec(`
    insert into friends_backwards (to_id, from_id) select to_id, from_id from friends order by 1, 2;
    create unique index friends_in_order on friends (from_id, serial);
    pragma wal_checkpoint(truncate);`)
  const bytes = Number(database.pragma('page_count', { simple: true })) * 4_096
  database.close()
  return bytes
}

async function fillPostgres(url: string, siteId: number, { owners, friends }: Size): Promise<number> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  const series = `(select i from generate_series(0, ${ACCOUNTS - 1}) i) n`
  await client.query(`
    drop index friends_backwards;
    drop index friends_in_order;
    insert into users (site_id, token, uid, created_at, last_login_at, login_count)
      select ${siteId}, 'token-' || i, 'user_' || i, 0, 0, 0 from ${series} order by i;
    insert into profiles (user_id, site_id, profile)
      select u.id, ${siteId}, ${PROFILE('n.i')} from ${series} join users u on u.uid = 'user_' || n.i;
    ${LEDGER}
      select u.id, ${siteId}, 1, 1, 1, ${friends}, 2, ${friends}, '[[1,"work"],[2,"gym"]]'
      from ${series} join users u on u.uid = 'user_' || n.i where n.i < ${owners};
    alter table friends disable trigger all;`)
  const { rows } = await client.query('select min(id) as first from users where site_id = $1', [siteId])
  const first = Number(rows[0]?.first)
  for (let from = 0; from < owners; from += 100) {
    await client.query(
      `insert into friends (${COLUMNS})
       select ((${first} + o)::bigint << 31) | (${first} + f.account), ${first} + o, ${first} + f.account, ${siteId}, f.nth + 1, 1700000000000, ${EDGE('f.account')}
       from generate_series(${from}, ${Math.min(owners, from + 100) - 1}) o,
         lateral (select i as nth, (o + (i + 1) * ${STEP}) % ${ACCOUNTS} as account from generate_series(0, ${friends - 1}) i) f
       order by o, f.nth`,
    )
  }
  await client.query('create index friends_backwards on friends (to_id)')
  await client.query('create unique index friends_in_order on friends (from_id, serial)')
  await client.query('alter table friends enable trigger all')
  await client.query('vacuum analyze')
  const size = await client.query('select pg_database_size(current_database()) as bytes')
  await client.end()
  return Number(size.rows[0]?.bytes)
}
