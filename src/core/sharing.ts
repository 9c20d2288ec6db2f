// One message to many networks at once, with a true result for each. What was accepted is on disk before a byte
// leaves, and goes on whoever waits for it.

import { hash } from 'node:crypto'
import { cleanMessage } from './clean-message.ts'
import { placesFor, startDelivery, wakeIn, whenGotOn } from './deliveries.ts'
import { GatewayError } from './errors.ts'
import type { Gateway } from './gateway.ts'
import { checkLinks } from './link-plan.ts'
import { withFreeCode } from './links.ts'
import type { MediaInput } from './media-room.ts'
import type { PageOf, PageQuery, Site } from './model.ts'
import { findPlaces, planPublications, type Target } from './plan.ts'
import type { Media, Message } from './publish.ts'
import type {
  Accepted,
  MessageFlags,
  MessageHead,
  NewPublication,
  NewRun,
  Publication,
  SharedMessage,
} from './sharing-store.ts'
import { standIn, takeMedia } from './taken-media.ts'

type SiteRef = Pick<Site, 'id'>

/** How one publishing is asked for. */
export interface PublishOptions {
  readonly target: Target
  readonly flags?: MessageFlags
  /** Not before then; milliseconds since 1970. A time that has passed means now. */
  readonly publishAt?: number
  /** The caller's own name of this request: asked twice, it is done once. 1 to 255 visible ASCII characters. */
  readonly idempotencyKey?: string
  /** How long to wait for the networks, at most the configured time. */
  readonly deadlineMs?: number
}

/** How a publication stands for a caller: `pending` is all that may still change by itself. */
export type Standing = 'scheduled' | 'pending' | 'published' | 'failed' | 'unknown' | 'cancelled'

/** What is to be published: pictures and videos as they were sent, fetched only when nothing else is wrong. */
export interface Wanted extends PublishOptions {
  readonly message: Omit<Message, 'media'> & { readonly media?: readonly Media[] }
  /** Shown behind the media that the message has already. */
  readonly inputs?: readonly MediaInput[]
}

/**
 * Publishes a message to all places of the target. Answers when every network has, or at the deadline, with what is
 * known then. `invalid_request` or `too_large` when the message as a whole is no good (nothing is sent), `not_found`
 * when there is no such user or identity, `conflict` when the idempotency key was used for something else.
 */
export async function publishMessage(
  gateway: Gateway,
  site: SiteRef,
  { message, inputs = [], ...options }: Wanted,
): Promise<SharedMessage> {
  const { media = [] } = message
  const sent = cleanMessage({ ...message, media: [...media, ...inputs.map(standIn)] })
  const { target, flags = {} } = options
  const { user, places } = await findPlaces(gateway, site, target)
  await checkLinks(gateway, sent, flags)
  const content = [target, sent, flags, options.publishAt]
  if (inputs.length > 0) {
    const repeated = await answerRepeated(gateway, site, content, options)
    if (repeated) return repeated
  }
  // Said before anything is fetched for it.
  checkTime(options.publishAt, gateway.now(), gateway.deliveries.bounds.aheadMaxMs)
  const described = inputs.map((input, at) => ({ ...input, alt: sent.media[media.length + at]?.alt }))
  const taken = await takeMedia(gateway, site, described)
  const cleaned = { ...sent, media: [...sent.media.slice(0, media.length), ...taken] }
  const plan = () => planPublications(gateway, site, places, cleaned, flags)
  return accept(gateway, site, { plan, content, options }, (run) =>
    gateway.store.messages.create(site, { ...run, user, message: cleaned, flags }),
  )
}

/** Publishes a stored message once more; the answer lists the publications of this time alone. */
export async function publishAgain(
  gateway: Gateway,
  site: SiteRef,
  token: string,
  options: PublishOptions,
): Promise<SharedMessage> {
  const { message, flags: before } = await findMessage(gateway, site, token)
  const { target, flags = before } = options
  const { places } = await findPlaces(gateway, site, target)
  const plan = () => planPublications(gateway, site, places, message, flags)
  await checkLinks(gateway, message, flags)
  const content = [token, target, flags, options.publishAt]
  return accept(gateway, site, { plan, content, options }, (run) =>
    gateway.store.messages.addRun(site, token, run),
  )
}

/** `not_found` when the site has no message of this token. */
export async function findMessage({ store }: Gateway, site: SiteRef, token: string): Promise<SharedMessage> {
  const message = await store.messages.find(site, token)
  if (message) return message
  throw new GatewayError(
    'not_found',
    'No sharing message has been found for the specified sharing_message_token',
  )
}

/** Messages of a site in order of creation, without their publications. */
export function listMessages(
  { store }: Gateway,
  site: SiteRef,
  query: PageQuery,
): Promise<PageOf<MessageHead>> {
  return store.messages.list(site, query)
}

/** Takes back what is not yet sent; what has left goes on. */
export async function cancelMessage(gateway: Gateway, site: SiteRef, token: string): Promise<SharedMessage> {
  const message = await findMessage(gateway, site, token)
  await gateway.store.publications.cancel(message, gateway.now())
  return findMessage(gateway, site, token)
}

/** How a publication stands now. */
export function standingOf({ state, sendAt }: Publication, now: number): Standing {
  switch (state) {
    case 'queued':
    case 'preparing':
      return sendAt > now ? 'scheduled' : 'pending'
    case 'committing':
      return 'pending'
    default:
      return state
  }
}

interface Wish {
  /** The publications, with new keys and new short links each time it is asked. */
  readonly plan: () => Promise<readonly NewPublication[]>
  /** What the request asks for, to tell it from another one of the same key. */
  readonly content: unknown
  readonly options: PublishOptions
}

