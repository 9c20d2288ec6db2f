// One friend as a TagList asks for it: standard fields of the friend, of the profile, then custom ones of both, in this
// order whatever the order of the list. What was never set is left out; an empty nickname was set.

import type { FriendView } from '../../core/graph-pull.ts'
import { FRIEND_CUSTOM, FRIEND_TAGS, listed, PROFILE_CUSTOM, PROFILE_TAGS, toTags } from './tags.ts'

/** Lists that are remembered; a client has a handful. */
const VIEWS_MAX = 256
const views = new Map<string, FriendView>()

/** The view of these tags; all of them are known to be tags. */
export function viewOf(tags: readonly string[]): FriendView {
  const key = tags.join()
  const known = views.get(key)
  if (known) return known
  const view = createView([...new Set(tags)])
  if (views.size >= VIEWS_MAX) views.clear()
  views.set(key, view)
  return view
}

function createView(tags: readonly string[]): FriendView {
  const friendTags = FRIEND_TAGS.filter(([tag]) => tags.includes(tag))
  const profileTags = PROFILE_TAGS.filter(({ tag }) => tags.includes(tag))
  const friendCustom = keywordsOf(tags, FRIEND_CUSTOM)
  const profileCustom = keywordsOf(tags, PROFILE_CUSTOM)
  const names = [...friendTags.map(([tag]) => tag), ...profileTags.map(({ tag }) => tag)]
  const friendWriters = friendTags.map(([tag, value]) => [openTag(tag), value] as const)
  const friendOwn = friendCustom.map((keyword) => [openTag(FRIEND_CUSTOM + keyword), keyword] as const)
  return {
    key: [...names, ...friendCustom, '|', ...profileCustom].join(),
    // Many thousand friends a second are written here: no list is made on the way.
    friend(friend) {
      let standard = ''
      for (const [open, value] of friendWriters) standard = withTag(standard, open, value(friend))
      const { custom } = friend
      let own = ''
      if (custom) {
        for (const [open, keyword] of friendOwn) {
          if (Object.hasOwn(custom, keyword)) own = withTag(own, open, custom[keyword])
        }
      }
      return [standard, own]
    },
    profile: (profile) => [
      toTags(profileTags.map(({ tag, value }) => [tag, value(profile)])),
      toTags(profileCustom.map((keyword) => [PROFILE_CUSTOM + keyword, ownOf(profile.custom, keyword)])),
    ],
    join(account, [standard, custom], [profileStandard, profileOwn]) {
      // Nothing here looks into a text: thousands of parts are copied once, when the answer becomes bytes.
      const all = listed(listed(standard, profileStandard), listed(custom, profileOwn))
      return `{"To_Account":${quoted(account)},"SnsProfileItem":[${all}],"ResultCode":0,"ResultInfo":""}`
    },
  }
}

function keywordsOf(tags: readonly string[], prefix: string): readonly string[] {
  return tags.filter((tag) => tag.startsWith(prefix)).map((tag) => tag.slice(prefix.length))
}

function ownOf(custom: Readonly<Record<string, string>> | undefined, keyword: string): string | undefined {
  return custom && Object.hasOwn(custom, keyword) ? custom[keyword] : undefined
}

function openTag(tag: string): string {
  return `{"Tag":"${tag}","Value":`
}

function withTag(tags: string, open: string, value: string | number | readonly string[] | undefined): string {
  if (value === undefined) return tags
  const text = typeof value === 'string' ? quoted(value) : jsonOf(value)
  return tags === '' ? `${open}${text}}` : `${tags},${open}${text}}`
}

// What JSON writes otherwise than it stands, by RFC 8259, 7; and halves of surrogate pairs.
const ESCAPED = /["\\\p{Cc}\p{Cs}]/u

/** A text as JSON; nearly every one is as it stands. */
function quoted(text: string): string {
  return ESCAPED.test(text) ? JSON.stringify(text) : `"${text}"`
}

/** Lists as JSON: those of one call that are alike are one list. */
const lists = new WeakMap<readonly string[], string>()

function jsonOf(value: number | readonly string[]): string {
  if (typeof value === 'number') return String(value)
  let text = lists.get(value)
  if (text === undefined) {
    text = JSON.stringify(value)
    lists.set(value, text)
  }
  return text
}
