// Where the friends of each identity stand: the list that a login has dropped, and when the next was asked for.
// Frozen once released (test/migrations.json); what comes later is a new migration.

import type { Migration } from '../migrate.ts'

export const people: Migration = {
  number: 3,
  name: 'people',
  steps: [
    `create table friend_lists (
      identity_id {integer} primary key,
      site_id {integer} not null,
      dropped_version {integer} not null,
      asked_at {integer},
      foreign key (site_id, identity_id) references identities (site_id, id) on delete cascade
    ) {strict}`,
  ],
}
