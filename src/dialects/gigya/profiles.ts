// What is known of a person as Gigya spells it, in both directions. https://developers.gigya.com/display/GD/Identity%20JS

import { z } from 'zod'
import type { Profile } from '../../core/model.ts'
import type { SiteProfile } from '../../core/user-info-store.ts'

/** The fields of a person, of an identity or of the user; `extra` holds the extraFields that were asked for. */
export interface PersonFields {
  readonly nickname?: string
  readonly photoURL?: string
  readonly thumbnailURL?: string
  readonly firstName?: string
  readonly lastName?: string
  readonly gender?: 'm' | 'f'
  readonly age?: number
  readonly birthDay?: number
  readonly birthMonth?: number
  readonly birthYear?: number
  readonly email?: string
  readonly country?: string
  readonly state?: string
  readonly city?: string
  readonly zip?: string
  readonly profileURL?: string
  readonly bio?: string
  readonly name?: string
  readonly username?: string
  readonly locale?: string
}

/** What a network says of its account; nothing that it does not say. `at` is now, in milliseconds. */
export function toPersonFields(
  profile: Profile,
  at: number,
  extraFields: readonly string[] = [],
): PersonFields {
  const extra = new Set(extraFields.map((name) => name.toLowerCase()))
  return {
    nickname: profile.displayName ?? profile.username,
    photoURL: profile.pictureUrl ?? profile.thumbnailUrl,
    thumbnailURL: profile.thumbnailUrl ?? profile.pictureUrl,
    firstName: profile.givenName,
    lastName: profile.familyName,
    gender: toGender(profile.gender),
    ...toBirthFields(profile.birthday, at),
    email: profile.emails?.[0]?.value,
    profileURL: profile.profileUrl,
    bio: extra.has('bio') ? profile.about : undefined,
    name: extra.has('name') ? profile.displayName : undefined,
    username: extra.has('username') ? profile.username : undefined,
    locale: extra.has('locale') ? profile.language : undefined,
  }
}

/** What the site itself says of a user. */
export function toSiteFields(profile: SiteProfile, at: number): PersonFields {
  const { photoUrl, thumbnailUrl, profileUrl, gender, birthday, age, ...same } = profile
  const born = toBirthFields(birthday, at)
  return {
    ...same,
    photoURL: photoUrl,
    thumbnailURL: thumbnailUrl,
    profileURL: profileUrl,
    gender: toGender(gender),
    ...born,
    age: born.age ?? age,
  }
}

/** Of each field what the first person has that has it. */
export function firstOf(people: readonly PersonFields[]): PersonFields {
  const told = people.map((person) => Object.entries(person).filter(([, value]) => value !== undefined))
  return Object.fromEntries(told.toReversed().flat())
}

function toGender(gender: Profile['gender']): 'm' | 'f' | undefined {
  return gender && (gender === 'male' ? 'm' : 'f')
}

type BirthFields = Pick<PersonFields, 'age' | 'birthDay' | 'birthMonth' | 'birthYear'>

function toBirthFields(birthday: string | undefined, at: number): BirthFields {
  const [, year, month, day] = /^(?:(\d{4})|-)-(\d\d)-(\d\d)$/.exec(birthday ?? '') ?? []
  if (month === undefined || day === undefined) return {}
  const birth = { birthDay: Number(day), birthMonth: Number(month) }
  if (year === undefined) return birth
  const today = new Date(at).toISOString()
  const hasHadBirthday = today.slice(5, 10) >= `${month}-${day}`
  const age = Number(today.slice(0, 4)) - Number(year) - (hasHadBirthday ? 0 : 1)
  return { age: age >= 0 ? age : undefined, ...birth, birthYear: Number(year) }
}

const TEXT_MAX = 2_000

/** A text, or a number where an SDK sends one; empty and null ones count as absent. */
const text = z
  .union([z.string(), z.number()])
  .nullish()
  .transform((value) =>
    value === null || value === undefined ? undefined : String(value).trim() || undefined,
  )
  .pipe(z.string().max(TEXT_MAX).optional())

/** A number, or a text that spells one. */
const integer = (max: number) => text.transform((value) => value && Number(value)).pipe(natural(max))
const natural = (max: number) => z.union([z.undefined(), z.literal(''), z.number().int().min(0).max(max)])

const Wire = z.object({
  nickname: text,
  photoURL: text,
  thumbnailURL: text,
  firstName: text,
  lastName: text,
  gender: text,
  age: integer(200),
  birthDay: integer(31),
  birthMonth: integer(12),
  birthYear: integer(9_999),
  email: text,
  country: text,
  state: text,
  city: text,
  zip: text,
  profileURL: text,
})

/** `userInfo` as sites send it: unknown members are passed over. */
export const SiteInfo = Wire.refine(isRealDay, { path: ['birthDay'] }).transform((wire): SiteProfile => {
  const { photoURL, thumbnailURL, profileURL, gender, age, birthDay, birthMonth, birthYear, ...same } = wire
  return {
    ...same,
    photoUrl: photoURL,
    thumbnailUrl: thumbnailURL,
    profileUrl: profileURL,
    gender: fromGender(gender),
    age: age || undefined,
    birthday: toBirthday(birthYear || undefined, birthMonth || undefined, birthDay || undefined),
  }
})

/** An identity as sites send it, without what a network's token would tell. */
export const NamedIdentity = Wire.extend({
  provider: z.string().min(1).max(100),
  providerUID: z.union([z.string(), z.number().int()]).transform(String).pipe(z.string().min(1).max(512)),
  /** Our addition: home server, where the network has many. */
  server: text,
})
  .refine(isRealDay, { path: ['birthDay'] })
  .transform(({ provider, server, providerUID: subject, ...wire }) => {
    const profile: Profile = {
      subject,
      displayName: wire.nickname,
      givenName: wire.firstName,
      familyName: wire.lastName,
      profileUrl: wire.profileURL,
      pictureUrl: wire.photoURL,
      thumbnailUrl: wire.thumbnailURL,
      gender: fromGender(wire.gender),
      birthday: toBirthday(
        wire.birthYear || undefined,
        wire.birthMonth || undefined,
        wire.birthDay || undefined,
      ),
      emails: wire.email ? [{ value: wire.email, isVerified: false }] : undefined,
    }
    return { provider, server, profile }
  })

/** Whether the month has such a day, in the year where one is named. */
function isRealDay({ birthYear, birthMonth, birthDay }: z.output<typeof Wire>): boolean {
  // The year 2000 has every day.
  const birthday = toBirthday(birthYear || 2_000, birthMonth || undefined, birthDay || undefined)
  return birthday === undefined || new Date(birthday).toJSON()?.slice(0, 10) === birthday
}

/** `m`, `f`, and words that begin so; `u` and the rest say nothing. */
function fromGender(gender: string | undefined): Profile['gender'] {
  const letter = gender?.toLowerCase().charAt(0)
  if (letter === 'm') return 'male'
  return letter === 'f' ? 'female' : undefined
}

function toBirthday(
  year: number | undefined,
  month: number | undefined,
  day: number | undefined,
): string | undefined {
  if (month === undefined || day === undefined) return undefined
  const padded = [month, day].map((part) => String(part).padStart(2, '0')).join('-')
  return year === undefined ? `--${padded}` : `${String(year).padStart(4, '0')}-${padded}`
}
