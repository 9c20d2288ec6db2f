// Why a login did not succeed, as a word for the site and a sentence for the person.

import { type ErrorCode, GatewayError } from './errors.ts'
import type { Provider } from './provider.ts'

export interface LoginProblem {
  /** What the site reads as `plugin.data.reason`; docs/login.md lists them. */
  readonly reason: string
  /** For the person; plain text. */
  readonly message: string
  /** The person wanted it so, and needs no explanation. */
  readonly isWanted: boolean
  readonly code: ErrorCode
}

/** The account belongs to another user. Known clients compare this word. */
export const LINKED_TO_ANOTHER = 'identity_is_linked_to_another_user'

const REASONS: Record<ErrorCode, string> = {
  invalid_request: 'invalid_request',
  // The network does not know the site's app.
  unauthenticated: 'provider_is_not_configured',
  forbidden: 'access_was_denied',
  unknown_route: 'internal_error',
  not_found: 'provider_refused_the_request',
  conflict: 'provider_answered_for_another_account',
  discontinued: 'provider_is_discontinued',
  too_large: 'provider_answer_is_invalid',
  unsupported: 'provider_is_not_configured',
  relink_required: 'provider_refused_the_request',
  permission_missing: 'permission_is_missing',
  network_rejected: 'provider_refused_the_request',
  throttled: 'too_many_logins',
  rate_limited: 'rate_limit_exceeded',
  network_unavailable: 'provider_is_unavailable',
  network_unreached: 'provider_is_unavailable',
  network_unreadable: 'provider_answer_is_invalid',
  overloaded: 'service_is_overloaded',
  network_silent: 'provider_timeout',
  internal: 'internal_error',
}

/** The problem that an error is; `stage` link: the store has refused, not the network. */
export function toLoginProblem(
  thrown: unknown,
  {
    provider,
    stage = 'network',
  }: { readonly provider: Pick<Provider, 'name'>; readonly stage?: 'network' | 'link' },
): LoginProblem {
  const { code, message } = GatewayError.from(thrown)
  const isWanted = code === 'forbidden'
  if (stage === 'link' && code === 'conflict') {
    const told = `This ${provider.name} account already belongs to somebody else here.`
    return { reason: LINKED_TO_ANOTHER, message: told, isWanted, code }
  }
  if (stage === 'link' && code === 'not_found') {
    return { reason: 'user_not_found', message: 'The user to link to is not known here.', isWanted, code }
  }
  return { reason: REASONS[code], message, isWanted, code }
}
