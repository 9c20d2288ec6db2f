// What lies about one user in tables beside that of the identities: for the user's own eyes.

import { all, type Query, type Row } from './query.ts'

// Each is one statement with the site's and the user's number.
const EXPORTED = {
  settings: 'select name, settings from user_settings where site_id = ? and user_id = ? order by name',
  messages:
    'select token, body, flags, created_at from messages where site_id = ? and user_id = ? order by id',
  publications: `select m.token as message, p.provider, p.server, p.subject, p.state, p.post_id, p.post_url, p.send_at
    from messages m join publications p on p.site_id = m.site_id and p.message_id = m.id
    where m.site_id = ? and m.user_id = ? order by p.id`,
  connections: `select c.token, c.plugin, c.action, c.status, c.reason, c.provider, c.callback_uri, c.created_at
    from users u join connections c on c.site_id = u.site_id and c.user_token = u.token
    where u.site_id = ? and u.id = ? order by c.id`,
  storedAccount: `select identity_token, external_id, login, data as stored, created_at, updated_at
    from cloud_users where site_id = ? and user_id = ?`,
  // The token of a session lets its holder in: what opens something is not told.
  sessions: `select t.top_realm, t.sub_realm, t.data, t.created_at, t.updated_at, t.expires_at
    from sso_sessions t left join identities i on i.site_id = t.site_id and i.id = t.identity_id
    where t.site_id = ? and coalesce(i.user_id, t.cloud_user_id) = ? order by t.id`,
  account: 'select allows, forbidden, profile from profiles where site_id = ? and user_id = ?',
  groups: 'select group_names from graphs where site_id = ? and user_id = ?',
  friends: `select u.token, u.uid, f.remark, f.source, f.wording, f.group_ids, f.custom, f.added_at
    from friends f join users u on u.site_id = f.site_id and u.id = f.to_id
    where f.site_id = ? and f.from_id = ? order by f.serial`,
  blocks: `select u.token, u.uid, b.added_at from blocks b join users u on u.site_id = b.site_id and u.id = b.to_id
    where b.site_id = ? and b.from_id = ? order by b.serial`,
  requests: `select u.token, u.uid, p.remark, p.source, p.wording, p.asked_at
    from pendings p join users u on u.site_id = p.site_id and u.id = p.to_id
    where p.site_id = ? and p.from_id = ? order by p.asked_at, p.to_id`,
} as const

/** The parts by their names. */
export const EXPORTED_PARTS = Object.keys(EXPORTED) as readonly (keyof typeof EXPORTED)[]

/** One part, with names as they are elsewhere in JSON and without what is not there. */
export function* exportPart(
  part: keyof typeof EXPORTED,
  siteId: number,
  userId: number,
): Query<readonly Readonly<Record<string, unknown>>[]> {
  return (yield* all(EXPORTED[part], siteId, userId)).map(toFields)
}

function toFields(row: Row): Readonly<Record<string, unknown>> {
  const fields = Object.entries(row).filter(([, value]) => value !== null && value !== '')
  return Object.fromEntries(
    fields.map(([name, value]) => {
      const key = name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase())
      return [key, JSON_COLUMNS.has(name) && typeof value === 'string' ? JSON.parse(value) : value]
    }),
  )
}

const JSON_COLUMNS: ReadonlySet<string> = new Set([
  'stored',
  'settings',
  'body',
  'flags',
  'profile',
  'group_names',
  'group_ids',
  'custom',
])
