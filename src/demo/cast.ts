// Who plays in the demo: people with accounts on pretend networks, and how long each network takes to answer.

export interface Person {
  readonly name: string
  readonly accounts: readonly Account[]
}

export interface Account {
  readonly provider: string
  /** The network's real host, as the sandbox knows it. */
  readonly host: string
  /** Length of each of the account's lists; people who stand in both are one contact. */
  readonly contacts: number
  /** Taken back by the network after it was linked. */
  readonly isRevoked?: boolean
}

export const CAST: readonly Person[] = [
  {
    name: 'Ada',
    accounts: [
      { provider: 'twitter', host: 'api.x.com', contacts: 260 },
      { provider: 'mastodon', host: 'mastodon.example', contacts: 150 },
      { provider: 'github', host: 'api.github.com', contacts: 120 },
      { provider: 'bluesky', host: 'bsky.social', contacts: 90 },
    ],
  },
  {
    name: 'Grace',
    accounts: [
      { provider: 'facebook', host: 'graph.facebook.com', contacts: 60, isRevoked: true },
      { provider: 'twitter', host: 'api.x.com', contacts: 40 },
    ],
  },
  {
    name: 'Edsger',
    accounts: [
      { provider: 'pixelfed', host: 'pixelfed.example', contacts: 70 },
      { provider: 'linkedin', host: 'api.linkedin.com', contacts: 30 },
    ],
  },
]

/** Milliseconds that a pretend network takes for each answer. */
export const LATENCY_MS: Readonly<Record<string, number>> = {
  'api.x.com': 240,
  'mastodon.example': 60,
  'api.github.com': 110,
  'bsky.social': 150,
  'graph.facebook.com': 180,
  'pixelfed.example': 90,
  'api.linkedin.com': 130,
}
