// Which field of a line is wrong: Tencent has one number for all of them, 30001.

import { wrongFieldOf } from '../../core/graph-checks.ts'
import type { FriendChange, GraphCode, ImportedFriend } from '../../core/graph-model.ts'
import type { Site } from '../../core/model.ts'
import { shortened } from './errors.ts'
import { FRIEND_CUSTOM, GROUP_TAG, REMARK_TAG } from './tags.ts'

/** A line, and what of it is wrong where its reading alone has found that. */
export type Read<Line> = Line & { readonly about?: string }

/** How a command calls the texts of a friend. */
interface Names {
  readonly remark: string
  readonly wording: string
  readonly groups: string
}

export const ITEM_NAMES: Names = { remark: 'Remark', wording: 'AddWording', groups: 'GroupName' }
export const TAG_NAMES: Names = { remark: REMARK_TAG, wording: 'Tag_SNS_IM_AddWording', groups: GROUP_TAG }

const OF_A_FIELD: readonly GraphCode[] = ['too_long', 'bad_value', 'unknown_field']

/** For `toItems`: the name of the field that made a line fail, where it was a field. */
export function aboutOf(
  site: Site,
  lines: readonly Read<ImportedFriend | FriendChange>[],
  names: Names,
): (code: GraphCode, index: number) => string | undefined {
  return (code, index) => {
    const line = lines[index]
    if (!line || !OF_A_FIELD.includes(code)) return undefined
    if (line.about !== undefined) return shortened(line.about)
    const wrong = wrongFieldOf(site, line)
    if (wrong === undefined) return undefined
    return 'keyword' in wrong ? shortened(FRIEND_CUSTOM + wrong.keyword) : names[wrong.field]
  }
}
