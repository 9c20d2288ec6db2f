// The way back from a network: one address for all sites, since networks want an exact one.

import { z } from 'zod'
import { GatewayError } from '../../core/errors.ts'
import { finishLogin, markOfAnswer, recordLogin } from '../../core/login.ts'
import { type Call, route, type WireRequest } from '../dialect.ts'
import { offerChoice } from './choice.ts'
import { toClient } from './client-end.ts'
import { handOver, toldOf } from './hand-over.ts'
import { html } from './html.ts'
import { dead, type Page } from './page.ts'
import { baseOf, endCookie, readCookie } from './places.ts'
import { speechOf } from './speech.ts'

const INPUT = z.object({ provider: z.string(), server: z.string().optional() })

const callbackAt = (path: string) =>
  route({
    method: 'GET',
    path,
    summary: 'Come back from a network',
    input: INPUT,
    run: (call): Promise<Page> => comeBack(call),
  })

export const callbacks = [
  callbackAt('/socialize/callback/:provider'),
  callbackAt('/socialize/callback/:provider/:server'),
]

async function comeBack({
  gateway,
  caller: { site },
  input,
  request,
}: Call<z.output<typeof INPUT>>): Promise<Page> {
  const answer = answerOf(request.pairs)
  const provider = gateway.providers.get(input.provider)
  const base = baseOf(gateway, request, provider)
  const mark = markOfAnswer(answer)
  const secret = readCookie(base, request, mark)
  if (secret === undefined) return notHere(request)
  const by = { secret, provider: input.provider, serverHost: input.server }
  const finished = await finishLogin(gateway, site, answer, by)
  if (!finished) return notHere(request)
  const headers = { 'set-cookie': endCookie(base, mark) }
  const { wish, outcome } = finished
  if (wish.onto.kind === 'client') return toClient(gateway, site, { ...finished, onto: wish.onto }, headers)
  const connection = await recordLogin(gateway, site, finished)
  const speech = speechOf({ pairs: [], headers: request.headers }, wish)
  const { onto } = wish
  if ('linked' in outcome) {
    const { identity } = outcome.linked
    const choice = await offerChoice(gateway, request, {
      site,
      identity,
      connection,
      onto,
      lang: wish.lang,
      cookie: { mark, secret },
    })
    if (choice) return choice
  }
  return handOver(onto, { site, connection, speech, told: toldOf(outcome, speech), headers })
}

/** Longest value that a network brings, in characters. */
const VALUE_MAX = 4_096

/** What the network has sent along; `invalid_request` when it says one thing twice. */
export function answerOf(pairs: readonly (readonly [string, string])[]): Readonly<Record<string, string>> {
  const answer: Record<string, string> = Object.create(null)
  for (const [name, value] of pairs) {
    if (name in answer || value.length > VALUE_MAX) {
      throw new GatewayError('invalid_request', 'The network has sent an answer that cannot be read.')
    }
    answer[name] = value
  }
  return answer
}

/** The network's answer is nothing of ours: what it calls `lang` is no wish. */
export function notHere({ headers }: WireRequest, status = 400): Page {
  const speech = speechOf({ pairs: [], headers })
  const { over, overWhy } = speech.words.page
  return dead(status, speech.lang, over, html`<p role="alert">${overWhy}</p>`)
}
