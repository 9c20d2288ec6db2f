// One measured figure, and how repeats become one number.

export interface Figure {
  readonly what: string
  readonly measured: string
  readonly asked: string
  readonly isMet: boolean
  readonly detail: string
}

/** The middle value; of an even number of values, the upper of the two. */
export function median(values: readonly number[]): number {
  return percentile(values, 50)
}

export function percentile(values: readonly number[], percent: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  const value = sorted[Math.min(sorted.length - 1, Math.floor((sorted.length * percent) / 100))]
  if (value === undefined) throw new Error('nothing was measured')
  return value
}

export function rounded(value: number, digits = 2): string {
  return value.toFixed(digits)
}
