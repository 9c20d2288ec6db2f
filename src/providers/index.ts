// The networks we know. Adding one is a line here and a file beside it: docs/add-a-provider.md.

import type { Provider } from '../core/provider.ts'
import { bluesky } from './bluesky.ts'
import { discord } from './discord.ts'
import { facebook } from './facebook.ts'
import { foursquare } from './foursquare.ts'
import { github } from './github.ts'
import { google } from './google.ts'
import { kaixin } from './kaixin.ts'
import { linkedin } from './linkedin.ts'
import { mastodon } from './mastodon.ts'
import { microsoft } from './microsoft.ts'
import { mixi } from './mixi.ts'
import { myspace } from './myspace.ts'
import { orkut } from './orkut.ts'
import { pixelfed } from './pixelfed.ts'
import { renren } from './renren.ts'
import { skyrock } from './skyrock.ts'
import { slack } from './slack.ts'
import { telegram } from './telegram.ts'
import { twitter } from './twitter.ts'
import { vkontakte } from './vkontakte.ts'
import { yahoo } from './yahoo.ts'
import { yahoojapan } from './yahoojapan.ts'

/** Every network, in the order in which people are shown them. */
export const providers: readonly Provider[] = [
  twitter,
  facebook,
  linkedin,
  mastodon,
  pixelfed,
  bluesky,
  discord,
  telegram,
  github,
  google,
  microsoft,
  slack,
  // Known by name alone: docs/providers/names.md
  yahoo,
  yahoojapan,
  vkontakte,
  foursquare,
  mixi,
  myspace,
  orkut,
  renren,
  kaixin,
  skyrock,
]

/** The same networks by their ids. */
export const providersById: ReadonlyMap<string, Provider> = new Map(
  providers.map((provider) => [provider.id, provider]),
)
