// What a site says of its users and keeps for them, their sessions, and how often which method was called.
// Frozen once released (test/migrations.json); what comes later is a new migration.

import type { Migration } from '../migrate.ts'

export const userInfo: Migration = {
  number: 4,
  name: 'user-info',
  steps: [
    // The identity of the last login may be gone: it is compared, never followed.
    `create table user_info (
      user_id {integer} primary key,
      site_id {integer} not null,
      profile text not null,
      login_identity {integer},
      session_until {integer},
      foreign key (site_id, user_id) references users (site_id, id) on delete cascade
    ) {strict}`,

    `create table user_settings (
      user_id {integer} not null,
      site_id {integer} not null,
      name text not null,
      settings text not null,
      primary key (user_id, name),
      foreign key (site_id, user_id) references users (site_id, id) on delete cascade
    ) {strict}`,

    // Days are counted from 1970-01-01, UTC.
    `create table reports (
      site_id {integer} not null references sites (id) on delete cascade,
      day {integer} not null,
      method text not null,
      code {integer} not null,
      cid text not null,
      calls {integer} not null,
      primary key (site_id, day, method, code, cid)
    ) {strict}`,
    'create index reports_by_day on reports (day)',

    // The context ids that are counted by name, so that their number has a bound however many rows they make.
    `create table report_cids (
      site_id {integer} not null references sites (id) on delete cascade,
      day {integer} not null,
      cid text not null,
      primary key (site_id, day, cid)
    ) {strict}`,
    'create index report_cids_by_day on report_cids (day)',
  ],
}
