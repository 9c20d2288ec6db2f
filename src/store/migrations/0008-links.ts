// Short links, what they were followed by in all and by the hour, and visits of the last half hour or so, by a number
// that tells neither link nor visitor. Frozen once released (test/migrations.json); what comes later is a new migration.

import type { Migration } from '../migrate.ts'

export const links: Migration = {
  number: 8,
  name: 'links',
  steps: [
    // The message that a link was made for may be removed; its posts, and the link in them, stay.
    `create table links (
      id {id},
      site_id {integer} not null references sites (id) on delete cascade,
      code text not null unique,
      target text not null,
      publication_key text,
      created_at {integer} not null,
      people {integer} not null default 0,
      repeats {integer} not null default 0,
      bots {integer} not null default 0,
      previews {integer} not null default 0,
      last_person_at {integer},
      unique (site_id, id)
    ) {strict}`,
    'create index links_by_creation on links (site_id, created_at, id)',
    'create index links_by_publication on links (publication_key, id) where publication_key is not null',

    `create table clicks (
      link_id {integer} not null references links (id) on delete cascade,
      hour {integer} not null,
      follower {integer} not null,
      device {integer} not null,
      referrer text not null,
      clicks {integer} not null,
      last_at {integer} not null,
      primary key (link_id, hour, follower, device, referrer)
    ) {clustered}`,

    `create table link_referrers (
      link_id {integer} not null references links (id) on delete cascade,
      referrer text not null,
      primary key (link_id, referrer)
    ) {clustered}`,

    `create table link_visits (
      visit {integer} primary key,
      seen_at {integer} not null
    ) {strict}`,
    'create index link_visits_by_time on link_visits (seen_at)',

    // One row: moves with every removal of a link and every change of a site.
    `create table link_state (
      id {integer} primary key,
      version {integer} not null
    ) {strict}`,
    'insert into link_state (id, version) values (1, 1)',
  ],
}
