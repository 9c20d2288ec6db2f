// Networks as this wire knows them: names with aliases, what each can do, and the filters that callers name them in.

import type { Gateway } from '../../core/gateway.ts'
import type { Provider } from '../../core/provider.ts'
import { GigyaError } from './errors.ts'

/** Derived from what the connector has: there is no second list to forget. */
const ABILITIES = {
  Login: (provider: Provider) => allowsLogin(provider),
  // Messages to single friends, and albums: no connector has them.
  Notifications: () => false,
  Actions: ({ publish }: Provider) => publish !== undefined,
  Friends: ({ contacts }: Provider) => contacts !== undefined,
  Status: ({ publish }: Provider) => publish !== undefined,
  Photos: () => false,
  Contacts: ({ contacts }: Provider) => contacts?.withEmails === true,
} as const satisfies Record<string, (provider: Provider) => boolean>

/** https://developers.gigya.com/display/GD/socialize.getAvailableProviders+JS */
export type NetworkCapability = keyof typeof ABILITIES

const CAPABILITIES = Object.keys(ABILITIES) as readonly NetworkCapability[]

/** Whether people come in through it; places that are added by their key are nobody's way in. */
export function allowsLogin({ auth, place }: Provider): boolean {
  return auth !== undefined && place === undefined
}

/** What a network can do, in Gigya's order; nothing when it is gone. */
export function capabilitiesOf(provider: Provider): readonly NetworkCapability[] {
  return provider.gone ? [] : CAPABILITIES.filter((capability) => ABILITIES[capability](provider))
}

/** A capability by its name in any case; undefined when there is none of this name. */
export function findCapability(name: string): NetworkCapability | undefined {
  return CAPABILITIES.find((capability) => capability.toLowerCase() === name.trim().toLowerCase())
}

/** The name of a network on this wire; its id where we no longer know it. */
export function networkName({ providers }: Pick<Gateway, 'providers'>, id: string): string {
  return providers.get(id)?.wireNames?.gigya?.key ?? id
}

/** The network that a caller means: by its name here, an alias or our id, in any case. */
export function findNetwork({ providers }: Pick<Gateway, 'providers'>, name: string): Provider | undefined {
  const wanted = name.trim().toLowerCase()
  for (const provider of providers.values()) {
    const { key = provider.id, aliases = [] } = provider.wireNames?.gigya ?? {}
    if (key === wanted || aliases.includes(wanted)) return provider
  }
  return providers.get(wanted)
}

/** `enabledProviders` and `disabledProviders`, already taken apart. */
export interface NetworkFilter {
  readonly enabledProviders?: readonly string[]
  readonly disabledProviders?: readonly string[]
}

/**
 * Says of a provider id whether the caller wants it. 400006 for an unknown name among the enabled ones; among the
 * disabled ones it excludes nothing.
 */
export function selectNetworks(
  gateway: Pick<Gateway, 'providers'>,
  { enabledProviders, disabledProviders = [] }: NetworkFilter,
): (providerId: string) => boolean {
  const enabled = enabledProviders && new Set(enabledProviders.map((name) => enabledId(gateway, name)))
  const disabled = new Set(disabledProviders.map((name) => findNetwork(gateway, name)?.id))
  return (id) => (enabled?.has(id) ?? true) && !disabled.has(id)
}

function enabledId(gateway: Pick<Gateway, 'providers'>, name: string): string {
  const provider = findNetwork(gateway, name)
  if (provider) return provider.id
  throw new GigyaError(
    400006,
    `Invalid parameter value : enabledProviders names no network "${name.slice(0, 50)}"`,
    {
      field: 'enabledProviders',
    },
  )
}
