// A process that makes accounts and imports them as friends of alice, ten in one call, and says which calls have
// answered: `node graph-process.ts <database> <keys file> <site id>`.

import { importFriends } from '../../src/core/graph.ts'
import { importAccounts } from '../../src/core/profiles.ts'
import { openKeys } from '../../src/store/keys.ts'
import { openStore } from '../../src/store/open.ts'
import { graphGateway } from './graph.ts'

const [url, path, siteId] = process.argv.slice(2)
if (!url || !path) throw new Error('which database, which keys?')
const gateway = graphGateway(await openStore(url, { keys: openKeys({ path }), role: 'server' }))
const site = { id: Number(siteId), settings: {} }

for (let call = 0; ; call += 1) {
  const lines = Array.from({ length: 10 }, (_, index) => ({ account: `p${call}-${index}` }))
  await importAccounts(gateway, site, lines)
  const outcomes = await importFriends(gateway, site, 'alice', lines)
  for (const { account, code } of outcomes) if (code === 'ok') process.stdout.write(`${account}\n`)
}
