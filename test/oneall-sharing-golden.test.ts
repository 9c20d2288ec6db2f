// What the OneAll dialect says of messages and short links, byte for byte, in JSON and XML.

import { after, before, test } from 'node:test'
import { databases } from './support/databases.ts'
import { compareOneAll, NOBODY } from './support/golden.ts'
import { openSharingHouse, type SharingAsking, type SharingHouse } from './support/sharing-house.ts'

let house: SharingHouse
let ada: Awaited<ReturnType<SharingHouse['user']>>

before(async () => {
  const [sqlite] = databases
  if (!sqlite) throw new Error('no database')
  house = await openSharingHouse(sqlite)
  ada = await house.user('facebook')
})
after(() => house[Symbol.asyncDispose]())

const ask = (target: string, asking?: SharingAsking) => house.ask(target, asking)
const post = (body: unknown): SharingAsking => ({ method: 'POST', body: { request: body } })

test('messages are told as they always were', async (t) => {
  const parts = {
    text: { body: 'Ada & <Grace>' },
    picture: { url: 'https://example.com/p.png' },
    link: { url: 'https://example.com/', name: 'Example', caption: 'c', description: 'd' },
    flags: { enable_tracking: '1' },
  }
  const forUser = (...providers: string[]) => ({ publish_for_user: { user_token: ada.token, providers } })
  const message = { ...forUser('facebook', 'twitter'), parts }
  const { json } = await ask('/sharing/messages.json', post({ sharing_message: message }))
  const one = `/sharing/messages/${json.response.result.data.sharing_message.sharing_message_token}`
  // Posts are numbered over the whole house: each case makes two, one for each format.
  await compareOneAll(
    t,
    'sharing',
    [
      { path: '/sharing/messages', asking: post({ sharing_message: message }) },
      { path: '/sharing/messages', asking: post({ sharing_message: { ...forUser('facebook'), parts } }) },
      {
        path: '/sharing/messages',
        asking: post({ sharing_message: { ...forUser('twitter', 'nowhere'), parts } }),
      },
      { path: '/sharing/messages', asking: post({ sharing_message: { ...forUser('facebook'), parts: {} } }) },
      {
        path: '/sharing/messages',
        asking: post({ sharing_message: { publish_for_identity: { identity_token: NOBODY }, parts } }),
      },
      { path: '/sharing/messages', asking: { method: 'POST', body: '{"request":{"sharing_message":' } },
      { path: `/users/${ada.token}/publish`, asking: post({ message: { providers: ['facebook'], parts } }) },
      { path: `/users/${NOBODY}/publish`, asking: post({ message: { providers: ['facebook'], parts } }) },
      { path: one, asking: post({ sharing_message: forUser('facebook') }) },
      { path: one },
      { path: '/sharing/messages', query: '?entries_per_page=2' },
      { path: `/sharing/messages/${NOBODY}` },
      { path: one, asking: { method: 'DELETE' } },
      { path: `/sharing/messages/${NOBODY}`, query: '?confirm_deletion=true', asking: { method: 'DELETE' } },
    ],
    ask,
  )
})

test('short links are told as they always were', async (t) => {
  const make = (original_url: string) => post({ shorturl: { original_url } })
  const { json } = await ask('/shorturls.json', make('https://example.com/made?a=b&c=d'))
  const one = `/shorturls/${json.response.result.data.shorturl.shorturl_token}`
  await compareOneAll(
    t,
    'shorturls',
    [
      { path: '/shorturls', asking: make('https://example.com/another') },
      { path: '/shorturls', asking: make('javascript:alert(1)') },
      { path: '/shorturls', query: '?entries_per_page=2&order_direction=desc' },
      { path: one },
      { path: '/shorturls/nothing' },
      { path: one, asking: { method: 'DELETE' } },
    ],
    ask,
  )
})
