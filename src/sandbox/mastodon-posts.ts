// Posts on a Mastodon server: https://docs.joinmastodon.org/methods/statuses/

import { complaint, notFound, signedIn } from './mastodon-access.ts'
import { toAccount } from './mastodon-accounts.ts'
import { charactersOf, softwareOf } from './mastodon-instance.ts'
import { MEDIA_ROUTES, ownerOf, toAttachment } from './mastodon-media.ts'
import { type Post, stateOf, type Upload } from './posts.ts'
import type { Token } from './tokens.ts'
import { type Answer, escapeHtml, formOf, json, numberIn } from './wire.ts'
import type { Call, Route } from './world.ts'

const WRITE = { scopes: ['write', 'write:statuses'], isNeeded: true }
const READ = { scopes: ['read', 'read:statuses'], isNeeded: false }
/** https://docs.joinmastodon.org/api/rate-limits/ */
const DELETIONS = { name: 'deletions', limit: { limit: 30, windowSeconds: 1_800 } }

/** How long an idempotency key is known. */
const KEY_MS = 3_600_000

export const POST_ROUTES: readonly Route[] = [
  ...MEDIA_ROUTES,
  { method: 'POST', path: '/api/v1/statuses', run: publish },
  { method: 'GET', path: '/api/v1/statuses/:id', run: show },
  { method: 'DELETE', path: '/api/v1/statuses/:id', run: remove },
  { method: 'GET', path: '/api/v1/accounts/:id/statuses', run: list },
]

function publish(call: Call): Answer {
  return signedIn(call, WRITE, (token) => {
    const { world, realm, asked } = call
    const owner = ownerOf(realm, token)
    const software = softwareOf(realm.host).name
    const header = asked.headers['idempotency-key']
    const key = typeof header === 'string' ? header : undefined
    // Others take the header and do nothing with it.
    const known = key && software === 'mastodon' ? world.posts.byKey(realm.host, owner, key) : undefined
    if (known && known.at > world.now() - KEY_MS) return json(200, toStatus(call, known, token))

    const form = formOf(asked)
    const text = (form.get('status') ?? '').trim()
    const ids = [...form.getAll('media_ids'), ...form.getAll('media_ids[]')]
    const files = ids.flatMap((id) => world.uploads.find(realm.host, id) ?? [])
    const refusal = whyNot(call, { text, ids, files, owner, software })
    if (refusal) return complaint(422, refusal)
    const post = world.posts.add({
      realm: realm.host,
      owner,
      at: world.now(),
      text,
      media: ids,
      key,
      toId: (count) => ((BigInt(world.now()) << 16n) | BigInt(count & 0xffff)).toString(),
      fields: { language: form.get('language'), visibility: form.get('visibility') ?? 'public' },
    })
    return json(200, toStatus(call, post, token))
  })
}

interface Wish {
  readonly text: string
  readonly ids: readonly string[]
  readonly files: readonly Upload[]
  readonly owner: string
  readonly software: string
}

// https://github.com/mastodon/mastodon/blob/main/config/locales/en.yml (media_attachments.validations)
function whyNot({ world, realm }: Call, { text, ids, files, owner, software }: Wish): string | undefined {
  if (software === 'pixelfed' && ids.length === 0) return 'The media ids field is required.'
  if (text === '' && ids.length === 0) return "Validation failed: Text can't be blank"
  const most = charactersOf(realm.host)
  if (countOf(text) > most) return `Validation failed: Text character limit of ${most} exceeded`
  if (ids.length > 4) return 'Cannot attach more than 4 files'
  if (files.length < ids.length || files.some((file) => file.owner !== owner)) {
    return `Media ${ids.join(', ')} not found or already attached to another post`
  }
  if (files.length > 1 && files.some(({ mimeType }) => mimeType.startsWith('video/'))) {
    return 'Cannot attach a video to a post that already contains images'
  }
  if (files.some((file) => stateOf(file, world.now()) !== 'ready')) {
    return 'Cannot attach files that have not finished processing. Try again in a moment!'
  }
  return undefined
}

