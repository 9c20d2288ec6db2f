import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { resumePublishing } from '../src/core/deliveries.ts'
import type { Gateway } from '../src/core/gateway.ts'
import { lookFor } from '../src/core/lookup.ts'
import type { Identity } from '../src/core/model.ts'
import { planPublications } from '../src/core/plan.ts'
import type { Network, Page, Paged } from '../src/core/provider.ts'
import type { RecentPost } from '../src/core/publish.ts'
import {
  cancelMessage,
  findMessage,
  listMessages,
  publishAgain,
  publishMessage,
  standingOf,
} from '../src/core/sharing.ts'
import { removeMessage, retryFailed } from '../src/core/sharing-again.ts'
import type { Held, SharedMessage } from '../src/core/sharing-store.ts'
import { newTid } from '../src/core/tid.ts'
import { databases } from './support/databases.ts'
import { type Conduct, openPostOffices, type PostOffices } from './support/post-offices.ts'
import { linkAccount, openPublishingGateway, type PublishingGateway } from './support/publishing.ts'
import { openStoreHouse, type StoreHouse } from './support/stores.ts'

interface House extends StoreHouse {
  readonly offices: PostOffices
  readonly gateway: Gateway
  /** One more process. */
  another(options?: Options): PublishingGateway
  /** A user with an identity on each of these networks. */
  user(...providers: string[]): Promise<{ token: string; identities: readonly Identity[] }>
  say(text: string, to: { user: string; providers: readonly string[] }, more?: More): Promise<SharedMessage>
}

type Options = Parameters<typeof openPublishingGateway>[2]
type More = Partial<Parameters<typeof publishMessage>[2]>

const words = (text: string) => ({ text, media: [] })
const states = ({ publications }: SharedMessage) => publications.map(({ state }) => state)

/** So many times this, then whatever comes. */
function first(count: number, conduct: Conduct, method = 'POST') {
  let left = count
  return (asked: { method: string }): Conduct => (asked.method === method && left-- > 0 ? conduct : {})
}

/** The message once all its publications are at their end. */
async function ended(
  { gateway, site }: Pick<House, 'gateway' | 'site'>,
  token: string,
): Promise<SharedMessage> {
  for (const giveUpAt = Date.now() + 8_000; ; ) {
    await resumePublishing(gateway)
    const message = await findMessage(gateway, site, token)
    if (message.publications.every(({ dueAt }) => dueAt === undefined)) return message
    assert(Date.now() < giveUpAt, `still ${states(message)}`)
    await sleep(10)
  }
}

