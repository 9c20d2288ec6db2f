// From start to first answer, and memory when nothing is asked.

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { makeData } from './data.ts'
import { type Figure, median, rounded } from './figure.ts'
import { memoryOf, startFloor, startKith } from './processes.ts'

const REPEATS = 5
const IDLE_MS = 5_000

export async function answerTimes(): Promise<readonly Figure[]> {
  const data = await makeData({ users: 1_000, contactsEach: 100 })
  try {
    const answersFile = join(data.folder, 'answers.json')
    writeFileSync(answersFile, '{}')
    const [ours, bare, idle]: [number[], number[], number[]] = [[], [], []]
    // The first start compiles; the measured ones find what it kept.
    await (await startKith(data.settings)).stop()
    for (let repeat = 0; repeat < REPEATS; repeat += 1) {
      const floor = await startFloor(answersFile)
      bare.push(floor.startedInMs)
      await floor.stop()
      const kith = await startKith(data.settings)
      ours.push(kith.startedInMs)
      await new Promise((resolve) => setTimeout(resolve, IDLE_MS))
      idle.push(memoryOf(kith.pid, 'VmRSS') / 1e6)
      await kith.stop()
    }
    const [start, bareStart, memory] = [median(ours), median(bare), median(idle)]
    return [
      {
        what: 'From start to first answer, existing database',
        measured: `${rounded(start / 1_000)} s`,
        asked: '< 0.5 s',
        isMet: start < 500,
        detail: `bare node:http ${rounded(bareStart / 1_000)} s, ratio ${rounded(start / bareStart, 1)}`,
      },
      {
        what: 'Idle memory',
        measured: `${rounded(memory, 0)} MB`,
        asked: '< 150 MB',
        isMet: memory < 150,
        detail: `resident, ${IDLE_MS / 1_000} s after the first answer`,
      },
    ]
  } finally {
    data.remove()
  }
}
