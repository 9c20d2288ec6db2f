// Clients as they are: an unmodified server SDK over TLS, and the requests that others are known to send, byte for byte.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { Agent, createServer as createTlsServer } from 'node:https'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { connect } from 'node:tls'
import { serverOptions } from '../src/dialects/front.ts'
import { openTencentHouse, type TencentHouse } from './support/tencent.ts'
import { sendRaw } from './support/wire.ts'

let tencent: TencentHouse
let server: Server
let port = 0

before(async () => {
  tencent = await openTencentHouse()
  server = createServer(serverOptions())
  port = await listen(server)
  await tencent.call('im_open_login_svc/multiaccount_import', { Accounts: ['ada', 'bob', 'cyd'] })
})

after(async () => {
  server.close()
  server.closeAllConnections()
  await tencent.close()
})

async function listen(opened: Server): Promise<number> {
  tencent.house.front.attach(opened)
  opened.listen(0, '127.0.0.1')
  await once(opened, 'listening')
  return (opened.address() as AddressInfo).port
}

test('an unmodified Node SDK that is bound to Tencent’s own host works once its connections end here', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'kith-tencent-'))
  const tls = (name: string) => readFileSync(new URL(`./support/tls/${name}`, import.meta.url))
  const secure = createTlsServer({ ...serverOptions(), cert: tls('one.crt'), key: tls('one.key') })
  const require = createRequire(import.meta.url)
  const axios = createRequire(require.resolve('imsdk-restapi-nodejs-es6-sdk'))('axios')
  const Sdk = require('imsdk-restapi-nodejs-es6-sdk')
  const agent = new Agent({ keepAlive: false })
  let interceptor: unknown
  try {
    const securePort = await listen(secure)
    agent.createConnection = () => connect({ host: '127.0.0.1', port: securePort, rejectUnauthorized: false })
    // Its settings are copied member by member, which no agent survives.
    interceptor = axios.interceptors.request.use((config: object) =>
      Object.assign(config, { httpsAgent: agent }),
    )
    const privateKeyPath = join(folder, 'private_key')
    writeFileSync(privateKeyPath, 'its own signature is of the first version, and is not asked for')
    const { sdkAppId: sdkAppid, admin: identifier } = tencent.house.site
    const sdk = new Sdk({ sdkAppid, identifier, accountType: 1, privateKeyPath, expireAfter: 86_400 })
    Object.assign(sdk, { _usersig: tencent.usersig, _expireUntil: Date.now() / 1_000 + 3_600 })
    const imported = await sdk.request('im_open_login_svc', 'account_import', {
      Identifier: 'eve',
      Nick: 'Eve',
    })
    assert.deepEqual(imported.data, { ActionStatus: 'OK', ErrorCode: 0, ErrorInfo: '' })
    const added = await sdk.request('sns', 'friend_add', {
      From_Account: 'ada',
      AddFriendItem: [{ To_Account: 'eve', AddSource: 'AddSource_Type_Node' }],
    })
    assert.deepEqual(added.data.ResultItem, [{ To_Account: 'eve', ResultCode: 0, ResultInfo: '' }])
    const body = { From_Account: 'ada', To_Account: ['eve'], TagList: ['Tag_Profile_IM_Nick'] }
    const listed = await sdk.request('sns', 'friend_get_list', body)
    assert.deepEqual(listed.data.InfoItem[0].SnsProfileItem, [{ Tag: 'Tag_Profile_IM_Nick', Value: 'Eve' }])
  } finally {
    axios.interceptors.request.eject(interceptor)
    agent.destroy()
    secure.close()
    secure.closeAllConnections()
    rmSync(folder, { recursive: true })
  }
})

interface Shape {
  readonly client: string
  readonly target: (claims: { app: number; who: string; sig: string }) => string
  /** Header lines after Host. */
  readonly head: readonly string[]
  readonly body: string
  readonly isChunked?: boolean
  readonly expected: object
}

const OK = { ActionStatus: 'OK', ErrorCode: 0, ErrorInfo: '' }

