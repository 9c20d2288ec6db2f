// What the networks say, from test/fixtures, and what we make of it without a socket.

import { readFileSync, statSync } from 'node:fs'
import type { ErrorCode } from '../../src/core/errors.ts'
import type { Contact } from '../../src/core/model.ts'
import type { ApiRequest, ApiResponse, Paged, Provider } from '../../src/core/provider.ts'
import { failureOf } from '../../src/network/failures.ts'

const FIXTURES = new URL('../fixtures/', import.meta.url)

/** A refusal as a network writes it, and what we call it. */
export interface RefusalFixture {
  readonly name: string
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body: unknown
  readonly code: ErrorCode
}

/** The home server that the fixtures of a network with many servers stand on. */
export function serverOf({ id, server }: Provider): string | undefined {
  return server && (server.default ?? `https://${id}.example`)
}

/** The folder of a network's fixtures: the host of its API. */
export function hostOf(provider: Provider): string {
  return addressOf(provider, { path: '/' }, serverOf(provider)).host
}

/** The address a request goes to. */
export function addressOf({ api, version }: Provider, request: ApiRequest, server = ''): URL {
  const root = api
    .replace('{server}', server)
    .replace('{version}', version ?? '')
    .replace('{token}', 'key')
  const url = new URL(/^https?:/.test(request.path) ? request.path : root + request.path)
  for (const [name, value] of Object.entries(request.query ?? {})) {
    if (value !== undefined) url.searchParams.set(name, String(value))
  }
  return url
}

/** The name of the fixture that answers a request, below test/fixtures and without `.json`. */
export function fixtureOf(provider: Provider, request: ApiRequest, suffix = ''): string {
  const { host, pathname } = addressOf(provider, request, serverOf(provider))
  return `${host}${decodeURIComponent(pathname)}${suffix}`
}

/** Parses a fixture; throws when there is none. */
export function readFixture<T = unknown>(name: string): T {
  return JSON.parse(readFileSync(new URL(`${name}.json`, FIXTURES), 'utf8'))
}

/** The saved answer to a request. */
export function answer(provider: Provider, request: ApiRequest, suffix = ''): ApiResponse {
  const name = fixtureOf(provider, request, suffix)
  const headers = exists(`${name}.headers`) ? readFixture<Record<string, string>>(`${name}.headers`) : {}
  return { status: 200, headers, body: readFixture(name) }
}

/** All pages of a list as they are saved, and the empty one for whatever is asked after them; ten at most. */
export function walk(provider: Provider, pager: Paged<Contact>, owner: { subject: string; server?: string }) {
  const first = pager.first(owner)
  const pages: { items: readonly Contact[]; request: ApiRequest; text: string }[] = []
  for (let request: ApiRequest | undefined = first; request; ) {
    if (pages.length === 10) throw new Error('The list does not end.')
    const suffix = pages.length === 0 ? '' : `.page-${pages.length + 1}`
    const isSaved = exists(fixtureOf(provider, first, suffix))
    const response = answer(provider, first, isSaved ? suffix : '.empty')
    const { items, next } = pager.parse(response, request)
    pages.push({ items, request, text: JSON.stringify(response.body) })
    request = next
  }
  return pages
}

/** What the network room makes of an answer of this network; undefined where it is no refusal. */
export function codeOf(provider: Provider, { status, headers = {}, body }: Answer): ErrorCode | undefined {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  const response = { status, headers, body }
  return failureOf(provider, { response, text, retryAfterSeconds: () => undefined, secrets: [] })?.code
}

type Answer = Omit<RefusalFixture, 'name' | 'code'>

function exists(name: string): boolean {
  return statSync(new URL(`${name}.json`, FIXTURES), { throwIfNoEntry: false }) !== undefined
}
