// What is known of an identity as a place to post to: JSON of its target, its home server's limits and software.
// Frozen once released (test/migrations.json); what comes later is a new migration.

import type { Migration } from '../migrate.ts'

export const posting: Migration = {
  number: 14,
  name: 'posting',
  steps: ['alter table identities add column posting text'],
}
