import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { openSandbox } from '../src/sandbox/sandbox.ts'
import { channelOf } from '../src/sandbox/telegram.ts'
import { kith, openFolder } from './support/process.ts'

test('a webhook and a channel are added by their keys, which stand nowhere, listed, and removed', async (t) => {
  const sandbox = await openSandbox()
  t.after(() => sandbox.close())
  const folder = openFolder(t)
  const settings = { KITH_DATABASE_URL: join(folder, 'kith.db'), KITH_SANDBOX: sandbox.url }
  const run = (args: readonly string[], input = '', more = {}) =>
    kith(t, args, { ...settings, ...more }, input)
  assert.equal((await run(['site', 'create', 'One'])).code, 0)

  const hook = sandbox.grant('discord.com')
  const address = `https://discord.com/api/webhooks/${hook.accessToken}`
  const added = await run(['identity', 'add', 'one', 'discord'], `${address}\n`)
  assert.equal(added.code, 0, added.err)
  const discord = JSON.parse(added.out)
  assert.deepEqual([discord.provider, discord.subject, discord.target], ['discord', hook.subject, 'webhook'])

  const bot = sandbox.grant('api.telegram.org')
  const channel = channelOf(bot.account)
  const key = { KITH_IDENTITY_KEY: bot.accessToken }
  const words = ['identity', 'add', 'one', 'telegram', '--name', `@${channel.name}`]
  const beside = await run([...words, '--user', discord.user_token], '', key)
  assert.equal(beside.code, 0, beside.err)
  const telegram = JSON.parse(beside.out)
  assert.deepEqual([telegram.subject, telegram.user_token], [channel.id, discord.user_token])

  const listed = await run(['identity', 'list', 'one'])
  assert.deepEqual(JSON.parse(listed.out).identities, [discord, telegram])
  for (const { out, err } of [added, beside, listed]) {
    for (const secret of [hook.accessToken, bot.accessToken]) assert(!`${out}${err}`.includes(secret))
  }

  const wrong = await run(['identity', 'add', 'one', 'discord'], 'https://discord.com/api/webhooks/1/x')
  assert.deepEqual([wrong.code, wrong.out], [1, ''])
  assert.match(wrong.err, /no address of a webhook/)
  assert.equal((await run(['identity', 'add', 'one', 'discord'])).code, 2)
  assert.equal((await run(['identity', 'add', 'one', 'mastodon'], 'x')).code, 2)
  assert.equal((await run(['identity', 'add', 'one', 'telegram', '--name', '@nobody'], '', key)).code, 1)

  assert.equal((await run(['identity', 'remove', 'one', discord.identity_token])).code, 2)
  assert.equal((await run(['identity', 'remove', 'one', discord.identity_token, '--yes'])).code, 0)
  assert.equal((await run(['identity', 'remove', 'one', discord.identity_token, '--yes'])).code, 2)
  assert.equal(JSON.parse((await run(['identity', 'list', 'one'])).out).totalEntries, 1)
})
