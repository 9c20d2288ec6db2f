// kith report: which methods of a site were called how often, with which outcome, and from where on its pages.

import { OTHER_CID, type ReportBy, type ReportRow } from '../core/report-store.ts'
import { dayOf } from '../core/reports.ts'
import { print, readArgs, takeWords, UsageError } from './usage.ts'
import { siteNamed, withStore } from './with-store.ts'

const DAY_MS = 86_400_000
/** Days of a report that names none, the last one today. */
const USUAL_DAYS = 30
const ROWS_MAX = 10_000

/** `kith report --site <subdomain> [--by cid|method|day] [--from <day>] [--to <day>] [--json]`. */
export async function report(args: readonly string[]): Promise<void> {
  const { positionals, values } = readArgs(args, {
    site: { type: 'string' },
    by: { type: 'string', default: 'cid' },
    from: { type: 'string' },
    to: { type: 'string' },
    json: { type: 'boolean' },
  })
  takeWords(positionals, [])
  const subdomain = values.site
  if (subdomain === undefined) throw new UsageError('Name the site with --site <subdomain>.')
  const by = toBy(values.by)
  const to = values.to === undefined ? dayOf(Date.now()) : toDay(values.to)
  const from = values.from === undefined ? to - USUAL_DAYS + 1 : toDay(values.from)
  if (from > to) throw new UsageError('--from must not be after --to.')
  await withStore(async (store) => {
    const site = await siteNamed(store, subdomain)
    const rows = await store.reports.read(site, { by, from, to, limit: ROWS_MAX })
    if (values.json) {
      print({ site: subdomain, by, from: toDate(from), to: toDate(to), rows: rows.map(toShown) })
      return
    }
    process.stdout.write(toTable(rows, by))
    if (rows.length === ROWS_MAX) {
      process.stderr.write(`These are the first ${ROWS_MAX} rows; ask for fewer days.\n`)
    }
  })
}

function toBy(word: string): ReportBy {
  if (word === 'cid' || word === 'method' || word === 'day') return word
  throw new UsageError('After --by comes cid, method or day.')
}

function toDay(text: string): number {
  const at = /^\d{4}-\d\d-\d\d$/.test(text) ? Date.parse(`${text}T00:00:00Z`) : Number.NaN
  if (Number.isNaN(at) || toDate(dayOf(at)) !== text)
    throw new UsageError(`"${text}" is no day like 2026-11-21.`)
  return dayOf(at)
}

function toDate(day: number): string {
  return new Date(day * DAY_MS).toISOString().slice(0, 10)
}

function toShown({ day, ...row }: ReportRow) {
  return { day: day === undefined ? undefined : toDate(day), ...row }
}

type Column = readonly [title: string, cell: (row: ReportRow) => string]

const CALLS: Column = ['calls', ({ calls }) => String(calls)]
const FAILED: Column = ['failed', ({ failed }) => String(failed)]
const METHOD: Column = ['method', ({ method = '' }) => method]

const COLUMNS: Readonly<Record<ReportBy, readonly Column[]>> = {
  cid: [['cid', ({ cid = '' }) => toCell(cid)], METHOD, CALLS, FAILED],
  method: [METHOD, ['code', ({ code = 0 }) => String(code)], CALLS],
  day: [['day', ({ day = 0 }) => toDate(day)], CALLS, FAILED],
}

/** What a caller has made up must not steer the terminal. */
function toCell(cid: string): string {
  if (cid === '') return '(none)'
  return cid === OTHER_CID ? cid : cid.replace(/\p{C}/gu, '�')
}

/** Columns as wide as their widest cell, numbers to the right. */
function toTable(rows: readonly ReportRow[], by: ReportBy): string {
  const columns = COLUMNS[by]
  const lines = [columns.map(([title]) => title), ...rows.map((row) => columns.map(([, cell]) => cell(row)))]
  const widths = columns.map((_, at) => Math.max(...lines.map((line) => line[at]?.length ?? 0)))
  const isNumber = columns.map(([title]) => title === 'calls' || title === 'failed' || title === 'code')
  const pad = (cell: string, at: number) =>
    isNumber[at] ? cell.padStart(widths[at] ?? 0) : cell.padEnd(widths[at] ?? 0)
  return lines.map((line) => `${line.map(pad).join('  ').trimEnd()}\n`).join('')
}
