// Sites, users, identities with their sealed tokens, snapshots of contacts, readings under way, connections, apps.
// Frozen once released (test/migrations.json); what comes later is a new migration.

import type { Migration } from '../migrate.ts'

export const beginning: Migration = {
  number: 1,
  name: 'beginning',
  steps: [
    `create table sites (
      id {id},
      subdomain text not null unique,
      name text not null,
      public_key text not null unique,
      private_key_hash text not null,
      api_key text not null unique,
      sdk_app_id {integer} not null unique,
      admin text not null,
      settings text not null,
      linked_version {integer} not null default 0,
      created_at {integer} not null
    ) {strict}`,

    `create table site_secrets (
      site_id {integer} primary key references sites (id) on delete cascade,
      secret text not null,
      secret_key text not null
    ) {strict}`,

    `create table users (
      id {id},
      site_id {integer} not null references sites (id) on delete cascade,
      token text not null,
      uid text,
      created_at {integer} not null,
      last_login_at {integer} not null,
      login_count {integer} not null,
      unique (site_id, id),
      unique (site_id, token)
    ) {strict}`,
    'create unique index users_by_uid on users (site_id, uid) where uid is not null',
    // The last login is in the index so that lists filtered by it are counted without visiting the rows.
    'create index users_by_creation on users (site_id, created_at, id, last_login_at)',

    `create table identities (
      id {id},
      site_id {integer} not null,
      user_id {integer} not null,
      token text not null,
      provider text not null,
      server text not null,
      subject text not null,
      match_key {integer} not null,
      profile text not null,
      refused text,
      created_at {integer} not null,
      updated_at {integer} not null,
      unique (site_id, id),
      unique (site_id, token),
      unique (site_id, provider, server, subject),
      foreign key (site_id, user_id) references users (site_id, id) on delete cascade
    ) {strict}`,
    'create index identities_by_user on identities (site_id, user_id, id)',
    'create index identities_by_match on identities (site_id, match_key)',
    'create index identities_by_creation on identities (site_id, created_at, id)',

    `create table tokens (
      identity_id {integer} primary key,
      site_id {integer} not null,
      version {integer} not null,
      fence {integer} not null,
      lease_until {integer},
      sealed text not null,
      foreign key (site_id, identity_id) references identities (site_id, id) on delete cascade
    ) {strict}`,

    // The bytes come last: SQLite then reads the other columns without walking the pages that hold them.
    `create table snapshots (
      identity_id {integer} primary key,
      site_id {integer} not null,
      version {integer} not null,
      contact_count {integer} not null,
      is_truncated {integer} not null,
      fetched_at {integer} not null,
      contacts {bytes} not null,
      foreign key (site_id, identity_id) references identities (site_id, id) on delete cascade
    ) {strict}`,
    // Handed out as they lie, many times more often than written: no compression.
    { postgres: 'alter table snapshots alter column contacts set storage external' },

    `create table reads (
      identity_id {integer} primary key,
      site_id {integer} not null,
      fence {integer} not null,
      started_at {integer} not null,
      lease_until {integer},
      progress text,
      foreign key (site_id, identity_id) references identities (site_id, id) on delete cascade
    ) {strict}`,
    'create index reads_under_way on reads (lease_until) where lease_until is not null',

    `create table connections (
      id {id},
      site_id {integer} not null references sites (id) on delete cascade,
      token text not null,
      plugin text not null,
      action text not null,
      status text not null,
      reason text not null,
      callback_uri text,
      user_token text,
      identity_token text,
      created_at {integer} not null,
      expires_at {integer} not null,
      unique (site_id, token)
    ) {strict}`,
    'create index connections_by_creation on connections (site_id, created_at, id, expires_at)',
    'create index connections_by_user on connections (site_id, user_token) where user_token is not null',
    'create index connections_by_end on connections (expires_at)',

    `create table apps (
      id {id},
      site_id {integer} not null references sites (id) on delete cascade,
      provider text not null,
      server text not null,
      client_id text not null,
      client_secret text,
      unique (site_id, provider, server)
    ) {strict}`,

    `create table limits (
      scope text primary key,
      until_at {integer} not null
    ) {strict}`,
    'create index limits_by_end on limits (until_at)',
  ],
}
