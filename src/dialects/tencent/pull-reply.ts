// Chosen friends as the bytes of a whole answer. Readers' threads load this file, so it leads to no more than it needs.

import type { Pulled } from '../../core/friend-memory.ts'
import { type PullParts, type PullWish, pullFriends } from '../../core/graph-pull.ts'
import { toBytes } from './envelope.ts'
import { viewOf } from './friend-view.ts'
import { toFailed, toResult } from './outcomes.ts'
import { listed } from './tags.ts'

/** What is asked of whoever reads friends: a wish that was found sound, and tags that the site has. */
export interface PullCall extends Omit<PullWish, 'isHot'> {
  readonly tags: readonly string[]
}

/** The whole answer; who asks for the same again may be given the very same bytes. */
export async function pullReply(
  parts: PullParts,
  wish: PullWish,
  tags: readonly string[],
): Promise<Uint8Array> {
  const friends = await pullFriends(parts, wish, viewOf(tags))
  let reply = replies.get(friends)
  if (reply === undefined) {
    reply = toBytes(toInfoItems(friends), 'sns')
    replies.set(friends, reply)
  }
  return reply
}

/** Who asks for the same again is given the same array: then its reply is there. */
const replies = new WeakMap<readonly Pulled[], Uint8Array>()

function toInfoItems(friends: readonly Pulled[]): string {
  const failed: string[] = []
  let items = ''
  for (const pulled of friends) {
    if ('text' in pulled) {
      items = listed(items, pulled.text)
      continue
    }
    const name = JSON.stringify(pulled.account)
    const [number, info] = toResult('FriendGetList', pulled.code)
    items = listed(items, `{"To_Account":${name},"ResultCode":${number},"ResultInfo":"${info}"}`)
    failed.push(name)
  }
  return `"InfoItem":[${items}]${toFailed(failed)}`
}
