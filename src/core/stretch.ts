// Bytes that need not lie in memory.

/**
 * A file or a stretch of it: read piece by piece while it is used, from its own beginning each time. Reading fails with a
 * GatewayError where the file has gone or become shorter.
 */
export interface Stretch extends AsyncIterable<Uint8Array> {
  /** In bytes. */
  readonly length: number
  /** The part from `start` up to `end`, both counted from the beginning of this stretch, as of a Uint8Array. */
  subarray(start: number, end: number): Stretch
}

/** Bytes in memory, or those of a file. */
export type Bytes = Uint8Array | Stretch

/** The pieces of several, one after another, each read only when the one before has been taken. */
export async function* piecesIn(all: Iterable<Bytes>): AsyncGenerator<Uint8Array> {
  for (const bytes of all) {
    if (bytes instanceof Uint8Array) yield bytes
    else yield* bytes
  }
}
