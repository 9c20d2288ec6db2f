// A process of its own that logs accounts in, and prints the identity's token of each as soon as it is promised.
// Arguments: address, key ring, role, site id, how many.

import { openKeys } from '../../src/store/keys.ts'
import { openStore } from '../../src/store/open.ts'
import { accountOf } from './stores.ts'

const [url = '', path = '', role = '', siteId = '', count = ''] = process.argv.slice(2)

const store = await openStore(url, { keys: openKeys({ path }), role: role === 'server' ? 'server' : 'tool' })
const site = { id: Number(siteId) }
let next = 0

async function login(): Promise<void> {
  while (next < Number(count)) {
    const { identity } = await store.identities.link(site, accountOf(`process-${next++}`))
    process.stdout.write(`${identity.token}\n`)
  }
}

await Promise.all(Array.from({ length: 16 }, login))
await store.close()
