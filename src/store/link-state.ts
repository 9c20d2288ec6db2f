// When what processes remember of short links may no longer hold.

import { all, one, type Query } from './query.ts'
import { number, sure } from './row.ts'

export function* linkVersion(): Query<number> {
  return number(sure(yield* one('select version from link_state where id = 1')), 'version')
}

/** Tells every process to ask again where links lead: the last statement of a transaction, since all wait for it. */
export function* moveLinkVersion(): Query<void> {
  yield* all('update link_state set version = version + 1 where id = 1')
}
