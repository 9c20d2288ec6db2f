// The kinds of field that every network's answers are made of. Networks say "nothing" as null, '' and blanks, or by
// leaving the field out; here it is always undefined.

import { z } from 'zod'
import { toPlainText } from './plain-text.ts'

/** The longest address that is kept, in UTF-16 units. */
const ADDRESS_MAX = 4_096

/** The longest text that is kept, in UTF-16 units; of a longer one the beginning. */
const TEXT_MAX = 65_536

/** An id as text with all its digits; networks send numbers too, those beyond 2^53 arrive as text (ApiResponse). */
export const Id = z
  .union([
    z
      .string()
      .regex(/^[^\s\p{Cc}]+$/u)
      .max(1_024),
    z.number().int().nonnegative(),
  ])
  .transform((id) => String(id).toWellFormed())

/** Plain text without control characters and without blanks around it. */
export const Text = z.string().nullish().transform(toText)

/** HTML, as plain text. */
export const Html = z
  .string()
  .nullish()
  .transform((html) => toText(html && toPlainText(html)))

/** An http or https address; anything else (relative paths, other schemes) counts as absent. */
export const Address = z.string().nullish().transform(toAddress)

/** The address as it was spelled, or undefined where it is none that a browser may be sent to. */
export function toAddress(value: string | null | undefined): string | undefined {
  const address = value?.toWellFormed().trim()
  if (!address || address.length > ADDRESS_MAX || !/^https?:\/\//i.test(address)) return undefined
  return URL.canParse(address) ? address : undefined
}

// Tab and newline stay: they are part of what people write. No XML 1.0 document holds the others, or half a character.
function toText(value: string | null | undefined): string | undefined {
  return (
    value
      ?.slice(0, TEXT_MAX)
      .replace(/[\p{Cc}--[\t\n]]/gv, '')
      .toWellFormed()
      .trim() || undefined
  )
}
