// Names for publications: 13 characters that sort by time, as the AT Protocol wants record keys to be.

import { randomInt } from 'node:crypto'

/** https://atproto.com/specs/tid: base 32 in an order that sorts as text. */
const DIGITS = '234567abcdefghijklmnopqrstuvwxyz'

/** Two TIDs of one process never share a microsecond. */
let lastMicros = 0

/** A new TID: 53 bits of microseconds since 1970, 10 bits of chance; never the same twice in one process. */
export function newTid(nowMs: number): string {
  lastMicros = Math.max(lastMicros + 1, Math.floor(nowMs) * 1_000)
  return encode(BigInt(lastMicros), 11) + encode(BigInt(randomInt(1_024)), 2)
}

function encode(value: bigint, digits: number): string {
  let text = ''
  for (let rest = value, at = 0; at < digits; at += 1, rest >>= 5n) text = DIGITS[Number(rest & 31n)] + text
  return text
}
