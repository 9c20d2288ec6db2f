// npm run bench [-- name …]: every figure as a ratio against a floor measured in the same run, interleaved, five
// repeats, the median. Writes bench/results.md, where figures that were not measured now stay. Needs wrk (Debian:
// apt-get install wrk).

import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { usePostgresAsDelivered } from '../test/support/databases.ts'
import { answerTimes } from './answer-times.ts'
import { cachedContacts } from './cached-contacts.ts'
import { coldContacts } from './cold-contacts.ts'
import type { Figure } from './figure.ts'
import { friendsAnswered, friendsMatched } from './friends.ts'
import { graphGrown, graphLarge, graphPulled, graphStormed, graphWritten } from './graph.ts'
import { plugin } from './library.ts'
import { redirects } from './links.ts'
import { requireWrk } from './load.ts'
import { logins } from './logins.ts'
import { manyReads } from './many-reads.ts'
import { movedIn } from './moved-in.ts'
import { publishing } from './publishing.ts'

const SCENARIOS: Readonly<Record<string, () => Promise<readonly Figure[]>>> = {
  'cached-contacts': cachedContacts,
  'cold-contacts': coldContacts,
  'many-reads': manyReads,
  'answer-times': answerTimes,
  'friends-matched': friendsMatched,
  'friends-answered': friendsAnswered,
  'graph-pulled': graphPulled,
  'graph-grown': graphGrown,
  'graph-written': graphWritten,
  'graph-stormed': graphStormed,
  publishing,
  redirects,
  plugin,
  logins,
}

/** What takes so long, or so much disk, that it is measured only when it is named. */
const NAMED: typeof SCENARIOS = { 'graph-large': graphLarge, 'moved-in': movedIn }

const asked = process.argv.slice(2)
const unknown = asked.filter((name) => !(name in SCENARIOS || name in NAMED))
if (unknown.length > 0) {
  process.stderr.write(
    `Unknown: ${unknown.join(', ')}. There are: ${Object.keys({ ...SCENARIOS, ...NAMED }).join(', ')}.\n`,
  )
  process.exit(2)
}
requireWrk()
usePostgresAsDelivered()

const figures: Figure[] = []
for (const [name, measure] of Object.entries({ ...SCENARIOS, ...NAMED })) {
  if (asked.length > 0 ? !asked.includes(name) : name in NAMED) continue
  process.stderr.write(`${name} …\n`)
  const found = await measure()
  for (const figure of found) process.stdout.write(`${lineOf(figure)}\n`)
  figures.push(...found)
  keep(found)
}
process.exit(figures.every(({ isMet }) => isMet) ? 0 : 1)

function lineOf({ what, measured, asked: goal, isMet, detail }: Figure): string {
  return `| ${what} | ${measured} | ${goal} | ${isMet ? 'yes' : '**no**'} | ${detail} |`
}

/** Writes the page with these figures in their places, after each scenario: the whole takes half an hour. */
function keep(found: readonly Figure[]): void {
  const page = new URL('results.md', import.meta.url)
  const written = existsSync(page) ? readFileSync(page, 'utf8') : ''
  const rows = new Map<string, string>()
  for (const line of written.split('\n')) {
    const what = /^\| ([^|]+) \|.*\|$/.exec(line)?.[1]
    if (what && what !== 'figure') rows.set(what, line)
  }
  for (const figure of found) rows.set(figure.what, lineOf(figure))
  writeFileSync(page, pageOf([...rows.values()]))
}

function pageOf(rows: readonly string[]): string {
  const machine = `${cpus().length} cores (${cpus()[0]?.model.trim() ?? 'unknown'}), Node ${process.versions.node}`
  return [
    '# Figures',
    '',
    'Written by `npm run bench`; one scenario alone with `npm run bench -- <name>`. Each figure is measured against a floor',
    'in the same run, interleaved, five repeats, the median; a single run scatters widely on a shared machine, so compare',
    `ratios, never absolute numbers. Machine: ${machine}. The load comes from one process on the same machine (wrk).`,
    '',
    '| figure | measured | asked | met | detail |',
    '|---|---|---|---|---|',
    ...rows,
    '',
  ].join('\n')
}
