// The site's own friends: accounts' lists, blocks, requests, profiles, and the feed of their changes.
// Frozen once released (test/migrations.json); what comes later is a new migration.

import type { Migration } from '../migrate.ts'

export const graph: Migration = {
  number: 5,
  name: 'graph',
  steps: [
    // Every user is an account, until the account is deleted and the user stays.
    'alter table users add column is_account {integer} not null default 1',

    // One row per account with a list: locked before the list changes. Groups are [id, name] pairs in order of making;
    // an id is never used again, so edges may keep those of groups that are gone.
    `create table graphs (
      user_id {integer} primary key,
      site_id {integer} not null,
      standard_sequence {integer} not null default 0,
      custom_sequence {integer} not null default 0,
      group_sequence {integer} not null default 0,
      block_sequence {integer} not null default 0,
      last_serial {integer} not null default 0,
      last_group {integer} not null default 0,
      friend_count {integer} not null default 0,
      block_count {integer} not null default 0,
      pending_count {integer} not null default 0,
      group_names text not null default '[]',
      foreign key (site_id, user_id) references users (site_id, id) on delete cascade
    ) {strict}`,

    // Edges lie where they are read: all of one account together, in order of the friend. The key is both ids in one
    // number, (from_id << 31) | to_id: found faster than a pair, and the upper pages of the tree hold nothing else.
    `create table friends (
      key {integer} primary key,
      from_id {integer} not null,
      to_id {integer} not null,
      site_id {integer} not null,
      serial {integer} not null,
      added_at {integer} not null,
      remark text,
      source text,
      wording text,
      group_ids text,
      custom text,
      check (to_id < 2147483648 and key = (from_id << 31) | to_id),
      foreign key (site_id, from_id) references users (site_id, id) on delete cascade,
      foreign key (site_id, to_id) references users (site_id, id) on delete cascade
    ) {strict}`,
    'create index friends_backwards on friends (to_id)',
    'create unique index friends_in_order on friends (from_id, serial)',

    `create table blocks (
      from_id {integer} not null,
      to_id {integer} not null,
      site_id {integer} not null,
      serial {integer} not null,
      added_at {integer} not null,
      primary key (from_id, to_id),
      foreign key (site_id, from_id) references users (site_id, id) on delete cascade,
      foreign key (site_id, to_id) references users (site_id, id) on delete cascade
    ) {clustered}`,
    'create index blocks_backwards on blocks (to_id, from_id)',
    'create unique index blocks_in_order on blocks (from_id, serial)',

    // Somebody asked (from) waits for somebody to answer (to), with what the edge is to say.
    `create table pendings (
      to_id {integer} not null,
      from_id {integer} not null,
      site_id {integer} not null,
      serial {integer} not null,
      asked_at {integer} not null,
      remark text,
      source text,
      wording text,
      group_names text,
      primary key (to_id, from_id),
      foreign key (site_id, to_id) references users (site_id, id) on delete cascade,
      foreign key (site_id, from_id) references users (site_id, id) on delete cascade
    ) {clustered}`,
    'create index pendings_backwards on pendings (from_id, to_id)',
    'create unique index pendings_in_order on pendings (to_id, serial)',

    `create table profiles (
      user_id {integer} primary key,
      site_id {integer} not null,
      allows text,
      forbidden text,
      profile text not null,
      foreign key (site_id, user_id) references users (site_id, id) on delete cascade
    ) {strict}`,

    // The last position of each site, and the last that concerned a profile or a name.
    `create table feeds (
      site_id {integer} primary key references sites (id) on delete cascade,
      position {integer} not null,
      profiles {integer} not null
    ) {strict}`,
    `create table feed_entries (
      site_id {integer} not null references sites (id) on delete cascade,
      position {integer} not null,
      kind text not null,
      account text not null,
      others text not null,
      is_reverse {integer} not null,
      at {integer} not null,
      primary key (site_id, position)
    ) {clustered}`,
  ],
}
