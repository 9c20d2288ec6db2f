// Messages and what became of them, as the native API shows them. Times are ISO 8601 in UTC.

import type { Problem } from '../../core/errors.ts'
import type { Gateway } from '../../core/gateway.ts'
import { linksOf, type ShortLink } from '../../core/links.ts'
import type { PlacePreview } from '../../core/preview.ts'
import type { Media, Rendered } from '../../core/publish.ts'
import { type Standing, standingOf } from '../../core/sharing.ts'
import type { Removal } from '../../core/sharing-again.ts'
import type { MessageHead, Publication, SharedMessage } from '../../core/sharing-store.ts'
import { inBrackets } from './message-input.ts'
import type { NativeResult } from './result.ts'

/** A message in a list. */
export function toMessageHead({ token, userToken, createdAt, lastPublishedAt }: MessageHead): NativeResult {
  return {
    token,
    user_token: userToken,
    created_at: toTime(createdAt),
    last_published_at: toTime(lastPublishedAt),
  }
}

/** A message with its publications. */
export async function toMessageDetails(gateway: Gateway, shared: SharedMessage): Promise<NativeResult> {
  const { message, flags, publications, siteId: id } = shared
  const links = flags.tracksLinks ? await linksOf(gateway, { id }, publications) : undefined
  return {
    ...toMessageHead(shared),
    text: message.text,
    link: message.link,
    media: message.media.map(toMedia),
    fit: flags.fit ?? 'refuse',
    tracks_links: flags.tracksLinks ?? false,
    publications: publications.map((publication) => ({
      ...toPublication(publication, gateway.now()),
      links: links?.get(publication.key)?.map(toLink),
    })),
  }
}

/** 200 when every publication came through or still may, 207 when some did, 422 when none did. */
export function statusOf({ now }: Pick<Gateway, 'now'>, publications: readonly Publication[]): number {
  const failed = publications.filter((publication) => FAILURES.has(standingOf(publication, now()))).length
  if (failed === 0) return 200
  return failed < publications.length ? 207 : 422
}

const FAILURES: ReadonlySet<Standing> = new Set(['failed', 'unknown', 'cancelled'])

function toPublication(publication: Publication, now: number): NativeResult {
  const { key, run, provider, identityToken, post, problem, rendered, attempt, sendAt } = publication
  return {
    key,
    run,
    provider,
    identity_token: identityToken,
    state: standingOf(publication, now),
    post: post && { id: post.id, url: post.url },
    problem: problem && toProblem(problem),
    shown: rendered && toShown(rendered),
    attempts: attempt,
    send_at: toTime(sendAt),
    ended_at: toTime(publication.endedAt),
    removed_at: toTime(publication.removedAt),
  }
}

/** What one identity's network would show, or why it would not. */
export function toPreview({ provider, identity, rendered, price, problem }: PlacePreview): NativeResult {
  return {
    provider,
    identity_token: identity?.token,
    problem: problem && toProblem(problem),
    shown: rendered && toShown(rendered),
    price,
  }
}

/** What became of one publication when its message was removed. */
export function toRemoval({ publication, problem }: Removal): NativeResult {
  const { key, provider, identityToken } = publication
  return {
    key,
    provider,
    identity_token: identityToken,
    is_gone: problem === undefined,
    problem: problem && toProblem(problem),
  }
}

function toLink({ code, target, address, counts }: ShortLink): NativeResult {
  return { code, url: target, short_url: address, clicks: counts.person }
}

function toShown({ text, count, limit, bytes, link, media, warnings }: Rendered): NativeResult {
  return { text, count, limit, bytes, link, media: media.map(toMedia), warnings }
}

function toMedia({ kind, mimeType, bytes, width, height, durationMs, alt, source }: Media): NativeResult {
  return { kind, url: source, mime_type: mimeType, bytes, width, height, duration_ms: durationMs, alt }
}

function toProblem({ code, message, field, retryAfterSeconds }: Problem): NativeResult {
  return { code, message, field: field && inBrackets(field), retry_after_seconds: retryAfterSeconds }
}

function toTime(at: number | undefined): string | undefined {
  return at === undefined ? undefined : new Date(at).toISOString()
}
