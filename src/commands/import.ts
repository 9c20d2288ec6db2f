// kith import: users from another service, live or from files saved from it.

import { hash } from 'node:crypto'
import { resolve } from 'node:path'
import type { Config } from '../config.ts'
import { GatewayError } from '../core/errors.ts'
import type { OldService } from '../core/moving.ts'
import { fromCsv } from '../moving/csv-records.ts'
import { findFiles, readFiles } from '../moving/files.ts'
import { type GigyaMethod, gigyaItems } from '../moving/gigya-live.ts'
import { fromGigya, gigyaRecords } from '../moving/gigya-records.ts'
import { oneAllItems } from '../moving/oneall-live.ts'
import { fromOneAll, oneAllRecords } from '../moving/oneall-records.ts'
import type { Item, ToMoved } from '../moving/records.ts'
import { runImport } from '../moving/run.ts'
import { openOldService } from '../outside.ts'
import { providersById } from '../providers/index.ts'
import { stayThrifty } from '../server/thrift.ts'
import { createProgress, type Progress } from './import-progress.ts'
import { openReport } from './import-report.ts'
import { readSecret } from './secret.ts'
import { untilTold } from './until-told.ts'
import { print, readArgs, takeWords, UsageError } from './usage.ts'
import { siteNamed, withStore } from './with-store.ts'

const OPTIONS = {
  from: { type: 'string' },
  files: { type: 'string' },
  'public-key': { type: 'string' },
  'api-key': { type: 'string' },
  'user-key': { type: 'string' },
  method: { type: 'string' },
  'without-tokens': { type: 'boolean' },
  problems: { type: 'string' },
  'dry-run': { type: 'boolean' },
  restart: { type: 'boolean' },
} as const

type Values = ReturnType<typeof readArgs<typeof OPTIONS>>['values']

/** What is brought, and how its records are read. */
interface Source {
  /** Says the same for the same line: what the place is kept under. */
  readonly name: string
  readonly items: (place: string | undefined) => AsyncIterable<Item>
  readonly toMoved: ToMoved
  readonly service?: OldService
}

/** `kith import oneall|gigya|csv <site> …`. */
export async function importUsers([kind, ...args]: readonly string[]): Promise<void> {
  const open = kind !== undefined && Object.hasOwn(SOURCES, kind) ? SOURCES[kind] : undefined
  if (!open) throw new UsageError('After "import" comes oneall, gigya or csv.')
  const { positionals, values } = readArgs(args, OPTIONS)
  const { site: subdomain } = takeWords(positionals, ['site'])
  const isTrial = values['dry-run'] === true
  stayThrifty()
  await withStore(async (store, config) => {
    const site = await siteNamed(store, subdomain)
    const progress = createProgress()
    const source = await open(values, config, progress)
    const path = resolve(values.problems ?? reportName(subdomain, source, isTrial))
    const report = openReport(path)
    // A file of trials alone begins anew with each of them.
    if (isTrial && values.problems === undefined) report.cut(0)
    const stop = new AbortController()
    void untilTold().then(() => stop.abort())
    try {
      if (values.restart && !isTrial) await store.moving.forget(site, source.name)
      const { counts, isWhole, isResumed } = await runImport({
        moving: store.moving,
        site,
        source: source.name,
        items: source.items,
        toMoved: source.toMoved,
        report,
        batch: config.moving.usersAtOnce,
        isTrial,
        signal: stop.signal,
        onStep: progress.step,
      })
      progress.end()
      print({ ...counts, isWhole, isResumed, isTrial, report: counts.problems > 0 ? path : undefined })
      if (!isWhole && !isTrial) progress.say('Stopped. Run the same line again to go on.')
    } finally {
      progress.end()
      report.close()
      await source.service?.close()
    }
  })
}

/** Each source has a report of its own, and so have trials: none empties what an interrupted import goes on with. */
function reportName(subdomain: string, { name }: Source, isTrial: boolean): string {
  const source = `${name.split(' ', 1)}-${hash('sha256', name).slice(0, 8)}`
  return `kith-import-${subdomain}.${source}${isTrial ? '.dry-run' : ''}.problems.ndjson`
}

type Open = (values: Values, config: Config, progress: Progress) => Promise<Source>

const SOURCES: Readonly<Record<string, Open>> = {
  async oneall(values, config, progress) {
    const toMoved = fromOneAll(providersById)
    if (values.files !== undefined) return fromFiles('oneall', values, config, oneAllRecords, toMoved)
    const origin = needed(values, 'from')
    const publicKey = needed(values, 'public-key')
    const privateKey = await secretFor(config, 'Private key')
    const authorization = `Basic ${Buffer.from(`${publicKey}:${privateKey}`).toString('base64')}`
    const service = openOldService(config, { origin, authorization, onWait: sayWait(progress) })
    const wish = { atOnce: config.moving.requestsAtOnce, withTokens: values['without-tokens'] !== true }
    const items = (place: string | undefined) => oneAllItems(service, wish, place)
    return { name: `oneall ${new URL(origin).host} ${publicKey}`, items, toMoved, service }
  },

  async gigya(values, config, progress) {
    const toMoved = fromGigya(providersById)
    if (values.files !== undefined) return fromFiles('gigya', values, config, gigyaRecords, toMoved)
    const origin = needed(values, 'from')
    const apiKey = needed(values, 'api-key')
    const method = toMethod(values.method)
    const secret = await secretFor(config, 'Secret')
    const service = openOldService(config, { origin, onWait: sayWait(progress) })
    const wish = { method, apiKey, secret, userKey: values['user-key'] }
    const items = (place: string | undefined) => gigyaItems(service, wish, place)
    return { name: `gigya ${new URL(origin).host} ${apiKey} ${method}`, items, toMoved, service }
  },

  async csv(values, config) {
    needed(values, 'files')
    return fromFiles('csv', values, config, 'csv', fromCsv(providersById))
  },
}

function fromFiles(
  kind: string,
  values: Values,
  { moving }: Config,
  recordsOf: Parameters<typeof readFiles>[1],
  toMoved: ToMoved,
): Source {
  if (values.from !== undefined) throw new UsageError('--from and --files exclude each other.')
  const path = resolve(needed(values, 'files'))
  const files = findFiles(path)
  return {
    name: `${kind} ${path}`,
    items: (place) => readFiles(files, recordsOf, moving, place),
    toMoved,
  }
}

function needed(values: Values, name: 'from' | 'files' | 'public-key' | 'api-key'): string {
  const value = values[name]
  if (value) return value
  const other =
    name === 'from' ? ' Name the old service with it, or what was saved from it with --files.' : ''
  throw new UsageError(`--${name} is missing.${other}`)
}

function toMethod(name = 'exportUsers'): GigyaMethod {
  if (name === 'exportUsers' || name === 'accounts.search') return name
  throw new UsageError('After --method comes exportUsers or accounts.search.')
}

async function secretFor({ commands }: Config, question: string): Promise<string> {
  const secret = commands.importSecret ?? (await readSecret(question))
  if (secret) return secret
  throw new GatewayError(
    'invalid_request',
    `The ${question.toLowerCase()} is missing: give it on standard input or as KITH_IMPORT_SECRET.`,
  )
}

function sayWait(progress: Progress): (ms: number) => void {
  return (ms) => progress.say(`The old service is asked too often; waiting ${Math.ceil(ms / 1_000)} s.`)
}
