// The key ring: the keys that sealed values were or are sealed with, one of them the current one. It is a file beside
// the database, replaced whole by renaming and read again when it changes, or a text from the configuration.

import { createSecretKey, type KeyObject, randomBytes } from 'node:crypto'
import {
  closeSync,
  fsyncSync,
  linkSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs'
import { GatewayError } from '../core/errors.ts'

/** Where a ring comes from: a file, made on first use with mode 0600, or the JSON itself. */
export type KeySource = { readonly path: string } | { readonly text: string }

export interface Key {
  readonly id: string
  readonly secret: KeyObject
}

export interface KeyRing {
  readonly source: KeySource
  /** What new values are sealed with. Looks at the file first: another process may have promoted another key. */
  current(): Key
  /** The key of a sealed value; the file is read again before the answer is no. A key once seen stays known. */
  find(id: string): Key | undefined
}

/** The text of a ring: `{"current": id, "keys": {id: 32 bytes in base64}}`. */
interface RingText {
  readonly current: string
  readonly keys: Readonly<Record<string, string>>
}

/** Opens the ring; fails with `invalid_request` when it is unreadable. A missing file is made, with one new key. */
export function openKeys(source: KeySource): KeyRing {
  const known = new Map<string, Key>()
  if ('path' in source) createFile(source.path)
  let stamp = 'path' in source ? stampOf(source.path) : ''
  let currentId = load('path' in source ? readFileSync(source.path, 'utf8') : source.text)

  function load(text: string): string {
    const ring = parseRing(text)
    for (const [id, secret] of Object.entries(ring.keys)) {
      if (!known.has(id)) known.set(id, { id, secret: createSecretKey(Buffer.from(secret, 'base64')) })
    }
    return ring.current
  }

  function refresh(): void {
    if (!('path' in source)) return
    const seen = stampOf(source.path)
    if (seen === stamp) return
    currentId = load(readFileSync(source.path, 'utf8'))
    stamp = seen
  }

  return {
    source,
    current() {
      refresh()
      const key = known.get(currentId)
      if (!key) throw new GatewayError('internal', 'The key ring lost its current key.')
      return key
    },
    find(id) {
      if (!known.has(id)) refresh()
      return known.get(id)
    },
  }
}

/** A new ring of one key, as text for KITH_KEYS. */
export function newRing(): string {
  const id = newKeyId()
  return spellRing({ current: id, keys: { [id]: newSecret() } })
}

/** Ids of the keys in the file, the current one first. */
export function keyIds(path: string): readonly string[] {
  const { current, keys } = parseRing(readFileSync(path, 'utf8'))
  return [current, ...Object.keys(keys).filter((id) => id !== current)]
}

/** Adds a new key that is not yet used; answers its id. */
export function addKey(path: string): string {
  const id = newKeyId()
  changeFile(path, (ring) => ({ ...ring, keys: { ...ring.keys, [id]: newSecret() } }))
  return id
}

/** Makes a key of the ring the current one. */
export function promoteKey(path: string, id: string): void {
  changeFile(path, (ring) => {
    if (!Object.hasOwn(ring.keys, id)) throw new GatewayError('not_found', `The key ring has no key ${id}.`)
    return { ...ring, current: id }
  })
}

/** Takes a key out of the ring. The caller has made sure that no sealed value names it: rotate.ts. */
export function dropKey(path: string, id: string): void {
  changeFile(path, (ring) => {
    if (ring.current === id) throw new GatewayError('conflict', `Key ${id} is the current one.`)
    const { [id]: _, ...keys } = ring.keys
    return { ...ring, keys }
  })
}

function parseRing(text: string): RingText {
  const ring = parseJson(text)
  const { current, keys } = ring
  if (
    typeof current !== 'string' ||
    typeof keys !== 'object' ||
    keys === null ||
    !Object.hasOwn(keys, current)
  ) {
    throw unreadable('"current" must name one of "keys"')
  }
  for (const [id, secret] of Object.entries(keys)) {
    if (!/^[A-Za-z0-9]{1,32}$/.test(id)) throw unreadable('a key id is 1 to 32 letters and digits')
    if (typeof secret !== 'string' || Buffer.from(secret, 'base64').length !== 32) {
      throw unreadable(`key ${id} is not 32 bytes in base64`)
    }
  }
  return { current, keys: keys as RingText['keys'] }
}

function parseJson(text: string): Readonly<Record<string, unknown>> {
  let ring: unknown
  try {
    ring = JSON.parse(text)
  } catch {
    // The parser's own complaint would quote the secret text.
    throw unreadable('it is not JSON')
  }
  if (typeof ring !== 'object' || ring === null) throw unreadable('it is not an object')
  return { ...ring }
}

function unreadable(why: string): GatewayError {
  return new GatewayError('invalid_request', `The key ring cannot be read: ${why}.`)
}

function spellRing(ring: RingText): string {
  return `${JSON.stringify(ring, undefined, 2)}\n`
}

function newKeyId(): string {
  return randomBytes(4).toString('hex')
}

function newSecret(): string {
  return randomBytes(32).toString('base64')
}

function createFile(path: string): void {
  if (statSync(path, { throwIfNoEntry: false })) return
  const draft = `${path}.${process.pid}.${newKeyId()}`
  writeDurably(draft, newRing())
  try {
    // Unlike a rename, a link never replaces a ring that another process has made meanwhile.
    linkSync(draft, path)
  } catch (cause) {
    if (!isExisting(cause)) throw cause
  } finally {
    rmSync(draft)
  }
}

function changeFile(path: string, change: (ring: RingText) => RingText): void {
  const draft = `${path}.new`
  const changed = () => spellRing(change(parseRing(readFileSync(path, 'utf8'))))
  try {
    // The draft is the lock as well: it is made anew or not at all.
    closeSync(openSync(draft, 'wx', 0o600))
  } catch (cause) {
    if (!isExisting(cause)) throw cause
    throw new GatewayError(
      'conflict',
      `Somebody is changing the key ring. If nobody is, remove ${draft} and try again.`,
      { cause },
    )
  }
  try {
    writeDurably(draft, changed(), 'w')
    renameSync(draft, path)
  } catch (error) {
    rmSync(draft, { force: true })
    throw error
  }
}

function writeDurably(path: string, text: string, flag = 'wx'): void {
  const file = openSync(path, flag, 0o600)
  try {
    writeSync(file, text)
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
}

function isExisting(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EEXIST'
}

function stampOf(path: string): string {
  const { ino, mtimeNs, size } = statSync(path, { bigint: true })
  return `${ino} ${mtimeNs} ${size}`
}
