// Addresses that let a user link accounts on a page of ours, the visits that they were used for, sessions over
// several sites, and users whom a site stores by itself.

import type { Migration } from '../migrate.ts'

export const visitors: Migration = {
  number: 12,
  name: 'visitors',
  steps: [
    `create table invitations (
      id {id},
      site_id {integer} not null,
      user_id {integer} not null,
      hash text not null unique,
      visit_hash text unique,
      callback_uri text,
      expires_at {integer} not null,
      foreign key (site_id, user_id) references users (site_id, id) on delete cascade
    ) {strict}`,
    'create index invitations_by_user on invitations (site_id, user_id)',
    'create index invitations_by_end on invitations (expires_at)',

    `create table sso_sessions (
      id {id},
      site_id {integer} not null,
      identity_id {integer} not null,
      token text not null,
      top_realm text not null,
      sub_realm text not null,
      data text not null,
      created_at {integer} not null,
      updated_at {integer} not null,
      expires_at {integer} not null,
      unique (site_id, token),
      unique (site_id, identity_id),
      foreign key (site_id, identity_id) references identities (site_id, id) on delete cascade
    ) {strict}`,
    'create index sso_sessions_by_creation on sso_sessions (site_id, created_at, id)',
    'create index sso_sessions_by_end on sso_sessions (expires_at)',

    `create table cloud_users (
      user_id {integer} primary key,
      site_id {integer} not null,
      identity_token text not null,
      external_id text not null,
      login text,
      login_key text,
      password text,
      data text not null,
      created_at {integer} not null,
      updated_at {integer} not null,
      unique (site_id, external_id),
      unique (site_id, login_key),
      foreign key (site_id, user_id) references users (site_id, id) on delete cascade
    ) {strict}`,
    `create table cloud_counters (
      site_id {integer} primary key references sites (id) on delete cascade,
      last {integer} not null
    ) {strict}`,
  ],
}
