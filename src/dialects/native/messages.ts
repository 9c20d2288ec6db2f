// Messages: publish, preview, list, read, publish again, take back, try again, remove from the networks too.

import { z } from 'zod'
import { previewWanted } from '../../core/preview.ts'
import { cancelMessage, findMessage, listMessages, publishAgain, publishMessage } from '../../core/sharing.ts'
import { removeMessage, retryFailed } from '../../core/sharing-again.ts'
import type { MessageFlags } from '../../core/sharing-store.ts'
import { route, type WireRequest } from '../dialect.ts'
import { CONTENT, fit, inNativeWords, moment, TARGET, toInputs, toTarget } from './message-input.ts'
import { statusOf, toMessageDetails, toMessageHead, toPreview, toRemoval } from './message-view.ts'
import { type NativeResult, withStatus } from './result.ts'

const PATH = '/v1/messages'
const ONE = `${PATH}/:token`

/** How a message is to be sent. */
const OPTIONS = {
  publish_at: moment.optional(),
  /** How long to wait for the networks; the answer tells what is known then. */
  wait_seconds: z.number().min(0).max(600).optional(),
}
const FLAGS = { fit, tracks_links: z.boolean().default(false) }

const publish = route({
  method: 'POST',
  path: PATH,
  summary: 'Publish a message to one or more networks, now or later',
  input: z.object({ ...TARGET, ...CONTENT, ...FLAGS, ...OPTIONS }),
  run: ({ gateway, caller, input, request }) =>
    inNativeWords(async () => {
      const { text, link } = input
      const [target, inputs, flags] = [toTarget(gateway, input), toInputs(input), toFlags(input)]
      const options = { ...toOptions(input, request), target, flags }
      const shared = await publishMessage(gateway, caller.site, {
        ...options,
        message: { text, link },
        inputs,
      })
      const details = { message: await toMessageDetails(gateway, shared) }
      return withStatus(statusOf(gateway, shared.publications), details)
    }),
})

const preview = route({
  method: 'POST',
  path: `${PATH}/preview`,
  summary: 'What each network would show of a message, with counts, warnings and prices',
  input: z.object({ ...TARGET, ...CONTENT, ...FLAGS }),
  run: ({ gateway, caller, input }) =>
    inNativeWords(async (): Promise<NativeResult> => {
      const [target, inputs, flags] = [toTarget(gateway, input), toInputs(input), toFlags(input)]
      const { text, link } = input
      const wanted = { target, message: { text, link }, inputs, flags }
      const previews = await previewWanted(gateway, caller.site, wanted)
      return { previews: previews.map(toPreview) }
    }),
})

const list = route({
  method: 'GET',
  path: PATH,
  summary: 'List the site’s messages',
  input: z.object({
    page: z.coerce.number().int().min(1).max(1_000_000_000).default(1),
    limit: z.coerce.number().int().min(1).max(500).default(100),
    order: z.enum(['asc', 'desc']).default('desc'),
  }),
  async run({ gateway, caller, input: { page, limit, order } }): Promise<NativeResult> {
    const query = { page, size: limit, direction: order }
    const found = await listMessages(gateway, caller.site, query)
    const { entries, totalPages, totalEntries } = found
    return {
      messages: entries.map(toMessageHead),
      page: found.page,
      pages: totalPages,
      total: totalEntries,
    }
  },
})

const read = route({
  method: 'GET',
  path: ONE,
  summary: 'Read a message with what became of it on each network',
  input: z.object({ token: z.string() }),
  run: ({ gateway, caller, input: { token } }) =>
    inNativeWords(async (): Promise<NativeResult> => {
      const shared = await findMessage(gateway, caller.site, token.toLowerCase())
      return { message: await toMessageDetails(gateway, shared) }
    }),
})

const again = route({
  method: 'POST',
  path: `${ONE}/publish`,
  summary: 'Publish a message once more; the answer has the publications of this time alone',
  input: z.object({ token: z.string(), ...TARGET, ...OPTIONS }),
  run: ({ gateway, caller, input, request }) =>
    inNativeWords(async () => {
      const options = { ...toOptions(input, request), target: toTarget(gateway, input) }
      const shared = await publishAgain(gateway, caller.site, input.token.toLowerCase(), options)
      const details = { message: await toMessageDetails(gateway, shared) }
      return withStatus(statusOf(gateway, shared.publications), details)
    }),
})

const cancel = route({
  method: 'POST',
  path: `${ONE}/cancel`,
  summary: 'Take back what is not yet sent',
  input: z.object({ token: z.string() }),
  run: ({ gateway, caller, input: { token } }) =>
    inNativeWords(async (): Promise<NativeResult> => {
      const shared = await cancelMessage(gateway, caller.site, token.toLowerCase())
      return { message: await toMessageDetails(gateway, shared) }
    }),
})

const retry = route({
  method: 'POST',
  path: `${ONE}/retry`,
  summary: 'Begin anew what has failed; what is unknown is left alone, since it may be there',
  input: z.object({ token: z.string() }),
  run: ({ gateway, caller, input: { token } }) =>
    inNativeWords(async (): Promise<NativeResult> => {
      const shared = await retryFailed(gateway, caller.site, token.toLowerCase())
      return { message: await toMessageDetails(gateway, shared) }
    }),
})

const remove = route({
  method: 'DELETE',
  path: ONE,
  summary: 'Remove a message; with remote=true its posts are taken back from the networks first',
  input: z.object({ token: z.string(), remote: z.enum(['true', 'false']).default('false') }),
  run: ({ gateway, caller, input: { token, remote } }) =>
    inNativeWords(async () => {
      const options = { remote: remote === 'true' }
      const removed = await removeMessage(gateway, caller.site, token.toLowerCase(), options)
      const { isRemoved, removals } = removed
      const body = { is_removed: isRemoved, publications: removals.map(toRemoval) }
      return withStatus(isRemoved ? 200 : 207, body)
    }),
})

export const messages = [publish, preview, list, read, again, cancel, retry, remove]

interface Options {
  readonly publish_at?: string
  readonly wait_seconds?: number
}

function toOptions({ publish_at: at, wait_seconds: seconds }: Options, { headers }: WireRequest) {
  return {
    publishAt: at === undefined ? undefined : Date.parse(at),
    deadlineMs: seconds === undefined ? undefined : seconds * 1_000,
    idempotencyKey: headers['idempotency-key'],
  }
}

interface Flags {
  readonly fit: 'refuse' | 'shorten'
  readonly tracks_links: boolean
}

function toFlags({ fit: wanted, tracks_links: tracksLinks }: Flags): MessageFlags {
  return { tracksLinks, fit: wanted === 'shorten' ? wanted : undefined }
}
