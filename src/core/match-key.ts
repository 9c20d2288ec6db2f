import { hash } from 'node:crypto'
import type { Identity } from './model.ts'

/**
 * First 8 bytes of the SHA-256 of a network's id and an account's id there, as a signed 64-bit number: the same account
 * has the same key on every site, and sorted keys are compared many times faster than texts. Accounts of one id on
 * several home servers share a key: who compares keys looks at the accounts too. Never leaves SQL as a double.
 */
export function matchKey({ provider, subject }: Pick<Identity, 'provider' | 'subject'>): bigint {
  return hash('sha256', `${provider}\0${subject}`, 'buffer').readBigInt64BE(0)
}
