import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { openFolder } from './support/process.ts'

const ROOT = join(import.meta.dirname, '..')

/** A clone whose program only says what it was started with, and ends as it is told. */
function openClone(test: TestContext): string {
  const folder = openFolder(test)
  // Without the lock file nothing is installed: this is about what comes after.
  for (const part of ['bin', 'scripts', 'package.json', '.npmrc']) {
    cpSync(join(ROOT, part), join(folder, part), { recursive: true })
  }
  mkdirSync(join(folder, 'src'))
  writeFileSync(
    join(folder, 'src', 'main.ts'),
    `const words: string[] = process.argv.slice(2)
     if (words[0] === 'stay') {
       setInterval(() => {}, 1000)
       process.on('SIGTERM', () => process.exit(7))
     } else process.exitCode = Number.parseInt(words[0] ?? '0', 10) || 0
     console.log(JSON.stringify(words))`,
  )
  return folder
}

async function end(child: ChildProcess) {
  let out = ''
  child.stdout?.on('data', (chunk: Buffer) => {
    out += chunk.toString()
  })
  const [code, signal] = await once(child, 'close')
  return { code, signal, out }
}

function launch(folder: string, ...args: string[]): ChildProcess {
  return spawn(process.execPath, [join(folder, 'bin', 'kith.mjs'), ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
}

test('the launcher passes on the words and the exit code', async (t) => {
  const folder = openClone(t)
  assert.deepEqual(await end(launch(folder, '3', '--json', 'a b')), {
    code: 3,
    signal: null,
    out: '["3","--json","a b"]\n',
  })
  assert.equal((await end(launch(folder, '0'))).code, 0)
})

test('the launcher passes on signals, and ends as the program ends', async (t) => {
  const folder = openClone(t)
  const polite = launch(folder, 'stay')
  const ended = end(polite)
  await once(polite.stdout ?? polite, 'data')
  polite.kill('SIGTERM')
  assert.equal((await ended).code, 7)
  const rude = launch(folder, 'stay')
  const gone = end(rude)
  await once(rude.stdout ?? rude, 'data')
  rude.kill('SIGHUP')
  assert.equal((await gone).signal, 'SIGHUP')
})

test('a task that there is not is named, with those there are', async () => {
  const child = spawn(process.execPath, [join(ROOT, 'scripts', 'run.mjs'), 'dance'], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let err = ''
  child.stderr.on('data', (chunk: Buffer) => {
    err += chunk.toString()
  })
  assert.equal((await end(child)).code, 1)
  assert.match(err, /^There is no task "dance"\. There are: kith, test, check, bench, docs, build\.\n$/)
})

test('the JSON line is the first of standard output under npm run as well', async (t) => {
  const folder = openClone(t)
  const child = spawn('npm', ['run', 'demo', '--', '--json'], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  assert.equal((await end(child)).out.split('\n')[0], '["demo","--json"]')
})

test('work under the lock is done by one at a time, also after a holder that died', async (t) => {
  const folder = openFolder(t)
  const lock = join(folder, 'lock')
  // No process has this id: https://man7.org/linux/man-pages/man5/proc_sys_kernel.5.html (pid_max is at most 2^22).
  writeFileSync(lock, String(2 ** 22 + 1))
  const script = `
    import { appendFileSync } from 'node:fs'
    import { setTimeout as pause } from 'node:timers/promises'
    import { withLock } from ${JSON.stringify(join(ROOT, 'scripts', 'lock.mjs'))}
    await withLock(${JSON.stringify(lock)}, () => {
      appendFileSync(${JSON.stringify(join(folder, 'log'))}, 'in\\n')
      const until = Date.now() + 100
      while (Date.now() < until);
      appendFileSync(${JSON.stringify(join(folder, 'log'))}, 'out\\n')
    })`
  const all = Array.from({ length: 4 }, () =>
    end(
      spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'pipe', 'ignore'] }),
    ),
  )
  for (const { code } of await Promise.all(all)) assert.equal(code, 0)
  assert.equal(readFileSync(join(folder, 'log'), 'utf8'), 'in\nout\n'.repeat(4))
  assert.equal(existsSync(lock), false)
  assert.deepEqual(readdirSync(folder), ['log'])
})

test('lock files name no address to download from', () => {
  for (const file of ['package-lock.json', 'scripts/node24/package-lock.json']) {
    assert.doesNotMatch(readFileSync(join(ROOT, file), 'utf8'), /"resolved": "https?:/, file)
  }
})
