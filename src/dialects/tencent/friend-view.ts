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
  return {
    key: [...names, ...friendCustom, '|', ...profileCustom].join(),
    friend: (friend) => [
      toTags(friendTags.map(([tag, value]) => [tag, value(friend)])),
      toCustom(friendCustom, FRIEND_CUSTOM, friend.custom),
    ],
    profile: (profile) => [
      toTags(profileTags.map(({ tag, value }) => [tag, value(profile)])),
      toCustom(profileCustom, PROFILE_CUSTOM, profile.custom),
    ],
    join(account, [standard, custom], [profileStandard, profileOwn]) {
      // Nothing here looks into a text: thousands of parts are copied once, when the answer becomes bytes.
      const all = listed(listed(standard, profileStandard), listed(custom, profileOwn))
      return `{"To_Account":${JSON.stringify(account)},"SnsProfileItem":[${all}],"ResultCode":0,"ResultInfo":""}`
    },
  }
}

function keywordsOf(tags: readonly string[], prefix: string): readonly string[] {
  return tags.filter((tag) => tag.startsWith(prefix)).map((tag) => tag.slice(prefix.length))
}

function toCustom(
  keywords: readonly string[],
  prefix: string,
  custom: Readonly<Record<string, string | number>> | undefined,
): string {
  if (!custom) return ''
  const known = keywords.filter((keyword) => Object.hasOwn(custom, keyword))
  return toTags(known.map((keyword) => [prefix + keyword, custom[keyword]]))
}
