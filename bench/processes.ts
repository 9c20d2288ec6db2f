// The processes that are measured: Kith as it is shipped, the floor, the pretend networks.

import { type ChildProcess, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { fileURLToPath } from 'node:url'

export interface Running {
  readonly url: string
  readonly pid: number
  /** Milliseconds from the start of the process to its first answer. */
  readonly startedInMs: number
  stop(): Promise<void>
}

export interface Kith extends Running {
  /** One number of the metrics page, by name. */
  metric(name: string): Promise<number>
}

const fileOf = (path: string) => fileURLToPath(new URL(path, import.meta.url))

/** `kith serve` on this database; resolves with the first answer to a wire call. */
export async function startKith(settings: Readonly<Record<string, string>>): Promise<Kith> {
  const [port, metricsPort] = [await freePort(), await freePort()]
  const env = {
    ...process.env,
    KITH_PORT: String(port),
    KITH_HOST: '127.0.0.1',
    KITH_METRICS_PORT: String(metricsPort),
    KITH_LOG_LEVEL: 'warn',
    ...settings,
  }
  // The compiled code may be kept as it is in use: what a second start finds.
  const running = await startAt(port, '/providers.json', [fileOf('../src/main.ts'), 'serve'], env)
  return {
    ...running,
    async metric(name) {
      const page = await (await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).text()
      const found = new RegExp(`^${name}(?:{[^}]*})? ([\\d.e+-]+)$`, 'm').exec(page)?.[1]
      if (found === undefined) throw new Error(`the metrics page says nothing of ${name}`)
      return Number(found)
    },
  }
}

/** Bare node:http with these answers by path (floor.ts). */
export async function startFloor(answersFile: string): Promise<Running> {
  const port = await freePort()
  return startAt(port, '/', [fileOf('floor.ts'), String(port), answersFile], process.env)
}

/** Bare node:http that reads bodies and sends the answers of a folder (graph-floor.ts). */
export async function startAnswers(folder: string): Promise<Running> {
  const port = await freePort()
  return startAt(port, '/', [fileOf('graph-floor.ts'), String(port), folder], process.env)
}

/** The sandbox in a process of its own. */
export async function startSandbox(): Promise<Running> {
  const port = await freePort()
  return startAt(port, '/', [fileOf('../src/sandbox/main.ts'), '--port', String(port)], process.env)
}

async function startAt(
  port: number,
  path: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
): Promise<Running> {
  const url = `http://127.0.0.1:${port}`
  const startedAt = performance.now()
  const child = spawn(process.execPath, [...process.execArgv, ...args], {
    env,
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  await answered(child, `${url}${path}`)
  const { pid } = child
  if (pid === undefined) throw new Error('the process has no number')
  const startedInMs = performance.now() - startedAt
  return { url, pid, startedInMs, stop: () => ended(child) }
}

async function answered(child: ChildProcess, url: string): Promise<void> {
  for (;;) {
    if (child.exitCode !== null) throw new Error(`the process ended with ${child.exitCode}`)
    try {
      await (await fetch(url)).arrayBuffer()
      return
    } catch {
      // Not there yet: the loop ends with the process.
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
  }
}

function ended(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    child.once('exit', () => resolve())
    child.kill('SIGTERM')
  })
}

/** Bytes of memory of a process: `VmRSS` now, `VmHWM` at its highest. */
export function memoryOf(pid: number, which: 'VmRSS' | 'VmHWM'): number {
  const found = new RegExp(`^${which}:\\s+(\\d+) kB$`, 'm').exec(
    readFileSync(`/proc/${pid}/status`, 'utf8'),
  )?.[1]
  if (found === undefined) throw new Error(`/proc says no ${which}`)
  return Number(found) * 1024
}

/** Milliseconds of processor time that a process has had. */
export function cpuOf(pid: number): number {
  // https://www.man7.org/linux/man-pages/man5/proc_pid_stat.5.html: fields 14 and 15, in hundredths of a second.
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ')
  return (Number(fields[11]) + Number(fields[12])) * 10
}

function freePort(): Promise<number> {
  const server = createServer()
  return new Promise((resolve, reject) => {
    server.on('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      if (address === null || typeof address === 'string') return reject(new Error('no port'))
      server.close(() => resolve(address.port))
    })
  })
}
