// X: posts. https://docs.x.com/x-api/posts/create-post, /x-api/users/get-posts, /x-api/posts/delete-post

import { secretOf } from './hash.ts'
import { type Post, stateOf } from './posts.ts'
import type { Token } from './tokens.ts'
import { type Answer, json, numberIn, objectOf } from './wire.ts'
import type { Call, Route } from './world.ts'
import { invalid, PROBLEMS, problem, signedIn } from './x-answers.ts'
import { snowflakeAt, uploadOf } from './x-media.ts'

const WRITE = ['tweet.read', 'tweet.write', 'users.read']
const READ = ['tweet.read', 'users.read']
const MOST_WEIGHT = 280
const DAY_MS = 86_400_000
const MOST_MEDIA = 4

export const X_POST_ROUTES: readonly Route[] = [
  { method: 'POST', path: '/2/tweets', run: create },
  { method: 'DELETE', path: '/2/tweets/:id', run: remove },
  { method: 'GET', path: '/2/users/:id/tweets', run: timeline },
]

function create(call: Call): Answer {
  return signedIn(call, 'post', WRITE, (token) => {
    const { world, realm, asked } = call
    const owner = ownerOf(call, token)
    const fields = objectOf(asked.body)
    const text = typeof fields.text === 'string' ? fields.text.normalize('NFC').trim() : ''
    const ids = mediaIdsOf(fields.media)
    if (text === '' && ids.length === 0) return invalid('text', '', 'text is missing or empty')
    if (weigh(text) > MOST_WEIGHT) return problem(403, 'Forbidden', 'Your Tweet text is too long.')
    const uploads = ids.map((id) => uploadOf(call, token, id))
    const isReady = uploads.every((upload) => upload && stateOf(upload, world.now()) === 'ready')
    const isAlone = uploads.some((upload) => upload?.fields.category !== 'tweet_image') && ids.length > 1
    if (!isReady || isAlone || ids.length > MOST_MEDIA) {
      return invalid('media.media_ids', ids.join(','), 'Your media IDs are invalid.')
    }
    if (ids.length === 0 && isDouble(call, owner, text)) {
      return problem(403, 'Forbidden', 'You are not allowed to create a Tweet with duplicate content.')
    }
    const at = world.now()
    const post = world.posts.add({
      realm: realm.host,
      owner,
      at,
      text,
      media: ids,
      toId: (count) => snowflakeAt(at, count),
    })
    const { text: display } = displayOf(post)
    return json(201, { data: { id: post.id, text: display, edit_history_tweet_ids: [post.id] } })
  })
}

function remove(call: Call): Answer {
  return signedIn(call, 'delete', WRITE, (token) => {
    const { world, realm, parameters } = call
    const id = parameters.id ?? ''
    const post = world.posts.find(realm.host, id)
    if (!post) return unknownPost(id)
    if (post.owner !== ownerOf(call, token)) {
      return problem(403, 'Forbidden', 'You are not authorized to delete this Tweet.')
    }
    world.posts.remove(realm.host, id)
    return json(200, { data: { deleted: true } })
  })
}

function timeline(call: Call): Answer {
  return signedIn(call, 'timeline', READ, () => {
    const { world, realm, asked, parameters } = call
    const size = numberIn(asked.query, 'max_results') ?? 10
    if (!(size >= 5 && size <= 100)) {
      const given = asked.query.get('max_results') ?? ''
      return invalid(
        'max_results',
        given,
        `The \`max_results\` query parameter value [${given}] is not between 5 and 100`,
      )
    }
    const posts = world.posts.list(realm.host, parameters.id)
    const from = Number(
      /^cursor(\d{1,9})$/.exec(asked.query.get('pagination_token') ?? 'cursor0')?.[1] ?? Number.NaN,
    )
    if (!(from <= posts.length)) return invalid('pagination_token', '', 'The pagination token is not valid.')
    const page = posts.slice(from, from + size)
    const fields = (asked.query.get('tweet.fields') ?? '').split(',')
    const meta = {
      result_count: page.length,
      newest_id: page[0]?.id,
      oldest_id: page.at(-1)?.id,
      next_token: from + size < posts.length ? `cursor${from + size}` : undefined,
    }
    const data = page.map((post) => toTweet(post, fields))
    return json(200, data.length > 0 ? { data, meta } : { meta })
  })
}

