// The kinds of settings, each with the words that document it.

import { z } from 'zod'

/** What is said about one setting beside its type. */
export interface About {
  readonly text: string
  readonly unit?: string
  /** Where the name is not made of prefix and key. */
  readonly name?: string
  /** Never shown; of an address, all but the password. */
  readonly secret?: true | 'password'
  /** Instead of the default's own spelling. */
  readonly shown?: string
}

const MAX = Number.MAX_SAFE_INTEGER
/**
 * The longest that a timer can wait, in milliseconds (24.8 days); it ends at once when it is told to wait longer:
 * https://nodejs.org/api/timers.html#settimeoutcallback-delay-args
 */
const TIMER_MAX_MS = 2_147_483_647
/** For settings in milliseconds that no timer waits for. */
export const LIFE_MAX_MS = MAX
/** 1,024 bytes. */
export const KIB = 1_024
/** 1,048,576 bytes. */
export const MIB = 1_024 * KIB

/** A whole number within its bounds, in the unit named; milliseconds are as many as a timer can wait for. */
export function number(
  fallback: number,
  unit: string,
  text: string,
  {
    min = 0,
    max = unit === 'ms' ? TIMER_MAX_MS : MAX,
  }: { readonly min?: number; readonly max?: number } = {},
) {
  const error = `must be a whole number from ${min} ${max === MAX ? 'up' : `to ${max}`} (${unit})`
  return z.coerce
    .number({ error })
    .int({ error })
    .min(min, { error })
    .max(max, { error })
    .default(fallback)
    .meta({ text, unit })
}

/** A port, 0 to 65535. */
export function port(fallback: number, text: string) {
  return number(fallback, 'port', text, { max: 65_535 })
}

/** Any text, or nothing. */
export function words(about: About) {
  return z
    .string()
    .optional()
    .meta({ ...about })
}

/** Texts with commas between; blanks around them do not count. */
export function list(about: About) {
  const split = (text: string) =>
    text
      .split(',')
      .map((part) => part.trim())
      .filter(Boolean)
  return z
    .string()
    .transform(split)
    .default([])
    .meta({ shown: 'none', ...about })
}

/** `true` or `false` (also 1, 0, yes, no, on, off); false when absent. */
export function toggle(text: string, about: Partial<About> = {}) {
  return z
    .stringbool({ error: 'must be true or false' })
    .default(false)
    .meta({ text, ...about })
}
