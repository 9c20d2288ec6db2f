// Short links: one code, one target, counts of who followed.

import { GatewayError } from '../core/errors.ts'
import type { NewLink, StoredLink } from '../core/link-store.ts'
import type { PageOf, PageQuery, Site } from '../core/model.ts'
import { moveLinkVersion } from './link-state.ts'
import { readPage } from './page.ts'
import { all, one, type Query, type Row } from './query.ts'
import { number, optionalNumber, optionalText, sure, text, toJson } from './row.ts'
import type { Context } from './sealed.ts'
import { SITE, toSite } from './sites.ts'

const LINK = `t.id, t.site_id, t.code, t.target, t.publication_key, t.created_at, t.people, t.repeats, t.bots,
  t.previews, t.last_person_at`

export function* createLink(_: Context, siteId: number, link: NewLink, now: number): Query<StoredLink> {
  yield* insertLinks(siteId, [{ ...link, publicationKey: undefined }], now)
  return sure(yield* findLink(siteId, link.code))
}

/** Fails with `conflict`, field `code`, when a code is taken; of these links none is stored then. */
export function* insertLinks(
  siteId: number,
  links: readonly (NewLink & Pick<StoredLink, 'publicationKey'>)[],
  now: number,
): Query<void> {
  if (links.length === 0) return
  const rows = yield* all(
    `insert into links (site_id, code, target, publication_key, created_at)
     select cast(? as {integer}), item.value ->> 0, item.value ->> 1, item.value ->> 2, cast(? as {integer})
     from {lines} where true order by item.key on conflict (code) do nothing returning id`,
    siteId,
    now,
    toJson(links.map(({ code, target, publicationKey = null }) => [code, target, publicationKey])),
  )
  if (rows.length === links.length) return
  throw new GatewayError('conflict', 'The code of a short link is taken.', { field: 'code' })
}

export function* findLink(siteId: number, code: string): Query<StoredLink | undefined> {
  const row = yield* one(`select ${LINK} from links t where t.site_id = ? and t.code = ?`, siteId, code)
  return row && toLink(row)
}

export function* listLinks(siteId: number, query: PageQuery): Query<PageOf<StoredLink>> {
  if (query.filter?.field === 'lastLoginAt') {
    throw new GatewayError('invalid_request', 'Only users can be filtered by their last login.')
  }
  return yield* readPage(
    { table: 'links', columns: LINK, collect: (rows) => rows.map(toLink) },
    siteId,
    query,
  )
}

export function* linksOfPublications(siteId: number, keys: readonly string[]): Query<readonly StoredLink[]> {
  const rows = yield* all(
    `select ${LINK} from links t
     where t.publication_key in (select item.value from {names}) and t.site_id = ? order by t.id`,
    toJson(keys),
    siteId,
  )
  return rows.map(toLink)
}

export function* linksOfCodes(siteId: number, codes: readonly string[]): Query<readonly StoredLink[]> {
  const rows = yield* all(
    `select ${LINK} from links t
     where t.code in (select item.value from {names}) and t.site_id = ? order by t.id`,
    toJson(codes),
    siteId,
  )
  return rows.map(toLink)
}

export function* removeLink(_: Context, siteId: number, code: string): Query<boolean> {
  const rows = yield* all('delete from links where site_id = ? and code = ? returning id', siteId, code)
  if (rows.length === 0) return false
  yield* moveLinkVersion()
  return true
}

export function* followLink(
  code: string,
): Query<{ readonly site: Site; readonly id: number; readonly target: string } | undefined> {
  const row = yield* one(
    `select l.id as link_id, l.target, s.* from links l
     join (select ${SITE} from sites) s on s.id = l.site_id where l.code = ?`,
    code,
  )
  return row && { site: toSite(row), id: number(row, 'link_id'), target: text(row, 'target') }
}

function toLink(row: Row): StoredLink {
  return {
    id: number(row, 'id'),
    siteId: number(row, 'site_id'),
    code: text(row, 'code'),
    target: text(row, 'target'),
    publicationKey: optionalText(row, 'publication_key'),
    createdAt: number(row, 'created_at'),
    counts: {
      person: number(row, 'people'),
      repeat: number(row, 'repeats'),
      bot: number(row, 'bots'),
      preview: number(row, 'previews'),
    },
    lastPersonAt: optionalNumber(row, 'last_person_at'),
  }
}