function toTweet(post: Post, fields: readonly string[]): Record<string, unknown> {
  const { text, urls } = displayOf(post)
  return {
    id: post.id,
    text,
    edit_history_tweet_ids: [post.id],
    ...(fields.includes('created_at') && { created_at: new Date(post.at).toISOString() }),
    ...(fields.includes('entities') && urls.length > 0 && { entities: { urls } }),
  }
}

/** Addresses that this network makes links of: whole ones, and names under a few ends. */
const ADDRESS =
  /\bhttps?:\/\/[^\s]*[\w/#=&%~-]|(?<![\w@./-])(?:[a-z0-9-]+\.)+(?:com|org|net)\b(?:\/[^\s]*[\w/#=&%~-])?/gi

/** The words as the API tells them: links shortened, what is attached as one more link, three characters as HTML. */
function displayOf(post: Post) {
  const urls: Record<string, unknown>[] = []
  const shorten = (expanded: string, more: Record<string, unknown> = {}) => {
    const url = `https://t.co/${secretOf(10, post.id, urls.length).replaceAll(/[-_]/g, 'x')}`
    urls.push({
      url,
      expanded_url: expanded,
      display_url: expanded.replace(/^https?:\/\//, '').slice(0, 26),
      ...more,
    })
    return url
  }
  const escaped = post.text.replaceAll(ADDRESS, (address) =>
    shorten(/^https?:/i.test(address) ? address : `http://${address}`),
  )
  const text = escaped.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
  if (post.media.length === 0) return { text, urls }
  const url = shorten(`https://x.com/i/status/${post.id}/photo/1`, { media_key: `3_${post.media[0]}` })
  return { text: [text, url].filter(Boolean).join(' '), urls }
}

// https://docs.x.com/fundamentals/counting-characters
const LIGHT: readonly (readonly [first: number, last: number])[] = [
  [0x0000, 0x10ff],
  [0x2000, 0x200d],
  [0x2010, 0x201f],
  [0x2032, 0x2037],
]
const EMOJI = /\p{Emoji_Presentation}|\p{Extended_Pictographic}\uFE0F|\p{Regional_Indicator}|\u20E3/u
const GRAPHEMES = new Intl.Segmenter('en', { granularity: 'grapheme' })

function weigh(text: string): number {
  const addresses = text.match(ADDRESS)?.length ?? 0
  const words = [...GRAPHEMES.segment(text.replaceAll(ADDRESS, ''))]
  const weights = words.map(({ segment }) => {
    if (EMOJI.test(segment)) return 2
    return [...segment].reduce((total, character) => total + weighOne(character.codePointAt(0) ?? 0), 0)
  })
  return weights.reduce((total, weight) => total + weight, addresses * 23)
}

function weighOne(codePoint: number): number {
  return LIGHT.some(([first, last]) => codePoint >= first && codePoint <= last) ? 1 : 2
}

/** The latest words of the last day, once more. */
function isDouble({ world, realm }: Call, owner: string, text: string): boolean {
  const latest = world.posts.list(realm.host, owner, 50)
  return latest.some(
    (post) => post.media.length === 0 && post.text === text && post.at > world.now() - DAY_MS,
  )
}

function mediaIdsOf(media: unknown): string[] {
  const ids = objectOf(JSON.stringify(media ?? {})).media_ids
  return Array.isArray(ids) ? ids.map(String) : []
}

function ownerOf({ realm }: Call, { account = 0 }: Token): string {
  return realm.ids.toId(account)
}

function unknownPost(id: string): Answer {
  const detail = `Could not find tweet with id: [${id}].`
  const error = {
    value: id,
    detail,
    title: 'Not Found Error',
    resource_type: 'tweet',
    parameter: 'id',
    resource_id: id,
  }
  return json(200, { errors: [{ ...error, type: `${PROBLEMS}/resource-not-found` }] })
}