for (const database of databases) {
  describe(`sharing on ${database.name}`, { concurrency: 4 }, () => {
    async function withHouse(work: (house: House) => Promise<void>, options: Options = {}) {
      await using house = await openStoreHouse(database)
      const offices = await openPostOffices()
      const opened: PublishingGateway[] = []
      const another = (more: Options = options) => {
        const process = openPublishingGateway(house.store, offices.url, more)
        opened.push(process)
        return process
      }
      const { gateway } = another()
      const user = async (...providers: string[]) => {
        const identities: Identity[] = []
        for (const provider of providers) {
          const userToken = identities[0]?.userToken
          identities.push(await linkAccount(house.store, house.site, provider, { userToken }))
        }
        return { token: identities[0]?.userToken ?? '', identities }
      }
      const say: House['say'] = (text, to, more) =>
        publishMessage(gateway, house.site, { message: words(text), target: to, ...more })
      try {
        await work({ ...house, offices, gateway, another, user, say })
      } finally {
        await Promise.all(opened.map((each) => each.close()))
        await offices.close()
      }
      assert.deepEqual(
        opened.flatMap(({ errors }) => errors),
        [],
      )
    }

    test('others are served while a long text is made ready for many places', () =>
      withHouse(async ({ gateway, site, user }) => {
        const { identities } = await user('keyed')
        const places = Array(9).fill({ provider: 'keyed', identity: identities[0] })
        let isServed = false
        setImmediate(() => {
          isServed = true
        })
        const long = words('word '.repeat(200))
        const planned = await planPublications(gateway, site, places, long, {})
        assert.deepEqual([planned.length, isServed], [9, true])
      }))

    test('a message goes to every network at once, and each says what became of it', () =>
      withHouse(async ({ offices, gateway, site, user, say }) => {
        const { token, identities } = await user('keyed', 'mute', 'keyed')
        let under = 0
        let most = 0
        offices.conduct = () => {
          most = Math.max(most, ++under)
          setTimeout(() => under--, 400)
          return { delayMs: 400 }
        }
        const providers = ['mute', 'keyed', 'mute', 'readable', 'nowhere']
        const message = await say('Hello', { user: token, providers })
        assert.equal(most, 3)
        assert.deepEqual(
          message.publications.map(({ provider, state, identityToken, problem }) => [
            provider,
            state,
            identityToken,
            problem?.code,
          ]),
          [
            ['mute', 'published', identities[1]?.token, undefined],
            ['keyed', 'published', identities[0]?.token, undefined],
            ['keyed', 'published', identities[2]?.token, undefined],
            ['readable', 'failed', undefined, 'not_found'],
            ['nowhere', 'failed', undefined, 'not_found'],
          ],
        )
        assert.match(message.publications[3]?.problem?.message ?? '', /no identity for The readable one/)
        assert.equal(offices.posts.length, 3)
        assert.deepEqual(
          new Set(message.publications.slice(0, 3).map(({ post }) => post?.id)),
          new Set(offices.posts.map(({ id }) => id)),
        )
        assert.equal(
          message.lastPublishedAt,
          Math.max(...message.publications.map(({ endedAt }) => endedAt ?? 0)),
        )
        const page = await listMessages(gateway, site, { page: 1, size: 10, direction: 'asc' })
        assert.deepEqual(
          page.entries.map((entry) => [entry.token, entry.userToken]),
          [[message.token, token]],
        )
      }))

    test('one identity is a place too, and what a network would not take is said before anything is sent', () =>
      withHouse(async ({ offices, gateway, site, user }) => {
        const { identities } = await user('mute', 'reading')
        const [mute, reading] = identities
        const to = async (identity: string | undefined, text: string) => {
          const target = { identity: identity ?? '' }
          const message = await publishMessage(gateway, site, { target, message: words(text) })
          return message.publications.map(({ state, problem }) => [state, problem?.code])
        }
        assert.deepEqual(await to(mute?.token, 'Hello'), [['published', undefined]])
        assert.deepEqual(await to(reading?.token, 'Hello'), [['failed', 'unsupported']])
        assert.deepEqual(await to(mute?.token, 'x'.repeat(501)), [['failed', 'too_large']])
        assert.equal(offices.asked.length, 1)
      }))

    test('everything is on disk before a byte leaves', () =>
      withHouse(async ({ offices, user, say, raw }) => {
        const { token } = await user('keyed', 'mute')
        const seen: Promise<unknown>[] = []
        offices.conduct = ({ account }) => {
          const sql = `select p.state, m.body from publications p join messages m on m.id = p.message_id
            where p.subject = $1`
          seen.push(raw(sql, account))
          return { delayMs: 1_000 }
        }
        await say('On disk', { user: token, providers: ['keyed', 'mute'] })
        const row = { state: 'committing', body: '{"text":"On disk","media":[]}' }
        assert.deepEqual(await Promise.all(seen), [[row], [row]])
      }))

    for (const lost of ['before', 'after'] as const) {
      const when = lost === 'before' ? 'was not done' : 'was done'
      for (const provider of ['keyed', 'recorded', 'readable', 'doubtful', 'uploading']) {
        test(`a request to ${provider} that ${when} but never answered becomes exactly one post`, () =>
          withHouse(async (house) => {
            const { token } = await house.user(provider)
            house.offices.conduct = (asked) => (asked.path === '/posts' ? conduct(asked) : {})
            const conduct = first(1, { lost })
            const { token: message } = await house.say('Once', { user: token, providers: [provider] })
            const [publication] = (await ended(house, message)).publications
            assert.equal(publication?.state, 'published')
            assert.deepEqual(
              house.offices.posts.map(({ id, text }) => [id, text]),
              [[publication?.post?.id, 'Once']],
            )
            const posted = house.offices.asked.filter(({ path }) => path === '/posts')
            const isTrusted = provider === 'keyed' || provider === 'recorded'
            assert.equal(posted.length, isTrusted || lost === 'before' ? 2 : 1)
          }))
      }

      test(`a request to a network without key or timeline that ${when} but never answered is unknown`, () =>
        withHouse(async (house) => {
          const { token } = await house.user('mute')
          house.offices.conduct = first(1, { lost })
          const message = await house.say('Perhaps', { user: token, providers: ['mute'] })
          const [publication] = message.publications
          assert.deepEqual([publication?.state, publication?.problem?.code], ['unknown', 'network_silent'])
          await sleep(50)
          await resumePublishing(house.gateway)
          assert.equal(house.offices.asked.length, 1)
        }))
    }

    test('a post that is seen late is not repeated', () =>
      withHouse(async (house) => {
        house.offices.showsAfterMs = 100
        const { token } = await house.user('readable')
        house.offices.conduct = first(1, { lost: 'after' })
        const { token: message } = await house.say('Late', { user: token, providers: ['readable'] })
        assert.deepEqual(states(await ended(house, message)), ['published'])
        assert.equal(house.offices.posts.length, 1)
      }))

    test('of two messages with the same words, each finds its own post', () =>
      withHouse(async (house) => {
        const { token } = await house.user('readable')
        house.offices.conduct = first(2, { lost: 'after' })
        const to = { user: token, providers: ['readable'] }
        const said = await Promise.all([house.say('Same', to), house.say('Same', to), house.say('Same', to)])
        const all = await Promise.all(said.map((message) => ended(house, message.token)))
        assert.deepEqual(all.flatMap(states), ['published', 'published', 'published'])
        assert.equal(new Set(all.map(({ publications }) => publications[0]?.post?.id)).size, 3)
        assert.equal(house.offices.posts.length, 3)
      }))

    test('the same words from long ago are another post', () =>
      withHouse(async (house) => {
        const { token, identities } = await house.user('readable')
        const account = identities[0]?.subject ?? ''
        const at = Date.now() - 60_000
        house.offices.posts.push({ office: 'readable', id: 'old', account, text: 'Again', at, readyAt: at })
        house.offices.conduct = first(1, { lost: 'before' })
        const { token: message } = await house.say('Again', { user: token, providers: ['readable'] })
        const [publication] = (await ended(house, message)).publications
        assert.equal(publication?.state, 'published')
        assert.notEqual(publication?.post?.id, 'old')
      }))

    test('what a network refuses has failed, and a fault of a network says nothing', () =>
      withHouse(async (house) => {
        const { token } = await house.user('mute')
        const to = { user: token, providers: ['mute'] }
        const becomes = async (status: number) => {
          house.offices.conduct = first(1, { status })
          const before = house.offices.asked.length
          const { token: message } = await house.say(`Status ${status}`, to)
          const [publication] = (await ended(house, message)).publications
          return [publication?.state, publication?.problem?.code, house.offices.asked.length - before]
        }
        assert.deepEqual(await becomes(422), ['failed', 'network_rejected', 1])
        assert.deepEqual(await becomes(403), ['failed', 'permission_missing', 1])
        assert.deepEqual(await becomes(500), ['unknown', 'network_silent', 1])
        // It says itself that it did nothing.
        assert.deepEqual(await becomes(503), ['published', undefined, 2])
      }))

    test('a network that never stops refusing to be asked now has failed after five tries', () =>
      withHouse(async (house) => {
        const { token } = await house.user('mute', 'readable')
        house.offices.conduct = () => ({ status: 503 })
        const providers = ['mute', 'readable']
        const { token: message } = await house.say('Never', { user: token, providers })
        const { publications } = await ended(house, message)
        assert.deepEqual(
          publications.map(({ state, problem, attempt }) => [state, problem?.code, attempt]),
          [
            ['failed', 'network_unavailable', 5],
            ['failed', 'network_unavailable', 5],
          ],
        )
        assert.equal(house.offices.asked.length, 10)
      }))

    test('a limit of the network is waited out, however often, and nothing is asked before', () =>
      withHouse(async (house) => {
        const { token } = await house.user('mute')
        house.offices.conduct = first(6, { status: 429, headers: { 'retry-after': '3' } })
        const startedAt = Date.now()
        const message = await house.say('Later', { user: token, providers: ['mute'] }, { deadlineMs: 300 })
        const [publication] = message.publications
        assert.deepEqual(
          [
            publication?.state,
            publication?.problem?.code,
            publication && standingOf(publication, Date.now()),
          ],
          ['queued', 'rate_limited', 'pending'],
        )
        assert((publication?.dueAt ?? 0) >= startedAt + 3_000)
        assert.equal(house.offices.asked.length, 1)
        await resumePublishing(house.gateway)
        assert.equal(house.offices.asked.length, 1)
        house.offices.conduct = () => ({})
        assert.deepEqual(states(await ended(house, message.token)), ['published'])
        assert.equal(house.offices.asked.length, 2)
      }))

    test('a network that takes its time is pending at the deadline, and published when read later', () =>
      withHouse(async (house) => {
        house.offices.processingMs = 1_500
        const { token } = await house.user('slow', 'mute')
        const providers = ['slow', 'mute']
        const message = await house.say('Slowly', { user: token, providers }, { deadlineMs: 1_000 })
        assert.deepEqual(states(message), ['pending', 'published'])
        assert.deepEqual(states(await ended(house, message.token)), ['published', 'published'])
        assert.equal(house.offices.posts.length, 2)
      }))

    test('an upload is not repeated when a later step of it fails', () =>
      withHouse(async (house) => {
        const { token } = await house.user('uploading')
        const refuse = first(2, { status: 500 })
        house.offices.conduct = (asked) => (/^\/uploads\/./.test(asked.path) ? refuse(asked) : {})
        const { token: message } = await house.say('Big', { user: token, providers: ['uploading'] })
        assert.deepEqual(states(await ended(house, message)), ['published'])
        const paths = house.offices.asked.map(({ path }) => path.replace(/upload-\d+/, 'it'))
        assert.deepEqual(paths, ['/uploads', '/uploads/it', '/uploads/it', '/uploads/it', '/posts'])
      }))

    test('a publication left behind while it was being sent is taken up by what its network offers', () =>
      withHouse(
        async (house) => {
          // The house's own process delivers nothing.
          const { gateway } = house.another({})
          const providers = ['keyed', 'readable', 'mute', 'slow']
          const { token } = await house.user(...providers)
          const sendAt = Date.now() + 1_500
          const message = await house.say(
            'Left',
            { user: token, providers },
            { publishAt: sendAt, deadlineMs: 0 },
          )
          await sleep(Math.max(0, sendAt - Date.now()) + 10)
          const { held } = await house.store.publications.claim({ limit: 9, leaseMs: 60_000 })
          assert.deepEqual(held.map(({ provider }) => provider).sort(), providers.toSorted())
          const post = (of: Held) =>
            fetch(`${house.offices.url}/${of.provider}/posts`, {
              method: 'POST',
              headers: { authorization: `Bearer ${of.identity?.subject}`, 'idempotency-key': of.key },
              body: JSON.stringify({ text: 'Left' }),
            })
          for (const each of held) {
            const now = Date.now()
            const progress = {
              ...each.progress,
              state: 'committing',
              committedAt: now,
              lastCommitAt: now,
            } as const
            assert.equal(await house.store.publications.save(each, progress, { holdMs: 60_000 }), 'saved')
            await post(each)
          }
          const none = await house.store.publications.claim({ limit: 9, leaseMs: 60_000 })
          assert.deepEqual(none, { held: [], isMore: false })
          // As good as dead.
          for (const each of held) assert.equal(await house.store.publications.renew(each, 0), true)
          await sleep(5)
          const { publications } = await ended({ gateway, site: house.site }, message.token)
          assert.deepEqual(
            publications.map(({ state }) => state),
            ['published', 'published', 'unknown', 'unknown'],
          )
          assert.equal(house.offices.posts.length, 4)
          // Whoever was thought dead has lost its right to write.
          const [late] = held
          assert(late)
          const lateProgress = { ...late.progress, state: 'failed' } as const
          const outcome = await house.store.publications.save(late, lateProgress, { endedAt: Date.now() })
          assert.equal(outcome, 'lost')
        },
        { bounds: { atOnce: 0 } },
      ))

    test('what waits is taken up by whichever process has a place, each once and one per identity at a time', () =>
      withHouse(async (house) => {
        const { token } = await house.user('mute', 'mute', 'mute')
        const under = new Map<string, number>()
        let most = 0
        house.offices.conduct = ({ account }) => {
          const now = (under.get(account) ?? 0) + 1
          most = Math.max(most, now)
          under.set(account, now)
          setTimeout(() => under.set(account, (under.get(account) ?? 0) - 1), 8)
          return { delayMs: 8 }
        }
        const others = [house.another(), house.another()]
        const to = { user: token, providers: ['mute'] }
        const publishAt = Date.now() + 100
        const texts = Array.from({ length: 12 }, (_, at) => `Number ${at}`)
        const said = await Promise.all(texts.map((text) => house.say(text, to, { publishAt })))
        await sleep(Math.max(0, publishAt - Date.now()) + 10)
        await Promise.all(others.map(({ gateway }) => resumePublishing(gateway)))
        const all = await Promise.all(said.map(({ token: message }) => ended(house, message)))
        assert.deepEqual(new Set(all.flatMap(states)), new Set(['published']))
        assert.equal(house.offices.posts.length, 36)
        assert.equal(new Set(house.offices.posts.map(({ account, text }) => account + text)).size, 36)
        assert.equal(most, 1)
        assert.deepEqual(await house.raw('select * from lanes'), [])
      }))

    test('no more are delivered at once than there are places, and none is forgotten', () =>
      withHouse(
        async (house) => {
          const { token } = await house.user('mute', 'mute', 'mute', 'mute', 'mute', 'mute')
          let under = 0
          let most = 0
          house.offices.conduct = () => {
            most = Math.max(most, ++under)
            setTimeout(() => under--, 10)
            return { delayMs: 10 }
          }
          const to = { user: token, providers: ['mute'] }
          const [one, two] = await Promise.all([house.say('One', to), house.say('Two', to)])
          assert.deepEqual(new Set([...states(one), ...states(two)]), new Set(['published']))
          assert.equal(house.offices.posts.length, 12)
          assert(most <= 2, `${most} at once`)
        },
        { bounds: { atOnce: 2 } },
      ))

    test('the same request by its key is the same message, another one by that key is a conflict', () =>
      withHouse(async ({ offices, gateway, site, user, say }) => {
        const { token } = await user('mute')
        const to = { user: token, providers: ['mute'] }
        const idempotencyKey = 'order-42'
        const all = await Promise.all(Array.from({ length: 8 }, () => say('Once', to, { idempotencyKey })))
        assert.equal(new Set(all.map((message) => message.token)).size, 1)
        assert.deepEqual(new Set(all.flatMap(states)), new Set(['published']))
        await assert.rejects(say('Twice', to, { idempotencyKey }), {
          code: 'conflict',
          field: 'Idempotency-Key',
        })
        await assert.rejects(say('Bad', to, { idempotencyKey: 'a b' }), { code: 'invalid_request' })
        assert.equal(offices.posts.length, 1)
        const again = { target: to, idempotencyKey: 'again-42' }
        const runs = [
          await publishAgain(gateway, site, all[0]?.token ?? '', again),
          await publishAgain(gateway, site, all[0]?.token ?? '', again),
        ]
        assert.deepEqual(
          runs.map(({ publications }) => publications.map(({ run, state }) => [run, state])),
          [[[2, 'published']], [[2, 'published']]],
        )
        assert.equal(offices.posts.length, 2)
        assert.deepEqual(states(await findMessage(gateway, site, all[0]?.token ?? '')), [
          'published',
          'published',
        ])
      }))

    test('a request is forgotten when its time has passed', () =>
      withHouse(
        async ({ store, user, say }) => {
          const { token } = await user('mute')
          const to = { user: token, providers: ['mute'] }
          const one = await say('One', to, { idempotencyKey: 'k' })
          await sleep(60)
          const two = await say('Two', to, { idempotencyKey: 'k' })
          assert.notEqual(one.token, two.token)
          await sleep(60)
          assert.equal(await store.messages.purge(), 1)
        },
        { bounds: { requestMemoryMs: 50 } },
      ))

    test('a scheduled message waits for its time, and can be cancelled until then', () =>
      withHouse(async (house) => {
        const { offices, gateway, site, user, say } = house
        const { token } = await user('mute')
        const to = { user: token, providers: ['mute'] }
        const publishAt = Date.now() + 1_500
        const [sent, cancelled] = [
          await say('Then', to, { publishAt }),
          await say('Never', to, { publishAt }),
        ]
        const standings = sent.publications.map((publication) => standingOf(publication, Date.now()))
        assert.deepEqual(standings, ['scheduled'])
        assert.equal(await resumePublishing(gateway), 0)
        assert.deepEqual(states(await cancelMessage(gateway, site, cancelled.token)), ['cancelled'])
        assert.equal(offices.asked.length, 0)
        await sleep(Math.max(0, publishAt - Date.now()) + 5)
        assert.deepEqual(states(await ended(house, sent.token)), ['published'])
        assert.deepEqual(
          offices.posts.map(({ text }) => text),
          ['Then'],
        )
        const late = say('Late', to, { publishAt: Date.now() + 400 * 86_400_000 })
        await assert.rejects(late, { code: 'invalid_request', field: 'publish_at' })
      }))

    test('what failed is begun anew on request, what is unknown is left alone', () =>
      withHouse(async (house) => {
        const { offices, gateway, site, user, say } = house
        const { token } = await user('mute', 'readable')
        offices.conduct = ({ office }) => (office === 'mute' ? { lost: 'before' } : { status: 422 })
        const message = await say('Again', { user: token, providers: ['mute', 'readable', 'keyed'] })
        assert.deepEqual(states(message), ['unknown', 'failed', 'failed'])
        offices.conduct = () => ({})
        await retryFailed(gateway, site, message.token)
        assert.deepEqual(states(await ended(house, message.token)), ['unknown', 'published', 'failed'])
        assert.deepEqual(
          offices.posts.map(({ office }) => office),
          ['readable'],
        )
      }))

    test('posts are taken back from their networks when asked, and the message is kept until all are gone', () =>
      withHouse(async (house) => {
        const { offices, gateway, site, user, say } = house
        const { token } = await user('mute', 'readable')
        const providers = ['mute', 'readable']
        const [kept, taken] = [
          await say('Kept', { user: token, providers }),
          await say('Taken', { user: token, providers }),
        ]
        assert.equal((await removeMessage(gateway, site, kept.token)).isRemoved, true)
        assert.equal(offices.posts.length, 4)
        offices.conduct = first(1, { status: 500 }, 'DELETE')
        const once = await removeMessage(gateway, site, taken.token, { remote: true })
        assert.equal(once.isRemoved, false)
        const codes = once.removals.map(({ problem }) => problem?.code)
        assert.deepEqual(codes.toSorted(), ['network_unavailable', undefined])
        const twice = await removeMessage(gateway, site, taken.token, { remote: true })
        assert.equal(twice.isRemoved, true)
        assert.deepEqual(
          offices.posts.map(({ text }) => text),
          ['Kept', 'Kept'],
        )
        assert.equal(offices.asked.filter(({ method }) => method === 'DELETE').length, 3)
        await assert.rejects(findMessage(gateway, site, taken.token), { code: 'not_found' })
      }))

    test('what was accepted for an account that is unlinked meanwhile is not sent', () =>
      withHouse(async (house) => {
        const { token, identities } = await house.user('mute')
        const publishAt = Date.now() + 1_000
        const message = await house.say('Gone', { user: token, providers: ['mute'] }, { publishAt })
        await house.store.identities.remove(house.site, identities[0]?.token ?? '')
        await sleep(1_010)
        const { publications } = await ended(house, message.token)
        assert.deepEqual(
          publications.map(({ state, problem }) => [state, problem?.code]),
          [['failed', 'not_found']],
        )
        assert.equal(house.offices.asked.length, 0)
        await house.store.users.remove(house.site, token)
        assert.deepEqual(await house.raw('select id from publications'), [])
      }))

    test('a process that is told to stop finishes what has left and gives the rest back', () =>
      withHouse(async (house) => {
        const { token } = await house.user('mute', 'uploading')
        house.offices.conduct = ({ path }) => ({ delayMs: path === '/posts' ? 1_500 : 10_000 })
        const first = house.another()
        const to = { user: token, providers: ['mute', 'uploading'] }
        const options = { message: words('Stop'), target: to, deadlineMs: 600 }
        const message = await publishMessage(first.gateway, house.site, options)
        assert.deepEqual(states(message), ['committing', 'queued'])
        await first.close()
        assert.deepEqual(states(await findMessage(house.gateway, house.site, message.token)), [
          'published',
          'queued',
        ])
        house.offices.conduct = () => ({})
        assert.deepEqual(states(await ended(house, message.token)), ['published', 'published'])
        assert.equal(house.offices.posts.length, 2)
      }))

    test('a message that is no good as a whole reaches no network', () =>
      withHouse(async ({ offices, gateway, site, store, user, say }) => {
        const { token, identities } = await user('mute')
        const to = { user: token, providers: ['mute'] }
        const bad: readonly [() => Promise<unknown>, object][] = [
          [() => say('', to), { code: 'invalid_request', field: 'text' }],
          [() => say(' \u3000 ', to), { code: 'invalid_request', field: 'text' }],
          [() => say('x'.repeat(10_000_000), to), { code: 'too_large', field: 'text' }],
          [() => say('Hi', { user: token, providers: [] }), { code: 'invalid_request', field: 'providers' }],
          [
            () => say('Hi', { user: token, providers: [''] }),
            { code: 'invalid_request', field: 'providers' },
          ],
          [
            () => say('Hi', { user: token, providers: Array.from({ length: 200 }, (_, at) => `p${at}`) }),
            { code: 'too_large', field: 'providers' },
          ],
          [
            () => say('Hi', { user: 'nobody', providers: ['mute'] }),
            { code: 'not_found', field: 'user_token' },
          ],
          [
            () =>
              publishMessage(gateway, site, {
                target: to,
                message: { media: [], link: { url: 'javascript:1' } },
              }),
            { code: 'invalid_request', field: 'link.url' },
          ],
          [
            () =>
              publishMessage(
                gateway,
                { id: site.id + 1 },
                { target: { identity: identities[0]?.token ?? '' }, message: words('Hi') },
              ),
            { code: 'not_found', field: 'identity_token' },
          ],
          [() => findMessage(gateway, site, 'none'), { code: 'not_found' }],
          [() => publishAgain(gateway, site, 'none', { target: to }), { code: 'not_found' }],
        ]
        for (const [attempt, error] of bad) await assert.rejects(attempt(), error)
        assert.equal(offices.asked.length, 0)
        const page = await store.messages.list(site, { page: 1, size: 10, direction: 'asc' })
        assert.equal(page.totalEntries, 0)
      }))
  })
}

