// A process that takes a picture from an address and is killed meanwhile: test/media-door.test.ts starts it with a
// folder and an address.

import { openMediaRoom } from './media.ts'

const [dir, url = ''] = process.argv.slice(2)
const { room } = await openMediaRoom({ dir, bounds: { fetchMs: 60_000 } })
await room.take({ id: 1 }, [{ url, kind: 'image' }])
