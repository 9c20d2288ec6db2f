import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { openSandbox, type Sandbox } from '../src/sandbox/sandbox.ts'
import atproto from './schemas/atproto.json' with { type: 'json' }
import github from './schemas/github.json' with { type: 'json' }
import { lexiconViolations, openApiViolations } from './schemas/validate.ts'
import x from './schemas/x.json' with { type: 'json' }
import { readReal } from './support/sandbox-walks.ts'

let sandbox: Sandbox

before(async () => {
  sandbox = await openSandbox()
})
after(() => sandbox.close())

const X_FIELDS =
  'created_at,description,location,profile_image_url,protected,public_metrics,url,verified,verified_type'

describe('X answers as its OpenAPI says', () => {
  const cases = [
    ['GetUsersMeResponse', `/users/me?user.fields=${X_FIELDS}`],
    ['GetUsersByIdResponse', '/users/{id}'],
    ['GetUsersByIdResponse', '/users/1'],
    ['GetUsersByUsernameResponse', '/users/by/username/nobody'],
    ['GetUsersFollowingResponse', `/users/{id}/following?max_results=1000&user.fields=${X_FIELDS}`],
    ['GetUsersFollowersResponse', `/users/{id}/followers?max_results=300&user.fields=${X_FIELDS}`],
    ['GetUsersFollowersResponse', '/users/{id}/followers'],
  ] as const
  for (const [schema, path] of cases) {
    test(`${path} is a ${schema}`, async () => {
      const { accessToken, subject } = sandbox.grant('api.x.com', { contacts: 500 })
      const url = `https://api.x.com/2${path.replace('{id}', subject)}`
      const { status, body } = await readReal(sandbox, url, accessToken)
      assert.equal(status, 200)
      assert.deepEqual(openApiViolations(body, schema, x), [])
    })
  }

  test('an empty list is one too', async () => {
    const { accessToken, subject } = sandbox.grant('api.x.com', { contacts: 0 })
    const { body } = await readReal(sandbox, `https://api.x.com/2/users/${subject}/following`, accessToken)
    assert.deepEqual(openApiViolations(body, 'GetUsersFollowingResponse', x), [])
  })

  test('a wrong parameter is an InvalidRequestProblem, with errors beside it', async () => {
    const { accessToken } = sandbox.grant('api.x.com')
    const { body } = await readReal(sandbox, 'https://api.x.com/2/users/me?user.fields=no', accessToken)
    assert.deepEqual(openApiViolations(body, 'InvalidRequestProblem', x, { isOpen: true }), [])
    assert.deepEqual(openApiViolations(body, 'InvalidRequestProblem', x), [
      'InvalidRequestProblem: errors is not documented',
    ])
  })
})

describe('GitHub answers as its OpenAPI says', () => {
  test('the own user is a private or a public user, as the scope says', async () => {
    for (const [scopes, schema] of [
      [['user'], 'private-user'],
      [[], 'public-user'],
    ] as const) {
      const { accessToken } = sandbox.grant('api.github.com', { scopes })
      const { body } = await readReal(sandbox, 'https://api.github.com/user', accessToken)
      assert.deepEqual(openApiViolations(body, schema, github), [])
    }
  })

  test('another user is a public user', async () => {
    const { username } = sandbox.grant('api.github.com')
    const { body } = await readReal(sandbox, `https://api.github.com/users/${username}`)
    assert.deepEqual(openApiViolations(body, 'public-user', github), [])
  })

  for (const list of ['following', 'followers']) {
    test(`${list} are simple users`, async () => {
      const { accessToken } = sandbox.grant('api.github.com')
      const { items } = await readReal(
        sandbox,
        `https://api.github.com/user/${list}?per_page=100`,
        accessToken,
      )
      assert.equal(items.length, 100)
      assert.deepEqual(
        items.flatMap((user) => openApiViolations(user, 'simple-user', github)),
        [],
      )
    })
  }

  test('refusals are basic errors', async () => {
    for (const path of ['/user', '/users/nobody', '/nowhere']) {
      const { status, body } = await readReal(sandbox, `https://api.github.com${path}`)
      assert.ok(status >= 400)
      assert.deepEqual(openApiViolations(body, 'basic-error', github), [])
    }
  })
})

describe('Bluesky answers as the lexicons say', () => {
  const cases = [
    ['app.bsky.graph.getFollows', 'actor={id}&limit=100'],
    ['app.bsky.graph.getFollowers', 'actor={id}&limit=100'],
    ['app.bsky.actor.getProfile', 'actor={id}'],
    ['com.atproto.server.getSession', ''],
    ['com.atproto.identity.resolveHandle', 'handle={handle}'],
  ] as const
  for (const [name, query] of cases) {
    test(name, async () => {
      const { accessToken, subject, username } = sandbox.grant('bsky.social', { contacts: 150 })
      const parameters = query.replace('{id}', subject).replace('{handle}', `${username}.bsky.social`)
      const { status, body } = await readReal(
        sandbox,
        `https://bsky.social/xrpc/${name}?${parameters}`,
        accessToken,
      )
      assert.equal(status, 200)
      assert.deepEqual(lexiconViolations(body, `${name}#main`, atproto), [])
    })
  }

  test('com.atproto.server.createSession and refreshSession', async () => {
    const { username, password } = sandbox.grant('bsky.social')
    const call = async (name: string, body: unknown, token = '') => {
      const response = await fetch(`${sandbox.url}/bsky.social/xrpc/com.atproto.server.${name}`, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}` },
        body: JSON.stringify(body),
      })
      return Object(await response.json())
    }
    const session = await call('createSession', { identifier: `${username}.bsky.social`, password })
    assert.deepEqual(lexiconViolations(session, 'com.atproto.server.createSession#main', atproto), [])
    const renewed = await call('refreshSession', {}, session.refreshJwt)
    assert.deepEqual(lexiconViolations(renewed, 'com.atproto.server.refreshSession#main', atproto), [])
  })
})

describe('the check itself', () => {
  const wrongs = [
    ['a number instead of a text', { data: { id: 7 } }],
    ['a text instead of a boolean', { data: { verified: 'yes' } }],
    ['a date that is none', { data: { created_at: 'yesterday' } }],
    [
      'a required member that is missing',
      { data: { public_metrics: { followers_count: 1, following_count: 1, post_count: 1 } } },
    ],
    ['a member that nobody documents', { data: { nickname: 'x' } }],
    ['null where nothing is nullable', { data: { name: null } }],
    [
      'a problem of another type',
      { errors: [{ type: 'about:blank', title: 'a', detail: 'b', resource_type: 'user' }] },
    ],
  ] as const
  for (const [name, body] of wrongs) {
    test(`finds ${name}`, () => {
      assert.equal(openApiViolations(body, 'GetUsersMeResponse', x).length, 1)
    })
  }

  test('finds a DID, a handle and a name that break the lexicon', () => {
    const profile = {
      did: 'did:plc:short',
      handle: 'no_handle',
      displayName: 'x'.repeat(65),
      avatar: 'nowhere',
    }
    assert.equal(lexiconViolations(profile, 'app.bsky.actor.defs#profileView', atproto).length, 4)
  })

  test('throws at a keyword that it does not know', () => {
    const document = { components: { schemas: { Odd: { type: 'string', contentEncoding: 'base64' } } } }
    assert.throws(() => openApiViolations('x', 'Odd', document), /contentEncoding is not understood/)
  })
})