const LINK = /https?:\/\/[^\s<>"]+/g
const GRAPHEMES = new Intl.Segmenter('en', { granularity: 'grapheme' })

// https://docs.joinmastodon.org/user/posting/#text
function countOf(text: string): number {
  const counted = text.replaceAll(LINK, 'x'.repeat(23)).replaceAll(/(@\w+)@[\w.-]+\w/g, '$1')
  return [...GRAPHEMES.segment(counted)].length
}

function show(call: Call): Answer {
  return signedIn(call, READ, (token) => {
    const post = call.world.posts.find(call.realm.host, call.parameters.id ?? '')
    return post ? json(200, toStatus(call, post, token)) : notFound()
  })
}

function remove(call: Call): Answer {
  return signedIn(call, { ...WRITE, family: DELETIONS }, (token) => {
    const { world, realm, parameters } = call
    const post = world.posts.find(realm.host, parameters.id ?? '')
    if (!post || post.owner !== ownerOf(realm, token)) return notFound()
    world.posts.remove(realm.host, post.id)
    return json(200, { ...toStatus(call, post, token), text: post.text })
  })
}

/** Newest first, 20 a page and 40 at most. */
function list(call: Call): Answer {
  return signedIn(call, READ, (token) => {
    const { world, realm, asked, parameters } = call
    const wished = numberIn(asked.query, 'limit') ?? 20
    const size = wished >= 1 ? Math.min(40, wished) : 20
    const below = asked.query.get('max_id')
    const all = world.posts.list(realm.host, parameters.id)
    const from =
      below === null ? 0 : all.findIndex(({ id }) => BigInt(id) < BigInt(below.replace(/\D/g, '') || 0))
    const posts = from < 0 ? [] : all.slice(from, from + size)
    const last = posts.at(-1)
    const query = new URLSearchParams({ limit: String(size), max_id: last?.id ?? '' })
    const next = `<https://${realm.host}${asked.path}?${query}>; rel="next"`
    return json(
      200,
      posts.map((post) => toStatus(call, post, token)),
      last ? { link: next } : {},
    )
  })
}

/** https://docs.joinmastodon.org/entities/Status/ */
function toStatus({ world, realm }: Call, post: Post, token: Token | undefined) {
  const index = realm.ids.toIndex(post.owner) ?? 0
  const account = toAccount(realm, index, token)
  const uri = `https://${realm.host}/users/${account.username}/statuses/${post.id}`
  return {
    id: post.id,
    created_at: new Date(post.at).toISOString(),
    in_reply_to_id: null,
    in_reply_to_account_id: null,
    sensitive: false,
    spoiler_text: '',
    visibility: post.fields.visibility,
    language: post.fields.language,
    uri,
    url: `https://${realm.host}/@${account.username}/${post.id}`,
    replies_count: 0,
    reblogs_count: 0,
    favourites_count: 0,
    quotes_count: 0,
    edited_at: null,
    favourited: false,
    reblogged: false,
    muted: false,
    bookmarked: false,
    pinned: false,
    content: toContent(post.text),
    filtered: [],
    reblog: null,
    application: { name: realm.app.name, website: null },
    account,
    media_attachments: post.media.flatMap((id) => {
      const upload = world.uploads.find(realm.host, id)
      return upload ? [toAttachment(realm, upload, true)] : []
    }),
    mentions: [],
    tags: [],
    emojis: [],
    card: null,
    poll: null,
  }
}

/** The words as the HTML they are shown as: long addresses are there in three pieces. */
function toContent(text: string): string {
  if (text === '') return ''
  const paragraphs = text.split(/\n{2,}/).map((words) => {
    const links = [...words.matchAll(LINK)]
    const between = words.split(LINK).map((plain) => escapeHtml(plain).replaceAll('\n', '<br />'))
    return `<p>${between.map((html, at) => html + (links[at] ? toAnchor(links[at][0]) : '')).join('')}</p>`
  })
  return paragraphs.join('')
}

function toAnchor(address: string): string {
  const [, scheme = '', start = '', rest = ''] = /^(https?:\/\/(?:www\.)?)(.{1,30})(.*)$/s.exec(address) ?? []
  const hidden = (part: string) => `<span class="invisible">${escapeHtml(part)}</span>`
  const shown = `<span class="${rest ? 'ellipsis' : ''}">${escapeHtml(start)}</span>`
  const html = hidden(scheme) + shown + hidden(rest)
  return `<a href="${escapeHtml(address)}" target="_blank" rel="nofollow noopener" translate="no">${html}</a>`
}
