/** Resolves at the first SIGTERM, SIGINT or SIGHUP; the second ends the process at once. */
export function untilTold(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    let isTold = false
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
      process.on(signal, () => {
        if (isTold) process.exit(1)
        isTold = true
        resolve(signal)
      })
    }
  })
}
