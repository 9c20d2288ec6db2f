// User keys, the tokens we issue, and nonces (on SQLite in a file of their own: nonces.ts).
// Frozen once released (test/migrations.json); what comes later is a new migration.

import type { Migration } from '../migrate.ts'

export const access: Migration = {
  number: 2,
  name: 'access',
  steps: [
    `create table user_keys (
      id {id},
      site_id {integer} not null references sites (id) on delete cascade,
      key text not null unique,
      secret text,
      public_key text,
      created_at {integer} not null
    ) {strict}`,
    'create index user_keys_by_site on user_keys (site_id, id)',

    `create table access_tokens (
      id {id},
      site_id {integer} not null references sites (id) on delete cascade,
      hash text not null unique,
      user_id {integer},
      user_key_id {integer} references user_keys (id) on delete cascade,
      session_secret text,
      created_at {integer} not null,
      expires_at {integer} not null,
      foreign key (site_id, user_id) references users (site_id, id) on delete cascade
    ) {strict}`,
    'create index access_tokens_by_user on access_tokens (site_id, user_id, id)',
    'create index access_tokens_by_user_key on access_tokens (user_key_id) where user_key_id is not null',
    'create index access_tokens_by_end on access_tokens (expires_at)',

    // Not worth a log: a nonce older than some minutes is refused for its age.
    { postgres: 'create unlogged table nonces (key bytea primary key, expires_at bigint not null)' },
    { postgres: 'create index nonces_by_end on nonces (expires_at)' },
  ],
}
