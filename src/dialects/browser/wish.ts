// What the addresses that begin a login take.

import { z } from 'zod'

const TOKEN = z.string().trim().toLowerCase().pipe(z.uuid('must be a token of a user or identity'))

/** What the addresses of this file take; unknown names are left alone. */
export const CONNECT_INPUT = z.object({
  provider: z.string().max(50),
  service: z
    .enum(['social_login', 'social_link'], 'must be social_login or social_link')
    .default('social_login'),
  action: z
    .enum(['link_identity', 'unlink_identity'], 'must be link_identity or unlink_identity')
    .default('link_identity'),
  callback_uri: z.string(),
  user_token: TOKEN.optional(),
  identity_token: TOKEN.optional(),
  scope: z.string().max(1_000).optional(),
  force_reauth: z.string().optional(),
  login_data: z.string().max(253, 'must not be longer than 253 characters').optional(),
  display: z.string().optional(),
  nonce: z.string().optional(),
  lang: z.string().max(35).optional(),
})

export type ConnectInput = z.output<typeof CONNECT_INPUT>
