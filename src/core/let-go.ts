// Memory that is given back at once. Long bytes lie outside the heap, and a collector that sees only their small handles
// leaves a hundred of them lying about before it looks.

/** Shorter ones may share their memory with others: https://nodejs.org/api/buffer.html#static-property-bufferpoolsize */
const LONG_BYTES = 16_384

/** Empties bytes that nobody looks at any more, where they alone fill their memory. */
export function letGo(bytes: Uint8Array): void {
  const { buffer, byteLength } = bytes
  if (byteLength < LONG_BYTES || byteLength !== buffer.byteLength) return
  if (buffer instanceof ArrayBuffer) buffer.transfer(0)
}
