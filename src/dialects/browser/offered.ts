// The networks that visitors of a site can log in with, as buttons.

import type { Gateway } from '../../core/gateway.ts'
import type { Site } from '../../core/model.ts'
import type { Provider } from '../../core/provider.ts'
import { toProvider } from '../oneall/wire.ts'

/** One network as its button needs it. */
export interface Offered {
  readonly id: string
  /** As addresses spell it, and pages name it: OneAll's key. */
  readonly key: string
  /** Further names that pages may know it by, in lower case. */
  readonly names: readonly string[]
  readonly name: string
  readonly mark: string
  /** `#rrggbb`. */
  readonly color: string
  /** What can be read on that colour, `#rrggbb`. */
  readonly ink: string
}

/** The networks that this site has an app at, and those that need none; in the order in which people are shown them. */
export async function offeredNetworks(gateway: Gateway, site: Pick<Site, 'id'>): Promise<readonly Offered[]> {
  const able = [...gateway.providers.values()].filter(canLogIn)
  const ready = await Promise.all(
    able.map(async (provider) => {
      return !needsApp(provider) || (await gateway.store.apps.find(site, provider.id)) !== undefined
    }),
  )
  return able.filter((_, place) => ready[place]).map((provider) => toOffered(gateway, provider))
}

function canLogIn({ gone, auth, profile }: Provider): boolean {
  return gone === undefined && profile !== undefined && auth !== undefined && !KEYS.has(auth.type)
}

/** Whoever has the key of a bot or a webhook is nobody in particular. */
const KEYS: ReadonlySet<string> = new Set(['bot', 'webhook'])

function needsApp({ auth }: Provider): boolean {
  if (auth?.type === 'oauth2') return auth.registerUrl === undefined
  return auth?.type === 'oauth1'
}

function toOffered(gateway: Gateway, { id, name, wireNames, look }: Provider): Offered {
  const { key } = toProvider(gateway, id)
  const { aliases = [] } = wireNames?.oneall ?? {}
  const color = look?.color ?? '#4b5563'
  const mark = look?.mark ?? [...name][0]?.toUpperCase() ?? '?'
  return {
    id,
    key,
    names: [id, ...aliases].filter((each) => each !== key),
    name,
    mark,
    color,
    ink: inkOn(color),
  }
}

/** White or near-black, whichever has more contrast: https://www.w3.org/TR/WCAG22/#dfn-relative-luminance */
function inkOn(color: string): string {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const share = Number.parseInt(color.slice(at, at + 2), 16) / 255
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4
  })
  const luminance = 0.2126 * red + 0.7152 * green + 0.0722 * blue
  return 1.05 / (luminance + 0.05) >= (luminance + 0.05) / 0.055 ? '#ffffff' : '#111111'
}
