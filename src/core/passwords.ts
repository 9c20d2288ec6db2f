// Passwords that a site keeps for its users: only what proves them is stored, made slowly on purpose, beside the main
// thread.

import { randomBytes, type ScryptOptions, scrypt, timingSafeEqual } from 'node:crypto'
import { createSlots } from './slots.ts'

/** Longest password, in characters. */
export const PASSWORD_MAX = 1_024

// 64 MiB and about a tenth of a second each:
// https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html#scrypt
const COST = { N: 2 ** 16, r: 8, p: 1 }
const KEY_BYTES = 32
const SALT_BYTES = 16
/** Memory for one: https://nodejs.org/api/crypto.html#cryptoscryptpassword-salt-keylen-options-callback */
const MEMORY_BYTES = 256 * 1_024 * 1_024

// Two at once, so that neither memory nor the threads of the file system are all taken.
const slots = createSlots(2, 200)

/** `scrypt$N$r$p$salt$key`, base64; `overloaded` when too many wait. */
export async function hashPassword(password: string): Promise<string> {
  const { N, r, p } = COST
  const salt = randomBytes(SALT_BYTES)
  const key = await derive(password, salt, COST)
  return ['scrypt', N, r, p, salt.toString('base64'), key.toString('base64')].join('$')
}

/** Whether a password is the one that this was made from. */
export async function checkPassword(password: string, stored: string): Promise<boolean> {
  const [kind, N, r, p, salt = '', key = ''] = stored.split('$')
  if (kind !== 'scrypt') throw new Error('A password is stored in a way that nobody knows.')
  const cost = { N: Number(N), r: Number(r), p: Number(p) }
  const expected = Buffer.from(key, 'base64')
  return timingSafeEqual(await derive(password, Buffer.from(salt, 'base64'), cost), expected)
}

async function derive(password: string, salt: Buffer, cost: ScryptOptions): Promise<Buffer> {
  const give = await slots.take()
  try {
    return await new Promise((resolve, reject) => {
      // One text has one form, however it was typed.
      const text = password.normalize('NFKC')
      scrypt(text, salt, KEY_BYTES, { ...cost, maxmem: MEMORY_BYTES }, (error, key) =>
        error ? reject(error) : resolve(key),
      )
    })
  } finally {
    give()
  }
}
