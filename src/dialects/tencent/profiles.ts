// What accounts say of themselves.

import { limitsOf } from '../../core/graph-limits.ts'
import type { AccountProfile } from '../../core/graph-model.ts'
import type { Site } from '../../core/model.ts'
import { type ProfileRead, readProfiles, saveProfile } from '../../core/profiles.ts'
import { command } from './command.ts'
import { TencentError } from './errors.ts'
import {
  type Fields,
  isAbsent,
  isEmpty,
  missing,
  readAccount,
  readAccounts,
  readItems,
  readTexts,
} from './fields.ts'
import { toFailed } from './outcomes.ts'
import { isProfileTag, listed, PROFILE_CUSTOM, PROFILE_TAGS, toTags } from './tags.ts'

const read = command({
  name: 'profile/portrait_get',
  summary: 'Read profiles, of friends or not',
  async run({ gateway, site, fields }) {
    if (isAbsent(fields.To_Account) || isEmpty(fields.To_Account)) throw new TencentError(40002)
    const accounts = readAccounts(fields, 'To_Account', 40001, limitsOf(site).batch)
    const tags = readTexts(fields, 'TagList', 40001, TAGS_MAX)
    if (tags.length === 0) throw missing('TagList', 40001)
    const stranger = tags.find((tag) => !isProfileTag(site, tag))
    if (stranger !== undefined) throw new TencentError(40009, { about: stranger })
    const failed: string[] = []
    const items = (await readProfiles(gateway, site, accounts)).map((line) => {
      const name = JSON.stringify(line.account)
      if (line.profile) return toItem(name, line.profile, tags)
      failed.push(name)
      return `{"To_Account":${name},${resultOf(line)}}`
    })
    return `"UserProfileItem":[${items.join()}]${toFailed(failed)}`
  },
})

const write = command({
  name: 'profile/portrait_set',
  summary: 'Change one profile, all of what is given or nothing',
  async run({ gateway, site, fields }) {
    const account = readAccount(fields, 'From_Account', 40001)
    const profile = toProfile(site, readItems(fields, 'ProfileItem', 40001, TAGS_MAX))
    const { code, field = '' } = await saveProfile(gateway, site, account, profile)
    if (code === 'ok') return ''
    const about = PROFILE_TAGS.find((each) => each.field === field)?.tag ?? PROFILE_CUSTOM + field
    if (code === 'too_long') throw new TencentError(40601, { about })
    throw new TencentError(code === 'unknown_field' ? 40009 : 40605, { about })
  },
})

const TAGS_MAX = 1_000

export const profiles = [read, write]

function toItem(name: string, profile: AccountProfile, tags: readonly string[]): string {
  const { custom = {} } = profile
  const standard = PROFILE_TAGS.filter(({ tag }) => tags.includes(tag))
  const keywords = [...new Set(tags)]
    .filter((tag) => tag.startsWith(PROFILE_CUSTOM))
    .map((tag) => tag.slice(PROFILE_CUSTOM.length))
    .filter((keyword) => Object.hasOwn(custom, keyword))
  const items = listed(
    toTags(standard.map(({ tag, value }) => [tag, value(profile)])),
    toTags(keywords.map((keyword) => [PROFILE_CUSTOM + keyword, custom[keyword]])),
  )
  return `{"To_Account":${name},"ProfileItem":[${items}],"ResultCode":0,"ResultInfo":""}`
}

function resultOf({ code }: ProfileRead): string {
  const [number, reason] = code === 'no_account' ? [40003, 'Account_Not_Exist'] : [40001, 'Account_Illegal']
  return `"ResultCode":${number},"ResultInfo":"Err_Profile_PortraitGet_${reason}"`
}

function toProfile(site: Site, items: readonly Fields[]): AccountProfile {
  let profile: AccountProfile = {}
  const custom: Record<string, string> = {}
  for (const { Tag: tag, Value: value } of items) {
    if (typeof tag !== 'string') throw new TencentError(40009, { about: 'Tag is not a string' })
    if (!isProfileTag(site, tag)) throw new TencentError(40009, { about: tag })
    const standard = PROFILE_TAGS.find((each) => each.tag === tag)
    if (standard) {
      const part = standard.read(value)
      if (part === 'type') throw new TencentError(40610, { about: tag })
      if (part === 'value') throw new TencentError(40605, { about: tag })
      profile = { ...profile, ...part }
    } else if (typeof value === 'string') custom[tag.slice(PROFILE_CUSTOM.length)] = value
    else throw new TencentError(40610, { about: tag })
  }
  return Object.keys(custom).length > 0 ? { ...profile, custom } : profile
}
