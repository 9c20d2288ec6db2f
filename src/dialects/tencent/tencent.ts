// The Tencent Chat REST API as a dialect: its commands, its signatures, its envelope.

import type { RateLimiter } from '../../core/limiter.ts'
import type { Dialect, FrontTools } from '../dialect.ts'
import { accounts } from './accounts.ts'
import { blocks } from './blocks.ts'
import { createAuthenticate } from './credentials.ts'
import { type Reply, toAnswer, toFailure } from './envelope.ts'
import { readBody } from './fields.ts'
import { friendLists } from './friend-lists.ts'
import { createFriendPull, type FriendReaders } from './friend-pull.ts'
import { friends } from './friends.ts'
import { groups } from './groups.ts'
import { profiles } from './profiles.ts'

export interface TencentOptions {
  /** Calls of one method per second and site, where the site has no number of its own; 0 is no limit. Default 200. */
  readonly callsPerSecond: number
  /** Checked UserSigs that are remembered until they expire. Default 10,000. */
  readonly signaturesKept: number
}

interface Tools extends FrontTools {
  readonly limiter: RateLimiter
  /** Who may read chosen friends beside this thread; nobody when absent. */
  readonly readers?: FriendReaders
}

/** Tencent's wire API for friends, blocks, groups, profiles and accounts. */
export function createTencent(
  { doorkeeper, limiter, readers }: Tools,
  { signaturesKept = 10_000 }: Partial<TencentOptions> = {},
): Dialect<Reply> {
  return {
    id: 'tencent',
    owns: ({ path }) => path.startsWith('/v4/'),
    authenticate: createAuthenticate({ doorkeeper, limiter, signaturesKept }),
    input: readBody,
    routes: [
      ...friends,
      ...friendLists,
      createFriendPull(readers),
      ...blocks,
      ...groups,
      ...profiles,
      ...accounts,
    ],
    success: toAnswer,
    failure: toFailure,
  }
}
