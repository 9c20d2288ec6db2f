// The codes of short links.

import { randomInt } from 'node:crypto'

// Neither look-alikes (0 O o, 1 I l) nor vowels: no code reads as another one, or as a word.
const LETTERS = '23456789BCDFGHJKLMNPQRSTVWXYZbcdfghjkmnpqrstvwxyz'
const LENGTH = 8
const CODE = new RegExp(`^[${LETTERS}]{${LENGTH}}$`)

/** A new code by chance: 3·10^13 of them, so that with a million links a guess hits one in thirty million. */
export function newCode(): string {
  let code = ''
  for (let at = 0; at < LENGTH; at += 1) code += LETTERS.charAt(randomInt(LETTERS.length))
  return code
}

/** Whether a text could be a code; case matters. */
export function isCode(text: string): boolean {
  return CODE.test(text)
}
