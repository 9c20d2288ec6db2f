// Google: who somebody is, by OpenID Connect. Its address book needs scopes that Google reviews apps for, and is not read.
// https://developers.google.com/identity/openid-connect/openid-connect

import type { Provider } from '../core/provider.ts'
import { openIdProfile } from './open-id.ts'

export const google = {
  id: 'google',
  name: 'Google',
  look: { color: '#1a73e8', mark: 'G' },
  // https://developers.gigya.com/display/GD/socialize.getFriendsInfo+JS
  wireNames: { gigya: { aliases: ['googleplus'] } },
  docs: 'https://developers.google.com/identity/openid-connect/openid-connect',
  api: 'https://openidconnect.googleapis.com/v1',
  auth: {
    type: 'oauth2',
    // https://accounts.google.com/.well-known/openid-configuration
    authorizeUrl: 'https://accounts.google.com/o/oauth2/v2/auth',
    tokenUrl: 'https://oauth2.googleapis.com/token',
    revokeUrl: 'https://oauth2.googleapis.com/revoke',
    openId: { issuer: 'https://accounts.google.com', keysUrl: 'https://www.googleapis.com/oauth2/v3/certs' },
    clientAuth: 'body',
    pkce: true,
    authorizeParams: { access_type: 'offline' },
    // https://developers.google.com/identity/openid-connect/openid-connect#prompt
    reauthorizeParams: { prompt: 'select_account' },
    refresh: 'stays',
    scopes: { profile: ['openid', 'profile', 'email'] },
  },
  errors: [],

  profile: openIdProfile('/userinfo'),
} satisfies Provider
