// A process that reads friends in a thread once, writes the answer, and leaves the thread open:
// node reader-process.ts <file of the database> <call as JSON>

import { createFriendReaders } from '../../src/friend-readers.ts'

const [, , file = '', call = ''] = process.argv
const data = { file, busyTimeoutMs: 5_000, memoryBytes: 1e6 }
const silent = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }
const options = { log: silent, bounds: { threads: 1 }, many: { calls: 1, withinMs: 1 } }
const readers = createFriendReaders(data, options)
let reply: Uint8Array | undefined
while (!reply) {
  reply = await readers.offer(JSON.parse(call))
  // The thread does not keep the process: this does.
  await new Promise((resolve) => setTimeout(resolve, 5))
}
process.stdout.write(reply)
