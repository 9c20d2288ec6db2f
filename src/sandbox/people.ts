// Who lives on a network: every account is a function of the seed and its index, so many thousand cost no memory.

import { mix } from './hash.ts'

export interface Person {
  readonly index: number
  readonly givenName: string
  readonly familyName: string
  /** As the network shows it: any script, emoji, combining marks. '' for a few. */
  readonly name: string
  /** Lower-case Latin letters and digits, at most 15 characters, unique per network. */
  readonly username: string
  /** '' for some. */
  readonly bio: string
  readonly location?: string
  readonly website?: string
  readonly language: string
  /** 16 hex digits, for picture addresses; absent where the account has no picture of its own. */
  readonly picture?: string
  readonly isVerified: boolean
}

// Letters a-z only: digits after the stem are the index.
const PEOPLE: readonly (readonly [given: string, family: string, stem: string, language: string])[] = [
  ['Ada', 'Lovell', 'ada', 'en'],
  ['José', 'Núñez', 'jose', 'es'],
  ['Zoe\u0308', 'Bru\u0308nner', 'zoe', 'de'],
  ['Ánh', 'Nguyễn Thị', 'anh', 'vi'],
  ['Олена', 'Шевченко', 'olena', 'uk'],
  ['Ελένη', 'Παππά', 'eleni', 'el'],
  ['花子', '山田', 'hanako', 'ja'],
  ['小明', '王', 'xiaoming', 'zh'],
  ['서연', '김', 'seoyeon', 'ko'],
  ['ليلى', 'حداد', 'layla', 'ar'],
  ['נועה', 'לוי', 'noa', 'he'],
  ['प्रिया', 'शर्मा', 'priya', 'hi'],
  ['สมชาย', 'ใจดี', 'somchai', 'th'],
  ['Þórdís', 'Jónsdóttir', 'thordis', 'is'],
  ['Siân', "O'Brien & <Sons>", 'sian', 'cy'],
  ['𠮷野', '高橋', 'yoshino', 'ja'],
]

const MARKS: readonly string[] = ['🌻', '👩‍🚀', '🇸🇳', '👍🏽', 'e\u0301\u0323', '✨🦊✨', '❤️‍🔥']

const BIOS: readonly string[] = [
  '',
  'Letters, maps and long walks.',
  'Ich backe Brot & repariere Fahrräder <wirklich>.',
  '写真と猫。毎日ひとつ。',
  'أحب القهوة والكتب 📚',
  'First line\nsecond line — “quoted”, 100% ☕️',
  'Tabs\tand accents: e\u0301, ﬁ, ß, İ, 𝒻𝒶𝓃𝒸𝓎',
  'Всё о поездах 🚂 https://trains.example/?a=1&b=2',
]

const PLACES: readonly (string | undefined)[] = [
  'Dakar',
  '京都',
  'São Paulo',
  undefined,
  'القاهرة',
  'Reykjavík',
]

/** The account at an index; the same for the same seed. */
export function personAt(seed: number, index: number): Person {
  const chance = mix(seed, index, 1)
  const more = mix(seed, index, 2)
  const [givenName, familyName, stem, language] = PEOPLE[chance % PEOPLE.length] ?? PEOPLE[0] ?? NOBODY
  const isFamilyFirst = language === 'ja' || language === 'zh' || language === 'ko' || language === 'vi'
  const plain = isFamilyFirst
    ? `${familyName}${language === 'vi' ? ' ' : ''}${givenName}`
    : `${givenName} ${familyName}`
  const mark = (chance >>> 8) % 5 === 0 ? ` ${MARKS[(chance >>> 16) % MARKS.length]}` : ''
  const username = `${stem}${index}`
  return {
    index,
    givenName,
    familyName,
    name: (more >>> 4) % 50 === 0 ? '' : plain + mark,
    username,
    bio: BIOS[more % BIOS.length] ?? '',
    location: PLACES[(more >>> 3) % PLACES.length],
    website: (more >>> 6) % 3 === 0 ? `https://${username}.example/` : undefined,
    language,
    picture:
      (more >>> 9) % 20 === 0
        ? undefined
        : more.toString(16).padStart(8, '0') + chance.toString(16).padStart(8, '0'),
    isVerified: (more >>> 12) % 12 === 0,
  }
}

/** The index of a username, undefined when nobody has it. */
export function indexOfUsername(seed: number, username: string, accounts: number): number | undefined {
  const digits = /^[a-z]+(\d{1,9})$/.exec(username.toLowerCase())?.[1]
  const index = digits === undefined ? accounts : Number(digits)
  return index < accounts && personAt(seed, index).username === username.toLowerCase() ? index : undefined
}

const NOBODY = ['', '', 'nobody', 'en'] as const
