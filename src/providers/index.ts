// The networks we know. Adding one is a line here and a file beside it: docs/add-a-provider.md.

import type { Provider } from '../core/provider.ts'
import { bluesky } from './bluesky.ts'
import { facebook } from './facebook.ts'
import { github } from './github.ts'
import { linkedin } from './linkedin.ts'
import { mastodon } from './mastodon.ts'
import { pixelfed } from './pixelfed.ts'
import { twitter } from './twitter.ts'

/** Every network, in the order in which people are shown them. */
export const providers: readonly Provider[] = [
  twitter,
  facebook,
  linkedin,
  mastodon,
  pixelfed,
  bluesky,
  github,
]

/** The same networks by their ids. */
export const providersById: ReadonlyMap<string, Provider> = new Map(
  providers.map((provider) => [provider.id, provider]),
)
