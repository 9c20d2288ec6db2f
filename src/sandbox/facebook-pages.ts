// Facebook: Pages, their posts and pictures. https://developers.facebook.com/docs/pages-api/posts

import { cursorOf, positionOf, signedIn, unknownObject } from './facebook-access.ts'
import { graphError } from './facebook-oauth.ts'
import { showVideo, videoOf } from './facebook-videos.ts'
import { mediaTypeOf } from './media-types.ts'
import { fileOf, partsOf, textOf } from './multipart.ts'
import type { Post } from './posts.ts'
import { issueToken, personOf } from './realms.ts'
import type { Token } from './tokens.ts'
import { type Answer, formOf, json, numberIn } from './wire.ts'
import type { Call, Realm, Route } from './world.ts'

const WRITE = ['pages_read_engagement', 'pages_manage_posts']
const MOST_TEXT = 63_206
const MOST_PICTURE_BYTES = 4 * 2 ** 20
const USUAL_POSTS = 25
const MOST_POSTS = 100

export const FACEBOOK_PAGE_ROUTES: readonly Route[] = [
  { method: 'GET', path: '/:version/me/accounts', run: accounts },
  { method: 'POST', path: '/:version/:id/feed', run: post },
  { method: 'POST', path: '/:version/:id/photos', run: uploadPicture },
  { method: 'GET', path: '/:version/:id/published_posts', run: published },
  { method: 'DELETE', path: '/:version/:id', run: remove },
]

/** One to three Pages of an account: 14 digits, which no account has. */
export function pagesOf(
  realm: Realm,
  account: number,
): readonly { readonly id: string; readonly name: string }[] {
  const { givenName } = personOf(realm, account)
  return Array.from({ length: 1 + (account % 3) }, (_, at) => ({
    id: `61${String(account).padStart(11, '0')}${at}`,
    name: `${givenName}’s ${['Bakery', 'Choir', 'Archive'][at]}`,
  }))
}

/** A Page, a post or a video that this token may see; undefined for anything else. */
export function showPageThing(call: Call, token: Token, id: string | undefined): Answer | undefined {
  const { world, realm } = call
  const video = id === undefined ? undefined : videoOf(call, id)
  if (video) return video.owner === token.page ? showVideo(call, video) : unknownObject(id ?? '')
  const found = id === undefined ? undefined : world.posts.find(realm.host, id)
  if (found) return json(200, toPost(found))
  const page = id === undefined || id === 'me' ? token.page : id
  const known = token.account === undefined ? [] : pagesOf(realm, token.account)
  const mine = known.find((each) => each.id === page)
  return mine && showPage(call, mine)
}

const PAGE_FIELDS: ReadonlySet<string> = new Set(['id', 'name', 'picture', 'link', 'username', 'about'])

function showPage({ asked }: Call, page: { readonly id: string; readonly name: string }): Answer {
  const named = (asked.query.get('fields') ?? 'name,id').match(/(?:[^,{(]|\([^)]*\)|\{[^}]*\})+/g) ?? []
  const fields = named.map((field) => /^\w*/.exec(field.trim())?.[0] ?? '')
  const unknown = fields.find((field) => !PAGE_FIELDS.has(field))
  if (unknown !== undefined) {
    return graphError(400, 100, `(#100) Tried accessing nonexisting field (${unknown}) on node type (Page)`)
  }
  const url = `https://scontent.example/${page.id}.jpg`
  const whole: Readonly<Record<string, unknown>> = {
    ...page,
    link: `https://www.facebook.com/${page.id}`,
    picture: { data: { height: 50, width: 50, is_silhouette: false, url } },
  }
  return json(200, Object.fromEntries([...new Set([...fields, 'id'])].map((field) => [field, whole[field]])))
}

function accounts(call: Call): Answer {
  return signedIn(call, (token) => {
    const { world, realm } = call
    if (!token.scopes.includes('pages_show_list')) return graphError(403, 200, '(#200) Permissions error')
    if (token.account === undefined || token.page) return unknownObject('me')
    const data = pagesOf(realm, token.account).map(({ id, name }) => ({
      access_token: issueToken(world, realm, {
        ...token,
        page: id,
        expiresInSeconds: Number.POSITIVE_INFINITY,
      }).accessToken,
      category: 'Local business',
      category_list: [{ id: '2500', name: 'Local business' }],
      name,
      id,
      tasks: ['ADVERTISE', 'ANALYZE', 'CREATE_CONTENT', 'MESSAGING', 'MODERATE', 'MANAGE'],
    }))
    return json(200, { data, paging: { cursors: { before: cursorOf(0), after: cursorOf(data.length) } } })
  })
}

/** Runs with a Page's own token that may write there; says why not otherwise. */
export function asPage(call: Call, run: (page: string, token: Token) => Answer): Answer {
  return signedIn(call, (token) => {
    const id = call.parameters.id ?? ''
    const isPage =
      token.account !== undefined && pagesOf(call.realm, token.account).some((page) => page.id === id)
    if (!isPage) {
      return call.realm.ids.toIndex(id) === undefined && id !== 'me'
        ? unknownObject(id, 'post')
        : graphError(
            403,
            200,
            '(#200) The permission(s) publish_actions are not available. It has been deprecated.',
          )
    }
    if (token.page === id && WRITE.every((scope) => token.scopes.includes(scope))) return run(id, token)
    return graphError(
      403,
      200,
      '(#200) If posting to a page, requires both pages_read_engagement and pages_manage_posts as an admin with sufficient administrative permission',
    )
  })
}

