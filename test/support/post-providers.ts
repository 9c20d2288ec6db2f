// Providers for the pretend networks of post-offices.ts, one for each way to keep a post from appearing twice, or not.

import { z } from 'zod'
import { paged } from '../../src/core/answers.ts'
import type { Provider } from '../../src/core/provider.ts'
import type { Draft, Limits, Publish } from '../../src/core/publish.ts'

const LIMITS: Limits = { text: 500, unit: 'characters', link: 'verbatim', images: 0 }
const Made = z.object({ id: z.string() })
const Job = z.object({ id: z.string(), isReady: z.boolean() })

const recent = paged({
  first: () => ({ path: '/recent' }),
  body: z.object({
    items: z.array(z.object({ id: z.string(), text: z.string(), at: z.number() })),
    next: z.number().optional(),
  }),
  items: ({ items }) => items,
  next: ({ next }, _response, request) =>
    next === undefined ? undefined : { ...request, query: { from: next } },
})

const plainly: Publish = {
  limits: LIMITS,
  async commit({ text }, network) {
    return { post: await network.call({ method: 'POST', path: '/posts', json: { text } }, Made) }
  },
}

/** All of them, in a fixed order. */
export const postProviders: readonly Provider[] = [
  // Honours an idempotency key.
  office('keyed', { ...plainly, commit: withKey, once: { by: 'key', seconds: 3_600 } }),
  // Speaks the same API and ignores the key, as far as anybody knows.
  office('doubtful', {
    ...plainly,
    commit: withKey,
    once: { by: 'key', seconds: 3_600, software: ['known-software'] },
    recent,
  }),
  // Takes the sender's own record key.
  office('recorded', {
    ...plainly,
    async commit({ text, key }, network) {
      const json = { text, record: key }
      return { post: await network.call({ method: 'POST', path: '/posts', json }, Made) }
    },
    once: { by: 'record', seconds: 1e9 },
  }),
  // Has a timeline that tells what is there.
  office('readable', { ...plainly, recent }),
  // Has nothing.
  office('mute', plainly),
  // Uploads first.
  office('uploading', {
    ...plainly,
    recent,
    async prepare(_draft, network, ticket) {
      if (!ticket) {
        const { id } = await network.call({ method: 'POST', path: '/uploads' }, Made)
        return { unfinished: { ticket: { id }, retryAfterSeconds: 0.02 } }
      }
      const { id } = Made.parse(ticket)
      await network.call({ method: 'POST', path: `/uploads/${id}` }, Made)
      return { prepared: { ticket } }
    },
  }),
  // Takes its time afterwards.
  office('slow', {
    ...plainly,
    async commit({ text }, network) {
      const { id } = await network.call({ method: 'POST', path: '/posts', json: { text } }, Made)
      return { unfinished: { ticket: id, retryAfterSeconds: 0.05 } }
    },
    async finish(ticket, network) {
      const id = z.string().parse(ticket)
      const { isReady } = await network.call({ path: `/jobs/${id}` }, Job)
      return isReady ? { post: { id } } : { unfinished: { ticket, retryAfterSeconds: 0.05 } }
    },
  }),
  // Lets nobody publish.
  { ...office('reading', plainly), publish: undefined },
]

async function withKey(
  { text, key }: Draft,
  network: Parameters<Publish['commit']>[1],
): ReturnType<Publish['commit']> {
  const headers = { 'idempotency-key': key }
  return { post: await network.call({ method: 'POST', path: '/posts', json: { text }, headers }, Made) }
}

function office(id: string, publish: Publish): Provider {
  return {
    id,
    name: `The ${id} one`,
    docs: `https://${id}.example/docs`,
    api: `https://${id}.example`,
    auth: {
      type: 'oauth2',
      authorizeUrl: `https://${id}.example/authorize`,
      tokenUrl: `https://${id}.example/token`,
      scopes: {},
    },
    publish,
    async remove({ id: post }, network) {
      await network.fetch({ method: 'DELETE', path: `/posts/${post}` })
    },
  }
}
