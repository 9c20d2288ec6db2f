// Walks through the pretend networks' lists as their documentation says, knowing nothing of our own connectors.

import type { Grant } from '../../src/sandbox/grants.ts'
import type { Sandbox } from '../../src/sandbox/sandbox.ts'

export type Fields = Readonly<Record<string, unknown>>

export interface Reading {
  readonly status: number
  readonly headers: Headers
  readonly body: Fields
  readonly items: readonly Fields[]
}

/** One request to `https://…` of the real network, sent to the sandbox. */
export async function readReal(
  sandbox: Sandbox,
  realUrl: string,
  token?: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<Reading> {
  const response = await fetch(realUrl.replace('https://', `${sandbox.url}/`), {
    headers: { ...(token ? { authorization: `Bearer ${token}` } : {}), ...headers },
    redirect: 'manual',
  })
  const text = await response.text()
  const body: unknown = text.startsWith('{') || text.startsWith('[') ? JSON.parse(text) : {}
  return {
    status: response.status,
    headers: response.headers,
    body: Array.isArray(body) ? {} : { ...Object(body) },
    items: Array.isArray(body) ? body : [],
  }
}

/** How to walk one list of one network: where it starts, what stands on a page, where the next one is. */
export interface Walk {
  readonly name: string
  readonly host: string
  readonly scopes?: readonly string[]
  readonly lists: readonly ('following' | 'followers')[]
  /** Requests for 1,000 contacts; a full last page has a further empty one on Mastodon. */
  readonly pagesFor1000: number
  first(grant: Grant, list: 'following' | 'followers'): string
  items(reading: Reading): readonly Fields[]
  id(item: Fields): string
  next(reading: Reading, url: string): string | undefined
}

export const WALKS: readonly Walk[] = [
  {
    name: 'X',
    host: 'api.x.com',
    lists: ['following', 'followers'],
    pagesFor1000: 3,
    first: ({ subject }, list) => `https://api.x.com/2/users/${subject}/${list}?max_results=400`,
    items: ({ body }) => listIn(body, 'data'),
    id: ({ id }) => String(id),
    next: ({ body }, url) => withParameter(url, 'pagination_token', textIn(body, 'meta', 'next_token')),
  },
  {
    name: 'Facebook',
    host: 'graph.facebook.com',
    lists: ['following'],
    pagesFor1000: 10,
    first: () => 'https://graph.facebook.com/v25.0/me/friends?fields=id,name,picture&limit=100',
    items: ({ body }) => listIn(body, 'data'),
    id: ({ id }) => String(id),
    next: ({ body }) => textIn(body, 'paging', 'next'),
  },
  {
    name: 'LinkedIn',
    host: 'api.linkedin.com',
    scopes: ['r_1st_connections'],
    lists: ['following'],
    pagesFor1000: 20,
    first: () => 'https://api.linkedin.com/v2/connections?q=viewer&start=0&count=50',
    items: ({ body }) => listIn(body, 'elements'),
    id: ({ to }) => String(to),
    next(reading) {
      const { links } = { links: [], ...Object(reading.body.paging) }
      const found = links.find(({ rel }: Fields) => rel === 'next')
      return found && `https://api.linkedin.com${found.href}`
    },
  },
  {
    name: 'Mastodon',
    host: 'mastodon.example',
    lists: ['following', 'followers'],
    pagesFor1000: 13,
    first: ({ subject }, list) => `https://mastodon.example/api/v1/accounts/${subject}/${list}?limit=80`,
    items: ({ items }) => items,
    id: ({ id }) => String(id),
    next: linkedNext,
  },
  {
    name: 'Bluesky',
    host: 'bsky.social',
    lists: ['following', 'followers'],
    pagesFor1000: 10,
    first: ({ subject }, list) =>
      `https://bsky.social/xrpc/app.bsky.graph.${list === 'following' ? 'getFollows' : 'getFollowers'}?actor=${subject}&limit=100`,
    items: ({ body }) => ('follows' in body ? listIn(body, 'follows') : listIn(body, 'followers')),
    id: ({ did }) => String(did),
    next: ({ body }, url) => withParameter(url, 'cursor', textIn(body, 'cursor')),
  },
  {
    name: 'GitHub',
    host: 'api.github.com',
    lists: ['following', 'followers'],
    pagesFor1000: 10,
    first: (_grant, list) => `https://api.github.com/user/${list}?per_page=100`,
    items: ({ items }) => items,
    id: ({ id }) => String(id),
    next: linkedNext,
  },
]

/** Everything of one list, page after page, and how many pages that took. */
export async function walkList(
  sandbox: Sandbox,
  walk: Walk,
  grant: Grant,
  list: 'following' | 'followers',
): Promise<{ readonly ids: readonly string[]; readonly pages: number }> {
  const ids: string[] = []
  let pages = 0
  let url: string | undefined = walk.first(grant, list)
  while (url !== undefined && pages < 1000) {
    const reading = await readReal(sandbox, url, grant.accessToken)
    if (reading.status !== 200) throw new Error(`${url} answered ${reading.status}.`)
    ids.push(...walk.items(reading).map(walk.id))
    pages++
    url = walk.next(reading, url)
  }
  return { ids, pages }
}

function linkedNext({ headers }: Reading): string | undefined {
  return /<([^>]+)>; rel="next"/.exec(headers.get('link') ?? '')?.[1]
}

function withParameter(url: string, name: string, value: string | undefined): string | undefined {
  if (value === undefined) return undefined
  const next = new URL(url)
  next.searchParams.set(name, value)
  return next.href
}

function listIn(body: Fields, name: string): readonly Fields[] {
  const value = body[name]
  return Array.isArray(value) ? value : []
}

/** The text at the end of a way of names. */
export function textIn(body: Fields, ...names: readonly string[]): string | undefined {
  const value = names.reduce<unknown>((inside, name) => Object(inside)[name], body)
  return typeof value === 'string' ? value : undefined
}
