// From a real host and path to the function that answers.

import { bluesky } from './bluesky.ts'
import type { Dial } from './dials.ts'
import { discord } from './discord.ts'
import { facebook } from './facebook.ts'
import { github } from './github.ts'
import { linkedin } from './linkedin.ts'
import { mastodon } from './mastodon.ts'
import { createRealm } from './realms.ts'
import { telegram } from './telegram.ts'
import type { Answer, Asked } from './wire.ts'
import type { Pretence, Realm, Route, World } from './world.ts'
import { x } from './x.ts'

/** How long a network processes what was uploaded, when no dial says. */
const USUAL_PROCESSING_MS = 300

/** Servers of one network held at most. */
const MOST_REALMS = 10_000

const NAMED = [x, facebook, linkedin, bluesky, github, discord, telegram]
const BY_HOST = new Map(NAMED.flatMap((pretence) => pretence.hosts.map((host) => [host, pretence] as const)))

interface Matcher {
  readonly route: Route
  readonly segments: readonly string[]
}

const TABLES = new Map([...NAMED, mastodon].map((pretence) => [pretence, tableOf(pretence.routes)]))

/** The realm of a real host, opened at its first use; undefined for what is no host name. */
export function realmOf(world: World, host: string): Realm | undefined {
  const pretence =
    BY_HOST.get(host) ?? (/^(?=.*\.)[a-z0-9.-]{3,253}(:\d{1,5})?$/.test(host) ? mastodon : undefined)
  if (!pretence) return undefined
  const name = pretence.hosts[0] ?? host
  const known = world.realms.get(name)
  if (known || world.realms.size >= MOST_REALMS) return known
  const realm = createRealm(world, pretence, name)
  world.realms.set(name, realm)
  return realm
}

/** What the network answers; the dial's limit stands in for the network's own. */
export function answerFor(world: World, realm: Realm, asked: Asked, dial: Dial | undefined): Answer {
  const { pretence } = realm
  const segments = asked.path.split('/')
  for (const { route, segments: pattern } of TABLES.get(pretence)?.get(
    `${asked.method} ${segments.length}`,
  ) ?? []) {
    const parameters =
      route.host === undefined || route.host === asked.host ? match(pattern, segments) : undefined
    if (!parameters) continue
    const answer = route.run({
      world,
      realm,
      asked,
      parameters,
      spend: (key, limit) => world.limits.spend(key, dial?.rateLimit ?? limit),
      process(upload) {
        upload.readyAt ??= world.now() + (dial?.processingMs ?? USUAL_PROCESSING_MS)
        upload.fails ??= dial?.processingFails ?? false
      },
    })
    return refusalWithPause(answer, dial)
  }
  return pretence.failure(404, world)
}

/** A failure in the network's own form, or with exactly the dialled body. */
export function failureFor(world: World, { pretence }: Realm, status: number, dial: Dial): Answer {
  const own = pretence.failure(status, world)
  const answer = dial.body === undefined ? own : { ...own, body: dial.body }
  // Networks have their own idea of the status; the dial's word holds.
  return refusalWithPause({ ...answer, status }, dial)
}

function refusalWithPause(answer: Answer, dial: Dial | undefined): Answer {
  if (dial?.retryAfterSeconds === undefined || answer.status < 400) return answer
  return { ...answer, headers: { ...answer.headers, 'retry-after': String(dial.retryAfterSeconds) } }
}

function match(pattern: readonly string[], segments: readonly string[]): Record<string, string> | undefined {
  const parameters: Record<string, string> = {}
  for (let at = 0; at < pattern.length; at++) {
    const wanted = pattern[at] ?? ''
    const segment = segments[at] ?? ''
    if (wanted.startsWith(':') && segment !== '') parameters[wanted.slice(1)] = decode(segment)
    else if (wanted !== segment) return undefined
  }
  return parameters
}

function tableOf(routes: Pretence['routes']): ReadonlyMap<string, readonly Matcher[]> {
  const table = new Map<string, Matcher[]>()
  for (const route of routes) {
    const segments = route.path.split('/')
    const key = `${route.method} ${segments.length}`
    table.set(key, [...(table.get(key) ?? []), { route, segments }])
  }
  return table
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    // Left as spelled: it names nothing then.
    return text
  }
}
