// Ids as each network makes them, and the way back from an id to the account.

import { mix } from './hash.ts'

export interface Ids {
  toId(index: number): string
  /** Undefined for an id that belongs to nobody here. */
  toIndex(id: string): number | undefined
  /** Milliseconds since 1970. */
  createdAt(index: number): number
}

const FIRST_DAY = Date.UTC(2019, 0, 1)
const FIVE_YEARS_MS = 5 * 365 * 86_400_000

type Making = (seed: number, accounts: number) => Ids

/** 19 digits: milliseconds since 2010-11-04 shifted by 22 bits (https://docs.x.com/fundamentals/x-ids). */
export const snowflakes: Making = (seed, accounts) => {
  const epoch = 1_288_834_974_657
  return made(accounts, {
    toId: (index, createdAt) =>
      ((BigInt(createdAt - epoch) << 22n) | BigInt(mix(seed, index, 21) & 0x3fffff)).toString(),
    createdAtOf: (id) => (/^\d{19}$/.test(id) ? Number(BigInt(id) >> 22n) + epoch : undefined),
  })
}

/** 17 to 19 digits: milliseconds since 2015 shifted by 22 bits (https://docs.discord.com/developers/reference#snowflakes). */
export const discordSnowflakes: Making = (seed, accounts) => {
  const epoch = 1_420_070_400_000
  return made(accounts, {
    toId: (index, createdAt) =>
      ((BigInt(createdAt - epoch) << 22n) | BigInt(mix(seed, index, 25) & 0x3fffff)).toString(),
    createdAtOf: (id) => (/^\d{17,19}$/.test(id) ? Number(BigInt(id) >> 22n) + epoch : undefined),
  })
}

/** Numeric text: milliseconds shifted by 16 bits, 18 digits (https://docs.joinmastodon.org/api/guidelines/#id). */
export const timestampIds: Making = (seed, accounts) =>
  made(accounts, {
    toId: (index, createdAt) =>
      ((BigInt(createdAt) << 16n) | BigInt(mix(seed, index, 22) & 0xffff)).toString(),
    createdAtOf: (id) => (/^\d{17,19}$/.test(id) ? Number(BigInt(id) >> 16n) : undefined),
  })

const CROCKFORD = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'

/** ULIDs: 10 characters of milliseconds, 16 of chance (https://github.com/ulid/spec). */
export const ulids: Making = (seed, accounts) =>
  made(accounts, {
    toId: (index, createdAt) => written(createdAt, 10, CROCKFORD) + noise(seed, index, 16, CROCKFORD),
    createdAtOf: (id) => (/^[0-9A-HJKMNP-TV-Z]{26}$/.test(id) ? read(id.slice(0, 10), CROCKFORD) : undefined),
  })

/** App-scoped: 15 digits for newer accounts, 17 for older ones. */
export const appScoped: Making = (seed, accounts) => ({
  createdAt: calendar(accounts),
  toId: (index) => toAppScoped(seed, index),
  toIndex(id) {
    if (!/^(?:\d{15}|\d{17})$/.test(id)) return undefined
    const index = id.length === 17 ? Number(id.slice(6, 14)) : Number(id.slice(4, 12))
    return index < accounts && toAppScoped(seed, index) === id ? index : undefined
  },
})

function toAppScoped(seed: number, index: number): string {
  const middle = String(index).padStart(8, '0')
  const last = String(mix(seed, index, 23) % 1000).padStart(3, '0')
  return index % 3 === 0 ? `101582${middle}${last}` : `1221${middle}${last}`
}

const BASE64URL = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'

/** Ten characters, the last part of `urn:li:person:…`. */
export const personIds: Making = (seed, accounts) => ({
  createdAt: calendar(accounts),
  toId: (index) => noise(seed, index, 6, BASE64URL) + written(index, 4, BASE64URL),
  toIndex(id) {
    if (!/^[\w-]{10}$/.test(id)) return undefined
    const index = read(id.slice(6), BASE64URL)
    return index < accounts && id.startsWith(noise(seed, index, 6, BASE64URL)) ? index : undefined
  },
})

const BASE32 = 'abcdefghijklmnopqrstuvwxyz234567'

/** `did:plc:` and 24 characters of base32 (https://web.plc.directory/spec/v0.1/did-plc). */
export const dids: Making = (seed, accounts) => ({
  createdAt: calendar(accounts),
  toId: (index) => `did:plc:${noise(seed, index, 19, BASE32)}${written(index, 5, BASE32)}`,
  toIndex(id) {
    if (!/^did:plc:[a-z2-7]{24}$/.test(id)) return undefined
    const index = read(id.slice(27), BASE32)
    return index < accounts && id.startsWith(`did:plc:${noise(seed, index, 19, BASE32)}`) ? index : undefined
  },
})

/** Integers that grow with time. */
export const integers: Making = (seed, accounts) => ({
  createdAt: calendar(accounts),
  toId: (index) => String(583_231 + index * 61 + (mix(seed, index, 24) % 61)),
  toIndex(id) {
    const index = /^\d{1,12}$/.test(id) ? Math.floor((Number(id) - 583_231) / 61) : -1
    if (index < 0 || index >= accounts) return undefined
    return 583_231 + index * 61 + (mix(seed, index, 24) % 61) === Number(id) ? index : undefined
  },
})

/** Accounts are created evenly over the years 2019 to 2023. */
function calendar(accounts: number): (index: number) => number {
  const apart = Math.floor(FIVE_YEARS_MS / accounts)
  return (index) => FIRST_DAY + index * apart
}

/** Ids that hold their time of creation. */
function made(
  accounts: number,
  by: { toId(index: number, createdAt: number): string; createdAtOf(id: string): number | undefined },
): Ids {
  const apart = Math.floor(FIVE_YEARS_MS / accounts)
  const createdAt = calendar(accounts)
  const toId = (index: number) => by.toId(index, createdAt(index))
  return {
    createdAt,
    toId,
    toIndex(id) {
      const time = by.createdAtOf(id)
      const index = time === undefined ? -1 : Math.round((time - FIRST_DAY) / apart)
      return index >= 0 && index < accounts && toId(index) === id ? index : undefined
    },
  }
}

function written(value: number, length: number, alphabet: string): string {
  let text = ''
  for (let rest = value; text.length < length; rest = Math.floor(rest / alphabet.length)) {
    text = alphabet.charAt(rest % alphabet.length) + text
  }
  return text
}

function read(text: string, alphabet: string): number {
  let value = 0
  for (const character of text) value = value * alphabet.length + alphabet.indexOf(character)
  return value
}

function noise(seed: number, index: number, length: number, alphabet: string): string {
  let text = ''
  for (let at = 0; at < length; at++) text += alphabet.charAt(mix(seed, index, 100 + at) % alphabet.length)
  return text
}
