// Posts on a Mastodon server, and on what speaks its API. https://docs.joinmastodon.org/methods/statuses/

import { z } from 'zod'
import { byLink, paged } from '../core/answers.ts'
import { GatewayError } from '../core/errors.ts'
import type { Posting } from '../core/model.ts'
import type { Network } from '../core/provider.ts'
import type { Draft, Media, PostRef, Publish, RecentPost } from '../core/publish.ts'
import { Address, Id } from './fields.ts'
import { toFilePart } from './files.ts'
import { readMastodonLimits } from './mastodon-text.ts'
import { toPlainText } from './plain-text.ts'

/** How often a server is asked whether it is done with a file, in seconds. */
const POLL_SECONDS = 2
const MOST_ON_A_PAGE = 40

// https://docs.joinmastodon.org/entities/Status/
const Status = z.object({ id: Id, url: Address })
const OwnStatus = Status.extend({ content: z.string(), created_at: z.iso.datetime({ offset: true }) })
// https://docs.joinmastodon.org/entities/MediaAttachment/: without an address while it is processed.
const Attachment = z.object({ id: Id, url: z.string().nullish() })

const Ticket = z.object({ ids: z.array(z.string()), waitsFor: z.string().optional() })

/** Files go first, one after another, each until the server is done with it; the ticket says how far that is. */
async function prepare(
  draft: Draft,
  network: Network,
  ticket: unknown,
): ReturnType<NonNullable<Publish['prepare']>> {
  const before = ticket === undefined ? { ids: [] } : Ticket.parse(ticket)
  const ids = [...before.ids]
  if (before.waitsFor !== undefined) {
    if (!(await isReady(network, before.waitsFor))) return unfinished(ids, before.waitsFor)
    ids.push(before.waitsFor)
  }
  for (const medium of draft.media.slice(ids.length)) {
    const { id, url } = await upload(draft, medium, network)
    if (!url) return unfinished(ids, id)
    ids.push(id)
  }
  return { prepared: { ticket: { ids } } }
}

function unfinished(ids: readonly string[], waitsFor: string) {
  return { unfinished: { ticket: { ids, waitsFor }, retryAfterSeconds: POLL_SECONDS } }
}

// 202 where it takes its time: https://docs.joinmastodon.org/methods/media/#v2
async function upload(draft: Draft, medium: Media, network: Network) {
  const file = await toFilePart(draft, medium, 'file')
  const description = medium.alt === undefined ? [] : [{ name: 'description', value: medium.alt }]
  const request = { method: 'POST', host: 'v2', path: '/media', parts: [file, ...description] } as const
  return network.call(request, Attachment)
}

// 206 while it is processed: https://docs.joinmastodon.org/methods/media/#get
async function isReady(network: Network, id: string): Promise<boolean> {
  const { status } = await network.fetch({ path: `/media/${encodeURIComponent(id)}` })
  return status !== 206
}

async function commit(
  draft: Draft,
  network: Network,
  prepared: { readonly ticket: unknown } | undefined,
): Promise<{ post: PostRef }> {
  const { ids } = Ticket.parse(prepared?.ticket)
  const { language } = network.identity.profile
  const post = await network.call(
    {
      method: 'POST',
      path: '/statuses',
      // Kept for an hour: https://docs.joinmastodon.org/methods/statuses/#create
      headers: { 'idempotency-key': draft.key },
      json: { status: draft.text, media_ids: ids.length > 0 ? ids : undefined, language },
    },
    Status,
  )
  return { post }
}

/** The account's own latest posts; boosts are somebody else's. */
const recent = paged<RecentPost, z.infer<typeof OwnStatus>[]>({
  first: ({ subject }) => ({
    path: `/accounts/${encodeURIComponent(subject)}/statuses`,
    query: { limit: MOST_ON_A_PAGE, exclude_reblogs: true },
  }),
  body: z.array(OwnStatus),
  items: (statuses) =>
    statuses.map(({ id, url, content, created_at }) => {
      return { id, url, text: toPlainText(content), at: Date.parse(created_at) }
    }),
  next: byLink(),
})

/** What all servers of this API have in common; what keeps posts from being doubled is each software's own. */
export const publishStatus: Pick<Publish, 'prepare' | 'commit' | 'recent' | 'retells'> = {
  prepare,
  commit,
  recent,
  // As HTML, and some software reads markup in the words, or does not escape them.
  retells: true,
}

/** Deletes a post; one that is not there is gone. `unsupported` where the server has no such thing (snac2). */
export async function removeStatus({ id }: PostRef, network: Network): Promise<void> {
  const path = `/statuses/${encodeURIComponent(id)}`
  const wasDone = await isThere(() => network.fetch({ method: 'DELETE', path }))
  if (wasDone || !(await isThere(() => network.fetch({ path })))) return
  throw new GatewayError('unsupported', 'This server does not let posts be deleted through its API.')
}

async function isThere(ask: () => Promise<unknown>): Promise<boolean> {
  try {
    await ask()
    return true
  } catch (error) {
    if (GatewayError.from(error).code !== 'not_found') throw error
    return false
  }
}

// http://nodeinfo.diaspora.software/protocol
const NodeInfoLinks = z.object({ links: z.array(z.object({ rel: z.string(), href: z.string() })).max(50) })
const NodeInfo = z.object({ software: z.object({ name: z.string().max(100) }) })

/** The server's own limits, and what it runs as it says itself; what it does not tell is left out. */
export async function askHome(network: Network): Promise<Posting> {
  const [publishLimits, software] = await Promise.all([
    orNothing(async () => {
      const { request, parse } = readMastodonLimits
      return parse(await network.fetch(request(network.identity)))
    }),
    orNothing(() => softwareOf(network)),
  ])
  return { publishLimits, software }
}

async function softwareOf(network: Network): Promise<string | undefined> {
  const { links } = await network.call({ host: 'home', path: '/.well-known/nodeinfo' }, NodeInfoLinks)
  const link = links.find(({ rel }) => /\/ns\/schema\/2\.\d$/.test(rel))
  if (!link) return undefined
  const { software } = await network.call({ host: 'home', path: link.href }, NodeInfo)
  return software.name.toLowerCase()
}

/** The answer, or nothing where the server has none that can be understood. */
async function orNothing<T>(ask: () => Promise<T>): Promise<T | undefined> {
  try {
    return await ask()
  } catch (error) {
    if (GatewayError.from(error).code === 'internal') throw error
    return undefined
  }
}