test('names of publications have thirteen characters, sort by time and never repeat', () => {
  const names = Array.from({ length: 5_000 }, (_, at) => newTid(1_700_000_000_000 + Math.floor(at / 100)))
  assert.equal(new Set(names).size, names.length)
  assert.deepEqual(names.toSorted(), names)
  for (const name of names) assert.match(name, /^[234567abcdefghij][234567a-z]{12}$/)
})

test('a post is found by its own short link whatever the network made of the words', async () => {
  const asked: number[] = []
  const recent: Paged<RecentPost> = {
    first: () => ({ path: '/recent', query: { from: 0 } }),
    parse: ({ body }) => body as Page<RecentPost>,
  }
  const post = (id: string, at: number, text: string): RecentPost => ({ id, at, text })
  const pages: Page<RecentPost>[] = [
    {
      items: [post('5', 50, 'Read http://s.example/abc now…'), post('4', 40, 'Hello  wor\nld')],
      next: { path: '/1' },
    },
    { items: [post('3', 9, 'Hello wor ld'), post('2', 8, 'http://s.example/abc')], next: { path: '/2' } },
    { items: [post('1', 7, 'Hello wor ld')] },
  ]
  const network = {
    fetch: async () => {
      asked.push(asked.length)
      return { status: 200, headers: {}, body: pages[asked.length - 1] }
    },
  } as unknown as Network
  const wanted = { text: 'Hello wor ld', marks: ['http://s.example/abc'], since: 10, pagesMax: 10 }
  const seen = await lookFor(recent, network, wanted)
  assert.deepEqual([seen.posts.map(({ id }) => id), seen.reachesBack, asked.length], [['5', '4'], true, 2])
  const short = await lookFor(
    recent,
    { ...network, fetch: async () => ({ status: 200, headers: {}, body: pages[0] }) },
    {
      ...wanted,
      marks: [],
      pagesMax: 3,
    },
  )
  assert.deepEqual([short.posts.map(({ id }) => id), short.reachesBack], [['4', '4', '4'], false])
})
