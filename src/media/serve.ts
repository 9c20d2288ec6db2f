// Hands out files under their public addresses, whole or in parts, to networks that fetch them.

import { createReadStream } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { pipeline } from 'node:stream/promises'
import type { Log } from '../core/gateway.ts'
import { MEDIA_PATH } from './addresses.ts'
import type { MediaHouse, PublicFile } from './media.ts'

export interface MediaDoor {
  /** Answers public addresses of files; false for every other target, which is somebody else's. */
  answer(request: IncomingMessage, response: ServerResponse): boolean
}

interface DoorParts {
  readonly find: MediaHouse['find']
  /** Milliseconds since 1970. */
  readonly now: () => number
  readonly log: Log
  readonly servedAtOnce: number
}

const ADDRESS = /^\/media\/([A-Za-z0-9_-]{70,150})\.[a-z0-9]{2,5}(?:\?|$)/

/** A door over these files; beyond so many at once it asks to come again. */
export function createMediaDoor(parts: DoorParts): MediaDoor {
  let serving = 0

  async function serve(key: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    serving += 1
    try {
      const file = await parts.find(key)
      if (file) await send(file, parts.now(), request, response)
      else refuse(response, 404, 'There is no such file, or no longer.')
    } catch (error) {
      // Whoever goes away in the middle is no failure of ours.
      if (!response.destroyed) parts.log.error({ error }, 'a file could not be handed out')
      if (response.headersSent) response.destroy()
      else refuse(response, 500, 'The file cannot be read.')
    } finally {
      serving -= 1
    }
  }

  return {
    answer(request, response) {
      const target = request.url ?? ''
      if (!target.startsWith(MEDIA_PATH)) return false
      const key = ADDRESS.exec(target)?.[1]
      if (key === undefined) return false
      if (request.method !== 'GET' && request.method !== 'HEAD') {
        refuse(response, 405, 'Files are read by GET.', { allow: 'GET, HEAD' })
      } else if (serving >= parts.servedAtOnce) {
        refuse(response, 503, 'Too many files are being read.', { 'retry-after': '5' })
      } else void serve(key, request, response)
      return true
    },
  }
}

async function send(
  file: PublicFile,
  now: number,
  { method, headers }: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { path, name, mimeType, bytes, until } = file
  const etag = `"${name.slice(0, 32)}"`
  const common = {
    'content-type': mimeType,
    'accept-ranges': 'bytes',
    etag,
    'cache-control': `public, max-age=${Math.max(0, Math.floor((until - now) / 1_000))}, immutable`,
    'x-content-type-options': 'nosniff',
    'content-security-policy': "default-src 'none'; sandbox",
    'cross-origin-resource-policy': 'cross-origin',
  }
  if (headers['if-none-match']?.split(',').some((each) => each.trim() === etag)) {
    response.writeHead(304, common).end()
    return
  }
  const ifRange = headers['if-range']
  const range = ifRange === undefined || ifRange === etag ? readRange(headers.range, bytes) : undefined
  if (range === 'unsatisfiable') {
    response.writeHead(416, { 'content-range': `bytes */${bytes}`, 'content-length': 0 }).end()
    return
  }
  const { start, end } = range ?? { start: 0, end: bytes - 1 }
  response.writeHead(range ? 206 : 200, {
    ...common,
    'content-length': end - start + 1,
    ...(range && { 'content-range': `bytes ${start}-${end}/${bytes}` }),
  })
  if (method === 'HEAD') response.end()
  else await pipeline(createReadStream(path, { start, end }), response)
}

/**
 * One range of bytes; undefined where none, several, or something else is asked for, which all mean the whole.
 * https://www.rfc-editor.org/rfc/rfc9110#section-14.2
 */
function readRange(
  header: string | undefined,
  bytes: number,
): { readonly start: number; readonly end: number } | 'unsatisfiable' | undefined {
  const [, from = '', to = ''] = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header?.trim() ?? '') ?? []
  if (from === '' && to === '') return undefined
  if (from === '') {
    const last = Number(to)
    return last === 0 ? 'unsatisfiable' : { start: Math.max(0, bytes - last), end: bytes - 1 }
  }
  const [start, end] = [Number(from), to === '' ? bytes - 1 : Math.min(Number(to), bytes - 1)]
  if (to !== '' && Number(to) < start) return undefined
  return start >= bytes ? 'unsatisfiable' : { start, end }
}

function refuse(
  response: ServerResponse,
  status: number,
  text: string,
  headers: Record<string, string> = {},
): void {
  const body = `${text}\n`
  response.writeHead(status, {
    'content-type': 'text/plain; charset=utf-8',
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
    ...headers,
  })
  response.end(body)
}
