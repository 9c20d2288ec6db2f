// What browsers themselves visit: the way to a network, the way back, and the few pages in between.

import { GatewayError } from '../../core/errors.ts'
import type { Gateway } from '../../core/gateway.ts'
import { siteOfAnswer } from '../../core/login.ts'
import { createDoorkeeper } from '../access.ts'
import type { Caller, Dialect, Route, WireRequest } from '../dialect.ts'
import type { Transaction } from '../gigya/gigya.ts'
import { answerOf, callbacks, notHere } from './callback.ts'
import { choices } from './choice.ts'
import { clientDocument } from './client-document.ts'
import { clientInput, clientLogins, clientStem, isClientLogin, siteOfClient } from './client-login.ts'
import { connects } from './connect.ts'
import { dead, type Page, toWireAnswer } from './page.ts'
import { siteNameOf } from './places.ts'
import { alertOf, speechOf } from './speech.ts'
import { unlink } from './unlink.ts'
import type { Words } from './words/words.ts'

export interface BrowserOptions {
  /** Logins that one address may begin within a minute; more are refused for a minute. Default 300. */
  readonly startsPerMinute?: number
  /** Life of a token that a login for a client of the Gigya API ends with, unless it names one. Default 90 days. */
  readonly sessionLifeMs?: number
  /** The token of who connects a further network may come over plain http. Default false. */
  readonly secretOverHttp?: boolean
  /** Told of every login that ends for a client of the Gigya API; must not throw. */
  readonly note?: (transaction: Transaction) => void
}

/** Logins, links and unlinks in a browser. */
export function createBrowser(now: () => number, options: BrowserOptions = {}): Dialect<Page> {
  const { startsPerMinute = 300, sessionLifeMs = 90 * 86_400_000, secretOverHttp = false, note } = options
  const starts = createDoorkeeper({ wrongKeys: startsPerMinute, windowMs: 60_000, refusedMs: 60_000 }, now)
  return {
    id: 'browser',
    owns: (request) =>
      /^\/socialize\/(?:connect\/|callback\/|client\/|choice$)/.test(request.path) || isClientLogin(request),
    remembered: clientDocument,
    stem: (path) => clientStem(path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path),
    routes: [...connects, unlink, ...callbacks, ...choices, ...clientLogins(sessionLifeMs)],
    async authenticate(request, gateway, route): Promise<Caller> {
      refuseSubresource(request)
      if (isStart(route)) {
        if (starts.isRefused(request.address)) {
          throw new GatewayError('throttled', 'Too many logins have begun at this address. Wait a minute.')
        }
        starts.noteWrongKey(request.address)
      }
      return { site: await siteOf(request, gateway, route, { secretOverHttp }), by: 'anonymous' }
    },
    input(request, _route, parameters) {
      if (isClientLogin(request)) return clientInput(request)
      const given = request.pairs.filter(([, value]) => value !== '')
      return { ...Object.fromEntries(given), ...parameters }
    },
    success(page) {
      if (page.transaction) note?.(page.transaction)
      return toWireAnswer(page)
    },
    failure: (error, request) => toWireAnswer(toDead(error, request)),
  }
}

/** An answer that belongs to no login under way. */
class NoLogin extends GatewayError {}

function isStart(route: Route<Page> | undefined): boolean {
  return route !== undefined && ![...callbacks, ...choices].some((back) => back === route)
}

async function siteOf(
  request: WireRequest,
  gateway: Gateway,
  route: Route<Page> | undefined,
  options: { readonly secretOverHttp: boolean },
) {
  if (!route) throw new GatewayError('unknown_route', 'There is nothing at this address.')
  if (!isStart(route)) {
    const site = await siteOfAnswer(gateway, answerOf(request.pairs))
    if (site) return site
    throw new NoLogin('not_found', 'There is no such login under way.')
  }
  if (isClientLogin(request)) return siteOfClient(request, gateway, options)
  const name = siteNameOf(request).toLowerCase()
  const site = name === '' ? undefined : await gateway.store.sites.bySubdomain(name)
  if (site) return site
  throw new GatewayError('not_found', 'This address belongs to no site.', { field: 'site' })
}

// A picture or a frame in somebody's page is no person who wants to log in.
// https://developer.mozilla.org/en-US/docs/Web/HTTP/Reference/Headers/Sec-Fetch-Dest
function refuseSubresource({ headers }: WireRequest): void {
  const target = headers['sec-fetch-dest']
  if (target === undefined || target === 'document') return
  throw new GatewayError('forbidden', 'This address is to be opened as a page of its own.')
}

const TITLES: Readonly<Record<number, keyof Words['page']>> = {
  404: 'nothing',
  429: 'tooMany',
  500: 'wrong',
  503: 'crowded',
}

function toDead(error: GatewayError, request: WireRequest): Page {
  if (error instanceof NoLogin) return notHere(request, error.status)
  const speech = speechOf(request)
  const title = speech.words.page[TITLES[error.status] ?? 'badAddress']
  return dead(error.status, speech.lang, title, alertOf(speech, error.problem.message))
}
