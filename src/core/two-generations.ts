// A bounded memory that costs next to nothing to ask: what was not asked for during a whole generation is forgotten.

export interface TwoGenerations<Key, Value> {
  get(key: Key): Value | undefined
  set(key: Key, value: Value): void
  delete(key: Key): void
  clear(): void
  /** Of all that is kept, by `weigh`. */
  readonly weight: number
}

/** Keeps at most `max`, by weight; each entry weighs 1 unless `weigh` says otherwise. Below 1 it keeps nothing. */
export function createTwoGenerations<Key, Value>(
  max: number,
  weigh: (key: Key, value: Value) => number = () => 1,
): TwoGenerations<Key, Value> {
  let young = new Map<Key, Value>()
  let old = new Map<Key, Value>()
  let youngWeight = 0
  let oldWeight = 0

  function set(key: Key, value: Value): void {
    const weight = weigh(key, value)
    if (weight > max / 2) return
    if (youngWeight + weight > max / 2) {
      old = young
      oldWeight = youngWeight
      young = new Map()
      youngWeight = 0
    }
    if (!young.has(key)) youngWeight += weight
    young.set(key, value)
  }

  return {
    get(key) {
      const found = young.get(key)
      if (found !== undefined) return found
      const older = old.get(key)
      if (older !== undefined) set(key, older)
      return older
    },
    set,
    delete(key) {
      const found = young.get(key)
      if (found !== undefined) youngWeight -= weigh(key, found)
      young.delete(key)
      old.delete(key)
    },
    clear() {
      young.clear()
      old.clear()
      youngWeight = 0
      oldWeight = 0
    },
    get weight() {
      return youngWeight + oldWeight
    },
  }
}
