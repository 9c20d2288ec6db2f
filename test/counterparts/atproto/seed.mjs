import { AtpAgent } from '@atproto/api'

const PEOPLE = 165
/** Who is followed by the reader: 155 people are two pages of a hundred. */
const FOLLOWED = [0, 155]
/** Who follows the reader: 110 people are two pages, 100 of them are followed back. */
const FOLLOWERS = [55, 165]
/** Accounts made at a time; more do not make it quicker. */
const AT_ONCE = 8

/**
 * Fills the network: `reader`, with the people of both lists as `{ did, handle, displayName?, about? }`, and `hermit`,
 * who knows nobody. Resolves when the app view has seen all of it.
 */
export async function seed(network) {
  const open = async (handle) => {
    const agent = new AtpAgent({ service: network.pds.url })
    const password = `pass-${handle}`
    await agent.createAccount({ handle, email: `${handle}@kith.test`, password })
    return { agent, account: { did: agent.assertDid, handle, password } }
  }
  const [reader, hermit] = await Promise.all([open('alice.test'), open('hermit.test')])

  const people = []
  let next = 0
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      while (next < PEOPLE) {
        const index = next++
        people[index] = await settle(await open(`person${index}.test`), index, reader.account.did)
      }
    }),
  )

  const following = people.slice(...FOLLOWED)
  const now = Date.now()
  await follow(reader, following, now)
  await network.processAll()
  // Now and then the app view of a busy machine loses one of so many: what it does not show is written once more.
  for (let tries = 0; tries < 5; tries += 1) {
    const shown = await shownFollows(network, reader.account.did)
    const missing = following.filter(({ did }) => !shown.has(did))
    if (missing.length === 0) break
    await follow(reader, missing, now)
    await network.processAll()
  }
  return { reader: reader.account, hermit: hermit.account, following, followers: people.slice(...FOLLOWERS) }
}

/** Whom the app view shows as followed by this account. */
async function shownFollows(network, actor) {
  const view = new AtpAgent({ service: network.bsky.url })
  const shown = new Set()
  let cursor
  do {
    const { data } = await view.app.bsky.graph.getFollows({ actor, limit: 100, cursor })
    for (const { did } of data.follows) shown.add(did)
    cursor = data.cursor
  } while (cursor)
  return shown
}

/** Follows the reader where it is to; some say who they are, with what must survive the way unharmed. */
async function settle({ agent, account: { did, handle } }, index, reader) {
  if (index >= FOLLOWERS[0] && index < FOLLOWERS[1]) await agent.follow(reader)
  if (index % 10 !== 0) return { did, handle }
  const displayName = `Zoë <b>${index}</b> & Co 🦋`
  const about = `First line\nsecond line of ${index}`
  await agent.upsertProfile(() => ({ displayName, description: about }))
  return { did, handle, displayName, about }
}

/** At most 200 at once, which is what a home server takes in one call. */
async function follow({ agent, account }, people, at) {
  await agent.com.atproto.repo.applyWrites({
    repo: account.did,
    writes: people.map(({ did }, index) => ({
      $type: 'com.atproto.repo.applyWrites#create',
      collection: 'app.bsky.graph.follow',
      value: { $type: 'app.bsky.graph.follow', subject: did, createdAt: new Date(at - index).toISOString() },
    })),
  })
}
