// Everything that is known about one user, and nothing about anybody else.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { exportUser } from '../src/core/export.ts'
import { rulesOf } from '../src/core/graph-limits.ts'
import { databases } from './support/databases.ts'
import { accountOf, connectionOf, openStoreHouse } from './support/stores.ts'

for (const kind of databases) {
  test(`an export on ${kind.name} has all of one user, without tokens unless they are asked for`, async () => {
    await using house = await openStoreHouse(kind)
    const { store, site } = house
    const { user, identity } = await store.identities.link(site, accountOf('ada'))
    const other = await store.identities.link(site, accountOf('ben'))
    await store.userInfo.saveProfile(user, { nickname: 'Countess' })
    await store.userInfo.saveSettings(user, 'shop', { size: 'M' })
    await store.connections.create(connectionOf(site.id, user.token), { expiresAt: Date.now() + 60_000 })
    const unlinked = {
      action: 'unlink_identity',
      reason: 'identity_unlinked',
      unlinkedFrom: 'twitter',
    } as const
    await store.connections.create(
      { ...connectionOf(site.id, user.token), ...unlinked },
      { expiresAt: Date.now() + 60_000 },
    )
    const claim = await store.reads.claim(identity, { leaseMs: 60_000 })
    assert.equal(claim.outcome, 'mine')
    if (claim.outcome !== 'mine') return
    const contacts = new TextEncoder().encode('[{"id":"1","displayName":"Charles"}]')
    const snapshot = { contacts, count: 1, isTruncated: false, fetchedAt: Date.UTC(2026, 10, 22) }
    await store.reads.finish(identity, claim.fence, snapshot)

    const { user: cleo } = await store.identities.link(site, accountOf('cleo'))
    const friend = { account: cleo.token, remark: 'my Cleo', groups: ['work'], custom: { Vip: 'gold' } }
    await store.graph.importFriends(site, user.token, [friend], rulesOf(site, Date.now()))

    const session = {
      token: 'opens-a-session',
      topRealm: 'shops',
      subRealm: '',
      data: 'basket 7',
      lifeMs: 60_000,
    }
    await store.sso.put(identity, session)
    await store.cloud.put(
      site,
      { field: 'user_token', value: user.token },
      { login: 'ada@shop.example', password: 'hash-of-it', data: { size: 'of shoes 38' }, isAppended: false },
    )

    const exported = await exportUser(store, site, user.token)
    const text = JSON.stringify(exported)
    for (const part of [
      'Countess',
      '"size":"M"',
      'Person ada',
      'Charles',
      '"reason":"user_authenticated"',
      '"reason":"identity_unlinked","provider":"twitter"',
      user.token,
      'my Cleo',
      '"groupIds":[1]',
      '"groupNames":[[1,"work"]]',
      '"custom":{"Vip":"gold"}',
      '"topRealm":"shops","data":"basket 7"',
      '"login":"ada@shop.example","stored":{"size":"of shoes 38"}',
    ]) {
      assert.ok(text.includes(part), part)
    }
    for (const secret of [
      'access-of-ada',
      'refresh-of-ada',
      'Person ben',
      other.user.token,
      'hash-of-it',
      session.token,
    ]) {
      assert.ok(!text.includes(secret), secret)
    }
    const withTokens = await exportUser(store, site, user.token, { withTokens: true })
    assert.ok(JSON.stringify(withTokens).includes('access-of-ada'))
    await assert.rejects(exportUser(store, site, '00000000-0000-4000-8000-000000000000'), {
      code: 'not_found',
    })
  })
}
