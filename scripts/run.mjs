// Runs one of the project's tasks under Node 24. Plain JavaScript that Node 18 understands.

import { spawn } from 'node:child_process'
import { existsSync, readFileSync, realpathSync } from 'node:fs'
import { dirname, join, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { prepare } from './prepare.mjs'

const ROOT = dirname(dirname(realpathSync(fileURLToPath(import.meta.url))))

/**
 * Flags of the JavaScript engine that the server is shipped with: a small young generation keeps the memory of reads
 * flat and that of an idle process low (bench/results.md).
 */
const V8_FLAGS = ['--max-semi-space-size=4']

/**
 * What the system's memory is shipped with: glibc gives each thread a store of its own, up to eight for each core, and
 * hardly takes back what was freed there; two hold a tenth less at the peak of many reads (bench/results.md).
 * https://man7.org/linux/man-pages/man3/mallopt.3.html
 */
const MALLOC = { MALLOC_ARENA_MAX: '2' }

const TESTS = ['test/*.test.ts', 'test/*/*.test.ts']

/** What can be run: each step is a list of arguments for Node; further arguments go to the last step. */
const TASKS = {
  kith: () => [[...V8_FLAGS, mainFile()]],
  test: (args) => [['--test', '--test-concurrency=2', ...(args.some(isFile) ? [] : TESTS)]],
  check: () => [
    [binary('typescript', 'tsc'), '-p', '.'],
    [binary('@biomejs/biome', 'biome'), 'check', '--error-on-warnings'],
  ],
  bench: () => [[...V8_FLAGS, 'bench/main.ts']],
  docs: () => [['scripts/docs.ts']],
  build: () => [['scripts/build.ts']],
}

/** Runs the task named first with the arguments after it, and ends this process as the task ended. */
export async function run([name, ...args]) {
  const task = TASKS[name]
  if (!task) fail(`There is no task "${name}". There are: ${Object.keys(TASKS).join(', ')}.`)
  let node
  try {
    node = await prepare(ROOT)
  } catch (error) {
    fail(error.message)
  }
  // The command line belongs to whoever calls it; all other tasks speak of files of the project.
  const cwd = name === 'kith' ? process.cwd() : ROOT
  const steps = task(args)
  for (const [index, step] of steps.entries()) {
    const isLast = index === steps.length - 1
    const ended = await start(node, isLast ? [...step, ...args] : step, cwd)
    if (ended.signal) {
      process.kill(process.pid, ended.signal)
      return
    }
    if (ended.code !== 0 || isLast) process.exit(ended.code)
  }
}

/** Resolves with how the child ended; signals sent to us are passed on to it. */
function start(node, args, cwd) {
  const env = {
    NODE_COMPILE_CACHE: join(ROOT, 'node_modules', '.cache', 'kith'),
    ...MALLOC,
    ...process.env,
    PATH: pathWith(node),
  }
  const child = spawn(node, args, { cwd, stdio: 'inherit', env })
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP']
  for (const signal of signals) process.on(signal, () => passOn(child, signal))
  const watch = watchParent(child)
  return new Promise((resolve) => {
    child.on('error', (error) => fail(`Node could not be started: ${error.message}`))
    child.on('exit', (code, signal) => {
      clearInterval(watch)
      for (const each of signals) process.removeAllListeners(each)
      resolve({ code, signal })
    })
  })
}

function passOn(child, signal) {
  // Ctrl-C in a terminal reaches the child by itself; a second one would end it without its farewell.
  if (signal === 'SIGINT' && process.stdin.isTTY) return
  child.kill(signal)
}

/** An npm that was killed outright passes nothing on: its child is told to end all the same. */
function watchParent(child) {
  if (!process.env.npm_lifecycle_event) return undefined
  const before = ancestors()
  const watch = setInterval(() => ancestors() !== before && child.kill('SIGTERM'), 1000)
  watch.unref()
  return watch
}

/** Our parent and its own: between npm and us there may be a shell, which stays when npm goes. */
function ancestors() {
  const file = `/proc/${process.ppid}/stat`
  if (!existsSync(file)) return String(process.ppid)
  // `pid (name) state ppid …`, and a name may hold anything: https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html
  const [, grandparent] = readFileSync(file, 'utf8').split(') ').at(-1).split(' ')
  return `${process.ppid} ${grandparent}`
}

function pathWith(node) {
  const folder = dirname(node)
  const path = process.env.PATH ?? ''
  return path.split(':').includes(folder) ? path : `${folder}:${path}`
}

/** A package installed from a registry carries plain JavaScript: Node strips no types below node_modules. */
function mainFile() {
  const source = join(ROOT, 'src', 'main.ts')
  const isInstalled = ROOT.split(sep).includes('node_modules')
  return existsSync(source) && !isInstalled ? source : join(ROOT, 'dist', 'main.js')
}

function binary(packageName, command) {
  return join(ROOT, 'node_modules', packageName, 'bin', command)
}

function isFile(argument) {
  return argument.endsWith('.test.ts')
}

function fail(message) {
  process.stderr.write(`${message}\n`)
  process.exit(1)
}

if (process.argv[1] && realpathSync(process.argv[1]) === realpathSync(fileURLToPath(import.meta.url))) {
  await run(process.argv.slice(2))
}
