// Whose account it is, on the AT Protocol: from a handle to a DID, and from the DID to the server that has the account.
// https://atproto.com/specs/handle and https://atproto.com/specs/did

import { GatewayError } from '../core/errors.ts'
import type { Atproto, Provider } from '../core/provider.ts'
import { type AuthServers, readDocument } from './auth-servers.ts'
import type { Deadline } from './deadline.ts'
import { textAt } from './json.ts'
import { homeServer } from './places.ts'

type Parts = Pick<AuthServers, 'send' | 'places' | 'options'>

interface Search {
  readonly provider: Provider
  readonly auth: Atproto
  readonly deadline: Deadline
}

/** An account as its own document tells of it. */
export interface Account {
  readonly did: string
  /** Origin of the server that has the account. */
  readonly server: string
}

/** https://atproto.com/specs/handle#handle-identifier-syntax */
const HANDLE = /^(?=.{3,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])?$/
/** Methods in use: https://atproto.com/specs/did#blessed-did-methods */
const DID = /^did:(?:plc:[a-z2-7]{24}|web:[a-z0-9.-]{1,253}(?:%3A\d{1,5})?)$/

/** Finds an account by handle or DID; `invalid_request` with the field `account` when there is none. */
export async function findAccount(parts: Parts, search: Search, named: string): Promise<Account> {
  const { provider } = search
  const name = named
    .trim()
    .replace(/^@/, '')
    .replace(/^at:\/\//, '')
  if (DID.test(name)) return accountOf(parts, search, name)
  const handle = name.toLowerCase()
  if (!HANDLE.test(handle)) throw noAccount(`This is no ${provider.name} handle, such as name.example.com.`)
  const did = await didOf(parts, search, handle)
  const account = await accountOf(parts, search, did, handle)
  return account
}

/** Where the account of a DID is; with a handle, the document must name it too. */
export async function accountOf(
  parts: Parts,
  { provider, auth, deadline }: Search,
  did: string,
  handle?: string,
): Promise<Account> {
  if (!DID.test(did)) throw unreadable(provider)
  const document = await readDocument(parts, { provider, server: undefined, deadline }, addressOf(auth, did))
  const names: unknown = Object(document).alsoKnownAs
  const services: unknown = Object(document).service
  if (textAt(document, 'id') !== did || !Array.isArray(services)) throw unreadable(provider)
  // Anybody may let a handle lead to somebody else's DID.
  if (handle !== undefined && !(Array.isArray(names) && names.includes(`at://${handle}`))) {
    throw noAccount(`The account does not know the handle ${handle}.`)
  }
  const home: unknown = services.find((service: unknown) => {
    const id = textAt(service, 'id')
    return id === '#atproto_pds' || id === `${did}#atproto_pds`
  })
  const endpoint = textAt(home, 'serviceEndpoint')
  if (endpoint === undefined) throw unreadable(provider)
  return { did, server: homeServer(provider, endpoint.replace(/\/$/, ''), parts.options.allowInsecure) }
}

function addressOf(auth: Atproto, did: string): string {
  if (!did.startsWith('did:web:')) return `${auth.directoryUrl}/${did}`
  return `https://${decodeURIComponent(did.slice('did:web:'.length))}/.well-known/did.json`
}

// Any server resolves any handle; the default one is asked, so that no name server is needed here.
async function didOf(parts: Parts, search: Search, handle: string): Promise<string> {
  const { provider, auth, deadline } = search
  const query = new URLSearchParams({ handle })
  const address = `${homeServer(provider, undefined, parts.options.allowInsecure)}${auth.handlePath}?${query}`
  try {
    const body = await readDocument(parts, { provider, server: undefined, deadline }, address)
    const did = textAt(body, 'did')
    if (did !== undefined && DID.test(did)) return did
  } catch (error) {
    if (GatewayError.from(error).code !== 'network_unreadable') throw error
  }
  throw noAccount(`${provider.name} has no account with the handle ${handle}.`)
}

function noAccount(message: string): GatewayError {
  return new GatewayError('invalid_request', message, { field: 'account' })
}

function unreadable({ name }: Provider): GatewayError {
  return new GatewayError('network_unreadable', `${name} does not say where this account is.`)
}
