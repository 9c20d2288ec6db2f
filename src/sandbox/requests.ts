// How often each address was asked.

/** Addresses counted one by one; more are counted under their host alone. */
const MOST_PATHS = 50_000

export interface RequestFilter {
  readonly host?: string
  /** Exact; one that ends in `*` matches all that begin so. */
  readonly path?: string
}

export interface Requests {
  count(host: string, path: string): void
  /** How many requests were seen; consent pages and token calls count too. */
  seen(filter?: RequestFilter): number
  clear(): void
}

/** Counts in memory. */
export function createRequests(): Requests {
  const hosts = new Map<string, Map<string, number>>()
  let paths = 0

  return {
    count(host, path) {
      const counts = hosts.get(host) ?? new Map<string, number>()
      hosts.set(host, counts)
      const isKnown = counts.has(path)
      const counted = isKnown || paths < MOST_PATHS ? path : ''
      if (!isKnown) paths++
      counts.set(counted, (counts.get(counted) ?? 0) + 1)
    },
    seen({ host, path } = {}) {
      let total = 0
      for (const [name, counts] of hosts) {
        if (host !== undefined && name !== host) continue
        for (const [counted, times] of counts) if (isMatch(counted, path)) total += times
      }
      return total
    },
    clear() {
      hosts.clear()
      paths = 0
    },
  }
}

function isMatch(path: string, wanted: string | undefined): boolean {
  if (wanted === undefined) return true
  return wanted.endsWith('*') ? path.startsWith(wanted.slice(0, -1)) : path === wanted
}
