// Further keys that administrators sign with, so that a key can be rolled; and the counters of calls per second, which
// need not survive a crash, where several processes share them.

import type { Migration } from '../migrate.ts'

export const signers: Migration = {
  number: 6,
  name: 'signers',
  steps: [
    `create table signer_keys (
      id {id},
      site_id {integer} not null references sites (id) on delete cascade,
      fingerprint text not null,
      sealed text not null,
      created_at {integer} not null,
      unique (site_id, fingerprint)
    ) {strict}`,

    // The shape that rate-limiter-flexible asks for.
    {
      postgres: `create unlogged table call_counts (
        key varchar(255) primary key,
        points integer not null default 0,
        expire bigint
      )`,
    },
  ],
}
