// Users whose identities are accounts of the sandbox, made the way callers make them: over the OneAll API.

import type { Running } from './processes.ts'

/** A network of the sandbox: its host there, and its id here. */
export interface Place {
  readonly host: string
  readonly provider: string
  /** Addresses of the first pages of its lists, for the floor. */
  lists(subject: string): readonly string[]
  readonly next: (response: Response, body: Record<string, unknown>) => string | undefined
}

interface Granted {
  readonly accessToken: string
  readonly subject: string
  readonly server: string
}

export async function control(sandbox: Running, door: string, fields: object): Promise<Granted> {
  const response = await fetch(`${sandbox.url}/_control/${door}`, {
    method: 'POST',
    body: JSON.stringify(fields),
  })
  const answer = await response.json()
  if (response.status !== 200) throw new Error(`the sandbox refused ${door}: ${JSON.stringify(answer)}`)
  return answer as Granted
}

export async function requestsSeen(sandbox: Running): Promise<number> {
  const response = await fetch(`${sandbox.url}/_control/requests`)
  return ((await response.json()) as { count: number }).count
}

/** Imports one account; links it to the user when there is one. Answers the user's token. */
export async function importAccount(
  kith: Running,
  authorization: string,
  { provider, account, userToken }: { provider: string; account: Granted; userToken?: string },
): Promise<string> {
  const { accessToken, server } = account
  const source = { key: provider, server, access_token: { key: accessToken } }
  const body = { request: { user: { user_token: userToken, identity: { source } } } }
  const response = await fetch(`${kith.url}/users.json`, {
    method: 'PUT',
    headers: { authorization },
    body: JSON.stringify(body),
  })
  const answer = (await response.json()) as {
    response: { result?: { data: { user: { user_token: string } } } }
  }
  const token = answer.response.result?.data.user.user_token
  if (!token) throw new Error(`not imported: ${JSON.stringify(answer)}`)
  return token
}

const byLink = (response: Response) =>
  /<([^>]*)>\s*;\s*rel="?next/.exec(response.headers.get('link') ?? '')?.[1]

const DIRECTIONS = ['following', 'followers']

const mastodon = (host: string): Place => ({
  host,
  provider: 'mastodon',
  lists: (subject) =>
    DIRECTIONS.map((direction) => `https://${host}/api/v1/accounts/${subject}/${direction}?limit=80`),
  next: byLink,
})

/** Eight identities a user may have; three servers speak Mastodon's API. */
export const PLACES: readonly Place[] = [
  {
    host: 'api.x.com',
    provider: 'twitter',
    lists: (subject) =>
      DIRECTIONS.map((direction) => `https://api.x.com/2/users/${subject}/${direction}?max_results=1000`),
    next: () => undefined,
  },
  mastodon('one.example'),
  mastodon('two.example'),
  mastodon('three.example'),
  {
    host: 'bsky.social',
    provider: 'bluesky',
    lists: (subject) =>
      ['getFollows', 'getFollowers'].map(
        (name) =>
          `https://bsky.social/xrpc/app.bsky.graph.${name}?actor=${encodeURIComponent(subject)}&limit=100`,
      ),
    next: (response, { cursor }) => {
      if (typeof cursor !== 'string') return undefined
      const url = new URL(response.url)
      url.searchParams.set('cursor', cursor)
      return url.href
    },
  },
  {
    host: 'api.github.com',
    provider: 'github',
    lists: () => DIRECTIONS.map((direction) => `https://api.github.com/user/${direction}?per_page=100`),
    next: byLink,
  },
  { ...mastodon('four.example'), provider: 'pixelfed' },
  mastodon('five.example'),
]
