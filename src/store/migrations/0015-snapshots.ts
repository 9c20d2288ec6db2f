// How messages fared at one moment. `due_at` is null when nothing is left to do: it is taken, and its site told.

import type { Migration } from '../migrate.ts'

export const snapshots: Migration = {
  number: 15,
  name: 'snapshots',
  steps: [
    `create table message_snapshots (
      id {id},
      site_id {integer} not null,
      message_id {integer} not null,
      token text not null,
      pingback_uri text,
      counts text,
      created_at {integer} not null,
      finished_at {integer},
      due_at {integer},
      lease_until {integer},
      attempts {integer} not null default 0,
      unique (site_id, token),
      foreign key (site_id, message_id) references messages (site_id, id) on delete cascade
    ) {strict}`,
    'create index message_snapshots_by_creation on message_snapshots (site_id, created_at, id)',
    // One of a message is still to be taken at most.
    'create unique index message_snapshots_open on message_snapshots (site_id, message_id) where finished_at is null',
    'create index message_snapshots_by_message on message_snapshots (site_id, message_id)',
    'create index message_snapshots_due on message_snapshots (due_at) where due_at is not null',
  ],
}
