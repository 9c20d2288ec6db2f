// What was saved from the other service: pages as JSON, one document a line, or CSV; read piece by piece, so that the
// size of a file does not matter.

import { createReadStream, readdirSync, readFileSync, statSync } from 'node:fs'
import { basename, extname, join } from 'node:path'
import { GatewayError } from '../core/errors.ts'
import { parseExactly } from '../core/exact-json.ts'
import { csvRows } from './csv.ts'
import { readHeader, toFields } from './csv-records.ts'
import type { Item } from './records.ts'

export interface FileBounds {
  /** Longest JSON file that is read as one document, in bytes. */
  readonly documentBytes: number
  /** Longest line of a file with one document a line, in characters; a record of CSV may have 65,536 at most. */
  readonly lineCharacters: number
}

export interface Files {
  /** In order of name. */
  readonly paths: readonly string[]
  readonly bytes: number
}

/** Where a file stands: what is before this record is done. */
interface Place {
  readonly file: string
  readonly done: number
}

const EXTENSIONS: ReadonlySet<string> = new Set(['.json', '.ndjson', '.jsonl', '.csv'])
const CSV_RECORD_MAX = 65_536

/** The file, or those of a folder that can be read, in order of name; `not_found` when there is none. */
export function findFiles(path: string): Files {
  const found = statSync(path, { throwIfNoEntry: false })
  if (!found) throw new GatewayError('not_found', `There is no file or folder "${path}".`)
  const paths = found.isDirectory()
    ? readdirSync(path)
        .filter((name) => EXTENSIONS.has(extname(name).toLowerCase()))
        .sort()
        .map((name) => join(path, name))
    : [path]
  if (paths.length === 0) {
    throw new GatewayError('not_found', `The folder "${path}" has no ${[...EXTENSIONS].join(', ')} files.`)
  }
  return { paths, bytes: paths.reduce((sum, each) => sum + statSync(each).size, 0) }
}

/** Every record of the files behind the place; `recordsOf` says what a JSON document holds. */
export async function* readFiles(
  { paths, bytes }: Files,
  recordsOf: ((document: unknown) => readonly unknown[]) | 'csv',
  bounds: FileBounds,
  from: string | undefined,
): AsyncGenerator<Item> {
  const start: Place | undefined = from === undefined ? undefined : JSON.parse(from)
  let bytesBefore = 0
  for (const path of paths) {
    const file = basename(path)
    const size = statSync(path).size
    const isDone = start !== undefined && file < start.file
    const skip = start?.file === file ? start.done : 0
    const reads = isDone ? noRecords() : recordsIn(path, recordsOf, bounds)
    let done = 0
    for await (const { line, read, ...record } of reads) {
      done += 1
      if (done <= skip) continue
      const where = `${file}:${line}`
      const share = bytes === 0 ? 1 : (bytesBefore + Math.min(read, size)) / bytes
      const place = JSON.stringify({ file, done } satisfies Place)
      if ('problem' in record) {
        const problem = { where, field: '', message: record.problem }
        yield { problem, place, share }
      } else yield { found: { where, value: record.value }, place, share }
    }
    bytesBefore += size
  }
}

type Record = { readonly line: number; readonly read: number } & (
  | { readonly value: unknown }
  | { readonly problem: string }
)

async function* noRecords(): AsyncGenerator<Record> {}

function recordsIn(
  path: string,
  recordsOf: ((document: unknown) => readonly unknown[]) | 'csv',
  bounds: FileBounds,
): AsyncGenerator<Record> {
  const extension = extname(path).toLowerCase()
  if (recordsOf === 'csv') return inCsv(path)
  if (extension === '.csv') {
    throw new GatewayError('invalid_request', `"${basename(path)}" is CSV: it is brought by kith import csv.`)
  }
  return extension === '.json' ? inDocument(path, recordsOf, bounds) : inLines(path, recordsOf, bounds)
}

/** The line of a record within a document is not known: it is its number. */
async function* inDocument(
  path: string,
  recordsOf: (document: unknown) => readonly unknown[],
  { documentBytes }: FileBounds,
): AsyncGenerator<Record> {
  const { size } = statSync(path)
  if (size > documentBytes) {
    const problem = `has more than ${documentBytes} bytes: save it with one user a line, as .ndjson`
    yield { line: 1, read: size, problem }
    return
  }
  const document = parse(readFileSync(path, 'utf8'))
  if (document === undefined) {
    yield { line: 1, read: size, problem: 'is no JSON' }
    return
  }
  const records = recordsOf(document.value)
  for (const [at, value] of records.entries()) {
    yield { line: at + 1, read: (size * (at + 1)) / records.length, value }
  }
}

async function* inLines(
  path: string,
  recordsOf: (document: unknown) => readonly unknown[],
  { lineCharacters }: FileBounds,
): AsyncGenerator<Record> {
  const stream = createReadStream(path, { encoding: 'utf8' })
  let line = 0
  for await (const text of linesOf(stream, lineCharacters)) {
    line += 1
    const read = stream.bytesRead
    if (text === undefined) yield { line, read, problem: `has more than ${lineCharacters} characters` }
    if (text === undefined || text.trim() === '') continue
    const document = parse(text)
    if (document === undefined) yield { line, read, problem: 'is no JSON' }
    else for (const value of recordsOf(document.value)) yield { line, read, value }
  }
}

async function* inCsv(path: string): AsyncGenerator<Record> {
  const stream = createReadStream(path, { encoding: 'utf8' })
  let columns: readonly string[] | undefined
  for await (const { line, fields } of csvRows(stream, CSV_RECORD_MAX)) {
    const read = stream.bytesRead
    if (!fields) yield { line, read, problem: `has more than ${CSV_RECORD_MAX} characters` }
    else if (!columns) columns = readHeader(fields)
    else if (fields.length > columns.length) {
      yield { line, read, problem: `has ${fields.length} fields and not ${columns.length}` }
    } else yield { line, read, value: toFields(columns, fields) }
  }
}

/** Lines without their ends; undefined for one that is longer than the bound. */
async function* linesOf(pieces: AsyncIterable<string>, longest: number): AsyncGenerator<string | undefined> {
  let rest = ''
  let isTooLong = false
  for await (const piece of pieces) {
    const lines = (rest + piece).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) {
      yield isTooLong || line.length > longest ? undefined : line
      isTooLong = false
    }
    if (rest.length > longest) {
      isTooLong = true
      rest = ''
    }
  }
  if (isTooLong || rest !== '') yield isTooLong || rest.length > longest ? undefined : rest
}

function parse(text: string): { readonly value: unknown } | undefined {
  try {
    return { value: parseExactly(text.replace(/^\uFEFF/, '')) }
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof RangeError) return undefined
    throw error
  }
}
