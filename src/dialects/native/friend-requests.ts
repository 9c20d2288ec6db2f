// Requests of friendship that wait for an answer: Tencent's own API has no call to see or answer them.

import { z } from 'zod'
import type { Outcome } from '../../core/graph-model.ts'
import { acceptPendings, declinePendings, listPendings } from '../../core/graph-pendings.ts'
import { route } from '../dialect.ts'
import type { NativeResult } from './result.ts'

const PATH = '/v1/accounts/:account/friend-requests'

const list = route({
  method: 'GET',
  path: PATH,
  summary: 'List the friend requests that wait for an account’s answer, oldest first',
  input: z.object({
    account: z.string(),
    after: z.coerce.number().int().min(0).max(Number.MAX_SAFE_INTEGER).default(0),
    limit: z.coerce.number().int().min(1).max(1_000).default(100),
  }),
  async run({ gateway, caller, input: { account, after, limit } }): Promise<NativeResult> {
    const { pendings, next, total } = await listPendings(gateway, caller.site, account, { after, limit })
    const requests = pendings.map(({ account: from, wording, source, askedAt }) => {
      return { from, wording, source, asked_at: new Date(askedAt).toISOString() }
    })
    return { requests, total, next }
  },
})

const accept = route({
  method: 'POST',
  path: `${PATH}/accept`,
  summary: 'Accept friend requests: both sides become friends',
  input: z.object({
    account: z.string(),
    requests: z
      .array(z.object({ from: z.string(), remark: z.string().optional() }))
      .min(1)
      .max(1_000),
  }),
  async run({ gateway, caller, input: { account, requests } }): Promise<NativeResult> {
    const lines = requests.map(({ from, remark }) => ({ account: from, remark }))
    return toResults(await acceptPendings(gateway, caller.site, account, lines))
  },
})

const decline = route({
  method: 'POST',
  path: `${PATH}/decline`,
  summary: 'Decline friend requests; those who asked may ask again',
  input: z.object({
    account: z.string(),
    requests: z
      .array(z.object({ from: z.string() }))
      .min(1)
      .max(1_000),
  }),
  async run({ gateway, caller, input: { account, requests } }): Promise<NativeResult> {
    const lines = requests.map(({ from }) => ({ account: from }))
    return toResults(await declinePendings(gateway, caller.site, account, lines))
  },
})

export const friendRequests = [list, accept, decline]

/** One result per request, in order; the call itself succeeds even where none of them did. */
function toResults(outcomes: readonly Outcome[]): NativeResult {
  return { results: outcomes.map(({ account: from, code: result }) => ({ from, result })) }
}
