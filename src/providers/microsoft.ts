// Microsoft, which Gigya knew as Messenger: who somebody is, by OpenID Connect. What Messenger's own API had is gone
// since 2018-11-01: https://learn.microsoft.com/en-us/onedrive/developer/rest-api/concepts/migrating-from-live-sdk

import type { Provider } from '../core/provider.ts'
import { openIdProfile } from './open-id.ts'

export const microsoft = {
  id: 'microsoft',
  name: 'Microsoft',
  look: { color: '#0067b8', mark: 'M' },
  wireNames: {
    oneall: { key: 'windowslive', name: 'Windows Live', aliases: ['microsoft'] },
    gigya: { key: 'messenger', aliases: ['microsoft'] },
  },
  docs: 'https://learn.microsoft.com/en-us/entra/identity-platform/v2-protocols-oidc',
  api: 'https://graph.microsoft.com',
  auth: {
    type: 'oauth2',
    // https://learn.microsoft.com/en-us/entra/identity-platform/v2-oauth2-auth-code-flow
    authorizeUrl: 'https://login.microsoftonline.com/common/oauth2/v2.0/authorize',
    tokenUrl: 'https://login.microsoftonline.com/common/oauth2/v2.0/token',
    // https://learn.microsoft.com/en-us/entra/identity-platform/access-tokens#validate-the-issuer
    openId: {
      issuer: 'https://login.microsoftonline.com/{tenantid}/v2.0',
      keysUrl: 'https://login.microsoftonline.com/common/discovery/v2.0/keys',
    },
    clientAuth: 'body',
    pkce: true,
    reauthorizeParams: { prompt: 'login' },
    refresh: 'stays',
    // https://learn.microsoft.com/en-us/entra/identity-platform/scopes-oidc#openid-connect-scopes
    scopes: { profile: ['openid', 'profile', 'email', 'offline_access'] },
  },
  errors: [],

  // https://learn.microsoft.com/en-us/entra/identity-platform/userinfo
  profile: openIdProfile('/oidc/userinfo'),
} satisfies Provider
