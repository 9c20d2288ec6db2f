// Pretend networks that take posts over HTTP, and say what they were asked: with an idempotency key, with record keys of
// the sender's choice, with a readable timeline, with nothing of the kind; answers can be late, lost, or refusals.

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'

/** How one request goes; nothing said, it goes well. */
export interface Conduct {
  readonly delayMs?: number
  /** The connection ends without an answer: before the request is done, or after. */
  readonly lost?: 'before' | 'after'
  /** Nothing is done, and this is the answer. */
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
}

export interface Asked {
  readonly office: string
  readonly method: string
  readonly path: string
  readonly account: string
  readonly text?: string
}

export interface Post {
  readonly office: string
  readonly id: string
  readonly account: string
  readonly text: string
  readonly at: number
  /** Seen from this time on, for networks that publish with a pause. */
  readonly readyAt: number
}

export interface PostOffices {
  readonly url: string
  /** Visible posts. */
  readonly posts: Post[]
  readonly asked: Asked[]
  /** Asked for each request; change it at will. */
  conduct: (asked: Asked) => Conduct
  /** How long a post takes to be seen in timelines. */
  showsAfterMs: number
  /** How long the slow ones take to process. */
  processingMs: number
  close(): Promise<void>
}

/** Listens on a free port of 127.0.0.1. */
export async function openPostOffices(): Promise<PostOffices> {
  const keys = new Map<string, string>()
  let lastId = 0
  const offices: PostOffices = {
    url: '',
    posts: [],
    asked: [],
    conduct: () => ({}),
    showsAfterMs: 0,
    processingMs: 0,
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }

  const publish = (office: string, account: string, text: string, id = String(++lastId)): Post => {
    const now = Date.now()
    const post = { office, id, account, text, at: now, readyAt: now + offices.processingMs }
    offices.posts.push(post)
    return post
  }

  const answer = (asked: Asked, request: IncomingMessage, body: Record<string, string>) => {
    const { office, method, path, account } = asked
    const mine = () => offices.posts.filter((post) => post.office === office && post.account === account)
    const key = request.headers['idempotency-key'] ?? body.record
    if (method === 'GET' && path === '/recent') {
      const from = Number(new URL(request.url ?? '', 'http://office').searchParams.get('from') ?? 0)
      const seen = mine()
        .filter(({ at }) => at + offices.showsAfterMs <= Date.now())
        .reverse()
      return { items: seen.slice(from, from + 20), next: from + 20 < seen.length ? from + 20 : undefined }
    }
    if (method === 'DELETE') {
      const index = offices.posts.findIndex((post) => post.office === office && `/posts/${post.id}` === path)
      if (index < 0) return undefined
      offices.posts.splice(index, 1)
      return {}
    }
    if (path.startsWith('/uploads')) return { id: `upload-${++lastId}` }
    if (path.startsWith('/jobs/')) {
      const job = mine().find(({ id }) => path.endsWith(`/${id}`))
      return { id: job?.id, isReady: job !== undefined && job.readyAt <= Date.now() }
    }
    const known = typeof key === 'string' ? keys.get(`${office} ${account} ${key}`) : undefined
    if (known) return { id: known }
    const post = publish(office, account, body.text ?? '', body.record)
    if (typeof key === 'string') keys.set(`${office} ${account} ${key}`, post.id)
    return { id: post.id }
  }

  const serve = async (request: IncomingMessage, response: ServerResponse) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    const text = Buffer.concat(chunks).toString()
    const body = text === '' ? {} : JSON.parse(text)
    const [, office = '', ...rest] = new URL(request.url ?? '', 'http://office').pathname.split('/')
    const account = (request.headers.authorization ?? '').replace(/^Bearer /, '')
    const path = `/${rest.join('/')}`
    const asked = { office, method: request.method ?? '', path, account, text: body.text }
    offices.asked.push(asked)
    const { delayMs = 0, lost, status, headers } = offices.conduct(asked)
    if (delayMs > 0) await sleep(delayMs)
    if (lost === 'before') return response.destroy()
    if (status !== undefined) return response.writeHead(status, headers).end('{}')
    const result = answer(asked, request, body)
    if (lost === 'after') return response.destroy()
    response.writeHead(result ? 200 : 404, { 'content-type': 'application/json' })
    return response.end(JSON.stringify(result ?? {}))
  }

  const server = createServer((request, response) => void serve(request, response))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const bound = server.address()
  if (bound === null || typeof bound === 'string') throw new Error('no port')
  return Object.assign(offices, { url: `http://127.0.0.1:${bound.port}` })
}
