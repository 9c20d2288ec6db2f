// What accounts have posted and uploaded, in memory.

/** Posts of one owner held at most; the oldest give way. */
const MOST_POSTS_OF_ONE = 20_000
/** Owners whose posts are held at most. */
const MOST_OWNERS = 50_000
/** Bytes of uploads held at most, 512 MiB; the oldest give way. */
const MOST_MEDIA_BYTES = 512 * 2 ** 20

export interface Post {
  /** As the network writes it. */
  readonly id: string
  readonly realm: string
  /** Whose it is: the network's id of an account, page, channel or webhook. */
  readonly owner: string
  /** Milliseconds since 1970. */
  readonly at: number
  /** The words as they arrived. */
  readonly text: string
  /** Ids of what was uploaded before, in order. */
  readonly media: readonly string[]
  /** The caller's own name for it: idempotency key, record key, nonce. */
  readonly key?: string
  /** Whatever else the network keeps of it. */
  readonly fields: Readonly<Record<string, unknown>>
}

export interface NewPost extends Omit<Post, 'id' | 'media' | 'fields'> {
  /** Made of a number that was never given before. */
  readonly toId: (count: number) => string
  readonly media?: readonly string[]
  readonly fields?: Readonly<Record<string, unknown>>
}

/** A file that was uploaded, or whose upload was announced. */
export interface Upload {
  readonly id: string
  readonly realm: string
  readonly owner: string
  readonly mimeType: string
  /** Milliseconds since 1970. */
  readonly at: number
  /** What has arrived, by place: pieces may come in any order, and twice. */
  readonly pieces: Map<number, Buffer>
  /** As it was announced, where it was. */
  readonly totalBytes?: number
  alt?: string
  /** When processing ends, once it has begun; milliseconds since 1970. */
  readyAt?: number
  /** Processing ends in failure. */
  fails?: boolean
  /** Whatever else the network keeps of it. */
  readonly fields: Readonly<Record<string, unknown>>
}

export interface NewUpload extends Pick<Upload, 'realm' | 'owner' | 'mimeType' | 'at' | 'totalBytes'> {
  readonly toId: (count: number) => string
  /** All of it at once. */
  readonly bytes?: Buffer
  readonly alt?: string
  readonly fields?: Readonly<Record<string, unknown>>
}

export interface Posts {
  add(post: NewPost): Post
  find(realm: string, id: string): Post | undefined
  /** The latest post of this owner under the caller's own name for it. */
  byKey(realm: string, owner: string, key: string): Post | undefined
  /** False when there was none. */
  remove(realm: string, id: string): boolean
  /** Newest first, at most so many; those of all owners without one. */
  list(realm: string, owner?: string, most?: number): readonly Post[]
  clear(): void
}

interface Own {
  /** Oldest first. */
  readonly order: Post[]
  readonly byId: Map<string, Post>
  readonly byKey: Map<string, Post>
}

