// Friends of the site's own graph, where they stand beside those of the networks.

import type { Gateway } from './gateway.ts'
import { type GraphSite, pageFriends } from './graph.ts'
import { isStorable } from './graph-checks.ts'
import { limitsOf } from './graph-limits.ts'
import type { FriendPage } from './graph-model.ts'
import type { User } from './model.ts'
import { readProfiles } from './profiles.ts'

/** A friend in the site's own graph. */
export interface SiteFriend {
  /** The account's name: the site's own id of the user, else our token. */
  readonly uid: string
  readonly isSiteUid: boolean
  readonly nickname?: string
  readonly imageUrl?: string
}

/** A name for the list as it is now, and how many stand in it. Nothing where the site does not want them shown. */
export async function siteFriendsHead(
  gateway: Gateway,
  site: GraphSite,
  user: Pick<User, 'uid' | 'token'>,
): Promise<{ readonly name: string; readonly total: number }> {
  if (site.settings.graphFriends === false) return NOBODY
  const name = nameOf(user)
  // A user whose account was deleted has no graph.
  const head = isStorable(name) ? await gateway.store.graph.friendsHead(site, name) : undefined
  return head && head.total > 0
    ? { name: `${head.standardSequence}.${head.total}`, total: head.total }
    : NOBODY
}

const NOBODY = { name: '', total: 0 }

/** All friends of the user in the site's own graph, in the order in which they were added. */
export async function readSiteFriends(
  gateway: Gateway,
  site: GraphSite,
  user: Pick<User, 'uid' | 'token'>,
): Promise<readonly SiteFriend[]> {
  const friends: SiteFriend[] = []
  const { pageSize, batch } = limitsOf(site)
  const limit = Math.min(pageSize, batch)
  let after: number | undefined = 0
  while (after !== undefined) {
    const page: FriendPage = await pageFriends(gateway, site, nameOf(user), { after, limit })
    friends.push(...(await withProfiles(gateway, site, page.friends)))
    after = page.next
  }
  return friends
}

async function withProfiles(
  gateway: Gateway,
  site: GraphSite,
  friends: readonly { readonly account: string; readonly remark?: string }[],
): Promise<SiteFriend[]> {
  const names = friends.map(({ account }) => account)
  const profiles = await readProfiles(gateway, site, names)
  const unnamed = await Promise.all(names.map((name) => isToken(gateway, site, name)))
  return friends.map(({ account, remark }, index) => {
    const { nick, image } = profiles[index]?.profile ?? {}
    return {
      uid: account,
      isSiteUid: !unnamed[index],
      nickname: nick || remark || undefined,
      imageUrl: image || undefined,
    }
  })
}

/** Whether the name is our token of a user for whom the site has set no id. */
async function isToken({ store }: Gateway, site: GraphSite, name: string): Promise<boolean> {
  if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(name)) return false
  const user = await store.users.find(site, name)
  return user !== undefined && user.uid === undefined
}

function nameOf({ uid, token }: Pick<User, 'uid' | 'token'>): string {
  return uid ?? token
}
