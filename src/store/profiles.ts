// Profiles as parsed the last time. The text is compared, so that no change of a row can make one stale.

import { LRUCache } from 'lru-cache'
import type { Profile } from '../core/model.ts'
import { fromJson } from './row.ts'

/** Parsed profiles kept, one per identity. */
const PROFILES_MAX = 4096

/** Reads the stored profile of an identity, by its id and text. */
export type ToProfile = (identityId: number, json: string) => Profile

/** Parses every time. */
export const parseProfile: ToProfile = (_, json) => fromJson<Profile>(json)

/** Parses only what has changed since the identity was met the last time; what it answers is frozen. */
export function createProfiles(max: number = PROFILES_MAX): ToProfile {
  const parsed = new LRUCache<number, { readonly json: string; readonly profile: Profile }>({ max })
  return (identityId, json) => {
    const known = parsed.get(identityId)
    if (known?.json === json) return known.profile
    const profile = Object.freeze(fromJson<Profile>(json))
    parsed.set(identityId, { json, profile })
    return profile
  }
}