function post(call: Call): Answer {
  return asPage(call, (page) => {
    const { world, realm, asked } = call
    const form = formOf(asked)
    const text = (form.get('message') ?? '').trim()
    const link = form.get('link') ?? undefined
    const media = attachedOf(form)
    if (text === '' && link === undefined && media.length === 0) {
      return graphError(400, 100, '(#100) Missing message or attachment')
    }
    if (text.length > MOST_TEXT) return graphError(400, 100, '(#100) Param message is too long')
    if (link !== undefined && !URL.canParse(link)) {
      return graphError(400, 100, '(#100) link URL is not properly formatted')
    }
    const uploads = media.map((id) => world.uploads.find(realm.host, id))
    if (uploads.some((upload) => upload?.owner !== page || upload.fields.isVideo === true)) {
      return graphError(400, 100, '(#100) Invalid parameter: attached_media')
    }
    const [latest] = world.posts.list(realm.host, page, 1)
    const isDouble = media.length === 0 && latest?.text === text && latest.fields.link === link
    if (isDouble && latest.media.length === 0) return graphError(400, 506, '(#506) Duplicate status message')
    return json(200, { id: keepPost(call, page, text, { media, fields: { link } }).id })
  })
}

/** Puts a post on a Page. */
export function keepPost(
  { world, realm }: Call,
  page: string,
  text: string,
  more: Partial<Pick<Post, 'media' | 'fields'>>,
): Post {
  return world.posts.add({
    realm: realm.host,
    owner: page,
    at: world.now(),
    text,
    toId: (count) => `${page}_122${String(count).padStart(14, '0')}`,
    ...more,
  })
}

function uploadPicture(call: Call): Answer {
  return asPage(call, (page) => {
    const { world, realm, asked } = call
    const parts = partsOf(asked) ?? []
    const file = fileOf(parts)
    if (!file) return graphError(400, 324, '(#324) Requires upload file')
    const mimeType = mediaTypeOf(file.bytes)
    if (!mimeType?.startsWith('image/')) {
      return graphError(400, 1, 'Invalid image format. It should be an image file data.', {
        error_subcode: 1_366_046,
      })
    }
    if (file.bytes.length > MOST_PICTURE_BYTES) {
      const text = 'Your photos couldn’t be uploaded. Photos should be smaller than 4 MB.'
      return graphError(400, 1, text, { error_subcode: 1_366_046 })
    }
    const upload = world.uploads.add({
      realm: realm.host,
      owner: page,
      mimeType,
      at: world.now(),
      bytes: file.bytes,
      alt: textOf(parts, 'alt_text_custom'),
      toId: (count) => `123${String(count).padStart(14, '0')}`,
    })
    upload.readyAt = world.now()
    if (textOf(parts, 'published') === 'false') return json(200, { id: upload.id })
    const { id } = keepPost(call, page, textOf(parts, 'caption') ?? '', { media: [upload.id] })
    return json(200, { id: upload.id, post_id: id })
  })
}

function published(call: Call): Answer {
  return signedIn(call, (token) => {
    const { world, realm, asked, parameters } = call
    const page = parameters.id ?? ''
    if (token.page !== page) return unknownObject(page)
    if (!token.scopes.includes('pages_read_engagement')) {
      return graphError(403, 10, "(#10) This endpoint requires the 'pages_read_engagement' permission")
    }
    const limit = numberIn(asked.query, 'limit') ?? USUAL_POSTS
    if (!(limit >= 1 && limit <= MOST_POSTS))
      return graphError(400, 100, '(#100) Param limit must be 1 to 100')
    const after = asked.query.get('after')
    const offset = after === null ? 0 : positionOf(after)
    if (offset === undefined) return graphError(400, 100, '(#100) Invalid cursors values')
    // A video that is still processed is no post yet.
    const isOut = ({ fields }: Post) => Number(fields.readyAt ?? 0) <= world.now()
    const all = world.posts.list(realm.host, page).filter(isOut)
    const data = all.slice(offset, offset + limit).map(toPost)
    const end = offset + data.length
    if (data.length === 0) return json(200, { data })
    const query = new URLSearchParams({
      access_token: token.accessToken,
      limit: String(limit),
      after: cursorOf(end),
    })
    query.set('fields', asked.query.get('fields') ?? 'id,message,created_time')
    const next = `https://graph.facebook.com/${parameters.version}/${page}/published_posts?${query}`
    const cursors = { before: cursorOf(offset), after: cursorOf(end) }
    return json(200, { data, paging: end < all.length ? { cursors, next } : { cursors } })
  })
}

function remove(call: Call): Answer {
  return signedIn(call, (token) => {
    const { world, realm, parameters } = call
    const id = parameters.id ?? ''
    const named = world.posts.find(realm.host, id)
    const found =
      named ?? world.posts.list(realm.host, token.page ?? '').find(({ media }) => media.includes(id))
    if (!found || found.owner !== token.page) return unknownObject(id, 'delete')
    if (!token.scopes.includes('pages_manage_posts')) return graphError(403, 200, '(#200) Permissions error')
    world.posts.remove(realm.host, found.id)
    return json(200, { success: true })
  })
}

function toPost(post: Post): Record<string, unknown> {
  return {
    id: post.id,
    message: post.text || undefined,
    created_time: `${new Date(post.at).toISOString().slice(0, 19)}+0000`,
    permalink_url: `https://www.facebook.com/${post.id.replace('_', '/posts/')}`,
  }
}

function attachedOf(form: URLSearchParams): string[] {
  const named = [...form].filter(([name]) => /^attached_media\[\d{1,2}\]$/.test(name))
  return named.map(([, value]) => /"media_fbid"\s*:\s*"(\d+)"/.exec(value)?.[1] ?? '')
}
