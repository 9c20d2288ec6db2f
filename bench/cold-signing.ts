// What it takes a fresh process to sign 2,000 friendships, the first that it ever signs. Prints milliseconds.

import { randomBytes } from 'node:crypto'
import { friendshipSigner, toTimestamp } from '../src/dialects/gigya/signature.ts'

const uids = Array.from(
  { length: 2_000 },
  (_, index) => `_gid_${index}_${randomBytes(24).toString('base64')}`,
)

const startedAt = performance.now()
const sign = friendshipSigner(randomBytes(32), toTimestamp(Date.now()), 'somebody')
const signatures = uids.map((uid) => sign(uid))
const ms = performance.now() - startedAt

if (new Set(signatures).size !== uids.length) throw new Error('two friendships have one signature')
process.stdout.write(`${ms}\n`)
