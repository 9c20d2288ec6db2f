// The contract of every network in the list. A network that is added to the list is in here by itself; its answers are
// fixtures: test/fixtures/<host>/<path>.json, further pages `.page-2.json`, the end `.empty.json`, answer headers
// `.headers.json`, and what refusals look like in <host>/errors.json.

import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { ERRORS, GatewayError } from '../src/core/errors.ts'
import type { Contact, Profile } from '../src/core/model.ts'
import type { ApiResponse, Capability, Paged, Provider } from '../src/core/provider.ts'
import { providers, providersById } from '../src/providers/index.ts'
import {
  addressOf,
  answer,
  codeOf,
  fixtureOf,
  hostOf,
  type RefusalFixture,
  readFixture,
  serverOf,
  walk,
} from './support/provider-fixtures.ts'

/** Names that a secret may have in an address. X's `pagination_token` is a cursor. */
const SECRET = /^(?!pagination_token$).*(?:token|secret|appsecret|api_?key|password|authorization|signature)/i

test('no two networks share an id, and each is found by its own', () => {
  assert.equal(new Set(providers.map(({ id }) => id)).size, providers.length)
  for (const provider of providers) assert.equal(providersById.get(provider.id), provider)
})

for (const provider of providers) {
  describe(provider.name, () => {
    const account = { subject: '', server: serverOf(provider) }
    // Its connector is still to be written, or there is nothing left to connect to.
    const isNameOnly = !provider.auth && !provider.profile && !provider.contacts

    test('has an id in lower case, a name and a page under docs/providers', () => {
      assert.match(provider.id, /^[a-z][a-z\d]*$/)
      assert.equal(provider.name, provider.name.trim())
      assert.notEqual(provider.name, '')
      const page = `docs/providers/${isNameOnly ? 'names' : provider.id}.md`
      assert.ok(existsSync(page), `${page} is missing`)
      if (isNameOnly) assert.ok(readFileSync(page, 'utf8').includes(`\`${provider.id}\``), `${page} lacks it`)
    })

    test('is gone or known by name and has nothing else, or is there and has something', () => {
      const { id: _, name: _name, wireNames: _names, docs: _docs, api: _api, gone, ...rest } = provider
      if (gone || isNameOnly) assert.deepEqual(rest, {})
      else assert.notDeepEqual([provider.profile, provider.contacts].filter(Boolean), [])
      if (gone?.since !== undefined) assert.match(gone.since, /^\d{4}-\d{2}-\d{2}$/)
    })

    test('names addresses that are https, or on the home server', () => {
      const { docs, api, hosts, server, auth } = provider
      const addresses = [docs, api, ...Object.values(hosts ?? {}), server?.default ?? 'https://default']
      for (const [name, value] of Object.entries(auth ?? {})) {
        if (name.endsWith('Url') && value !== undefined) addresses.push(String(value))
      }
      for (const address of addresses) {
        assert.match(address, provider.server ? /^(?:https:\/\/|\{server\})/ : /^https:\/\//)
        assert.ok(URL.canParse(address.replace('{server}', 'https://home.example')), address)
      }
      assert.equal(api.includes('{server}'), provider.server !== undefined)
      assert.ok(!api.includes('{version}') || provider.version, 'an address with a version needs one')
    })

    if (isNameOnly) return

    test('asks for a scope for each thing it can do, and its page names each of them', () => {
      const page = readFileSync(`docs/providers/${provider.id}.md`, 'utf8')
      const auth = provider.auth
      if (!auth || !('scopes' in auth)) return assert.ok(provider.gone ?? auth)
      const able: Capability[] = (['profile', 'contacts', 'publish', 'remove'] as const).filter(
        (capability) => provider[capability],
      )
      for (const capability of able) {
        const scopes = auth.scopes[capability] ?? []
        assert.notEqual(scopes.length, 0, `no scope for ${capability}`)
        for (const scope of scopes)
          assert.ok(page.includes(`\`${scope}\``), `the page does not name ${scope}`)
      }
    })

    test('names its headers in lower case', () => {
      const { limit, remaining, reset } = provider.rateLimit ?? { remaining: '-', reset: '-' }
      const rules = (provider.errors ?? []).flatMap(({ header }) => header?.[0] ?? [])
      for (const name of [limit ?? '-', remaining, reset, ...rules, ...Object.keys(provider.headers ?? {})]) {
        assert.equal(name, name.toLowerCase())
      }
    })

    if (provider.profile) {
      const { request, parse } = provider.profile

      test('tells whose a token is without knowing it before', () => {
        const profile = parse(answer(provider, request(account)))
        assert.notEqual(profile.subject, '')
        assertTidy(profile)
        assert.ok(profile.displayName ?? profile.username, 'a person has a name')
      })

      test('tells the same account when it knows it', () => {
        const { subject } = parse(answer(provider, request(account)))
        assert.equal(parse(answer(provider, request({ ...account, subject }))).subject, subject)
      })

      test('understands any answer, or says that it does not', () => {
        const body = readFixture(fixtureOf(provider, request(account)))
        assertSound(body, (response) => assertTidy(parse(response)))
      })
    }

    for (const [relation, pager] of pagersOf(provider)) {
      const { subject } =
        provider.profile?.parse(answer(provider, provider.profile.request(account))) ?? account
      const owner = { ...account, subject }

      test(`reads all pages of ${relation}, each person with an id and the texts in order`, () => {
        const pages = walk(provider, pager, owner)
        const contacts = pages.flatMap(({ items }) => items)
        assert.ok(pages.filter(({ items }) => items.length > 0).length >= 2, 'two pages of people are saved')
        assert.equal(new Set(contacts.map(({ id }) => id)).size, contacts.length)
        for (const contact of contacts) assertTidy(contact)
        assert.ok(
          contacts.some(({ displayName }) => displayName) || contacts.every(({ username }) => username),
        )
      })

      test(`keeps every digit of the ids in ${relation}`, () => {
        for (const { items, text } of walk(provider, pager, owner)) {
          for (const { id } of items) assert.ok(text.includes(id), `${id} is not what the network wrote`)
        }
      })

      test(`ends ${relation} at once when there is nobody`, () => {
        const first = pager.first(owner)
        const body = readFixture(fixtureOf(provider, first, '.empty'))
        const { items, next } = pager.parse({ status: 200, headers: {}, body }, first)
        assert.deepEqual(items, [])
        assert.equal(next, undefined)
      })

      test(`stays with the network in ${relation}, and writes no secret into an address`, () => {
        for (const { request } of walk(provider, pager, owner)) {
          const url = addressOf(provider, request, account.server)
          assert.equal(url.origin, addressOf(provider, { path: '/' }, account.server).origin)
          for (const name of url.searchParams.keys()) assert.doesNotMatch(name, SECRET)
        }
      })

      test(`does not ask again when a page of ${relation} leads to itself`, () => {
        const first = pager.first(owner)
        const response = answer(provider, first)
        const { next } = pager.parse(response, first)
        assert.ok(next)
        const again = pager.parse(response, next).next
        assert.notDeepEqual(again, next)
      })

      test(`understands any answer to ${relation}, or says that it does not`, () => {
        const first = pager.first(owner)
        assertSound(readFixture(fixtureOf(provider, first)), (response) => {
          for (const contact of pager.parse(response, first).items) assertTidy(contact)
        })
      })
    }

    const refusals = readFixture<RefusalFixture[]>(`${hostOf(provider)}/errors`)
    for (const refusal of refusals) {
      test(`calls ${refusal.name} ${refusal.code}`, () => {
        assert.ok(refusal.code in ERRORS)
        assert.equal(codeOf(provider, refusal), refusal.code)
      })
    }

    test('has no rule for refusals that no saved refusal meets', () => {
      for (const rule of provider.errors ?? []) {
        const alone = { ...provider, errors: [{ ...rule, code: 'overloaded' as const }] }
        const met = refusals.filter((refusal) => codeOf(alone, refusal) === 'overloaded')
        assert.notDeepEqual(met, [], `nothing meets the rule for ${rule.code}: ${rule.body}`)
      }
    })

    test('takes none of its good answers for a refusal', () => {
      if (!provider.profile) return assert.deepEqual(pagersOf(provider), [])
      const { status, headers, body } = answer(provider, provider.profile.request(account))
      assert.equal(codeOf(provider, { status, headers, body }), undefined)
      const { subject } = provider.profile.parse({ status, headers, body })
      for (const [, pager] of pagersOf(provider)) {
        for (const { text } of walk(provider, pager, { ...account, subject })) {
          assert.equal(codeOf(provider, { status: 200, body: JSON.parse(text) }), undefined)
        }
      }
    })
  })
}

function pagersOf(provider: Provider): [string, Paged<Contact>][] {
  const { following, followers, all } = provider.contacts ?? {}
  return Object.entries({ following, followers, all }).filter((entry): entry is [string, Paged<Contact>] =>
    Boolean(entry[1]),
  )
}

/** Nothing is said by '' or null, texts are no HTML, addresses can be opened. */
function assertTidy(value: Profile | Contact): void {
  assert.notEqual('id' in value ? value.id : value.subject, '')
  for (const [name, field] of Object.entries(value)) {
    const texts = Array.isArray(field)
      ? field.map((item) => item.value ?? item)
      : field === undefined
        ? []
        : [field]
    for (const text of texts) {
      assert.equal(typeof text, 'string', `${name} is ${JSON.stringify(text)}`)
      assert.notEqual(text.trim(), '', `${name} is blank`)
      assert.ok(text.isWellFormed(), name)
      if (/Url$|^urls$/.test(name)) assert.match(text, /^https?:\/\//i, name)
      else if (name === 'about') assert.doesNotMatch(text, /<\/?(?:p|br|a|span)\b[^>]*>/i, name)
    }
  }
}

/** For any JSON, and for the saved answer with one value replaced: understood, or `network_unreadable`. */
function assertSound(body: unknown, parse: (response: ApiResponse) => void): void {
  const places = placesIn(body)
  const broken = fc
    .record({
      at: fc.nat({ max: places.length - 1 }),
      value: fc.oneof(fc.jsonValue(), fc.string({ unit: 'binary' })),
    })
    .map(({ at, value }) => replaced(body, places[at]!, value))
  fc.assert(
    fc.property(fc.oneof(fc.jsonValue(), broken), (any) => {
      try {
        parse({ status: 200, headers: { link: '<::>; rel="next"' }, body: any })
      } catch (error) {
        if (!(error instanceof GatewayError)) throw error
        assert.equal(error.code, 'network_unreadable')
      }
    }),
    { numRuns: 150 },
  )
}

function placesIn(value: unknown, path: readonly string[] = []): (readonly string[])[] {
  if (typeof value !== 'object' || value === null) return [path]
  return [path, ...Object.entries(value).flatMap(([key, child]) => placesIn(child, [...path, key]))]
}

function replaced(value: unknown, [key, ...rest]: readonly string[], by: unknown): unknown {
  if (key === undefined) return by
  const copy = structuredClone(value) as Record<string, unknown>
  copy[key] = replaced(copy[key], rest, by)
  return copy
}
