// The last stop of the tour: one message to several networks at once, and what became of it on each.

import { z } from 'zod'
import { CAST } from './cast.ts'
import type { Seed } from './seed.ts'

const Published = z.object({
  response: z.object({
    request: z.object({ status: z.object({ code: z.number(), info: z.string() }) }),
    result: z.object({
      data: z.object({
        sharing_message: z.object({
          publications: z.object({
            entries: z.array(
              z.object({
                provider: z.string(),
                status: z.object({ code: z.number(), message: z.string() }),
                post: z.object({ url: z.string().optional() }).optional(),
                shorturls: z.object({ entries: z.array(z.object({ short_url: z.string() })) }).optional(),
              }),
            ),
          }),
        }),
      }),
    }),
  }),
})

interface Stop {
  readonly url: string
  readonly seed: Seed
  readonly nameOf: (provider: string) => string
  readonly say: (text: string) => void
}

/** Publishes for the first of the cast, to all of their networks; answers what was not as it should be. */
export async function sharingTour({ url, seed: { site, users }, nameOf, say }: Stop): Promise<string[]> {
  say('\n5. Ada tells the world, on all of her networks at once. One of them takes no messages:\n')
  const providers = CAST[0]?.accounts.map(({ provider }) => provider) ?? []
  const message = {
    publish_for_user: { user_token: users[0]?.userToken, providers },
    parts: {
      text: { body: 'The first program for a machine, with a note on what it cannot do:' },
      link: { url: 'https://example.com/notes' },
      flags: { enable_tracking: 1 },
    },
  }
  const startedAt = performance.now()
  const answer = await fetch(`${url}/sharing/messages.json`, {
    method: 'POST',
    headers: {
      authorization: `Basic ${Buffer.from(`${site.publicKey}:${site.privateKey}`).toString('base64')}`,
    },
    body: JSON.stringify({ request: { sharing_message: message } }),
  })
  const { request, result } = Published.parse(await answer.json()).response
  const tookMs = Math.round(performance.now() - startedAt)
  const { entries } = result.data.sharing_message.publications
  for (const { provider, status, post, shorturls } of entries) {
    const words = [
      post?.url ?? status.message,
      ...(shorturls?.entries.map(({ short_url: link }) => link) ?? []),
    ]
    say(`   ${status.code}  ${nameOf(provider).padEnd(9)} ${words.join('  ')}`)
  }
  say(`   ${request.status.code}  ${request.status.info}`)
  say(`   It took ${tookMs} ms. Each network has a short link of its own, so that clicks are told apart.`)
  const wrong: string[] = []
  const codes = entries.map(({ status }) => status.code)
  if (answer.status !== 207) wrong.push(`Ada’s message is ${answer.status}, not 207`)
  if (codes.filter((code) => code === 200).length !== 3) wrong.push(`Ada’s message is ${codes}`)
  const links = entries.flatMap(({ shorturls }) => shorturls?.entries.map((each) => each.short_url) ?? [])
  if (new Set(links).size !== 3) wrong.push('the networks share short links')
  return wrong
}
