// Every setting of the gateway, as one schema: its shape is the configuration's shape, and its words are the
// documentation (docs/configuration.md). The name of a setting is KITH_, its section's prefix, and its key.

import { z } from 'zod'
import { commands, moving } from './command-settings.ts'
import type { Bounds } from './core/gateway.ts'
import { REPORT_DEFAULTS, type ReportBounds } from './core/reports.ts'
import type { DoorkeeperOptions } from './dialects/access.ts'
import type { BrowserOptions } from './dialects/browser/browser.ts'
import type { FrontOptions, serverOptions } from './dialects/front.ts'
import type { GigyaOptions } from './dialects/gigya/gigya.ts'
import type { TencentOptions } from './dialects/tencent/tencent.ts'
import { READER_BOUNDS, type ReaderBounds } from './friend-readers.ts'
import { links } from './link-settings.ts'
import { media } from './media-settings.ts'
import { network } from './network-settings.ts'
import { publishing } from './publishing-settings.ts'
import { LOG_LEVELS } from './server/log.ts'
import { KIB, LIFE_MAX_MS, list, MIB, number, port, toggle, words } from './setting-kinds.ts'
import { STORE_BOUNDS } from './store/open.ts'
import { webhooks } from './webhook-settings.ts'

const server = z
  .object({
    port: port(8_080, 'Port of the wire APIs and of /healthz and /readyz; 0 takes a free one.'),
    host: words({ text: 'Address to listen on.', shown: 'all of the machine' }),
    publicUrl: z
      .url({ protocol: /^https?$/, error: 'must be an address that begins with http:// or https://' })
      .refine(
        (text) => /^[^/]+\/\/[^/?#]+\/*$/.test(text),
        'must have no path, no ? and no #: the gateway stands at the root of its host; give it a host name of its own',
      )
      .optional()
      .meta({
        text: 'The address that callers and browsers know this gateway by, such as https://kith.example.com. Networks send people back to it after a login (docs/login.md), so set it before you register an app; it has no path: a gateway has a host name of its own. Some fetch pictures and videos from it (docs/media.md).',
      }),
    tlsCert: words({
      text: 'File of the certificate (PEM, with those it depends on); read again when it changes.',
    }),
    tlsKey: words({ text: 'File of the certificate’s key (PEM).' }),
    trustedProxies: list({
      text: 'Addresses and CIDR ranges, with commas between, whose X-Forwarded-For, -Proto and -Host are believed.',
    }),
    metricsPort: z
      .union([z.literal('off'), port(9_464, '')], { error: 'must be a whole number from 0 to 65535, or off' })
      .default(9_464)
      .meta({ text: 'Port of /metrics; 0 takes a free one, off opens none.', unit: 'port' }),
    metricsHost: z.string().default('127.0.0.1').meta({ text: 'Address that /metrics listens on.' }),
    stopMaxMs: number(10_000, 'ms', 'How long requests in flight may take when the gateway is told to stop.'),
    logLevel: z
      .enum(LOG_LEVELS, { error: `must be one of ${LOG_LEVELS.join(', ')}` })
      .default('info')
      .meta({ text: `The least that is logged: ${LOG_LEVELS.join(', ')}.` }),
    logBytes: number(
      8 * MIB,
      'bytes',
      'Lines of the log that wait to be written, where nobody reads them or the disk is full; more are dropped.',
      { min: 64 * KIB },
    ),
  })
  .meta({ title: 'Doors', prefix: '' })

const data = z
  .object({
    databaseUrl: z.string().default('./data/kith.db').meta({
      secret: 'password',
      text: 'Where the data lies: a file for SQLite, or postgres://user:password@host/database.',
    }),
    keysFile: words({
      text: 'File of the keys that tokens and secrets are sealed with; made at the first start.',
      shown: 'kith.keys beside the SQLite file',
    }),
    keys: words({ secret: true, text: 'The content of that file itself, instead of a file.' }),
  })
  .meta({ title: 'Data', prefix: '' })

const store = z
  .object({
    writesWaiting: fromStore(
      'writesWaiting',
      'writes',
      'Writes waiting for the SQLite writer; more are refused.',
      1,
    ),
    busyTimeoutMs: fromStore(
      'busyTimeoutMs',
      'ms',
      'How long SQLite waits for another process to finish writing.',
    ),
    noncesKept: fromStore(
      'noncesKept',
      'nonces',
      'Beside SQLite: nonces of signed requests remembered of each five minutes or so, in memory (32 to 64 bytes each) and in a file; more are refused.',
      1,
    ),
    poolSize: fromStore('poolSize', 'connections', 'Connections to PostgreSQL.', 1),
    connectTimeoutMs: fromStore('connectTimeoutMs', 'ms', 'How long a connection to PostgreSQL may take.', 1),
    statementTimeoutMs: fromStore('statementTimeoutMs', 'ms', 'Longest statement on PostgreSQL.', 1),
    lockTimeoutMs: fromStore('lockTimeoutMs', 'ms', 'Longest wait for a lock on PostgreSQL.', 1),
    preparedStatements: z
      .stringbool({ error: 'must be true or false' })
      .default(STORE_BOUNDS.preparedStatements)
      .meta({
        text: 'False where a pooler between us and PostgreSQL hands each statement to another connection.',
      }),
  } satisfies Record<keyof typeof STORE_BOUNDS, z.ZodType>)
  .meta({ title: 'Database', prefix: 'DATABASE_' })

const bounds = z
  .object({
    contactsMaxAgeMs: number(86_400_000, 'ms', 'How long a list of contacts counts as fresh.', {
      max: LIFE_MAX_MS,
    }),
    contactsPerIdentity: number(10_000, 'contacts', 'Contacts kept per identity; a longer list is cut.', {
      min: 1,
    }),
    fanOutDeadlineMs: number(8_000, 'ms', 'How long a caller waits for a network.', { min: 1 }),
    readMaxMs: number(600_000, 'ms', 'How long a read may go on after its caller was answered.', { min: 1 }),
    outageMemoryMs: number(60_000, 'ms', 'How long a network’s outage is remembered.'),
    readsAtOnce: number(32, 'identities', 'Identities read at the same time; more wait.', { min: 1 }),
    readsBytes: number(
      8 * 1024 * 1024,
      'bytes',
      'Contacts held by reads under way, about; above it only the eldest eight go on.',
    ),
    readsWaiting: number(
      10_000,
      'identities',
      'Identities waiting to be read; more are refused as overload.',
    ),
    connectionLifeMs: number(3_600_000, 'ms', 'How long the result of a login or import can be read.', {
      max: LIFE_MAX_MS,
    }),
    loginLifeMs: number(600_000, 'ms', 'How long a login through a browser may take.', { min: 1_000 }),
    loginsAtOnce: number(20_000, 'logins', 'Logins of one site under way; more are refused as overload.', {
      min: 1,
    }),
  } satisfies Record<keyof Bounds, z.ZodType>)
  .meta({ title: 'Contacts', prefix: '' })

const front = z
  .object({
    bodyBytes: number(MIB, 'bytes', 'Longest body of a request.', { min: 1 }),
    bodyBytesAtOnce: number(64 * MIB, 'bytes', 'Bodies being read at the same time, together.', { min: 1 }),
    bodyMs: number(10_000, 'ms', 'How long one body may take to arrive.', { min: 1 }),
    uploadBytes: number(32 * MIB, 'bytes', 'Longest body of a request that may carry pictures and videos.', {
      min: 1,
    }),
    uploadBytesAtOnce: number(
      128 * MIB,
      'bytes',
      'Bodies of such requests being read at the same time, together.',
      { min: 1 },
    ),
    uploadMs: number(60_000, 'ms', 'How long one such body may take to arrive.', { min: 1 }),
    pathBytes: number(8 * KIB, 'bytes', 'Longest path of a request.', { min: 64, max: 32 * KIB }),
    pairs: number(1_000, 'pairs', 'Names and values in query and form together.', { min: 1 }),
    inFlight: number(1_000, 'requests', 'Requests being answered at once; more are refused as overload.', {
      min: 1,
    }),
    inFlightPerSite: number(500, 'requests', 'The same, of one site.', { min: 1 }),
    headBytes: number(64 * KIB, 'bytes', 'Longest head of a request.', { min: 8 * KIB }),
    headMs: number(10_000, 'ms', 'How long the head of a request may take to arrive.', { min: 1 }),
    keepAliveMs: number(65_000, 'ms', 'How long an idle connection is kept.'),
    wrongKeys: number(20, 'keys', 'Wrong keys from one address within the window that earn a refusal.', {
      min: 1,
    }),
    windowMs: number(60_000, 'ms', 'That window.', { min: 1 }),
    refusedMs: number(60_000, 'ms', 'How long the address is refused; right keys keep working.'),
    addresses: number(10_000, 'addresses', 'Addresses remembered for their wrong keys.', { min: 1 }),
  } satisfies Record<
    Exclude<keyof (FrontOptions & DoorkeeperOptions), 'fallback' | 'proxies'> | HeadKeys,
    z.ZodType
  >)
  .meta({ title: 'Requests', prefix: 'HTTP_' })

type HeadKeys = keyof NonNullable<Parameters<typeof serverOptions>[0]>

const gigya = z
  .object({
    publicHosts: list({
      text: 'Hosts that Gigya clients know the gateway by, where a proxy changes the Host header: their signatures name them.',
    }),
    secretOverHttp: toggle(
      'Secrets and tokens may be sent over http, and not over https alone; for trying things out on one machine.',
      { name: 'KITH_ALLOW_SECRET_OVER_HTTP' },
    ),
    tokenLifeMs: number(3_600_000, 'ms', 'Life of an access token that acts for no user.', {
      min: 1_000,
      max: LIFE_MAX_MS,
    }),
    sessionLifeMs: number(
      90 * 86_400_000,
      'ms',
      'Life of a user’s token or session whose caller names no other.',
      { min: 1_000, max: LIFE_MAX_MS },
    ),
  } satisfies Record<keyof Omit<GigyaOptions, 'methods' | 'note'>, z.ZodType>)
  .meta({ title: 'Gigya', prefix: 'GIGYA_' })

const login = z
  .object({
    startsPerMinute: number(300, 'logins', 'Logins that one address may begin within a minute.', { min: 1 }),
  } satisfies Record<Exclude<keyof BrowserOptions, 'sessionLifeMs' | 'secretOverHttp' | 'note'>, z.ZodType>)
  .meta({ title: 'Logins', prefix: 'LOGIN_' })

const { flushMs, cidsPerDay, talliesWaiting, keepDays } = REPORT_DEFAULTS
const reports = z
  .object({
    flushMs: number(flushMs, 'ms', 'How long calls are counted in memory before they are stored.'),
    cidsPerDay: number(cidsPerDay, 'ids', 'Context ids counted by name, per site and day; others are one.'),
    talliesWaiting: number(talliesWaiting, 'kinds', 'Kinds of calls in memory; then context ids are one.'),
    keepDays: number(keepDays, 'days', 'How long counted calls are kept.', { min: 1 }),
  } satisfies Record<keyof ReportBounds, z.ZodType>)
  .meta({ title: 'Reports', prefix: 'REPORTS_' })

const memory = z
  .object({
    piecesBytes: number(256 * MIB, 'bytes', 'Rendered pieces kept in memory.'),
    answersBytes: number(64 * MIB, 'bytes', 'Whole answers kept in memory for callers who ask again.'),
    friendsBytes: number(64 * MIB, 'bytes', 'Rendered friends of the site’s own graph kept in memory.'),
  })
  .meta({ title: 'Memory', prefix: 'MEMORY_' })

const { threads, waiting, idleMs } = READER_BOUNDS
const friends = z
  .object({
    threads: number(threads, 'threads', '', { max: 64 }).meta({
      name: 'KITH_FRIENDS_READERS',
      unit: 'threads',
      shown: 'one less than the processor’s cores, at most 3',
      text: 'Beside SQLite: threads that read chosen friends (`friend_get_list`) while there are many such calls, each with 20 MB or so of memory, and up to half of `KITH_MEMORY_FRIENDS_BYTES` of rendered friends; 0 starts none.',
    }),
    waiting: number(
      waiting,
      'calls',
      'Calls that one such thread may have waiting; the thread that serves takes what is beyond.',
      { min: 1 },
    ),
    idleMs: number(idleMs, 'ms', 'How long such a thread has nothing to do before it is ended.', { min: 1 }),
  } satisfies Record<keyof ReaderBounds, z.ZodType>)
  .meta({ title: 'Friends', prefix: 'FRIENDS_READERS_' })

const tencent = z
  .object({
    callsPerSecond: number(200, 'calls', 'Calls of one method per second and site; 0 is no limit.'),
    signaturesKept: number(10_000, 'signatures', 'Checked UserSigs that are remembered until they expire.'),
  } satisfies Record<keyof TencentOptions, z.ZodType>)
  .meta({ title: 'Tencent', prefix: 'TENCENT_' })

/** The whole configuration; parsing an empty object gives every default. */
export const SETTINGS = z.object({
  server,
  data,
  store,
  bounds,
  front,
  network,
  publishing,
  media,
  links,
  webhooks,
  login,
  gigya,
  reports,
  memory,
  friends,
  tencent,
  moving,
  commands,
})

function fromStore(key: NumberKeys<typeof STORE_BOUNDS>, unit: string, text: string, min = 0) {
  return number(STORE_BOUNDS[key], unit, text, { min })
}

type NumberKeys<T> = { [K in keyof T]: T[K] extends number ? K : never }[keyof T]
