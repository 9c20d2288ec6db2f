// Chosen friends with their profiles: the call that is made most often. Where it can be answered elsewhere, this thread
// has the request in and the bytes out, and no more.

import { limitsOf } from '../../core/graph-limits.ts'
import { wishFor } from '../../core/graph-pull.ts'
import type { Route } from '../dialect.ts'
import { command } from './command.ts'
import type { Reply } from './envelope.ts'
import { shortened, TencentError } from './errors.ts'
import { missing, readAccount, readAccounts, readTexts } from './fields.ts'
import { type PullCall, pullReply } from './pull-reply.ts'
import { isFriendTag, isProfileTag } from './tags.ts'

/** Others who may answer a call: other threads, say. */
export interface FriendReaders {
  /**
   * The reply to a call, for an account that is not hot, or the error that says why there is none. Undefined, at once or
   * later, where the caller is to answer it by itself.
   */
  offer(call: PullCall): Promise<Uint8Array | undefined> | undefined
}

/** Tags that one call may name; there are 17 standard ones. */
const TAGS_MAX = 1_000

/** The command; without readers it answers every call by itself. */
export function createFriendPull(readers?: FriendReaders): Route<Reply> {
  return command({
    name: 'sns/friend_get_list',
    summary: 'Read chosen friends with their profiles',
    async run({ gateway, site, fields }) {
      const account = readAccount(fields, 'From_Account', 30001)
      const others = readAccounts(fields, 'To_Account', 30001, limitsOf(site).batch)
      const tags = readTexts(fields, 'TagList', 30001, TAGS_MAX)
      if (tags.length === 0) throw missing('TagList', 30001)
      const stranger = tags.find((tag) => !isFriendTag(site, tag) && !isProfileTag(site, tag))
      if (stranger !== undefined) {
        throw new TencentError(30001, { info: `Err_SNS_FriendGetList_Tag_Illegal: ${shortened(stranger)}` })
      }
      const wish = wishFor(gateway, site, account, others)
      const offered = wish.isHot ? undefined : readers?.offer({ siteId: site.id, account, others, tags })
      return (offered && (await offered)) ?? pullReply(gateway, wish, tags)
    },
  })
}
