// The Gigya API as a dialect: one path per method, parameters in query and form, HTTP 200 with an errorCode in it.
// Methods are made with `gigyaRoute` (method.ts) and listed in methods.ts.

import type { Site } from '../../core/model.ts'
import { decode, formPairs } from '../decode.ts'
import type { Dialect, FrontTools, WireRequest } from '../dialect.ts'
import { createRequestNote } from '../request-note.ts'
import { authenticate } from './access.ts'
import { checkFormat, type Setting, toAnswer, toFailure } from './envelope.ts'
import { type GigyaCode, GigyaError, toGigyaError } from './errors.ts'
import { browserOnly } from './login.ts'
import type { GigyaMethod, GigyaReply } from './method.ts'
import { parametersOf, toInput } from './parameters.ts'

export interface GigyaOptions {
  readonly methods: readonly GigyaMethod[]
  /** Hosts that clients may have signed where a proxy changes the Host header. Default none. */
  readonly publicHosts?: readonly string[]
  /** Secrets and tokens over plain http are taken, not refused: for trying out on one machine. Default false. */
  readonly secretOverHttp?: boolean
  /** Life of a token that acts for no user, unless the caller says so. Default 1 hour. */
  readonly tokenLifeMs?: number
  /** Life of a token or session of a user, unless the caller says so. Default 90 days. */
  readonly sessionLifeMs?: number
  /** Told of every call of a known site, answered or refused; must not throw. */
  readonly note?: (transaction: Transaction) => void
}

/** One call, for the reports. */
export interface Transaction {
  readonly site: Pick<Site, 'id' | 'subdomain'>
  /** Without `socialize.`. */
  readonly method: string
  /** 0 is success. */
  readonly errorCode: GigyaCode
  /** The caller's context id, at most 100 characters; '' when there was none. */
  readonly cid: string
}

const HOUR_MS = 3_600_000

/** Gigya's wire API over these methods. */
export function createGigya({ doorkeeper }: FrontTools, options: GigyaOptions): Dialect<GigyaReply> {
  const { methods, note, publicHosts = [], secretOverHttp = false } = options
  const { tokenLifeMs = HOUR_MS, sessionLifeMs = 90 * 24 * HOUR_MS } = options
  const byName = new Map(methods.map((method) => [method.name.toLowerCase(), method]))
  const sites = createRequestNote<Site>()
  const access = {
    doorkeeper,
    publicHosts,
    isSecretOverHttpAllowed: secretOverHttp,
    lives: { tokenMs: tokenLifeMs, sessionMs: sessionLifeMs },
    meet: (request: WireRequest, site: Site) => sites.set(request, site),
  }

  const methodOf = (path: string) => {
    const { namespace, name } = readPath(path)
    return namespace === 'socialize' ? byName.get(name.toLowerCase()) : undefined
  }

  function settingOf(request: WireRequest): Setting {
    const method = methodOf(request.path)
    const { namespace, name } = readPath(request.path)
    const spelled = method ? `socialize.${method.name}` : `${namespace}.${name}`
    return {
      request,
      method: XML_NAME.test(spelled) ? spelled : 'socialize.unknown',
      isAlwaysJson: method?.isAlwaysJson,
      site: sites.get(request),
    }
  }

  function tell(request: WireRequest, errorCode: GigyaCode): void {
    const site = sites.get(request)
    const method = methodOf(request.path)
    if (!note || !site || !method) return
    const cid = (parametersOf(request).peek('cid') ?? '').slice(0, CID_MAX).toWellFormed()
    note({ site, method: method.name, errorCode, cid })
  }

  return {
    id: 'gigya',
    routes: methods,

    owns({ path }) {
      if (path.indexOf('/', 1) !== -1) return false
      const { namespace, name } = readPath(path)
      if (path.startsWith(`/${namespace}.`)) return NAMESPACES.has(namespace) && !FILE_NAMES.has(name)
      return byName.has(name.toLowerCase())
    },

    stem(path) {
      const method = methodOf(path.includes('%') ? (decode(path) ?? path) : path)
      return method ? method.path : ''
    },

    async authenticate(request, gateway, route) {
      const method = methodOf(request.path)
      if (!method || !route) {
        if (!method && readPath(request.path).name.toLowerCase() === 'login') throw browserOnly('login')
        const reason = method
          ? `This method takes GET and POST, not ${request.method}`
          : 'There is no such method'
        throw new GigyaError(405001, reason)
      }
      return authenticate(request, gateway, method, access)
    },

    input(request) {
      const parameters = parametersOf(request)
      checkFormat(parameters)
      return toInput(parameters, methodOf(request.path)?.parameters ?? [])
    },

    success(reply, request) {
      const answer = toAnswer(reply, settingOf(request))
      tell(request, 0)
      return answer
    },

    failure(error, request) {
      const { peek } = parametersOf(request)
      // Of a request with a flaw nothing was read: what is missing then may well have been sent.
      const isAbsent = (field: string) => !request.flaw && peek(field.split(/[.[]/, 1)[0] ?? '') === undefined
      const failure = withHint(toGigyaError(error, isAbsent), request)
      const inOAuth = methodOf(request.path)?.access === 'client'
      tell(request, failure.number)
      return toFailure(failure, settingOf(request), { inOAuth })
    },
  }
}

/** Says of what is missing that it may stand in a body that is no form, of which nothing is read. */
function withHint(error: GigyaError, request: WireRequest): GigyaError {
  if (error.number !== 400002 || request.flaw || request.body.length === 0) return error
  if (formPairs(request).length > 0) return error
  const { message, field, extra } = error
  const hint = 'parameters are read from the address and from a body of application/x-www-form-urlencoded'
  return new GigyaError(400002, `${message} (${hint})`, { field, extra, cause: error })
}

/** Longest context id in the reports, in characters: what is longer is cut. */
export const CID_MAX = 100
const XML_NAME = /^[A-Za-z][A-Za-z0-9]{0,40}\.[A-Za-z][A-Za-z0-9]{0,80}$/

/** What comes before the dot in the paths of Gigya's other products, which answer 405001 here. */
const NAMESPACES: ReadonlySet<string> = new Set([
  'accounts',
  'admin',
  'audit',
  'chat',
  'comments',
  'dataflow',
  'ds',
  'fidm',
  'gcs',
  'gm',
  'gscounters',
  'idx',
  'ids',
  'permissions',
  'reports',
  'socialize',
])

/** Another wire's addresses end like this: `/reports.json`. */
const FILE_NAMES: ReadonlySet<string> = new Set(['json', 'xml'])

/** `/socialize.getUserInfo`, or `/getUserInfo`, which means the same. */
function readPath(path: string): { readonly namespace: string; readonly name: string } {
  const dot = path.indexOf('.')
  if (dot === -1) return { namespace: 'socialize', name: path.slice(1) }
  return { namespace: path.slice(1, dot).toLowerCase(), name: path.slice(dot + 1) }
}
