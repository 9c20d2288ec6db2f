// What browsers fetch of a site without any credentials: the plugin script, and pages of our own that log in and link.

import { z } from 'zod'
import type { Gateway } from '../../core/gateway.ts'
import type { Dialect, WireAnswer, WireRequest } from '../dialect.ts'
import { route } from '../dialect.ts'
import { hostedRoutes, toErrorPage } from './hosted/hosted.ts'
import { createLibrary } from './library/library.ts'
import { LINKED_PATH, linkedRoute } from './linked.ts'
import { offeredNetworks } from './offered.ts'
import { baseOf } from './places.ts'
import { ssoRoutes } from './sso.ts'
import { carriedSite, originOf, visitedSite } from './visited-site.ts'
import { LANGUAGES } from './words/words.ts'

const LIBRARY_PATH = '/socialize/library.js'
const PATHS = /^\/(?:socialize\/(?:library\.js|linked\.json)$|socialize\/sso\/|login(?:\/|$))/

/** The dialect of those who only look at a page; the site is named by its host, or by `site` in the query. */
export function createVisitor(): Dialect<WireAnswer> {
  return {
    id: 'visitor',
    owns: ({ path }) => PATHS.test(path),
    stem: (path) => path.replace(/(?<=.)\/$/, ''),
    async authenticate(request, gateway) {
      return { site: await visitedSite(request, gateway), by: 'anonymous' }
    },
    input: ({ pairs }, _route, parameters) => ({ ...firstOf(pairs), ...parameters }),
    routes: [libraryRoute(), ...hostedRoutes, ...ssoRoutes, linkedRoute],
    success: (answer) => answer,
    failure(error, request) {
      if (request.path !== LIBRARY_PATH && request.path !== LINKED_PATH) return toErrorPage(error, request)
      return {
        status: error.status,
        headers: { 'Content-Type': 'text/plain; charset=utf-8', 'Cache-Control': 'no-store' },
        body: Buffer.from(`${error.message}\n`),
      }
    },
  }
}

function libraryRoute() {
  const library = createLibrary()
  return route({
    method: 'GET',
    path: LIBRARY_PATH,
    summary: 'The plugin script of a site',
    input: z.object({ lang: z.string().optional() }),
    async run({ gateway, caller: { site }, input: { lang = '' }, request }): Promise<WireAnswer> {
      const [language = ''] = lang.toLowerCase().split(/[-_]/, 1)
      return library(request, {
        base: originOf(request),
        site: carriedSite(request, site),
        origins: loginEnds(gateway, request),
        language: Object.hasOwn(LANGUAGES, language) ? language : '',
        asksLinked: site.settings.showsLinkedToPages === true,
        providers: await offeredNetworks(gateway, site),
      })
    },
  })
}

/** Origins that logins end at: of the configured address, and for some networks on this machine of another. */
function loginEnds(gateway: Gateway, request: WireRequest): readonly string[] {
  const ends = [...gateway.providers.values()].map((provider) => baseOf(gateway, request, provider))
  return [...new Set(ends.flatMap((base) => URL.parse(base)?.origin ?? []))]
}

/** Each name's first value. */
function firstOf(pairs: WireRequest['pairs']): Readonly<Record<string, string>> {
  return Object.fromEntries(pairs.toReversed())
}
