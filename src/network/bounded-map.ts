// A map that forgets its oldest entry when it is full.

export interface BoundedMap<T> {
  find(key: string): T | undefined
  save(key: string, value: T): void
  remove(key: string): void
  values(): Iterable<T>
}

export function createBoundedMap<T>(entriesMax: number): BoundedMap<T> {
  const entries = new Map<string, T>()
  return {
    find: (key) => entries.get(key),
    save(key, value) {
      entries.delete(key)
      if (entries.size >= entriesMax) {
        for (const oldest of entries.keys()) {
          entries.delete(oldest)
          break
        }
      }
      entries.set(key, value)
    },
    remove(key) {
      entries.delete(key)
    },
    values: () => entries.values(),
  }
}
