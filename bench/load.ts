// Load from wrk, one thread: the generator must not be what is measured.

import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface Load {
  /** Scheme, host and port. */
  readonly url: string
  /** Asked in turn. */
  readonly paths: readonly string[]
  readonly headers?: Readonly<Record<string, string>>
  /** Makes it a POST. */
  readonly body?: string
  /** Makes them POSTs, each path with its own; as many as paths. */
  readonly bodies?: readonly string[]
  /** So many addresses say in turn, as a proxy in front would, that they ask. */
  readonly visitors?: number
  readonly connections?: number
  readonly seconds?: number
  /** How long the load is on before it is measured. Default 1: who was idle while others were measured is not warm. */
  readonly rampSeconds?: number
}

export interface Carried {
  readonly perSecond: number
  readonly p99Ms: number
}

/** Ends this process with a hint when there is no wrk. */
export function requireWrk(): void {
  if (spawnSync('wrk', ['-v']).error === undefined) return
  process.stderr.write('The figures need wrk (Debian: apt-get install wrk).\n')
  process.exit(2)
}

/** Puts the load on; fails when anything but 2xx was answered. */
export async function carry({
  url,
  paths,
  headers = {},
  body,
  bodies,
  visitors = 0,
  connections = 32,
  seconds = 4,
  rampSeconds = 1,
}: Load): Promise<Carried> {
  const folder = mkdtempSync(join(tmpdir(), 'kith-load-'))
  const script = join(folder, 'load.lua')
  const lua = [
    ...Object.entries(headers).map(([name, value]) => `wrk.headers[${quote(name)}] = ${quote(value)}`),
    ...(body === undefined ? [] : ['wrk.method = "POST"', `wrk.body = ${quote(body)}`]),
    ...(bodies === undefined
      ? ['local bodies = {}']
      : ['wrk.method = "POST"', `local bodies = { ${bodies.map(quote).join(',\n')} }`]),
    `local paths = { ${paths.map(quote).join(', ')} }`,
    'local at = 0',
    'local requests = {}',
    `local visitors = ${visitors}`,
    'local from = function(i)',
    '  local at = i % visitors',
    '  return string.format("10.%d.%d.%d", math.floor(at / 65536) % 256, math.floor(at / 256) % 256, at % 256)',
    'end',
    'init = function()',
    '  for i, path in ipairs(paths) do',
    '    if visitors > 0 then wrk.headers["X-Forwarded-For"] = from(i) end',
    '    requests[i] = wrk.format(nil, path, nil, bodies[i])',
    '  end',
    'end',
    'request = function() at = at % #requests + 1; return requests[at] end',
  ]
  writeFileSync(script, lua.join('\n'))
  try {
    const argsFor = (duration: number) => [
      '-t1',
      `-c${connections}`,
      `-d${duration}s`,
      '--timeout',
      '10s',
      '--latency',
      '-s',
      script,
      url,
    ]
    if (rampSeconds > 0) await outputOf('wrk', argsFor(rampSeconds))
    const text = await outputOf('wrk', argsFor(seconds))
    const bad = /Non-2xx or 3xx responses: (\d+)|Socket errors: (.*)/.exec(text)
    if (bad) throw new Error(`the load was not carried: ${bad[0]}`)
    return { perSecond: numberIn(text, /Requests\/sec:\s+([\d.]+)/), p99Ms: p99In(text) }
  } finally {
    rmSync(folder, { recursive: true })
  }
}

function p99In(text: string): number {
  const [, value = '', unit = ''] = /99%\s+([\d.]+)(us|ms|s)/.exec(text) ?? []
  const factor = { us: 0.001, ms: 1, s: 1_000 }[unit]
  if (factor === undefined) throw new Error(`wrk said no p99:\n${text}`)
  return Number(value) * factor
}

function numberIn(text: string, pattern: RegExp): number {
  const value = Number(pattern.exec(text)?.[1])
  if (!Number.isFinite(value)) throw new Error(`wrk said no such number:\n${text}`)
  return value
}

function quote(text: string): string {
  return JSON.stringify(text).replaceAll('\\/', '/')
}

function outputOf(command: string, args: readonly string[]): Promise<string> {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  let text = ''
  child.stdout.on('data', (chunk) => {
    text += chunk
  })
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('exit', (code) =>
      code === 0 ? resolve(text) : reject(new Error(`${command} ended with ${code}`)),
    )
  })
}
