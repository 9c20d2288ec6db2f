// The database's shape, brought forward in numbered steps. What was applied is recorded with a hash of its text: a
// released migration that somebody edited is noticed, and so is a database from a newer Kith.

import { hash } from 'node:crypto'
import { GatewayError } from '../core/errors.ts'
import { type Engine, spell } from './engine.ts'
import { beginning } from './migrations/0001-beginning.ts'
import { access } from './migrations/0002-access.ts'
import { people } from './migrations/0003-people.ts'
import { userInfo } from './migrations/0004-user-info.ts'
import { graph } from './migrations/0005-graph.ts'
import { signers } from './migrations/0006-signers.ts'
import { sharing } from './migrations/0007-sharing.ts'
import { links } from './migrations/0008-links.ts'
import { webhooks } from './migrations/0010-webhooks.ts'
import { login } from './migrations/0011-login.ts'
import { visitors } from './migrations/0012-visitors.ts'
import { imports } from './migrations/0013-imports.ts'
import { posting } from './migrations/0014-posting.ts'
import { snapshots } from './migrations/0015-snapshots.ts'
import { storedSessions } from './migrations/0016-stored-sessions.ts'
import { friendsBackwards } from './migrations/0017-friends-backwards.ts'
import { all, one, type Query } from './query.ts'
import { number, text } from './row.ts'

/** One step forward; a step that only one engine needs names it. Frozen once released. */
export interface Migration {
  readonly number: number
  readonly name: string
  readonly steps: readonly (string | Partial<Readonly<Record<Engine, string>>>)[]
}

/** Every migration, in order. */
export const MIGRATIONS: readonly Migration[] = [
  beginning,
  access,
  people,
  userInfo,
  graph,
  signers,
  sharing,
  links,
  webhooks,
  login,
  visitors,
  imports,
  posting,
  snapshots,
  storedSessions,
  friendsBackwards,
]

/** SHA-256 of what the engine is given, in hex. */
export function hashOf(engine: Engine, migration: Migration): string {
  return hash('sha256', stepsFor(engine, migration).join(';\n'))
}

/**
 * Brings the schema forward, to be run alone (under an exclusive lock) and in one transaction; answers how many
 * migrations were applied. Fails with `conflict` for a database that is newer than this code or was made by another
 * text of the same migration.
 */
export function* migrate(engine: Engine, migrations: readonly Migration[] = MIGRATIONS): Query<number> {
  yield* all(
    'create table if not exists migrations (number {integer} primary key, name text not null, hash text not null, applied_at {integer} not null)',
  )
  const applied = yield* all('select number, name, hash from migrations order by number')
  for (const [index, row] of applied.entries()) {
    const known = migrations[index]
    if (!known || known.number !== number(row, 'number')) {
      throw new GatewayError(
        'conflict',
        `The database has migration ${number(row, 'number')} (${text(row, 'name')}), which this version of Kith does not know: it was written by a newer one. Run that version, or restore a backup.`,
      )
    }
    if (hashOf(engine, known) !== text(row, 'hash')) {
      throw new GatewayError(
        'conflict',
        `Migration ${known.number} (${known.name}) was changed after it was applied to this database. Run the version of Kith that wrote it.`,
      )
    }
  }
  const missing = migrations.slice(applied.length)
  for (const migration of missing) {
    for (const sql of stepsFor(engine, migration)) yield* all(sql)
    yield* one(
      'insert into migrations (number, name, hash, applied_at) values (?, ?, ?, {now})',
      migration.number,
      migration.name,
      hashOf(engine, migration),
    )
  }
  return missing.length
}

function stepsFor(engine: Engine, { steps }: Migration): readonly string[] {
  return steps.flatMap((step) => {
    const sql = typeof step === 'string' ? step : step[engine]
    return sql === undefined ? [] : [spell(engine, sql)]
  })
}
