// Where imports from other services stand.
// Frozen once released (test/migrations.json); what comes later is a new migration.

import type { Migration } from '../migrate.ts'

export const imports: Migration = {
  number: 13,
  name: 'imports',
  steps: [
    `create table imports (
      site_id {integer} not null references sites (id) on delete cascade,
      source text not null,
      state text not null,
      updated_at {integer} not null,
      primary key (site_id, source)
    ) {strict}`,
  ],
}
