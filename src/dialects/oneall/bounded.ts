// A map that forgets what was used longest ago when it grows too heavy.

export interface BoundedMap<T> {
  find(key: string): T | undefined
  save(key: string, value: T, weight: number): void
  remove(key: string): void
}

/** Keeps values up to a total weight, in whatever unit the weights are; a heavier value is not kept at all. */
export function createBoundedMap<T>(maxWeight: number): BoundedMap<T> {
  // A Map lists its keys in the order of insertion: what is used is taken out and put in again at the end.
  const entries = new Map<string, { readonly value: T; readonly weight: number }>()
  let total = 0

  const remove = (key: string) => {
    total -= entries.get(key)?.weight ?? 0
    entries.delete(key)
  }

  return {
    find(key) {
      const entry = entries.get(key)
      if (!entry) return undefined
      entries.delete(key)
      entries.set(key, entry)
      return entry.value
    },
    save(key, value, weight) {
      remove(key)
      if (weight > maxWeight) return
      entries.set(key, { value, weight })
      total += weight
      for (const oldest of entries.keys()) {
        if (total <= maxWeight) return
        remove(oldest)
      }
    },
    remove,
  }
}
