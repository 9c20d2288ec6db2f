// The tags of friends and profiles, and how their values are spelled. Their order here is the order of an answer.
// https://www.tencentcloud.com/document/product/1047/33520

import { isCustomField } from '../../core/graph-limits.ts'
import type { AccountProfile, Friendship } from '../../core/graph-model.ts'
import type { Site } from '../../core/model.ts'
import { toUint32 } from './fields.ts'

export const SOURCE_PREFIX = 'AddSource_Type_'
export const FRIEND_CUSTOM = 'Tag_SNS_Custom_'
export const PROFILE_CUSTOM = 'Tag_Profile_Custom_'
export const REMARK_TAG = 'Tag_SNS_IM_Remark'
export const GROUP_TAG = 'Tag_SNS_IM_Group'

type Value = string | number | readonly string[]
type Friend = Omit<Friendship, 'account'>

/** Standard tags of a friend; what was never set has no value. */
export const FRIEND_TAGS: readonly (readonly [tag: string, value: (friend: Friend) => Value | undefined])[] =
  [
    ['Tag_SNS_IM_AddSource', ({ source }) => (source ? SOURCE_PREFIX + source : undefined)],
    [REMARK_TAG, ({ remark }) => remark],
    [GROUP_TAG, ({ groups }) => (groups.length > 0 ? groups : undefined)],
    ['Tag_SNS_IM_AddWording', ({ wording }) => wording],
    ['Tag_SNS_IM_AddTime', ({ addedAt }) => Math.floor(addedAt / 1_000)],
  ]

/** A standard tag of a profile: the field it stands for, and its value there and on the wire. */
interface ProfileTag {
  readonly tag: string
  readonly field: keyof Omit<AccountProfile, 'custom'>
  value(profile: AccountProfile): Value | undefined
  /** The part of a profile that a value of the wire is, or what is wrong with it. */
  read(value: unknown): AccountProfile | 'type' | 'value'
}

export const PROFILE_TAGS: readonly ProfileTag[] = [
  textTag('Tag_Profile_IM_Nick', 'nick'),
  wordTag('Tag_Profile_IM_Gender', 'gender', {
    unknown: 'Gender_Type_Unknown',
    female: 'Gender_Type_Female',
    male: 'Gender_Type_Male',
  }),
  numberTag('Tag_Profile_IM_BirthDay', 'birthday'),
  textTag('Tag_Profile_IM_Location', 'location'),
  textTag('Tag_Profile_IM_SelfSignature', 'signature'),
  wordTag('Tag_Profile_IM_AllowType', 'allows', {
    confirm: 'AllowType_Type_NeedConfirm',
    any: 'AllowType_Type_AllowAny',
    none: 'AllowType_Type_DenyAny',
  }),
  numberTag('Tag_Profile_IM_Language', 'language'),
  textTag('Tag_Profile_IM_Image', 'image'),
  numberTag('Tag_Profile_IM_MsgSettings', 'messageSettings'),
  wordTag('Tag_Profile_IM_AdminForbidType', 'forbidden', {
    none: 'AdminForbid_Type_None',
    sending: 'AdminForbid_Type_SendOut',
  }),
  numberTag('Tag_Profile_IM_Level', 'level'),
  numberTag('Tag_Profile_IM_Role', 'role'),
]

const PROFILE_TAG_NAMES = new Set(PROFILE_TAGS.map(({ tag }) => tag))
const FRIEND_TAG_NAMES = new Set(FRIEND_TAGS.map(([tag]) => tag))

/** Whether a profile of this site has the tag. */
export function isProfileTag(site: Pick<Site, 'settings'>, tag: string): boolean {
  if (PROFILE_TAG_NAMES.has(tag)) return true
  return (
    tag.startsWith(PROFILE_CUSTOM) && isCustomField(site, 'profileFields', tag.slice(PROFILE_CUSTOM.length))
  )
}

/** Whether a friend on this site has the tag. */
export function isFriendTag(site: Pick<Site, 'settings'>, tag: string): boolean {
  if (FRIEND_TAG_NAMES.has(tag)) return true
  return tag.startsWith(FRIEND_CUSTOM) && isCustomField(site, 'friendFields', tag.slice(FRIEND_CUSTOM.length))
}

/** `{"Tag":…,"Value":…}` for each pair that has a value, with commas between. */
export function toTags(pairs: readonly (readonly [tag: string, value: Value | undefined])[]): string {
  let tags = ''
  for (const [tag, value] of pairs) {
    if (value === undefined) continue
    tags = listed(tags, `{"Tag":"${tag}","Value":${JSON.stringify(value)}}`)
  }
  return tags
}

/** Two parts of a JSON list as one, either of which may be empty. */
export function listed(one: string, other: string): string {
  if (one === '') return other
  return other === '' ? one : `${one},${other}`
}

function textTag(tag: string, field: 'nick' | 'location' | 'signature' | 'image'): ProfileTag {
  return {
    tag,
    field,
    value: (profile) => profile[field],
    read: (value) => (typeof value === 'string' ? { [field]: value } : 'type'),
  }
}

function numberTag(
  tag: string,
  field: 'birthday' | 'language' | 'messageSettings' | 'level' | 'role',
): ProfileTag {
  return {
    tag,
    field,
    value: (profile) => profile[field],
    read(value) {
      // Tencent's own Java SDK can send text alone.
      const number = toUint32(value)
      return number === undefined ? 'type' : { [field]: number }
    },
  }
}

function wordTag<Field extends 'gender' | 'allows' | 'forbidden'>(
  tag: string,
  field: Field,
  words: Readonly<Record<NonNullable<AccountProfile[Field]>, string>>,
): ProfileTag {
  const entries = Object.entries<string>(words)
  return {
    tag,
    field,
    value: (profile) => entries.find(([ours]) => ours === profile[field])?.[1],
    read(value) {
      if (typeof value !== 'string') return 'type'
      const ours = entries.find(([, theirs]) => theirs === value)?.[0]
      return ours === undefined ? 'value' : { [field]: ours }
    },
  }
}
