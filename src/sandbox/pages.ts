// Bodies of lists, kept so that a sandbox under load sends what it has already made.

export interface Pages {
  /** The bytes under this key, made once while there is room; the key must name all they depend on. */
  take(key: string, make: () => string): Buffer
  clear(): void
}

/** Keeps at most `bytes`; the oldest give way. */
export function createPages(bytes: number): Pages {
  const pages = new Map<string, Buffer>()
  let held = 0
  return {
    take(key, make) {
      const known = pages.get(key)
      if (known) return known
      const made = Buffer.from(make())
      if (made.length > bytes) return made
      pages.set(key, made)
      held += made.length
      for (const [oldest, page] of pages) {
        if (held <= bytes) break
        pages.delete(oldest)
        held -= page.length
      }
      return made
    },
    clear() {
      pages.clear()
      held = 0
    },
  }
}
