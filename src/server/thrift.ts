// Many reads at once make garbage by the hundred megabytes, and an engine left alone lets its heap grow fourfold before it
// looks. While they run it is told to look sooner; at other times that would cost answers a fifth of their speed
// (bench/results.md).

import { setFlagsFromString } from 'node:v8'
import type { Gateway } from '../core/gateway.ts'

/** Reads at once from which memory matters more than speed. */
const MANY_READS = 4
const LOOK_EVERY_MS = 100
/** How much the heap may grow between two collections, in percent; 0 leaves it to the engine. */
const GROWTH = { thrifty: 30, usual: 0 } as const

/** For a command that brings a million users and does nothing else: memory before speed, until the process ends. */
export function stayThrifty(): void {
  setFlagsFromString(`--heap-growing-percent=${GROWTH.thrifty}`)
}

/** Watches how many reads are under way, until stopped. */
export function startThrift({ readings }: Pick<Gateway, 'readings'>): { stop(): void } {
  let growth: number = GROWTH.usual
  const timer = setInterval(() => {
    const wanted = readings.slots.taken >= MANY_READS ? GROWTH.thrifty : GROWTH.usual
    if (wanted === growth) return
    growth = wanted
    // The engine reads it anew at each collection.
    setFlagsFromString(`--heap-growing-percent=${growth}`)
  }, LOOK_EVERY_MS)
  timer.unref()
  return {
    stop() {
      clearInterval(timer)
      setFlagsFromString(`--heap-growing-percent=${GROWTH.usual}`)
    },
  }
}
