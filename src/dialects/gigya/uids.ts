// A user's UID, and what goes wrong with accounts and UIDs in Gigya's words.

import { GatewayError } from '../../core/errors.ts'
import type { User } from '../../core/model.ts'
import { GigyaError } from './errors.ts'

/** The site's own id for the user, or our token where it has set none. */
export function uidOf({ uid, token }: Pick<User, 'uid' | 'token'>): string {
  return uid ?? token
}

/** Does the work; a UID that is taken is 400003, an account of somebody else 409001, an unknown user 403005. */
export async function inGigyaWords<T>(work: () => Promise<T>, uidParameter: string): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw translated(GatewayError.from(error), uidParameter)
  }
}

function translated(error: GatewayError, uidParameter: string): GatewayError {
  const { code, field, message, cause } = error
  if (code === 'conflict' && field === 'uid') {
    return new GigyaError(400003, `Unique identifier exists : ${uidParameter}`, {
      field: uidParameter,
      cause,
    })
  }
  if (code === 'conflict' && field === 'subject') return new GigyaError(403017, message, { cause })
  if (code === 'conflict' && field === 'account') return new GigyaError(409001, message, { cause })
  if (code === 'not_found' && field === 'uid') {
    return new GigyaError(403005, 'The user is not valid for this site', { field: uidParameter, cause })
  }
  return error
}
