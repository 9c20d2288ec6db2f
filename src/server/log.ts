// The log: one JSON object per line, with a request's id where there is one, and no secret ever.

import { type DestinationStream, pino, stdSerializers } from 'pino'
import type { Log } from '../core/gateway.ts'

/** From the quietest to the one that says most. */
export const LOG_LEVELS = ['silent', 'error', 'warn', 'info', 'debug'] as const

export type LogLevel = (typeof LOG_LEVELS)[number]

/** Fields that are never written, wherever a caller puts them. */
const SECRET =
  /^(authorization|cookie|set-cookie|.*token|.*secret|.*secretkey|.*privatekey|password|tokens|dpopkey|sig|usersig|keys)$/i

/** Wire ids that are called tokens but open nothing: without them a log line cannot be followed. */
const IDS = new Set(['userToken', 'identityToken', 'connectionToken'])

const MASK = '[hidden]'
const DEPTH_MAX = 6
const TEXT_MAX = 2_000

/** Longest that lines wait to be written, together, unless the configuration says otherwise. */
const WAITING_MAX_BYTES = 8 * 1_024 * 1_024

/**
 * A log that writes lines of JSON to a file descriptor (1: standard output) or a stream; `flush` before the end. Lines
 * that cannot be written wait, up to `waitingMaxBytes`; those beyond are dropped, and how many is said afterwards.
 */
export function createLog(
  level: LogLevel,
  to: number | DestinationStream = 1,
  { waitingMaxBytes = WAITING_MAX_BYTES }: { readonly waitingMaxBytes?: number } = {},
): Log & { flush(): void } {
  const { destination, flush } = openDestination(to, waitingMaxBytes, (lines) =>
    logger.warn({ lines }, 'lines of the log were dropped: they could not be written'),
  )
  const logger = pino(
    {
      level,
      base: { process: process.pid },
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
    },
    destination,
  )
  const write = (at: Exclude<LogLevel, 'silent'>) => (fields: Fields, message: string) => {
    if (logger.isLevelEnabled(at)) logger[at](hideSecrets(fields), message)
  }
  return { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error'), flush }
}

type Fields = Readonly<Record<string, unknown>>

function openDestination(
  to: number | DestinationStream,
  maxLength: number,
  onceDropped: (lines: number) => void,
): { destination: DestinationStream; flush(): void } {
  if (typeof to !== 'number') return { destination: to, flush: () => {} }
  const file = pino.destination({ fd: to, sync: false, maxLength })
  const flushSync = file.flushSync.bind(file)
  let isBroken = false
  let dropped = 0
  // Each new line tries again what could not be written, such as on a disk that was full.
  file.on('error', () => {
    isBroken = true
  })
  file.on('write', () => {
    isBroken = false
  })
  file.on('drop', () => {
    dropped += 1
  })
  file.on('drain', () => {
    if (dropped === 0) return
    const lines = dropped
    dropped = 0
    onceDropped(lines)
  })
  // At the end of the process it would try for ever what a full disk does not take.
  file.flushSync = () => {
    if (!isBroken) flushSync()
  }
  return { destination: file, flush: () => file.flushSync() }
}

/** The fields with every secret masked, every query string cut off, and errors as plain data with their causes. */
export function hideSecrets(fields: Fields): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, hide(name, value, 0)]))
}

function hide(name: string, value: unknown, depth: number): unknown {
  if (SECRET.test(name) && !IDS.has(name) && value !== undefined) return MASK
  if (typeof value === 'string') return hideInText(value)
  if (typeof value === 'bigint') return String(value)
  if (value === null || typeof value !== 'object') return value
  if (depth >= DEPTH_MAX) return '[deeper]'
  if (value instanceof Error) return hideInError(value, depth)
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`
  if (Array.isArray(value)) return value.slice(0, 20).map((item) => hide('', item, depth + 1))
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, hide(key, inner, depth + 1)]))
}

function hideInError(error: Error, depth: number): unknown {
  const { type, message, stack } = stdSerializers.err(error)
  const cause = error.cause === undefined ? undefined : hide('cause', error.cause, depth + 1)
  const code = 'code' in error ? error.code : undefined
  return { type, code, message: hideInText(message), stack: stack && hideInText(stack), cause }
}

function hideInText(text: string): string {
  const cut = text.length > TEXT_MAX ? `${text.slice(0, TEXT_MAX)}…` : text
  return cut
    .replace(/(https?:\/\/[^\s?#"'<>]*)[?#][^\s"'<>]*/gi, '$1')
    .replace(/\/\/[^\s/@:]+:[^\s/@]+@/g, '//')
    .replace(/\b(Bearer|Basic|DPoP|OAuth)\s+[A-Za-z0-9._~+/=-]{8,}/gi, `$1 ${MASK}`)
}