/** Keeps posts; ids never repeat, also after a removal. */
export function createPosts(): Posts {
  const owners = new Map<string, Own>()
  const ownerOf = new Map<string, string>()
  let last = 0

  const drop = (post: Post) => {
    const own = owners.get(keyOf(post.realm, post.owner))
    ownerOf.delete(keyOf(post.realm, post.id))
    own?.byId.delete(post.id)
    own?.order.splice(own.order.indexOf(post), 1)
    if (post.key !== undefined && own?.byKey.get(post.key) === post) own.byKey.delete(post.key)
  }
  const find = (realm: string, id: string) => owners.get(ownerOf.get(keyOf(realm, id)) ?? '')?.byId.get(id)

  return {
    find,
    add({ toId, media = [], fields = {}, ...rest }) {
      last += 1
      const post: Post = { ...rest, id: toId(last), media, fields }
      const owner = keyOf(post.realm, post.owner)
      const own: Own = owners.get(owner) ?? { order: [], byId: new Map(), byKey: new Map() }
      owners.set(owner, own)
      const before = own.byId.get(post.id)
      if (before) drop(before)
      own.order.push(post)
      own.byId.set(post.id, post)
      if (post.key !== undefined) own.byKey.set(post.key, post)
      ownerOf.set(keyOf(post.realm, post.id), owner)
      const [oldest] = own.order
      if (own.order.length > MOST_POSTS_OF_ONE && oldest) drop(oldest)
      const [first] = owners
      if (owners.size > MOST_OWNERS && first) {
        for (const { realm, id } of first[1].order) ownerOf.delete(keyOf(realm, id))
        owners.delete(first[0])
      }
      return post
    },
    byKey: (realm, owner, key) => owners.get(keyOf(realm, owner))?.byKey.get(key),
    remove(realm, id) {
      const post = find(realm, id)
      if (post) drop(post)
      return post !== undefined
    },
    list(realm, owner, most = Number.POSITIVE_INFINITY) {
      if (owner !== undefined) return latest(owners.get(keyOf(realm, owner))?.order ?? [], most)
      const all = [...owners].filter(([key]) => key.startsWith(`${realm} `)).flatMap(([, { order }]) => order)
      return latest(
        all.sort((one, other) => one.at - other.at),
        most,
      )
    },
    clear() {
      owners.clear()
      ownerOf.clear()
    },
  }
}

function latest(order: readonly Post[], most: number): readonly Post[] {
  return order.slice(Math.max(0, order.length - most)).reverse()
}

export interface Uploads {
  add(upload: NewUpload): Upload
  find(realm: string, id: string): Upload | undefined
  /** Keeps a piece at its place. */
  put(upload: Upload, place: number, bytes: Buffer): void
  /** In the order in which they were announced; those of all owners without one. */
  list(realm: string, owner?: string): readonly Upload[]
  clear(): void
}

/** Keeps uploads with all their bytes. */
export function createUploads(): Uploads {
  const uploads = new Map<string, Upload>()
  let held = 0
  let last = 0

  const put = (upload: Upload, place: number, bytes: Buffer) => {
    held += bytes.length - (upload.pieces.get(place)?.length ?? 0)
    upload.pieces.set(place, bytes)
    for (const [key, oldest] of uploads) {
      if (held <= MOST_MEDIA_BYTES || oldest === upload) return
      uploads.delete(key)
      held -= sizeOf(oldest)
    }
  }

  return {
    put,
    find: (realm, id) => uploads.get(keyOf(realm, id)),
    add({ toId, bytes, fields = {}, ...rest }) {
      last += 1
      const upload: Upload = { ...rest, id: toId(last), pieces: new Map(), fields }
      uploads.set(keyOf(upload.realm, upload.id), upload)
      if (bytes) put(upload, 0, bytes)
      return upload
    },
    list: (realm, owner) =>
      [...uploads.values()].filter(
        (each) => each.realm === realm && (owner === undefined || each.owner === owner),
      ),
    clear() {
      uploads.clear()
      held = 0
    },
  }
}

/** Bytes that have arrived of an upload. */
export function sizeOf({ pieces }: Pick<Upload, 'pieces'>): number {
  return [...pieces.values()].reduce((total, piece) => total + piece.length, 0)
}

/** What has arrived of an upload, its pieces in order of their places. */
export function bytesOf({ pieces }: Pick<Upload, 'pieces'>): Buffer {
  const inOrder = [...pieces].sort(([one], [other]) => one - other)
  return Buffer.concat(inOrder.map(([, piece]) => piece))
}

/** How far the processing of an upload is at this moment (milliseconds since 1970). */
export function stateOf({ readyAt, fails }: Pick<Upload, 'readyAt' | 'fails'>, now: number): UploadState {
  if (readyAt === undefined) return 'awaited'
  if (now < readyAt) return 'processing'
  return fails ? 'failed' : 'ready'
}

/** `awaited`: nobody has said yet that all of it has arrived. */
export type UploadState = 'awaited' | 'processing' | 'ready' | 'failed'

const keyOf = (realm: string, name: string) => `${realm} ${name}`
