// The bounds of one site's graph, and the switches that every write is told.

import type { GraphLimits, GraphRules } from './graph-model.ts'
import type { Site } from './model.ts'

/** What Tencent documents, https://cloud.tencent.com/document/product/269/1498 and the pages of each call. */
const DEFAULTS: GraphLimits = {
  friends: 3_000,
  groups: 32,
  blocks: 1_000,
  pendings: 100,
  groupNameBytes: 30,
  remarkBytes: 96,
  wordingBytes: 256,
  sourceLetters: 8,
  valueBytes: 500,
  keywordLetters: 8,
  locationBytes: 16,
  accountBytes: 32,
  batch: 1_000,
  accountBatch: 100,
  pageSize: 500,
}

/** No site may go beyond these, whatever its settings say: they bound memory and the length of a transaction. */
const CEILINGS: GraphLimits = {
  friends: 1_000_000,
  groups: 1_000,
  blocks: 1_000_000,
  pendings: 100_000,
  groupNameBytes: 1_000,
  remarkBytes: 10_000,
  wordingBytes: 10_000,
  sourceLetters: 64,
  valueBytes: 10_000,
  keywordLetters: 64,
  locationBytes: 10_000,
  accountBytes: 255,
  batch: 10_000,
  accountBatch: 10_000,
  pageSize: 10_000,
}

/** Entries of a site's feed that are kept unless it says otherwise. */
const FEED_ENTRIES = 100_000
const FEED_ENTRIES_MAX = 100_000_000

const NAMES = Object.keys(DEFAULTS) as (keyof GraphLimits)[]

/** The site's own bounds over the defaults, each at least 1 and within what the house can bear. */
export function limitsOf({ settings }: Pick<Site, 'settings'>): GraphLimits {
  const own = settings.graphLimits
  if (!own) return DEFAULTS
  const filled = NAMES.map((name) => [name, within(own[name] ?? DEFAULTS[name], CEILINGS[name])])
  return Object.fromEntries(filled)
}

/** What a write of this site is told. */
export function rulesOf(site: Pick<Site, 'settings'>, at: number): GraphRules {
  const { graphAllows = 'any', keepFriendsOnBlock = false, feedEntries = FEED_ENTRIES } = site.settings
  return {
    at,
    limits: limitsOf(site),
    allows: graphAllows,
    keepsFriends: keepFriendsOnBlock,
    feedEntries: within(feedEntries, FEED_ENTRIES_MAX),
  }
}

/** Whether the site has this custom field: one that it lists or, where it has no list, any keyword of letters. */
export function isCustomField(
  site: Pick<Site, 'settings'>,
  list: 'friendFields' | 'profileFields',
  keyword: string,
): boolean {
  const own = site.settings[list]
  if (own) return own.includes(keyword)
  return keyword.length <= limitsOf(site).keywordLetters && /^[A-Za-z]+$/.test(keyword)
}

function within(value: number, max: number): number {
  return value >= 1 ? Math.floor(Math.min(value, max)) : 1
}
