// What browsers themselves visit: the way to a network, the way back, and the few pages in between.

import { GatewayError } from '../../core/errors.ts'
import type { Gateway } from '../../core/gateway.ts'
import { siteOfAnswer } from '../../core/login.ts'
import { createDoorkeeper } from '../access.ts'
import type { Caller, Dialect, Route, WireRequest } from '../dialect.ts'
import { answerOf, callbacks } from './callback.ts'
import { choices } from './choice.ts'
import { clientDocument } from './client-document.ts'
import { clientLogins, isClientLogin, siteOfClient } from './client-login.ts'
import { connects } from './connect.ts'
import { dead, type Page, toWireAnswer } from './page.ts'
import { siteNameOf } from './places.ts'
import { unlink } from './unlink.ts'

export interface BrowserOptions {
  /** Logins that one address may begin within a minute; more are refused for a minute. Default 300. */
  readonly startsPerMinute?: number
}

/** Logins, links and unlinks in a browser. */
export function createBrowser(
  now: () => number,
  { startsPerMinute = 300 }: BrowserOptions = {},
): Dialect<Page> {
  const starts = createDoorkeeper({ wrongKeys: startsPerMinute, windowMs: 60_000, refusedMs: 60_000 }, now)
  return {
    id: 'browser',
    owns: (request) =>
      /^\/socialize\/(?:connect\/|callback\/|client\/|choice$)/.test(request.path) || isClientLogin(request),
    remembered: clientDocument,
    stem: (path) => (path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path),
    routes: [...connects, unlink, ...callbacks, ...choices, ...clientLogins],
    async authenticate(request, gateway, route): Promise<Caller> {
      refuseSubresource(request)
      if (isStart(route)) {
        if (starts.isRefused(request.address)) {
          throw new GatewayError('throttled', 'Too many logins have begun at this address. Wait a minute.')
        }
        starts.noteWrongKey(request.address)
      }
      return { site: await siteOf(request, gateway, route), by: 'anonymous' }
    },
    input(request, _route, parameters) {
      const given = request.pairs.filter(([, value]) => value !== '')
      return { ...Object.fromEntries(given), ...parameters }
    },
    success: (page) => toWireAnswer(page),
    failure: (error) => toWireAnswer(toDead(error)),
  }
}

function isStart(route: Route<Page> | undefined): boolean {
  return route !== undefined && ![...callbacks, ...choices].some((back) => back === route)
}

async function siteOf(request: WireRequest, gateway: Gateway, route: Route<Page> | undefined) {
  if (!route) throw new GatewayError('unknown_route', 'There is nothing at this address.')
  if (!isStart(route)) {
    const site = await siteOfAnswer(gateway, answerOf(request.pairs))
    if (site) return site
    throw new GatewayError(
      'not_found',
      'This login is over, was finished already, or never began here. Go back to where you came from and begin again.',
    )
  }
  if (isClientLogin(request)) return siteOfClient(request, gateway)
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

const TITLES: Readonly<Record<number, string>> = {
  404: 'There is nothing here',
  429: 'Too many logins',
  500: 'Something went wrong',
  503: 'Too much is going on',
}

function toDead(error: GatewayError): Page {
  const { message } = error.problem
  return dead(error.status, TITLES[error.status] ?? 'This address is not right', message)
}
