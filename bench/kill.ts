// node bench/kill.ts [--rounds 1000] [--database sqlite|postgres]: publishing processes killed at random moments (one on
// SQLite, two on PostgreSQL) while the sandbox's networks lose answers. Prints what became of everything; 1 when anything was
// lost, doubled or untrue.

import { parseArgs } from 'node:util'
import { databases, usePostgresAsDelivered } from '../test/support/databases.ts'
import { runKills } from '../test/support/kill.ts'

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '1000' },
    database: { type: 'string', default: 'sqlite' },
    'life-ms': { type: 'string', default: '400' },
  },
})
const database = databases.find(({ name }) => name === values.database)
const [rounds, lifeMs] = [Number(values.rounds), Number(values['life-ms'])]
if (!database || !Number.isInteger(rounds) || rounds < 1 || !(lifeMs > 0)) {
  process.stderr.write(
    'Usage: node bench/kill.ts [--rounds <number>] [--database sqlite|postgres] [--life-ms <ms>]\n',
  )
  process.exit(2)
}

usePostgresAsDelivered()
const startedAt = performance.now()
const result = await runKills({
  database,
  rounds,
  processes: database.name === 'sqlite' ? 1 : 2,
  lifeMs,
  onKill: (count) => {
    if (count % 50 === 0) process.stderr.write(`${count} kills\n`)
  },
})
const seconds = Math.round((performance.now() - startedAt) / 1_000)
process.stdout.write(`${JSON.stringify({ database: database.name, seconds, ...result }, undefined, 2)}\n`)
process.exit(result.lost.length + result.doubled.length + result.untrue.length === 0 ? 0 : 1)
