// One at a time over all processes of this machine: two first runs at once must not install into each other.

import { linkSync, readFileSync, renameSync, rmSync, statSync, unlinkSync, writeFileSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'

const STALE_MS = 15 * 60_000

/** Does the work while holding the lock file; waits for another holder that is alive. */
export async function withLock(file, work) {
  for (let isFirst = true; !take(file); isFirst = false) {
    if (isFirst) process.stderr.write('Another process is installing; waiting for it …\n')
    await pause(200)
    breakStale(file)
  }
  try {
    return work()
  } finally {
    rmSync(file, { force: true })
  }
}

/** A link appears with its content or not at all, so that nobody ever reads half a lock. */
function take(file) {
  const own = `${file}.${process.pid}`
  writeFileSync(own, String(process.pid))
  try {
    linkSync(own, file)
    return true
  } catch (error) {
    if (error.code === 'EEXIST') return false
    throw error
  } finally {
    unlinkSync(own)
  }
}

function breakStale(file) {
  try {
    const holder = readFileSync(file, 'utf8')
    if (isAlive(Number(holder)) && Date.now() - statSync(file).mtimeMs < STALE_MS) return
    // Of several that see it stale, one moves it away; the others find nothing to move.
    const aside = `${file}.stale.${process.pid}`
    renameSync(file, aside)
    const isTheOneSeen = readFileSync(aside, 'utf8') === holder
    if (isTheOneSeen) unlinkSync(aside)
    else renameSync(aside, file)
  } catch (error) {
    if (error.code !== 'ENOENT') throw error
  }
}

function isAlive(processId) {
  try {
    process.kill(processId, 0)
    return true
  } catch (error) {
    return error.code === 'EPERM'
  }
}
