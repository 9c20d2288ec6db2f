import assert from 'node:assert/strict'
import { test } from 'node:test'
import { databases } from './support/databases.ts'
import { runKills } from './support/kill.ts'

for (const database of databases) {
  test(`killed again and again while publishing on ${database.name}, nothing is lost, doubled or untrue`, async () => {
    const processes = database.name === 'sqlite' ? 1 : 2
    const result = await runKills({ database, rounds: 12, processes, lifeMs: 300 })
    assert.equal(result.kills, 12)
    assert(result.accepted > 0 && result.posts > 0 && result.lostAnswers > 0)
    assert.deepEqual([result.lost, result.doubled, result.untrue], [[], [], []])
    // What can be told is told: only the network with neither key nor timeline leaves anything open.
    assert.deepEqual(
      [result.outcomes.twitter?.unknown, result.outcomes.mastodon?.failed, result.outcomes.bluesky?.failed],
      [undefined, undefined, undefined],
    )
  })
}
