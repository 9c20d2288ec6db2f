// Who we are, for networks where nobody registers: they fetch this document, whose address is our name.
// https://atproto.com/specs/oauth#client-id-metadata-document

import type { Gateway } from '../../core/gateway.ts'
import type { WireAnswer, WireRequest } from '../dialect.ts'
import { baseOf, redirectUriOf } from './places.ts'

/** The document of a network that reads one; undefined for any other address. */
export function clientDocument(request: WireRequest, gateway: Gateway): WireAnswer | undefined {
  const id = /^\/socialize\/client\/([a-z\d]+)\.json$/.exec(request.path)?.[1]
  const provider = id === undefined ? undefined : gateway.providers.get(id)
  if (provider?.auth?.type !== 'atproto' || !['GET', 'HEAD'].includes(request.method)) return undefined
  const base = baseOf(gateway, request, provider)
  const scopes = new Set(Object.values(provider.auth.scopes).flat())
  const document = {
    client_id: `${base}/socialize/client/${provider.id}.json`,
    client_name: 'Kith',
    client_uri: base,
    application_type: 'web',
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
    redirect_uris: [redirectUriOf(base, provider, undefined)],
    scope: [...scopes].join(' '),
    token_endpoint_auth_method: 'none',
    dpop_bound_access_tokens: true,
  }
  return {
    status: 200,
    headers: { 'content-type': 'application/json', 'cache-control': 'max-age=600' },
    body: Buffer.from(JSON.stringify(document)),
  }
}
