// What a native route answers.

/** What a route answers, as it goes out; with HTTP 200 unless `withStatus` has said otherwise. */
export type NativeResult = Readonly<Record<string, unknown>> & { readonly [STATUS]?: number }

// Nothing that goes out can have this name.
const STATUS = Symbol('HTTP status')

/** The same answer under another HTTP status. */
export function withStatus(status: number, result: NativeResult): NativeResult {
  return { ...result, [STATUS]: status }
}

/** The HTTP status that an answer goes out with. */
export function httpStatusOf(result: NativeResult): number {
  return result[STATUS] ?? 200
}
