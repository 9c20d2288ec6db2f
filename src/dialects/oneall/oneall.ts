// The OneAll REST API as a dialect: its addresses, its credentials, its envelope.

import type { Dialect, FrontTools } from '../dialect.ts'
import { connections } from './connections.ts'
import { contacts } from './contacts.ts'
import { createAuthenticate } from './credentials.ts'
import { formatOf, type Reply, toAnswer, toFailure } from './envelope.ts'
import { identities } from './identities.ts'
import { imports } from './imports.ts'
import { toInput } from './input.ts'
import { providers } from './providers.ts'
import { createRemembered } from './remembered.ts'
import { sharing } from './sharing.ts'
import { shorturls } from './shorturls.ts'
import { site } from './site.ts'
import { snapshots } from './snapshots.ts'
import { sso } from './sso.ts'
import { storage } from './storage.ts'
import { tools as toolRoutes } from './tools.ts'
import { users } from './users.ts'

export interface OneAllOptions {
  /** Whole answers kept for the hot path, in bytes. Default 64 MiB. */
  readonly rememberedBytes?: number
}

/** OneAll's wire API: users, identities, connections, contacts, sharing, providers, site, tools. */
export function createOneAll(
  { doorkeeper }: FrontTools,
  { rememberedBytes = 64 * 1_024 * 1_024 }: OneAllOptions = {},
): Dialect<Reply> {
  const remembered = createRemembered(rememberedBytes)
  return {
    id: 'oneall',
    owns: ({ path }) => OURS.has(firstWord(path)),
    remembered: remembered.find,
    authenticate: createAuthenticate(doorkeeper, remembered.generationOf),
    input: toInput,
    routes: [
      ...users,
      ...imports,
      ...identities,
      ...contacts,
      ...connections,
      ...sharing,
      ...shorturls,
      ...snapshots,
      ...providers,
      ...site,
      ...sso,
      ...storage,
      ...toolRoutes,
    ],
    takesUploads: (path) => PUBLISHES.test(path),
    stem: (path) => (formatOf(path) ? path.slice(0, path.lastIndexOf('.')) : ''),
    success(reply, request) {
      const answer = toAnswer(reply, request)
      remembered.keep(request, reply, answer)
      return answer
    },
    failure: toFailure,
  }
}

/** Where messages with pictures and videos in them are sent to. */
const PUBLISHES = /^\/(?:sharing\/messages|users\/[^/]{1,64}\/publish)\.(?:json|xml)$/

/** First words of the paths below which all is OneAll's, whatever the host. */
const OURS: ReadonlySet<string> = new Set([
  'connection',
  'connections',
  'discussions',
  'identities',
  'loudvoice',
  'providers',
  'pull',
  'push',
  'search',
  'sharing',
  'shorturls',
  'site',
  'sso',
  'storage',
  'tools',
  'users',
])

function firstWord(path: string): string {
  const slash = path.indexOf('/', 1)
  const end = slash === -1 ? path.lastIndexOf('.') : slash
  return path.slice(1, end === -1 ? path.length : end)
}
