// Accounts, as a Mastodon server shows them: https://docs.joinmastodon.org/entities/Account/

import { mix } from './hash.ts'
import { countsOf, personOf } from './realms.ts'
import type { Token } from './tokens.ts'
import { escapeHtml } from './wire.ts'
import type { Realm } from './world.ts'

/** As accounts are named, and as their addresses are spelled. */
const FAR_HOSTS = ['photos.example', 'fedi.example', 'κόσμος.example'].map((host) => ({
  shown: host,
  spelled: new URL(`https://${host}`).host,
}))

/** Every third account lives on another server. */
export function toAccount(realm: Realm, index: number, token?: Token) {
  const person = personOf(realm, index)
  const isOwn = token?.account === index
  const far = !isOwn && index % 3 === 2 ? FAR_HOSTS[mix(realm.seed, index, 61) % FAR_HOSTS.length] : undefined
  const { following, followers, posts } = countsOf(realm, index, token)
  const url = `https://${far?.spelled ?? realm.host}/@${person.username}`
  const avatar = person.picture
    ? `https://files.${realm.host}/accounts/avatars/${person.picture}/original/a.png`
    : `https://${realm.host}/avatars/original/missing.png`
  const header = `https://${realm.host}/headers/original/missing.png`
  return {
    id: realm.ids.toId(index),
    username: person.username,
    acct: far ? `${person.username}@${far.shown}` : person.username,
    display_name: person.name,
    locked: index % 11 === 0,
    bot: false,
    discoverable: true,
    indexable: false,
    group: false,
    created_at: `${new Date(realm.ids.createdAt(index)).toISOString().slice(0, 10)}T00:00:00.000Z`,
    note: toNote(person.bio),
    url,
    uri: far ? `${url.replace('/@', '/users/')}` : `https://${realm.host}/users/${person.username}`,
    avatar,
    avatar_static: avatar,
    header,
    header_static: header,
    followers_count: followers,
    following_count: following,
    statuses_count: posts,
    last_status_at: posts > 0 ? '2026-11-02' : null,
    hide_collections: null,
    emojis: [],
    fields: person.website
      ? [
          {
            name: 'Web',
            value: `<a href="${person.website}" rel="me">${person.website}</a>`,
            verified_at: null,
          },
        ]
      : [],
  }
}

export function sourceOf(realm: Realm, index: number) {
  const { bio, language } = personOf(realm, index)
  return {
    noindex: false,
    source: {
      privacy: 'public',
      sensitive: false,
      language,
      note: bio,
      fields: [],
      follow_requests_count: 0,
    },
    role: { id: '-99', name: '', permissions: '65536', color: '', highlighted: false },
  }
}

/** The bio as the HTML it is shown as. */
function toNote(bio: string): string {
  return bio === '' ? '' : `<p>${escapeHtml(bio).replaceAll('\n', '<br />')}</p>`
}