const SHAPES: readonly Shape[] = [
  {
    client: 'Python requests: no Content-Type, empty texts for what is not given',
    target: ({ app, who, sig }) =>
      `/v4/sns/friend_add?sdkappid=${app}&identifier=${who}&usersig=${sig.replaceAll('*', '%2A')}&random=4294967295&contenttype=json`,
    head: [
      'User-Agent: python-requests/2.31.0',
      'Accept-Encoding: gzip, deflate',
      'Accept: */*',
      'Connection: keep-alive',
    ],
    body: '{"From_Account": "bob", "AddFriendItem": [{"To_Account": "cyd", "Remark": "", "GroupName": "", "AddSource": "AddSource_Type_Py", "AddWording": ""}], "AddType": "Add_Type_Single", "ForceAddFlags": 1}',
    expected: { ResultItem: [{ To_Account: 'cyd', ResultCode: 0, ResultInfo: '' }], ...OK, ErrorDisplay: '' },
  },
  {
    client: 'Tencent’s old PHP SDK: a form by its type, no random, fields of another time',
    target: ({ app, who, sig }) =>
      `/v4/profile/portrait_get?usersig=${sig}&identifier=${who}&sdkappid=${app}&contenttype=json`,
    head: ['Accept: */*', 'Content-Type: application/x-www-form-urlencoded'],
    body: '{"From_Account":"ada","To_Account":["bob"],"TagList":["Tag_Profile_IM_Nick"],"LastStandardSequence":0}',
    expected: {
      UserProfileItem: [
        {
          To_Account: 'bob',
          ProfileItem: [{ Tag: 'Tag_Profile_IM_Nick', Value: '' }],
          ResultCode: 0,
          ResultInfo: '',
        },
      ],
      ...OK,
      ErrorDisplay: '',
    },
  },
  {
    client: 'a Go SDK: null for a list that is not given, the identifier under its old name',
    target: ({ app, who, sig }) =>
      `/v4/sns/group_add?sdkappid=${app}&identifier=${who}&usersig=${encodeURIComponent(sig)}&random=1298498081&contenttype=json`,
    head: ['User-Agent: Go-http-client/1.1', 'Content-Type: application/json', 'Accept-Encoding: gzip'],
    body: '{"From_Account":"bob","GroupName":["friends"],"To_Account":null}',
    expected: { CurrentSequence: 'some', ...OK, ErrorDisplay: '' },
  },
  {
    client: 'the same Go SDK asking for groups without their friends',
    target: ({ app, who, sig }) =>
      `/v4/sns/group_get?sdkappid=${app}&identifier=${who}&usersig=${encodeURIComponent(sig)}&random=1298498081&contenttype=json`,
    head: ['User-Agent: Go-http-client/1.1', 'Content-Type: application/json', 'Accept-Encoding: gzip'],
    body: '{"From_Account":"bob","LastSequence":0,"NeedFriend":"Need_Friend_Type_No"}',
    expected: {
      ResultItem: [{ GroupName: 'friends', FriendNumber: 0 }],
      CurrentSequence: 'some',
      ...OK,
      ErrorDisplay: '',
    },
  },
  {
    client: 'a Java SDK: parameters in another order, chunked',
    target: ({ app, who, sig }) =>
      `/v4/im_open_login_svc/account_check?random=17&usersig=${sig}&sdkappid=${app}&identifier=${who}&contenttype=json`,
    head: [
      'User-Agent: okhttp/4.9.1',
      'Content-Type: application/json; charset=utf-8',
      'Transfer-Encoding: chunked',
    ],
    body: '{"CheckItem":[{"UserID":"nobody"}]}',
    isChunked: true,
    expected: {
      ResultItem: [{ UserID: 'nobody', ResultCode: 0, ResultInfo: '', AccountStatus: 'NotImported' }],
      ...OK,
    },
  },
  {
    client: 'a TypeScript SDK: a random beyond 64 bits',
    target: ({ app, who, sig }) =>
      `/v4/sns/friend_check?sdkappid=${app}&identifier=${who}&usersig=${sig}&random=179529568978506380000&contenttype=json`,
    head: [
      'Accept: application/json, text/plain, */*',
      'Content-Type: application/json',
      'User-Agent: axios/0.21.1',
    ],
    body: '{"From_Account":"bob","To_Account":["cyd"],"CheckType":"CheckResult_Type_Both"}',
    expected: {
      InfoItem: [{ To_Account: 'cyd', Relation: 'CheckResult_Type_AWithB', ResultCode: 0, ResultInfo: '' }],
      ...OK,
      ErrorDisplay: '',
    },
  },
]

for (const { client, target, head, body, isChunked, expected } of SHAPES) {
  test(`the request of ${client}`, async () => {
    const { sdkAppId: app, admin: who } = tencent.house.site
    const length = Buffer.byteLength(body)
    const sent = isChunked ? `${length.toString(16)}\r\n${body}\r\n0\r\n\r\n` : body
    const lines = [
      `POST ${target({ app, who, sig: tencent.usersig })} HTTP/1.1`,
      'Host: console.tim.qq.com',
      ...head,
    ]
    if (!isChunked) lines.push(`Content-Length: ${length}`)
    const { answers } = await sendRaw(port, `${lines.join('\r\n')}\r\n\r\n${sent}`)
    const [answer] = answers
    assert.equal(answer?.status, 200)
    assert.match(answer.headers['content-type'] ?? '', /^application\/json/)
    const told = JSON.parse(answer.body.toString())
    if (told.CurrentSequence !== undefined) {
      assert.ok(told.CurrentSequence > 0 && told.CurrentSequence < 2 ** 31)
      told.CurrentSequence = 'some'
    }
    assert.deepEqual(told, expected)
  })
}

test('one connection serves one call after the other', async () => {
  const { sdkAppId, admin } = tencent.house.site
  const target = `/v4/im_open_login_svc/kick?sdkappid=${sdkAppId}&identifier=${admin}&usersig=${tencent.usersig}`
  const body = '{"UserID":"ada"}'
  const request = `POST ${target} HTTP/1.1\r\nHost: x\r\nContent-Length: ${body.length}\r\n\r\n${body}`
  const { answers } = await sendRaw(port, request.repeat(3), { answers: 3 })
  assert.equal(answers.length, 3)
  for (const answer of answers) assert.equal(JSON.parse(answer.body.toString()).ErrorCode, 0)
})