async function accept(
  gateway: Gateway,
  site: SiteRef,
  { plan, content, options }: Wish,
  store: (run: NewRun) => Promise<Accepted>,
): Promise<SharedMessage> {
  const { deliveries } = gateway
  const { bounds } = deliveries
  const now = gateway.now()
  const sendAt = checkTime(options.publishAt, now, bounds.aheadMaxMs)
  const request = toRequest(options.idempotencyKey, content, bounds.requestMemoryMs)
  const endsAt = performance.now() + Math.min(options.deadlineMs ?? bounds.deadlineMs, bounds.deadlineMs)
  let publications = await plan()
  const limit = placesFor(gateway, publications.length)
  deliveries.reserved += limit
  let accepted: Accepted
  let started: readonly Promise<void>[] = []
  try {
    const hold = { limit, leaseMs: bounds.leaseMs }
    const attempt = () => store({ publications, now, sendAt, hold, request })
    accepted = await withFreeCode(attempt, async () => {
      publications = await plan()
    })
    if (accepted.outcome === 'created') started = startAll(gateway, site, { accepted, publications, sendAt })
  } finally {
    deliveries.reserved -= limit
  }
  if (accepted.outcome === 'conflict') throw usedForAnother()
  await before(endsAt, Promise.all(started))
  return settled(gateway, site, accepted, endsAt)
}

/** How a request stands that was made before; undefined when it was not. */
async function answerRepeated(
  gateway: Gateway,
  site: SiteRef,
  content: unknown,
  { idempotencyKey, deadlineMs }: PublishOptions,
): Promise<SharedMessage | undefined> {
  const { bounds } = gateway.deliveries
  const request = toRequest(idempotencyKey, content, bounds.requestMemoryMs)
  const known = request && (await gateway.store.messages.repeated(site, request))
  if (known?.outcome === 'conflict') throw usedForAnother()
  const waitMs = Math.min(deadlineMs ?? bounds.deadlineMs, bounds.deadlineMs)
  return known && settled(gateway, site, known, performance.now() + waitMs)
}

function usedForAnother(): GatewayError {
  const message = 'This Idempotency-Key was used for another request.'
  return new GatewayError('conflict', message, { field: 'Idempotency-Key' })
}

function startAll(
  gateway: Gateway,
  { id: siteId }: SiteRef,
  {
    accepted,
    publications,
    sendAt,
  }: {
    readonly accepted: Extract<Accepted, { readonly outcome: 'created' }>
    readonly publications: readonly NewPublication[]
    readonly sendAt: number
  },
): readonly Promise<void>[] {
  const started: Promise<void>[] = []
  const held = new Map(accepted.held.map((each) => [each.key, each]))
  for (const { key, provider, rendered, marks = [], identity } of publications) {
    const mine = held.get(key)
    if (!mine || !rendered || !identity) continue
    const progress = { state: 'queued', isPrepared: false, attempt: 0 } as const
    const delivery = { ...mine, siteId, provider, identity, sendAt, rendered, marks, progress }
    started.push(startDelivery(gateway, delivery))
  }
  const isLeft = publications.some(({ key, rendered }) => rendered && !held.has(key))
  // The rest waits for a place, or for its identity; a timer alone looks for what is due later.
  if (isLeft) gateway.deliveries.isBehind = true
  if (isLeft) wakeIn(gateway, Math.max(0, sendAt - gateway.now()))
  return started
}

/** The longest pause between two looks for what other processes have done. */
const LOOK_AGAIN_MS = 2_000

/** The run's publications once nothing can change by itself before the deadline. */
async function settled(
  gateway: Gateway,
  site: SiteRef,
  { token, run }: { readonly token: string; readonly run: number },
  endsAt: number,
): Promise<SharedMessage> {
  for (let pauseMs = 10; ; pauseMs = Math.min(pauseMs * 2, LOOK_AGAIN_MS)) {
    const message = await findMessage(gateway, site, token)
    const publications = message.publications.filter((publication) => publication.run === run)
    const leftMs = endsAt - performance.now()
    const now = gateway.now()
    const open = publications.filter(
      ({ dueAt, sendAt }) => dueAt !== undefined && dueAt <= now + leftMs && sendAt <= now,
    )
    if (open.length === 0 || leftMs <= 0) return { ...message, publications }
    const ids = open.map(({ id }) => id)
    // What runs here says itself when it has got on; what another process may have is looked for again.
    const isHere = ids.every((id) => gateway.deliveries.running.has(id))
    await whenGotOn(gateway, ids, isHere ? leftMs : Math.min(leftMs, pauseMs))
  }
}

/** Waits for the work until this time (of `performance.now()`) at most; the work goes on. */
async function before(endsAt: number, work: Promise<unknown>): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  const timer = setTimeout(resolve, Math.max(0, endsAt - performance.now()))
  try {
    await Promise.race([work, promise])
  } finally {
    clearTimeout(timer)
  }
}

function checkTime(publishAt: number | undefined, now: number, aheadMaxMs: number): number {
  if (publishAt === undefined || publishAt <= now) return now
  if (publishAt <= now + aheadMaxMs) return publishAt
  const days = Math.floor(aheadMaxMs / 86_400_000)
  const message = `A message can be scheduled at most ${days} days ahead.`
  throw new GatewayError('invalid_request', message, { field: 'publish_at' })
}

function toRequest(key: string | undefined, content: unknown, keepMs: number): NewRun['request'] {
  if (key === undefined) return undefined
  if (/^[\x21-\x7e]{1,255}$/.test(key)) return { key, hash: hash('sha256', JSON.stringify(content)), keepMs }
  const message = 'An Idempotency-Key has 1 to 255 visible ASCII characters.'
  throw new GatewayError('invalid_request', message, { field: 'Idempotency-Key' })
}
