// A media room for tests: its own folder, the real network room, pictures from this machine.

import { createSecretKey } from 'node:crypto'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Bytes, piecesIn } from '../../src/core/stretch.ts'
import type { MediaBounds } from '../../src/media/bounds.ts'
import { createMedia, type MediaHouse } from '../../src/media/media.ts'
import { createFiles } from '../../src/network/files.ts'
import type { Resolve } from '../../src/network/guard.ts'
import { NETWORK_DEFAULTS } from '../../src/network/options.ts'

export interface MediaRoomForTest extends MediaHouse {
  readonly dir: string
  /** Errors that were logged. */
  readonly errors: readonly unknown[]
  /** Names of the files on a shelf. */
  files(shelf: 'kept' | 'made' | 'drafts'): Promise<string[]>
}

export interface MediaRoomOptions {
  readonly bounds?: Partial<MediaBounds>
  readonly allowAddresses?: readonly string[]
  readonly resolve?: Resolve
  readonly needed?: () => Promise<ReadonlySet<string>>
  readonly now?: () => number
  readonly dir?: string
}

/** The key that addresses are signed with. */
export const SIGNING_KEY = { id: 'a1b2c3d4', secret: createSecretKey(Buffer.alloc(32, 9)) }

/** What a network would be sent, in one piece. */
export async function wholeOf(bytes: Bytes): Promise<Buffer> {
  return Buffer.concat(await Array.fromAsync(piecesIn([bytes])))
}

/** Opens a room; `127.0.0.1` may be asked unless `allowAddresses` says otherwise. */
export async function openMediaRoom(options: MediaRoomOptions = {}): Promise<MediaRoomForTest> {
  const { allowAddresses = ['127.0.0.1'], resolve, bounds, now = Date.now } = options
  const dir = options.dir ?? (await mkdtemp(join(tmpdir(), 'kith-media-')))
  const files = createFiles({ ...NETWORK_DEFAULTS, allowAddresses }, { resolve })
  const quiet = () => undefined
  const errors: unknown[] = []
  const house = createMedia({
    dir,
    bounds,
    publicUrl: 'https://kith.example',
    fetchFile: files.fetchFile,
    keys: { current: () => SIGNING_KEY, find: (id) => (id === SIGNING_KEY.id ? SIGNING_KEY : undefined) },
    needed: options.needed ?? (async () => new Set()),
    log: { debug: quiet, info: quiet, warn: quiet, error: (fields) => void errors.push(fields) },
    now,
  })
  return {
    ...house,
    dir,
    errors,
    async files(shelf) {
      const entries = await readdir(join(dir, shelf), { recursive: true, withFileTypes: true })
      return entries.filter((entry) => entry.isFile()).map(({ name }) => name)
    },
    async close() {
      await house.close()
      await files.close()
      await rm(dir, { recursive: true, force: true })
    },
  }
}
