// Sessions over several sites of users whom a site stores by itself; the network of an identity that was unlinked has a
// place of its own. Frozen once released (test/migrations.json); what comes later is a new migration.

import type { Migration } from '../migrate.ts'

const KEPT = 'token, top_realm, sub_realm, data, created_at, updated_at, expires_at'

export const storedSessions: Migration = {
  number: 16,
  name: 'stored-sessions',
  steps: [
    'create unique index cloud_users_by_identity on cloud_users (site_id, identity_token)',
    'create unique index cloud_users_by_user on cloud_users (site_id, user_id)',

    // SQLite cannot take `not null` from a column: https://www.sqlite.org/lang_altertable.html
    `create table owned_sessions (
      id {id},
      site_id {integer} not null,
      identity_id {integer},
      cloud_user_id {integer},
      token text not null,
      top_realm text not null,
      sub_realm text not null,
      data text not null,
      created_at {integer} not null,
      updated_at {integer} not null,
      expires_at {integer} not null,
      unique (site_id, token),
      unique (site_id, identity_id),
      unique (site_id, cloud_user_id),
      check ((identity_id is null) <> (cloud_user_id is null)),
      foreign key (site_id, identity_id) references identities (site_id, id) on delete cascade,
      foreign key (site_id, cloud_user_id) references cloud_users (site_id, user_id) on delete cascade
    ) {strict}`,
    `insert into owned_sessions (site_id, identity_id, ${KEPT})
     select site_id, identity_id, ${KEPT} from sso_sessions order by id`,
    'drop table sso_sessions',
    'alter table owned_sessions rename to sso_sessions',
    'create index sso_sessions_by_creation on sso_sessions (site_id, created_at, id)',
    'create index sso_sessions_by_end on sso_sessions (expires_at)',

    'alter table connections add column provider text',
  ],
}
