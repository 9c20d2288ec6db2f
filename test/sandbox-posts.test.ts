import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { partsOf, textOf } from '../src/sandbox/multipart.ts'
import { bytesOf, createPosts, createUploads, stateOf } from '../src/sandbox/posts.ts'
import { openSandbox } from '../src/sandbox/sandbox.ts'

const HOST = 'api.x.com'

async function openWithAccount() {
  const sandbox = await openSandbox()
  const { accessToken } = sandbox.grant(HOST)
  const ask = (method: string, path: string, json?: object) =>
    fetch(`${sandbox.url}/${HOST}${path}`, {
      method,
      headers: { authorization: `Bearer ${accessToken}`, 'content-type': 'application/json' },
      body: json && JSON.stringify(json),
    })
  return { sandbox, ask, [Symbol.asyncDispose]: () => sandbox.close() }
}

describe('how a network can fail an app that posts', () => {
  test('the answer is lost after the post was made', async () => {
    await using there = await openWithAccount()
    there.sandbox.dial(HOST, { path: '/2/tweets', loseRate: 1 })
    await assert.rejects(there.ask('POST', '/2/tweets', { text: 'There' }))
    assert.deepEqual(
      there.sandbox.posts(HOST).map(({ text }) => text),
      ['There'],
    )
  })

  test('the answer comes late, and the post is there before it', async () => {
    await using there = await openWithAccount()
    there.sandbox.dial(HOST, { path: '/2/tweets', answerMs: 400 })
    const answer = there.ask('POST', '/2/tweets', { text: 'There' })
    while (there.sandbox.posts(HOST).length === 0) await sleep(5)
    const first = await Promise.race([answer.then(() => 'answer'), sleep(50, 'silence')])
    assert.equal(first, 'silence')
    assert.equal((await answer).status, 201)
  })

  test('a dial holds for its method alone, after those that it skips', async () => {
    await using there = await openWithAccount()
    there.sandbox.dial(HOST, { path: '/2/', method: 'POST', status: 503, skip: 1, times: 1 })
    const statuses = []
    for (const text of ['one', 'two', 'three']) {
      statuses.push((await there.ask('GET', '/2/users/me')).status)
      statuses.push((await there.ask('POST', '/2/tweets', { text })).status)
    }
    assert.deepEqual(statuses, [200, 201, 200, 503, 200, 201])
  })

  test('posts are told at the sandbox’s own door, and forgotten when it is reset', async () => {
    await using there = await openWithAccount()
    await there.ask('POST', '/2/tweets', { text: 'Told' })
    const door = `${there.sandbox.url}/_control`
    const told = async () => (await fetch(`${door}/posts?host=${HOST}`)).json()
    const { posts } = (await told()) as { posts: { text: string }[] }
    assert.deepEqual(
      posts.map(({ text }) => text),
      ['Told'],
    )
    await fetch(`${door}/reset`, { method: 'POST' })
    assert.deepEqual(await told(), { posts: [] })
  })
})

describe('what accounts have posted', () => {
  const post = (owner: string, text: string, key?: string) =>
    ({ realm: 'r', owner, at: 0, text, key, toId: (count: number) => `${count}` }) as const

  test('is listed newest first, by owner, and found by id and by the caller’s own name', () => {
    const posts = createPosts()
    for (const text of ['a', 'b', 'c']) posts.add(post('one', text, `key-${text}`))
    posts.add(post('other', 'd'))
    const texts = (owner?: string) => posts.list('r', owner).map(({ text }) => text)
    assert.deepEqual(texts('one'), ['c', 'b', 'a'])
    assert.equal(texts().length, 4)
    assert.equal(posts.byKey('r', 'one', 'key-b')?.text, 'b')
    assert.equal(posts.byKey('r', 'other', 'key-b'), undefined)
    assert.equal(posts.find('r', '2')?.text, 'b')
    assert.equal(posts.find('elsewhere', '2'), undefined)
    assert.deepEqual([posts.remove('r', '2'), posts.remove('r', '2')], [true, false])
    assert.deepEqual(texts('one'), ['c', 'a'])
  })

  test('is bounded: the oldest of an owner give way, and no id comes twice', () => {
    const posts = createPosts()
    for (let at = 0; at < 20_010; at += 1) posts.add(post('one', `${at}`))
    const list = posts.list('r', 'one')
    assert.equal(list.length, 20_000)
    assert.equal(list.at(-1)?.text, '10')
    assert.equal(posts.find('r', '1'), undefined)
    assert.equal(new Set(list.map(({ id }) => id)).size, 20_000)
  })

  test('uploads are put together from pieces in any order, a piece that comes twice counts once', () => {
    const uploads = createUploads()
    const upload = uploads.add({
      realm: 'r',
      owner: 'o',
      mimeType: 'video/mp4',
      at: 0,
      toId: (count) => `u${count}`,
    })
    for (const [place, text] of [
      [1, 'b'],
      [0, 'x'],
      [2, 'c'],
      [0, 'a'],
    ] as const) {
      uploads.put(upload, place, Buffer.from(text))
    }
    assert.equal(bytesOf(upload).toString(), 'abc')
    assert.equal(stateOf(upload, 5), 'awaited')
    assert.equal(stateOf({ readyAt: 6 }, 5), 'processing')
    assert.equal(stateOf({ readyAt: 5 }, 5), 'ready')
    assert.equal(stateOf({ readyAt: 5, fails: true }, 5), 'failed')
  })
})

describe('forms with files', () => {
  test('are read as browsers write them', async () => {
    const form = new FormData()
    form.append('a "b"', 'Grüße\r\n')
    form.append('file', new Blob([Uint8Array.of(0, 255, 13, 10, 45, 45)], { type: 'image/png' }), 'x.png')
    const request = new Request('https://example.com', { method: 'POST', body: form })
    const headers = { 'content-type': request.headers.get('content-type') ?? '' }
    const parts = partsOf({ headers, bytes: Buffer.from(await request.arrayBuffer()) }) ?? []
    assert.equal(textOf(parts, 'a "b"'), 'Grüße\r\n')
    assert.deepEqual([...(parts[1]?.bytes ?? [])], [0, 255, 13, 10, 45, 45])
    assert.deepEqual([parts[1]?.fileName, parts[1]?.mimeType], ['x.png', 'image/png'])
  })

  test('that are broken, or none, are told from others', () => {
    const headers = { 'content-type': 'multipart/form-data; boundary=x' }
    const whole = '--x\r\nContent-Disposition: form-data; name="a"\r\n\r\nb\r\n--x--\r\n'
    assert.equal(partsOf({ headers, bytes: Buffer.from(whole) })?.length, 1)
    for (const bytes of [
      '',
      '--x',
      whole.slice(0, 40),
      whole.slice(0, -8),
      whole.replace('name="a"', ''),
      'pre',
    ]) {
      assert.equal(partsOf({ headers, bytes: Buffer.from(bytes) }), undefined, bytes)
    }
    assert.equal(partsOf({ headers: { 'content-type': 'text/plain' }, bytes: Buffer.from(whole) }), undefined)
  })
})
