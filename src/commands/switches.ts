// The switches of a site, as text on a command line.

import { limitsOf } from '../core/graph-limits.ts'
import type { SettingsChange, SiteSettings } from '../core/model.ts'
import { UsageError } from './usage.ts'

/** How the value of each switch is read. */
const SWITCHES: { readonly [Name in keyof Required<SiteSettings>]: (value: string) => SiteSettings[Name] } = {
  showAccessTokens: toBoolean,
  legacy2011: toBoolean,
  anonymousImport: toBoolean,
  freshContacts203: toBoolean,
  allowedDomains: toDomains,
  showsLinkedToPages: toBoolean,
  friendsNeedMutual: toBoolean,
  prefetchContacts: oneOf('none', 'free', 'all'),
  graphFriends: toBoolean,
  graphLimits: toLimits,
  graphAllows: oneOf('any', 'confirm', 'none'),
  keepFriendsOnBlock: toBoolean,
  friendFields: toKeywords,
  profileFields: toKeywords,
  feedEntries: toNumber,
  shortDomains: toOrigins,
  gigyaXml: toBoolean,
  uses: toUses,
  admins: toWords,
  callsPerSecond: toNumber,
}

/** The change of one switch of a site; `default` takes it away. UsageError names what is wrong. */
export function toChange(name: string, value: string): SettingsChange {
  if (isSwitch(name))
    return value === 'default' ? { remove: [name] } : { set: { [name]: SWITCHES[name](value) } }
  throw new UsageError(`There is no switch "${name}"; there are: ${Object.keys(SWITCHES).join(', ')}.`)
}

function isSwitch(name: string): name is keyof typeof SWITCHES {
  return Object.hasOwn(SWITCHES, name)
}

function toBoolean(value: string): boolean {
  if (value === 'true' || value === 'false') return value === 'true'
  throw new UsageError('The value must be true or false.')
}

function toNumber(value: string): number {
  if (/^\d{1,9}$/.test(value)) return Number(value)
  throw new UsageError('The value must be a whole number from 0 to 999999999.')
}

function oneOf<const Word extends string>(...words: readonly Word[]): (value: string) => Word {
  return (value) => {
    const word = words.find((each) => each === value)
    if (word !== undefined) return word
    throw new UsageError(`The value must be one of ${words.join(', ')}.`)
  }
}

function toWords(value: string): readonly string[] {
  return value
    .split(',')
    .map((word) => word.trim())
    .filter(Boolean)
}

/** `Vip,Age`: custom fields without their prefixes. */
function toKeywords(value: string): readonly string[] {
  const keywords = toWords(value)
  const wrong = keywords.find((keyword) => !/^[A-Za-z0-9]{1,64}$/.test(keyword))
  if (wrong === undefined) return keywords
  throw new UsageError(
    `"${wrong}" is no field: letters and digits alone, without Tag_SNS_Custom_ and the like.`,
  )
}

function toDomains(value: string): readonly string[] {
  const domains = toWords(value.toLowerCase())
  const wrong = domains.find((domain) => !/^(\*\.)?[a-z0-9-]+(\.[a-z0-9-]+)*(:\d{1,5})?$/.test(domain))
  if (wrong === undefined) return domains
  throw new UsageError(`"${wrong}" is no host name.`)
}

/** `go.example` or `https://go.example`, several with commas between; https where none is said. */
function toOrigins(value: string): readonly string[] {
  return toWords(value.toLowerCase()).map((word) => {
    const address = /^https?:\/\//.test(word) ? word : `https://${word}`
    const parsed = URL.canParse(address) ? new URL(address) : undefined
    if (parsed && address.replace(/\/$/, '') === parsed.origin) return parsed.origin
    throw new UsageError(`"${word}" is no address of a host, such as go.example or https://go.example.`)
  })
}

const CAPABILITIES = ['profile', 'contacts', 'publish', 'remove'] as const

/** `*=contacts,linkedin=contacts+publish,github=`: what is used of each network. */
function toUses(value: string): SiteSettings['uses'] {
  const uses = toWords(value).map((word) => {
    const [network = '', list = ''] = word.split('=', 2)
    const names = list.split('+').filter(Boolean)
    const used = CAPABILITIES.filter((capability) => names.includes(capability))
    if (network && used.length === names.length && word.includes('=')) return [network, used] as const
    throw new UsageError(
      `"${word}" is not written as network=contacts+publish; there are: ${CAPABILITIES.join(', ')}.`,
    )
  })
  return Object.fromEntries(uses)
}

/** `friends=5000,groups=64`. */
function toLimits(value: string): SiteSettings['graphLimits'] {
  const names = Object.keys(limitsOf({ settings: {} }))
  const limits = toWords(value).map((word): readonly [string, number] => {
    const [name = '', number = ''] = word.split('=', 2)
    if (names.includes(name)) return [name, toNumber(number)]
    throw new UsageError(`There is no bound "${name}"; there are: ${names.join(', ')}.`)
  })
  const graphLimits = Object.fromEntries(limits)
  const held = Object.entries(limitsOf({ settings: { graphLimits } }))
  for (const [name, number] of held) {
    if (Object.hasOwn(graphLimits, name) && graphLimits[name] !== number) {
      throw new UsageError(`The bound "${name}" cannot be ${graphLimits[name]}; the nearest is ${number}.`)
    }
  }
  return graphLimits
}
