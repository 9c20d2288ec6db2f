// Slack: who somebody is in a workspace, by OpenID Connect. https://docs.slack.dev/authentication/sign-in-with-slack/

import type { Provider } from '../core/provider.ts'
import { openIdProfile } from './open-id.ts'

export const slack = {
  id: 'slack',
  name: 'Slack',
  look: { color: '#611f69', mark: 'S' },
  docs: 'https://docs.slack.dev/authentication/sign-in-with-slack/',
  api: 'https://slack.com/api',
  auth: {
    type: 'oauth2',
    authorizeUrl: 'https://slack.com/openid/connect/authorize',
    tokenUrl: 'https://slack.com/api/openid.connect.token',
    // https://slack.com/.well-known/openid-configuration
    openId: { issuer: 'https://slack.com', keysUrl: 'https://slack.com/openid/connect/keys' },
    clientAuth: 'body',
    // Tokens do not expire unless the app asks for it: https://docs.slack.dev/authentication/using-token-rotation/
    refresh: 'none',
    scopes: { profile: ['openid', 'profile', 'email'] },
  },
  // Refusals come with status 200: https://docs.slack.dev/apis/web-api/#responses
  errors: [
    {
      status: 200,
      body: /"error"\s*:\s*"(?:invalid_auth|token_revoked|token_expired|account_inactive|not_authed)"/,
      code: 'relink_required',
    },
    { status: 200, body: /"error"\s*:\s*"missing_scope"/, code: 'permission_missing' },
    { status: 200, body: /"error"\s*:\s*"ratelimited"/, code: 'rate_limited' },
    { status: 200, body: /^\s*\{\s*"ok"\s*:\s*false/, code: 'network_rejected' },
  ],

  profile: openIdProfile('/openid.connect.userInfo'),
  // https://docs.slack.dev/reference/methods/auth.revoke/
  forget: { method: 'POST', path: '/auth.revoke' },
} satisfies Provider
