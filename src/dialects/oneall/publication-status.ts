// OneAll's words for what became of a message on one network.

import { type Standing, standingOf } from '../../core/sharing.ts'
import type { Publication } from '../../core/sharing-store.ts'
import { FAILED, PARTIAL, type Status, SUCCESS, type SubStatus, toSubStatus } from './statuses.ts'

/** How a publication stands. `provider` is the network's name on this wire. */
export function toPublicationStatus(publication: Publication, provider: string, now: number): SubStatus {
  const { problem } = publication
  switch (standingOf(publication, now)) {
    case 'published':
      return PUBLISHED
    case 'scheduled':
      return { ...PENDING, message: 'The message is scheduled to be published later' }
    case 'pending':
      return problem ? { ...PENDING, message: `${PENDING.message}: ${problem.message}` } : PENDING
    case 'cancelled':
      return CANCELLED
    case 'unknown':
      return { ...UNKNOWN, message: problem?.message ?? UNKNOWN.message }
    case 'failed':
      return toFailed(publication, provider)
  }
}

/** Of all together: what may still succeed counts as success; 400 when nothing did. */
export function overallPublished(publications: readonly Publication[], now: number): Status {
  const successes = publications.filter((each) => SUCCESSES.has(standingOf(each, now))).length
  if (successes === publications.length) return SUCCESS
  return successes > 0 ? PARTIAL : FAILED
}

const SUCCESSES: ReadonlySet<Standing> = new Set(['published', 'pending', 'scheduled'])

const PUBLISHED: SubStatus = {
  flag: 'success',
  code: 200,
  message: 'Message published successfully to identity',
}
const PENDING: SubStatus = { flag: 'scheduled', code: 201, message: 'The message is being published' }
const UNKNOWN: SubStatus = {
  flag: 'error_publication_state_is_unknown',
  code: 504,
  message: 'It is not known whether the message has been published',
}
const CANCELLED: SubStatus = {
  flag: 'error_publication_is_cancelled',
  code: 409,
  message: 'The message was taken back before it was published',
}

function toFailed({ problem, identityToken }: Publication, provider: string): SubStatus {
  if (!problem) return toSubStatus({ code: 'internal', message: 'The message could not be published.' })
  if (identityToken === undefined) {
    const message = `The API could not publish the message: this user has no identity for ${provider}`
    return { flag: 'error_user_has_no_identity_for_this_provider', code: 404, message }
  }
  const { code, message, field } = problem
  if (code === 'permission_missing' || code === 'forbidden') {
    const reason = `The provider did not accept the message: ${message}`
    return { flag: 'error_message_is_not_permitted', code: 403, message: reason }
  }
  if (code === 'conflict') return { flag: 'error_message_is_duplicate', code: 409, message }
  // A network that takes messages, but not this one.
  const isAboutMessage = code === 'invalid_request' || code === 'too_large' || field !== undefined
  if (isAboutMessage) return { flag: 'error_message_is_invalid', code: 400, message }
  return toSubStatus(problem)
}
