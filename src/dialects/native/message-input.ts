// A message as the native API takes it: who it is for, what it says, how it is to be sent.

import { z } from 'zod'
import { GatewayError } from '../../core/errors.ts'
import type { Gateway } from '../../core/gateway.ts'
import type { MediaInput } from '../../core/media-room.ts'
import type { Target } from '../../core/plan.ts'

/** Pictures and videos of one message. */
const MEDIA_MAX = 20

const words = z.string().optional()

const Media = z.object({
  kind: z.enum(['image', 'video']).optional(),
  url: words,
  base64: words,
  alt: words,
})

/** For whom: `user_token` with `providers`, or `identity_token`. */
export const TARGET = {
  user_token: words,
  providers: z.array(z.string()).optional(),
  identity_token: words,
}

/** What it says. */
export const CONTENT = {
  text: words,
  link: z.object({ url: z.string(), name: words, caption: words, description: words }).optional(),
  media: z.array(Media).max(MEDIA_MAX).default([]),
}

/** What to do with words that do not fit: refuse them for that network, the default, or shorten them. */
export const fit = z.enum(['refuse', 'shorten']).default('refuse')

/** A moment as ISO 8601 with its zone. */
export const moment = z.iso.datetime({ offset: true, error: 'must be a time like 2030-01-31T12:00:00Z' })

/** The target that a request names; `invalid_request` unless it names exactly one. */
export function toTarget(
  gateway: Pick<Gateway, 'providers'>,
  { user_token: user, identity_token: identity, providers }: z.output<z.ZodObject<typeof TARGET>>,
): Target {
  if ((user === undefined) === (identity === undefined)) {
    const message = `Either 'user_token' or 'identity_token' is needed${user ? ', not both' : ''}.`
    throw new GatewayError('invalid_request', message, { field: 'user_token' })
  }
  if (identity !== undefined) return { identity: identity.trim().toLowerCase() }
  if (providers) {
    const ids = providers.map((id) => gateway.providers.get(id.trim().toLowerCase())?.id ?? id.trim())
    return { user: (user ?? '').trim().toLowerCase(), providers: ids }
  }
  throw new GatewayError('invalid_request', "'providers' is missing.", { field: 'providers' })
}

/** The pictures and videos as they were sent; `invalid_request` for one that is neither an address nor an upload. */
export function toInputs({
  media,
}: Pick<z.output<z.ZodObject<typeof CONTENT>>, 'media'>): readonly MediaInput[] {
  return media.map(({ kind, alt, url, base64 }, at) => {
    if (url !== undefined && base64 === undefined) return { kind, alt, url }
    if (base64 !== undefined && url === undefined) return { kind, alt, base64 }
    const field = `media[${at}]`
    throw new GatewayError('invalid_request', `'${field}' takes either 'url' or 'base64'.`, { field })
  })
}

/** Says what is wrong in the names of the caller's fields: lists by their places in brackets. */
export async function inNativeWords<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    const failure = GatewayError.from(error)
    const { code, message, field, retryAfterSeconds, cause } = failure
    if (code === 'not_found' && field === undefined) {
      throw new GatewayError('not_found', 'There is no message with this token.', { field: 'token' })
    }
    if (!field?.startsWith('media.')) throw failure
    throw new GatewayError(code, message, { field: inBrackets(field), retryAfterSeconds, cause })
  }
}

/** A field of a message by the caller's name: `media.0.alt` is `media[0].alt`. */
export function inBrackets(field: string): string {
  return field.replace(/^media\.(\d+)/, 'media[$1]')
}
