// Whether a post is on its network, when the network's answer never came.

import type { Network, Paged } from './provider.ts'
import type { PostRef, RecentPost } from './publish.ts'

export interface Look {
  /** Posts that may be this publication's, newest first as the network lists them. */
  readonly posts: readonly PostRef[]
  /** The others of the same time. */
  readonly others: readonly PostRef[]
  /** The list was read back to before the attempt: what is not in it was not there. */
  readonly reachesBack: boolean
}

/** What to look for. */
interface Wanted {
  readonly text: string
  /** Texts that are in this post and in no other. */
  readonly marks: readonly string[]
  /** Posts before it are another's; milliseconds since 1970. */
  readonly since: number
  readonly pagesMax: number
}

/** Looks through the account's own latest posts. */
export async function lookFor(recent: Paged<RecentPost>, network: Network, wanted: Wanted): Promise<Look> {
  const posts: PostRef[] = []
  const others: PostRef[] = []
  let request = recent.first(network.identity)
  for (let page = 0; page < wanted.pagesMax; page += 1) {
    const { items, next } = recent.parse(await network.fetch(request), request)
    for (const { id, url, text, at } of items) {
      if (at >= wanted.since) (isIt(text, wanted) ? posts : others).push({ id, url })
    }
    // The last one counts: networks may put an old post on top.
    const last = items.at(-1)
    if (!next || (last && last.at < wanted.since)) return { posts, others, reachesBack: true }
    request = next
  }
  return { posts, others, reachesBack: false }
}

function isIt(text: string, wanted: Wanted): boolean {
  if (wanted.marks.some((mark) => text.includes(mark))) return true
  const words = plain(wanted.text)
  return words !== '' && plain(text) === words
}

/** Networks differ in line ends, in spaces and in how they spell an address in full, never in words. */
function plain(text: string): string {
  return text
    .normalize('NFC')
    .replaceAll(/\s+/g, ' ')
    .replaceAll(/\bhttps?:\/\/(\S+)/gi, '$1')
    .replaceAll(/(?<=\S)\/(?=\s|$)/g, '')
    .trim()
}
