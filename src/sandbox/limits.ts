// Rate limits that really count and really refuse: fixed windows, started by the first request in them.

/** Windows held at most; the oldest give way. */
const MOST_WINDOWS = 50_000

export interface Spent {
  readonly limit: number
  readonly windowSeconds: number
  readonly remaining: number
  /** When the window ends, in milliseconds since 1970. */
  readonly resetAt: number
  readonly isRefused: boolean
}

export interface Limit {
  readonly limit: number
  readonly windowSeconds: number
}

export interface Limits {
  /** Counts one request against a key. */
  spend(key: string, limit: Limit): Spent
  clear(): void
}

/** Counts in memory; `now` in milliseconds since 1970. */
export function createLimits(now: () => number): Limits {
  const windows = new Map<string, { count: number; resetAt: number }>()
  return {
    spend(key, { limit, windowSeconds }) {
      const at = now()
      let window = windows.get(key)
      if (!window || window.resetAt <= at) {
        windows.delete(key)
        window = { count: 0, resetAt: at + windowSeconds * 1000 }
        windows.set(key, window)
        const [oldest] = windows.keys()
        if (windows.size > MOST_WINDOWS && oldest !== undefined) windows.delete(oldest)
      }
      window.count++
      return {
        limit,
        windowSeconds,
        remaining: Math.max(0, limit - window.count),
        resetAt: window.resetAt,
        isRefused: window.count > limit,
      }
    },
    clear: () => windows.clear(),
  }
}
