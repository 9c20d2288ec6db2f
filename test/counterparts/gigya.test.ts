// The Gigya SDK for Node, unmodified, against a server with TLS. It knows the vendor's hosts alone; its own hook for
// HTTP sends what it has signed for them to our port.

import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { request } from 'node:https'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { after, before, test } from 'node:test'
import { describeCounterpart, ROOT } from '../support/counterparts.ts'
import { databases } from '../support/databases.ts'
import { API_KEY, type GigyaHouse, openGigyaHouse, SECRET } from '../support/gigya.ts'

const FOLDER = join(ROOT, 'test/counterparts/gigya')
const TLS = join(ROOT, 'test/support/tls')
const missing = existsSync(join(FOLDER, 'node_modules/gigya')) ? undefined : 'The package gigya is missing.'

type Params = Readonly<Record<string, unknown>>
type Send = (
  endpoint: string,
  host: string,
  params: Params,
  headers: Record<string, string>,
) => Promise<unknown>

/** As much of the SDK as is used here. */
interface Sdk {
  // biome-ignore lint/suspicious/noExplicitAny: tests read what they expect to be there.
  request(endpoint: string, params?: Params): Promise<any>
  setCredentials(credentials: Readonly<Record<string, string>>): Sdk
  readonly sigUtils: {
    validateUserSignature(uid: string, timestamp: string, signature: string, secret: string): boolean
  }
}

describeCounterpart('The Gigya SDK for Node', missing, () => {
  let house: GigyaHouse
  let server: Awaited<ReturnType<GigyaHouse['listen']>>
  let sdk: (credentials: Readonly<Record<string, string>>) => Sdk
  const hosts = new Set<string>()

  before(async () => {
    house = await openGigyaHouse(databases[0] ?? assert.fail())
    house.at = Date.now()
    server = await house.listen({
      cert: readFileSync(join(TLS, 'one.crt')),
      key: readFileSync(join(TLS, 'one.key')),
    })
    const { Gigya } = createRequire(join(FOLDER, 'package.json'))('gigya') as {
      Gigya: new (apiKey: string, dataCenter: string, send: Send) => Sdk
    }
    const send: Send = (endpoint, host, params, headers) => {
      hosts.add(host)
      return post(`https://127.0.0.1:${server.port}/${endpoint}`, host, params, headers)
    }
    sdk = (credentials) => new Gigya(API_KEY, 'us1', send).setCredentials(credentials)
  })
  after(async () => {
    await server.close()
    await house[Symbol.asyncDispose]()
  })

  test('calls with the partner secret, and finds the signature of the answer right', async () => {
    const gigya = sdk({ secret: SECRET })
    const answer = await gigya.request('socialize.getUserInfo', { UID: 'user 1/é~*' })
    assert.deepEqual([answer.mode, answer.by], ['secret', 'partner'])
    const { UID, UIDSignature, signatureTimestamp } = answer
    assert.equal(gigya.sigUtils.validateUserSignature(UID, signatureTimestamp, UIDSignature, SECRET), true)
    assert.deepEqual([...hosts], ['socialize.us1.gigya.com'])
  })

  test('signs with a user key, in milliseconds', async () => {
    await house.stores.store.access.addUserKey(house.site, { key: 'node', secret: 'c2Vjb25k' })
    const gigya = sdk({ userKey: 'node', secret: 'c2Vjb25k' })
    const params = { UID: house.ben.token, detailLevel: "it's (a) *test*! ~ é 𝒳", siteUsersOnly: true }
    const answer = await gigya.request('socialize.getFriendsInfo', params)
    assert.deepEqual([answer.mode, answer.userKey, answer.UID], ['signed', 'node', house.ben.token])
    assert.equal(answer.input.detailLevel, params.detailLevel)
  })

  test('signs a JWT with a private key', async () => {
    const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2_048 })
    const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString()
    await house.stores.store.access.addUserKey(house.site, { key: 'jwt', publicKey: pem })
    const key = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
    const answer = await sdk({ userKey: 'jwt', privateKey: key }).request('socialize.getUserInfo')
    assert.deepEqual([answer.mode, answer.userKey], ['jwt', 'jwt'])
  })

  test('throws what we refuse, with our code', async () => {
    const asked = sdk({ secret: 'd3Jvbmc=' }).request('socialize.getUserInfo')
    await assert.rejects(asked, { errorCode: 403010 })
  })
})

/** Sends a form, as the SDK's own way of sending does. */
function post(
  address: string,
  host: string,
  params: Params,
  headers: Record<string, string>,
): Promise<unknown> {
  const sent = Object.entries(params).flatMap(([name, value]): [string, string][] => {
    return value === undefined ? [] : [[name, String(value)]]
  })
  const type = 'application/x-www-form-urlencoded'
  return new Promise((resolve, reject) => {
    const options = {
      method: 'POST',
      headers: { ...headers, host, 'content-type': type },
      rejectUnauthorized: false,
    }
    const asked = request(address, options, async (answer) => resolve(JSON.parse(await text(answer))))
    asked.on('error', reject).end(new URLSearchParams(sent).toString())
  })
}
