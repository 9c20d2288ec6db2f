// The configuration, from the environment and nowhere else. Bad settings are all named at once, none is shown.

import type { z } from 'zod'
import { GatewayError } from './core/errors.ts'
import { providers } from './providers/index.ts'
import type { About } from './setting-kinds.ts'
import { SETTINGS } from './settings.ts'

export type Config = z.output<typeof SETTINGS> & {
  /** Other API roots, by provider id. */
  readonly bases: Readonly<Record<string, string>>
  /** Other API versions, by provider id. */
  readonly versions: Readonly<Record<string, string>>
}

/** One setting by its name in the environment. */
export interface Setting extends About {
  readonly name: string
  readonly section: string
  readonly key: string
  readonly schema: z.ZodType
}

type Environment = Readonly<Record<string, string | undefined>>

/** Reads all settings; `invalid_request` with one line per setting that is unknown or wrong. */
export function readConfig(environment: Environment = process.env): Config {
  const given = Object.entries(environment).filter(
    (entry): entry is [string, string] => entry[0].startsWith('KITH_') && Boolean(entry[1]?.trim()),
  )
  const known = new Map(allSettings().map((setting) => [setting.name, setting]))
  const complaints: string[] = []
  const tree = Object.fromEntries(
    Object.keys(SETTINGS.shape).map((name) => [name, {} as Record<string, string>]),
  )
  const perProvider = { bases: {} as Record<string, string>, versions: {} as Record<string, string> }

  for (const [name, value] of given) {
    const setting = known.get(name)
    const own = providerSettings().find((each) => each.name === name)
    if (setting) Object.assign(tree[setting.section] ?? {}, { [setting.key]: value })
    else if (own) perProvider[own.kind][own.provider] = value
    else complaints.push(unknownName(name))
  }

  const parsed = SETTINGS.safeParse(tree)
  for (const { path, message } of parsed.error?.issues ?? []) {
    const setting = allSettings().find(({ section, key }) => section === path[0] && key === path[1])
    complaints.push(`${setting?.name} ${message}.`)
  }
  if (parsed.data) complaints.push(...contradictions(parsed.data))
  if (!parsed.data || complaints.length > 0) throw new GatewayError('invalid_request', complaints.join('\n'))
  return { ...parsed.data, ...perProvider }
}

/** Every setting with what is said about it, in the order of the documentation. */
export function allSettings(): readonly Setting[] {
  return Object.entries(SETTINGS.shape).flatMap(([section, schema]) =>
    Object.entries(schema.shape as Record<string, z.ZodType>).map(([key, field]) => {
      const about = aboutOf(field)
      const name = about.name ?? `KITH_${prefixOf(schema)}${key.replace(/[A-Z]/g, '_$&').toUpperCase()}`
      return { ...about, name, section, key, schema: field }
    }),
  )
}

function aboutOf(field: z.ZodType): About {
  const about = field.meta()
  if (isAbout(about)) return about
  throw new Error('A setting says nothing about itself.')
}

function isAbout(meta: unknown): meta is About {
  return typeof meta === 'object' && meta !== null && 'text' in meta && typeof meta.text === 'string'
}

/** The two settings that each provider has. */
export function providerSettings(): readonly {
  readonly name: string
  readonly kind: 'bases' | 'versions'
  readonly provider: string
}[] {
  return providers.flatMap(({ id, version }) => {
    const upper = id.toUpperCase().replaceAll(/[^A-Z0-9]/g, '_')
    const base = { name: `KITH_BASE_${upper}`, kind: 'bases' as const, provider: id }
    return version
      ? [base, { name: `KITH_VERSION_${upper}`, kind: 'versions' as const, provider: id }]
      : [base]
  })
}

/** The effective values by name, secrets masked, absent ones left out. */
export function effectiveValues(config: Config): Readonly<Record<string, unknown>> {
  const sections: Readonly<Record<string, Readonly<Record<string, unknown>>>> = config
  const values = allSettings().map(({ name, section, key, secret }) => {
    return [name, masked(sections[section]?.[key], secret)]
  })
  const own = providerSettings().map(({ name, kind, provider }) => [name, config[kind][provider]])
  return Object.fromEntries([...values, ...own].filter(([, value]) => value !== undefined))
}

function masked(value: unknown, secret: About['secret']): unknown {
  if (!secret || value === undefined) return value
  const text = String(value)
  // Whatever is no address may hold anything, but the path of a file holds no secret.
  const isPath = /^(sqlite:)?[^:@]+$/.test(text)
  if (secret === 'password' && isPath) return text
  if (secret !== 'password' || !URL.canParse(text)) return '[hidden]'
  const { protocol, username, host, pathname } = new URL(text)
  return `${protocol}//${username && `${username}:[hidden]@`}${host}${pathname}`
}

function contradictions({ server, data, network, publishing }: z.output<typeof SETTINGS>): string[] {
  const complaints: string[] = []
  if (Boolean(server.tlsCert) !== Boolean(server.tlsKey)) {
    complaints.push('KITH_TLS_CERT and KITH_TLS_KEY go together.')
  }
  if (data.keys && data.keysFile) complaints.push('KITH_KEYS and KITH_KEYS_FILE exclude each other.')
  // Whoever takes a publication over must find that the other's last request has ended.
  if (publishing.leaseMs < 2 * network.requestDeadlineMs) {
    complaints.push('KITH_PUBLISHING_LEASE_MS must be at least twice KITH_NETWORK_REQUEST_DEADLINE_MS.')
  }
  return complaints
}

function unknownName(name: string): string {
  const names = [...allSettings(), ...providerSettings()].map((setting) => setting.name)
  const [nearest] = names.toSorted((one, other) => distance(name, one) - distance(name, other))
  return `${name} is no setting; the nearest that is: ${nearest}.`
}

/** Letters to add, drop or change until one word is the other (Levenshtein). */
function distance(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, index) => index)
  for (const [index, letter] of [...one].entries()) {
    let before = row[0] ?? 0
    const next = [index + 1]
    for (const [at, there] of [...other].entries()) {
      const above = row[at + 1] ?? 0
      next.push(Math.min(above + 1, (next[at] ?? 0) + 1, before + (letter === there ? 0 : 1)))
      before = above
    }
    row = next
  }
  return row.at(-1) ?? 0
}

function prefixOf(section: z.ZodType): string {
  return String(section.meta()?.prefix ?? '')
}
