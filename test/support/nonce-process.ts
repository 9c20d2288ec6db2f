// A process of its own that burns nonces and is then killed, without a chance to close anything. Arguments: address, key
// ring, site id, how many.

import { openKeys } from '../../src/store/keys.ts'
import { openStore } from '../../src/store/open.ts'

const [url = '', path = '', siteId = '', count = ''] = process.argv.slice(2)

const store = await openStore(url, { keys: openKeys({ path }) })
for (let next = 0; next < Number(count); next++) {
  await store.access.burnNonce({ id: Number(siteId) }, `n${next}`, 60_000)
}
process.kill(process.pid, 'SIGKILL')
