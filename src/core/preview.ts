// What each network of a user would show of a message, and what it would cost, before anything is sent.

import { cleanMessage } from './clean-message.ts'
import { GatewayError, type Problem } from './errors.ts'
import type { Gateway } from './gateway.ts'
import { goneProblem } from './gone.ts'
import type { Identity } from './model.ts'
import type { Message, Price, Rendered } from './publish.ts'
import { type Fit, renderFor } from './render.ts'

/** Either what one identity's network would show, or why it would not take the message. */
export interface Preview {
  readonly identity: Identity
  readonly rendered?: Rendered
  /** What the network charges the app for it; absent: nothing. */
  readonly price?: Price
  readonly problem?: Problem
}

/** One preview for each identity, in order. Fails as `cleanMessage` does when the message as a whole is no good. */
export function previewMessage(
  { providers }: Pick<Gateway, 'providers'>,
  identities: readonly Identity[],
  message: Message,
  { fit = 'refuse' }: { readonly fit?: Fit } = {},
): Preview[] {
  const cleaned = cleanMessage(message)
  return identities.map((identity) => previewFor(providers, identity, cleaned, fit))
}

function previewFor(
  providers: Gateway['providers'],
  identity: Identity,
  message: Message,
  fit: Fit,
): Preview {
  const provider = providers.get(identity.provider)
  if (!provider?.publish) {
    const name = provider?.name ?? identity.provider
    const problem = provider && goneProblem(provider)
    return {
      identity,
      problem: problem ?? { code: 'unsupported', message: `${name} cannot be published to.` },
    }
  }
  const { name, publish } = provider
  try {
    const rendered = renderFor({ name, publish }, identity, message, { fit })
    return { identity, rendered, price: publish.price?.(rendered) }
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error
    return { identity, problem: error.problem }
  }
}
