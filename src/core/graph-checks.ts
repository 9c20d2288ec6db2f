// What can be said of a line of a batch without the database: texts within their bounds, fields that exist.

import { GatewayError } from './errors.ts'
import { isCustomField, limitsOf } from './graph-limits.ts'
import type { AccountProfile, Custom, GraphCode, GraphLimits, ImportedFriend } from './graph-model.ts'
import type { Site } from './model.ts'

type SiteRules = Pick<Site, 'settings'>

/** Whether both databases can keep this text: no NUL, no half of a surrogate pair. */
export function isStorable(text: string): boolean {
  return !text.includes('\0') && text.isWellFormed()
}

/** A text of at most so many bytes of UTF-8, or what is wrong with it. Nothing is ever cut. */
export function checkText(text: string | undefined, bytes: number): GraphCode | undefined {
  if (text === undefined) return undefined
  if (!isStorable(text)) return 'bad_value'
  return Buffer.byteLength(text) > bytes ? 'too_long' : undefined
}

/** Fails with `invalid_request` when a call has more lines than the site takes. */
export function checkBatch(lines: readonly unknown[], max: number): void {
  if (lines.length > max) {
    throw new GatewayError('invalid_request', `One call may name at most ${max} accounts.`)
  }
}

/** What is wrong with a friend to be made or changed, if anything. */
export function checkFriend(site: SiteRules, friend: Omit<ImportedFriend, 'account'>): GraphCode | undefined {
  const limits = limitsOf(site)
  return (
    friend.flaw ??
    checkSource(friend.source, limits) ??
    checkText(friend.remark, limits.remarkBytes) ??
    checkText(friend.wording, limits.wordingBytes) ??
    checkGroups(friend.groups, limits) ??
    checkTime(friend.addedAt) ??
    checkCustom(site, 'friendFields', friend.custom, limits)
  )
}

/** Which field it is that is wrong, of a custom one the keyword; undefined where it is none of these. */
export function wrongFieldOf(
  site: SiteRules,
  { remark, wording, groups, custom = {} }: Omit<ImportedFriend, 'account'>,
): { readonly field: 'remark' | 'wording' | 'groups' } | { readonly keyword: string } | undefined {
  const parts = [
    ['remark', { remark }],
    ['wording', { wording }],
    ['groups', { groups }],
  ] as const
  const [field] = parts.find(([, part]) => checkFriend(site, part)) ?? []
  if (field) return { field }
  const wrong = Object.entries(custom).find((one) => checkFriend(site, { custom: Object.fromEntries([one]) }))
  return wrong && { keyword: wrong[0] }
}

/** What is wrong with names of groups, if anything. */
export function checkGroups(
  names: readonly string[] | undefined,
  limits: GraphLimits,
): GraphCode | undefined {
  for (const name of names ?? []) {
    if (name === '') return 'bad_value'
    const flaw = checkText(name, limits.groupNameBytes)
    if (flaw) return flaw
  }
  return undefined
}

/** What is wrong with a profile, and with which of its fields, if anything. */
export function checkProfile(
  site: SiteRules,
  profile: AccountProfile,
): { readonly code: GraphCode; readonly field: string } | undefined {
  const limits = limitsOf(site)
  const { nick, signature, image, location, custom } = profile
  for (const [field, text] of Object.entries({ nick, signature, image, location })) {
    const code = checkText(text, field === 'location' ? limits.locationBytes : limits.valueBytes)
    if (code) return { code, field }
  }
  for (const [field, value] of Object.entries(custom ?? {})) {
    const code = checkCustom(site, 'profileFields', { [field]: value }, limits)
    if (code) return { code, field }
  }
  const { birthday, language, messageSettings, level, role } = profile
  for (const [field, value] of Object.entries({ birthday, language, messageSettings, level, role })) {
    if (value !== undefined && !(Number.isInteger(value) && value >= 0 && value < 2 ** 32)) {
      return { code: 'bad_value', field }
    }
  }
  return undefined
}

function checkSource(source: string | undefined, { sourceLetters }: GraphLimits): GraphCode | undefined {
  if (source === undefined || source === '') return undefined
  return source.length <= sourceLetters && /^[A-Za-z]+$/.test(source) ? undefined : 'bad_source'
}

function checkTime(at: number | undefined): GraphCode | undefined {
  return at === undefined || (Number.isSafeInteger(at) && at >= 0) ? undefined : 'bad_value'
}

function checkCustom(
  site: SiteRules,
  list: 'friendFields' | 'profileFields',
  custom: Custom | undefined,
  { valueBytes }: GraphLimits,
): GraphCode | undefined {
  for (const [keyword, value] of Object.entries(custom ?? {})) {
    if (!isCustomField(site, list, keyword)) return 'unknown_field'
    if (typeof value === 'number') {
      if (!Number.isSafeInteger(value)) return 'bad_value'
    } else {
      const flaw = checkText(value, valueBytes)
      if (flaw) return flaw
    }
  }
  return undefined
}
