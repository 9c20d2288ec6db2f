// Sharing analytics: how a message fared, counted in the background and told to the site that asked for it. What the
// networks know of comments and likes is not read: those lists are empty.

import { z } from 'zod'
import { GatewayError } from '../../core/errors.ts'
import type { Gateway } from '../../core/gateway.ts'
import { findMessage } from '../../core/sharing.ts'
import type { SharedMessage } from '../../core/sharing-store.ts'
import type { MessageSnapshot, PublicationCount } from '../../core/snapshot-store.ts'
import { beginSnapshot, findSnapshot, listSnapshots, removeSnapshot } from '../../core/snapshots.ts'
import { route } from '../dialect.ts'
import { type Reply, toDate } from './envelope.ts'
import { PAGING, requireConfirmation, toPageQuery, toToken, yes } from './input.ts'
import { toMessageHead, toPublications } from './sharing-view.ts'
import { PARTIAL, SCHEDULED, SUCCESS } from './statuses.ts'
import { toPage } from './wire.ts'
import type { PlainObject } from './xml.ts'

const PATH = '/sharing/analytics/snapshots'
const NAME = 'sharing_analytics_snapshot'
const ROOT = 'request.analytics.sharing'

const start = route({
  method: 'PUT',
  path: PATH,
  summary: 'Count how a message has fared',
  input: z.object({
    request: z.object({
      analytics: z.object({
        sharing: z.object({
          sharing_message_token: z.string(),
          pingback_uri: z
            .string()
            .transform((text) => text || undefined)
            .optional(),
        }),
      }),
    }),
  }),
  async run({ gateway, caller, input }): Promise<Reply> {
    const { sharing_message_token: sent, pingback_uri: pingbackUri } = input.request.analytics.sharing
    const messageToken = toToken(sent, 'sharing_message')
    try {
      const begun = await beginSnapshot(gateway, caller.site, { messageToken, pingbackUri })
      const message = await findMessage(gateway, caller.site, messageToken)
      const data = { [NAME]: toHead(begun.snapshot, toMessageHead(message)) }
      return { status: begun.outcome === 'open' ? PARTIAL : SCHEDULED, data }
    } catch (error) {
      const { code, field, message, cause } = GatewayError.from(error)
      if (field !== 'pingback_uri') throw error
      const name = `${ROOT}.${field}`
      throw new GatewayError(code, `'${name}': ${message}`, { field: name, cause })
    }
  },
})

const list = route({
  method: 'GET',
  path: PATH,
  summary: 'List what was counted',
  input: z.object(PAGING),
  async run({ gateway, caller, input }): Promise<Reply> {
    const page = await listSnapshots(gateway, caller.site, toPageQuery(input))
    const toEntry = (snapshot: MessageSnapshot) =>
      toHead(snapshot, { sharing_message_token: snapshot.messageToken })
    return { status: SUCCESS, data: { [`${NAME}s`]: toPage(page, toEntry) } }
  },
})

const read = route({
  method: 'GET',
  path: `${PATH}/:sharing_analytics_snapshot_token`,
  summary: 'Read what was counted',
  input: z.object({ sharing_analytics_snapshot_token: z.string() }),
  async run({ gateway, caller, input }): Promise<Reply> {
    const token = toToken(input.sharing_analytics_snapshot_token, NAME)
    const snapshot = await findSnapshot(gateway, caller.site, token)
    return { status: SUCCESS, data: { [NAME]: await toDetails(gateway, snapshot) } }
  },
})

const remove = route({
  method: 'DELETE',
  path: `${PATH}/:sharing_analytics_snapshot_token`,
  summary: 'Delete what was counted',
  input: z.object({ sharing_analytics_snapshot_token: z.string(), confirm_deletion: yes }),
  async run({ gateway, caller, input }): Promise<Reply> {
    requireConfirmation(input.confirm_deletion)
    const token = toToken(input.sharing_analytics_snapshot_token, NAME)
    await removeSnapshot(gateway, caller.site, token)
    return { status: SUCCESS }
  },
})

export const snapshots = [start, list, read, remove]

/** What a site is told when its snapshot is finished: the answer to reading it. */
export async function toPingback(
  gateway: Gateway,
  snapshot: MessageSnapshot,
): Promise<{ readonly body: string; readonly headers: Readonly<Record<string, string>> }> {
  const request = { date: toDate(gateway.now()), resource: `${PATH}/${snapshot.token}.json`, status: SUCCESS }
  const result = { data: { [NAME]: await toDetails(gateway, snapshot) } }
  return {
    body: JSON.stringify({ response: { request, result } }),
    headers: { 'content-type': 'application/json; charset=utf-8' },
  }
}

function toHead(snapshot: MessageSnapshot, message: PlainObject): PlainObject {
  const { token, createdAt, finishedAt } = snapshot
  return {
    sharing_analytics_snapshot_token: token,
    date_initiated: toDate(createdAt),
    date_finished: finishedAt === undefined ? undefined : toDate(finishedAt),
    status: finishedAt === undefined ? 'pending' : 'finished',
    sharing_message: message,
  }
}

async function toDetails(gateway: Gateway, snapshot: MessageSnapshot): Promise<PlainObject> {
  const { siteId: id, messageToken, finishedAt } = snapshot
  const message = await findMessage(gateway, { id }, messageToken)
  const head = toHead(snapshot, toMessageHead(message))
  if (finishedAt === undefined) return head
  const entries = await toEntries(gateway, message, { ...snapshot, finishedAt })
  return { ...head, publication_snapshots: { count: entries.length, entries } }
}

async function toEntries(
  gateway: Gateway,
  message: SharedMessage,
  { counts, finishedAt }: MessageSnapshot & { readonly finishedAt: number },
): Promise<readonly PlainObject[]> {
  const counted = new Map(counts.map((count) => [count.key, count]))
  const publications = message.publications.filter(({ key }) => counted.has(key))
  const shown = await toPublications(gateway, { ...message, publications })
  return shown.map((publication, at) => ({
    publication,
    publication_snapshot: toCounts(counted.get(publications[at]?.key ?? ''), finishedAt),
  }))
}

function toCounts(count: PublicationCount | undefined, at: number): PlainObject {
  const urls = (count?.links ?? []).map(({ target, people }) => ({ target, num_referrals: people }))
  const none = { count: 0, entries: [] }
  return {
    date_processed: toDate(at),
    status: { flag: 'success', code: 200, message: 'The clicks have been counted' },
    comments: none,
    likes: none,
    retweets: none,
    urls: { count: urls.length, entries: urls },
  }
}
