import assert from 'node:assert/strict'
import { test } from 'node:test'
import { get, json, openServer } from './support/front-house.ts'
import { sendRaw } from './support/wire.ts'

test('beyond its bounds a front answers overloaded with Retry-After, and drains', async () => {
  const house = await openServer({ inFlight: 3, inFlightPerSite: 2 })
  let release = () => {}
  house.scene.hold = new Promise((resolve) => {
    release = resolve
  })
  const held = [sendRaw(house.port, get('/slow')), sendRaw(house.port, get('/slow'))]
  while (house.scene.signals.length < 2) await new Promise((resolve) => setImmediate(resolve))
  const {
    answers: [ofSite],
  } = await sendRaw(house.port, get('/slow'))
  assert.deepEqual(
    [ofSite?.status, json(ofSite!).code, ofSite?.headers['retry-after']],
    [503, 'overloaded', '1'],
  )
  held.push(sendRaw(house.port, get('/slow', 'Authorization: other')))
  while (house.scene.signals.length < 3) await new Promise((resolve) => setImmediate(resolve))
  const {
    answers: [ofAll],
  } = await sendRaw(house.port, get('/users', 'Authorization: third'))
  assert.deepEqual([ofAll?.status, json(ofAll!).by], [503, 'last'])
  assert.equal((await sendRaw(house.port, get('/remembered'))).answers[0]?.status, 200)

  let isDrained = false
  const drained = house.front.drain().then(() => {
    isDrained = true
  })
  const {
    answers: [late],
  } = await sendRaw(house.port, get('/remembered'), { untilClosed: true })
  assert.equal(late?.headers.connection, 'close')
  assert.equal(isDrained, false)
  release()
  for (const { answers } of await Promise.all(held)) {
    assert.deepEqual([answers[0]?.status, answers[0]?.headers.connection], [200, 'close'])
  }
  await drained
  await house.close()
})

test('bodies under way share one budget of memory', async () => {
  const house = await openServer({ bodyBytes: 1_000, bodyBytesAtOnce: 1_500 })
  const head = 'POST /users HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n'
  const first = sendRaw(house.port, [head, ' '.repeat(900)], { deadlineMs: 400 })
  await new Promise((resolve) => setTimeout(resolve, 100))
  const { answers } = await sendRaw(house.port, [head, ' '.repeat(900)])
  assert.equal(answers[0]?.status, 503)
  await first
  const whole = await sendRaw(house.port, [head, `${' '.repeat(979)}{"user":{"name":"a"}}`])
  assert.equal(whole.answers[0]?.status, 200)
  await house.close()
})
