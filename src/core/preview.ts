// What each network of a user would show of a message, and what it would cost, before anything is sent.

import { cleanMessage } from './clean-message.ts'
import { GatewayError, type Problem } from './errors.ts'
import type { Gateway } from './gateway.ts'
import { goneProblem } from './gone.ts'
import { checkLinks, trackLinks } from './link-plan.ts'
import type { Identity, Site } from './model.ts'
import { findPlaces } from './plan.ts'
import type { Message, Price, Rendered } from './publish.ts'
import { type Fit, renderFor } from './render.ts'
import type { Wanted } from './sharing.ts'
import { standIn, takeMedia } from './taken-media.ts'

/** Either what one identity's network would show, or why it would not take the message. */
export interface Preview {
  readonly identity: Identity
  readonly rendered?: Rendered
  /** What the network charges the app for it; absent: nothing. */
  readonly price?: Price
  readonly problem?: Problem
}

/** What one place of a target would show; without an identity there is only a problem. */
export interface PlacePreview extends Partial<Preview> {
  readonly provider: string
}

/**
 * What each place of the target would show, in order; fails as `publishMessage` does, and nothing is sent. Short links
 * are as long as they will be; those of a preview lead nowhere.
 */
export async function previewWanted(
  gateway: Gateway,
  site: Pick<Site, 'id'>,
  { target, message, inputs = [], flags = {} }: Pick<Wanted, 'target' | 'message' | 'inputs' | 'flags'>,
): Promise<readonly PlacePreview[]> {
  const { media = [] } = message
  const sent = cleanMessage({ ...message, media: [...media, ...inputs.map(standIn)] })
  const { places } = await findPlaces(gateway, site, target)
  await checkLinks(gateway, sent, flags)
  const described = inputs.map((input, at) => ({ ...input, alt: sent.media[media.length + at]?.alt }))
  const taken = await takeMedia(gateway, site, described)
  const cleaned = { ...sent, media: [...sent.media.slice(0, media.length), ...taken] }
  return places.map(({ provider, identity, problem }) => {
    if (!identity) return { provider, problem }
    const { tracked } = trackLinks(gateway, site, cleaned, flags)
    return { provider, ...previewFor(gateway.providers, identity, tracked, flags.fit ?? 'refuse') }
  })
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
