// Who has whom as a friend, looked up from the other side. On SQLite an index of it took a page of its own for nearly
// every new friend, half of the time of an import: there it is a table that is written later (graph-backwards.ts).
// Frozen once released (test/migrations.json); what comes later is a new migration.

import type { Migration } from '../migrate.ts'

const COLUMNS = 'key, from_id, to_id, site_id, serial, added_at, remark, source, wording, group_ids, custom'

export const friendsBackwards: Migration = {
  number: 17,
  name: 'friends-backwards',
  steps: [
    // Without its second foreign key, which is of no use without that index: whoever removes a user takes the user out
    // of all lists first. SQLite cannot take a foreign key from a table: https://www.sqlite.org/lang_altertable.html
    {
      sqlite: `create table edges (
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
        foreign key (site_id, from_id) references users (site_id, id) on delete cascade
      ) {strict}`,
    },
    { sqlite: `insert into edges (${COLUMNS}) select ${COLUMNS} from friends order by key` },
    { sqlite: 'drop table friends' },
    { sqlite: 'alter table edges rename to friends' },
    { sqlite: 'create unique index friends_in_order on friends (from_id, serial)' },

    // In order of who is had.
    {
      sqlite: `create table friends_backwards (
        to_id {integer} not null references users (id) on delete cascade,
        from_id {integer} not null,
        primary key (to_id, from_id)
      ) {clustered}`,
    },
    {
      sqlite:
        'insert into friends_backwards (to_id, from_id) select to_id, from_id from friends order by 1, 2',
    },
    // What is not in that order yet: lists as they came, each in itself in order, four bytes a friend.
    {
      sqlite: `create table friends_unsorted (
        id {id},
        from_id {integer} not null references users (id) on delete cascade,
        to_ids {bytes} not null
      ) {strict}`,
    },
    { sqlite: 'create index friends_unsorted_by_owner on friends_unsorted (from_id)' },
  ],
}
