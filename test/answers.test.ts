import assert from 'node:assert/strict'
import { test } from 'node:test'
import { z } from 'zod'
import { byCursor, byLink, byOffset, byUrl, paged, read } from '../src/core/answers.ts'
import { GatewayError } from '../src/core/errors.ts'
import type { ApiRequest, ApiResponse, Paged } from '../src/core/provider.ts'

const answer = (body: unknown, headers: Record<string, string> = {}): ApiResponse => ({
  status: 200,
  headers,
  body,
})
const numbers = z.object({
  items: z.array(z.number()),
  next: z.string().optional(),
  total: z.number().optional(),
})
const identity = { subject: '7' }

/** Walks a list to its end over answers made from the request. */
function walk<T>(pager: Paged<T>, answers: (request: ApiRequest) => ApiResponse): T[] {
  const found: T[] = []
  let request: ApiRequest | undefined = pager.first(identity)
  for (let pages = 0; request; pages += 1) {
    assert(pages < 100, 'the list does not end')
    const page = pager.parse(answers(request), request)
    found.push(...page.items)
    request = page.next
  }
  return found
}

test('an answer of another form than documented is unreadable, never a crash', () => {
  const reader = read(
    () => ({ path: '/me' }),
    z.object({ id: z.string() }),
    ({ id }) => id,
  )
  for (const body of [undefined, null, 7, 'text', [], {}, { id: 7 }]) {
    assert.throws(
      () => reader.parse(answer(body)),
      (error) => error instanceof GatewayError && error.code === 'network_unreadable',
    )
  }
  assert.equal(reader.parse(answer({ id: 'a', more: 1 })), 'a')
})

test('a cursor leads through all pages and an empty one ends the list', () => {
  const pager = paged({
    first: () => ({ path: '/list', query: { limit: 2 } }),
    body: numbers,
    items: ({ items }) => items,
    next: byCursor('cursor', ({ next }) => next),
  })
  const pages: Record<string, unknown> = {
    start: { items: [1, 2], next: 'b' },
    b: { items: [3, 4], next: 'c' },
    c: { items: [5], next: '' },
  }
  const found = walk(pager, ({ query }) => {
    assert.equal(query?.limit, 2)
    return answer(pages[String(query?.cursor ?? 'start')])
  })
  assert.deepEqual(found, [1, 2, 3, 4, 5])
})

test('a page that leads to itself ends the list', () => {
  const pager = paged({
    first: () => ({ path: '/list', query: { cursor: 'a' } }),
    body: numbers,
    items: ({ items }) => items,
    next: byCursor('cursor', () => 'a'),
  })
  assert.deepEqual(
    walk(pager, () => answer({ items: [1] })),
    [1],
  )
})

test('a next address replaces path and query', () => {
  const pager = paged({
    first: () => ({ path: '/list', query: { limit: 2 } }),
    body: numbers,
    items: ({ items }) => items,
    next: byUrl(({ next }) => next),
  })
  const { next } = pager.parse(
    answer({ items: [1], next: 'https://api.example/list?after=1' }),
    pager.first(identity),
  )
  assert.deepEqual(next, { path: 'https://api.example/list?after=1', query: undefined })
})

test('the Link header is read as RFC 8288 writes it', () => {
  const pager = paged({
    first: () => ({ path: '/l' }),
    body: z.array(z.number()),
    items: (all) => all,
    next: byLink(),
  })
  const cases: [header: string, next: string | undefined][] = [
    [
      '<https://a.example/l?max_id=1>; rel="next", <https://a.example/l?min_id=9>; rel="prev"',
      'https://a.example/l?max_id=1',
    ],
    [
      '<https://a.example/l?min_id=9>; rel="prev",<https://a.example/l?x=1,2>;rel=next',
      'https://a.example/l?x=1,2',
    ],
    ['<https://a.example/l?min_id=9>; rel="prev"', undefined],
    ['<https://a.example/l?2>; title="a; b"; REL="last next"', 'https://a.example/l?2'],
    ['', undefined],
  ]
  for (const [link, expected] of cases) {
    assert.equal(pager.parse(answer([1], { link }), { path: '/l' }).next?.path, expected, link)
  }
})

test('offsets count items, with and without a total, and an empty page ends the list', () => {
  for (const withTotal of [true, false]) {
    const pager = paged({
      first: () => ({ path: '/l', query: { start: 0, count: 2 } }),
      body: numbers,
      items: ({ items }) => items,
      next: byOffset('start', 2, ({ items, total }) => ({ onPage: items.length, total })),
    })
    const all = [1, 2, 3, 4]
    const found = walk(pager, ({ query }) => {
      const start = Number(query?.start)
      return answer({ items: all.slice(start, start + 2), total: withTotal ? all.length : undefined })
    })
    assert.deepEqual(found, all)
  }
})
