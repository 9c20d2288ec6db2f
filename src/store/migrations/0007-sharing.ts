// Messages, one row per publication of each, and who delivers what. `due_at` is null when nothing is left to do,
// `lease_until` when nobody does it; a lane says which publication of an identity is held, so that there is one at a time.
// Frozen once released (test/migrations.json); what comes later is a new migration.

import type { Migration } from '../migrate.ts'

export const sharing: Migration = {
  number: 7,
  name: 'sharing',
  steps: [
    `create table messages (
      id {id},
      site_id {integer} not null,
      user_id {integer} not null,
      token text not null,
      body text not null,
      flags text not null,
      created_at {integer} not null,
      unique (site_id, id),
      unique (site_id, token),
      foreign key (site_id, user_id) references users (site_id, id) on delete cascade
    ) {strict}`,
    'create index messages_by_creation on messages (site_id, created_at, id)',
    'create index messages_by_user on messages (site_id, user_id)',

    // The identity may be gone one day: it is looked for, and what was published through it stays known.
    `create table publications (
      id {id},
      site_id {integer} not null,
      message_id {integer} not null,
      run {integer} not null,
      position {integer} not null,
      key text not null unique,
      provider text not null,
      server text not null,
      subject text not null,
      identity_id {integer},
      identity_token text,
      state text not null,
      fence {integer} not null default 0,
      lease_until {integer},
      due_at {integer},
      send_at {integer} not null,
      attempt {integer} not null default 0,
      is_prepared {integer} not null default 0,
      committed_at {integer},
      last_commit_at {integer},
      post_id text,
      post_url text,
      is_claimed {integer} not null default 0,
      removed_at {integer},
      ended_at {integer},
      problem text,
      ticket text,
      rendered text,
      marks text,
      unique (site_id, id),
      foreign key (site_id, message_id) references messages (site_id, id) on delete cascade
    ) {strict}`,
    'create index publications_by_message on publications (site_id, message_id, run, position)',
    'create index publications_due on publications (due_at, id, identity_id) where due_at is not null and lease_until is null',
    'create index publications_held on publications (lease_until) where lease_until is not null',
    // A post at a network is the result of one publication.
    'create unique index publications_by_post on publications (provider, server, subject, post_id) where is_claimed = 1',

    `create table lanes (
      identity_id {integer} primary key,
      publication_id {integer} not null unique references publications (id) on delete cascade
    ) {strict}`,

    `create table message_requests (
      site_id {integer} not null references sites (id) on delete cascade,
      key text not null,
      hash text not null,
      message_id {integer} not null,
      run {integer} not null,
      expires_at {integer} not null,
      primary key (site_id, key),
      foreign key (site_id, message_id) references messages (site_id, id) on delete cascade
    ) {strict}`,
    'create index message_requests_by_end on message_requests (expires_at)',
    'create index message_requests_by_message on message_requests (site_id, message_id)',
  ],
}
