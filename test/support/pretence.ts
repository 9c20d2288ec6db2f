// Pretend networks that answer from a table: no socket, no fixture, any failure.

import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { byCursor, paged, read } from '../../src/core/answers.ts'
import { type ErrorCode, GatewayError } from '../../src/core/errors.ts'
import type { Contact, Identity } from '../../src/core/model.ts'
import type { ApiRequest, ApiResponse, Network, Provider } from '../../src/core/provider.ts'

const PAGE = 100

/** Networks by the names of real ones; what they answer is in `Pretence`. */
export const pretendProviders: readonly Provider[] = [
  network('facebook', 'Facebook'),
  network('twitter', 'X', { wireNames: { oneall: { name: 'Twitter', aliases: ['x'] } } }),
  network('mastodon', 'Mastodon', { server: {}, api: '{server}/api', auth: undefined }),
  { ...network('tumblr', 'Tumblr'), contacts: undefined },
  { id: 'hyves', name: 'Hyves', docs: 'https://hyves.example', api: 'https://hyves.example', gone: GONE() },
]

/** What the pretend networks do; change it at will. */
export interface Pretence {
  /** Contacts by access token. */
  readonly contacts: Map<string, { following: readonly Contact[]; followers?: readonly Contact[] }>
  /** How calls with an access token fail. */
  readonly failures: Map<string, ErrorCode>
  /** How long each page takes with an access token, in milliseconds. */
  readonly pauses: Map<string, number>
  /** What lists with an access token wait for. */
  readonly holds: Map<string, Promise<void>>
  /** Every call, `<provider> <path>`. */
  readonly calls: string[]
}

/** Nobody knows anybody, and nothing fails. */
export function createPretence(): Pretence {
  return { contacts: new Map(), failures: new Map(), pauses: new Map(), holds: new Map(), calls: [] }
}

/** So many people with ids beyond 2^53. */
export function people(count: number, name = 'friend'): Contact[] {
  return Array.from({ length: count }, (_, at) => ({
    id: String(1_700_000_000_000_000_001n + BigInt(at)),
    displayName: `${name} ${at} <é&"> 🐘`,
    username: `${name}_${at}`,
    profileUrl: `https://people.example/${name}_${at}`,
    thumbnailUrl: `https://people.example/${name}_${at}.png`,
    about: `I am number ${at}.\r\nReally.`,
  }))
}

function GONE() {
  return { since: '2013-12-02', instead: 'Its users can link another network.' }
}

function network(id: string, name: string, more: Partial<Provider> = {}): Provider {
  const Person = z.object({ id: z.string(), name: z.string() })
  const Page = z.object({ items: z.array(z.custom<Contact>()), next: z.string().optional() })
  const list = (path: string) =>
    paged({
      first: () => ({ path }),
      body: Page,
      items: ({ items }) => items,
      next: byCursor('from', ({ next }) => next),
    })
  return {
    id,
    name,
    docs: `https://docs.${id}.example`,
    api: `https://api.${id}.example`,
    auth: {
      type: 'oauth2',
      authorizeUrl: `https://${id}.example/authorize`,
      tokenUrl: `https://${id}.example/token`,
      scopes: {},
    },
    profile: read(
      () => ({ path: '/me' }),
      Person,
      (person) => ({
        subject: person.id,
        displayName: person.name,
        username: person.id,
        profileUrl: `https://${id}.example/${person.id}`,
        pictureUrl: `https://${id}.example/${person.id}.png`,
        birthday: '1980-02-29',
        gender: 'female',
        emails: [{ value: `${person.id}@example.com`, isVerified: true }],
        language: 'en',
      }),
    ),
    contacts: { following: list('/following'), followers: list('/followers') },
    ...more,
  }
}

/** The network as this pretence has it, seen with the access token that the function tells. */
export function pretend(
  pretence: Pretence,
  identity: Identity,
  token: () => Promise<string | undefined>,
): Network {
  const fetch = async (request: ApiRequest): Promise<ApiResponse> => {
    const name = (await token()) ?? ''
    pretence.calls.push(`${identity.provider} ${request.path}`)
    const pause = pretence.pauses.get(name)
    if (pause !== undefined) await sleep(pause)
    if (request.path !== '/me') await pretence.holds.get(name)
    const failure = pretence.failures.get(name)
    if (failure) throw new GatewayError(failure, `The network says ${failure}.`)
    const body = request.path === '/me' ? { id: name, name: `Ms ${name}` } : pageOf(pretence, name, request)
    return { status: 200, headers: {}, body }
  }
  return { identity, fetch, call: async (request, answer) => answer.parse((await fetch(request)).body) }
}

function pageOf({ contacts }: Pretence, name: string, { path, query }: ApiRequest) {
  const { following = [], followers = [] } = contacts.get(name) ?? {}
  const all = path === '/following' ? following : followers
  const from = Number(query?.from ?? 0)
  const next = from + PAGE < all.length ? String(from + PAGE) : undefined
  return { items: all.slice(from, from + PAGE), next }
}
