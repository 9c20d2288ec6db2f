// A set of nonces with the time that each is taken until: plain numbers in one piece of memory, sixteen bytes a place,
// since there may be millions.

export interface NonceTable {
  readonly size: number
  /** When the last of them ends; 0 of an empty table. */
  readonly lastEnd: number
  /** Until when a nonce is taken; 0 when it never was. */
  endOf(nonce: Uint8Array): number
  /** Takes a nonce until then. */
  set(nonce: Uint8Array, end: number): void
}

/** Bytes of a nonce that tell it from others: one in 10^12 is taken for one of a few million. */
export const TOLD_BYTES = 8

const PLACES_AT_FIRST = 1_024
const WORDS_PER_PLACE = 4
const NUMBERS_PER_PLACE = 2

/** An empty table. Nonces are bytes that nobody chooses, such as those of a hash; nothing is ever taken out. */
export function createNonceTable(): NonceTable {
  let places = PLACES_AT_FIRST
  let words = new Uint32Array(places * WORDS_PER_PLACE)
  let ends = new Float64Array(words.buffer)
  let size = 0
  let lastEnd = 0

  /** The place of a nonce, or the empty one where it belongs. The first two words are the nonce, then comes the end. */
  function placeOf(first: number, second: number): number {
    let place = first & (places - 1)
    for (;;) {
      const at = place * WORDS_PER_PLACE
      if (ends[place * NUMBERS_PER_PLACE + 1] === 0) return place
      if (words[at] === first && words[at + 1] === second) return place
      place = (place + 1) & (places - 1)
    }
  }

  function put(first: number, second: number, end: number): void {
    const place = placeOf(first, second)
    if (ends[place * NUMBERS_PER_PLACE + 1] === 0) size += 1
    words[place * WORDS_PER_PLACE] = first
    words[place * WORDS_PER_PLACE + 1] = second
    ends[place * NUMBERS_PER_PLACE + 1] = end
  }

  function grow(): void {
    const [oldWords, oldEnds] = [words, ends]
    places *= 2
    words = new Uint32Array(places * WORDS_PER_PLACE)
    ends = new Float64Array(words.buffer)
    size = 0
    for (let at = 0; at < oldWords.length; at += WORDS_PER_PLACE) {
      const end = oldEnds[at / 2 + 1] ?? 0
      if (end !== 0) put(oldWords[at] ?? 0, oldWords[at + 1] ?? 0, end)
    }
  }

  return {
    get size() {
      return size
    },
    get lastEnd() {
      return lastEnd
    },
    endOf(nonce) {
      const place = placeOf(wordOf(nonce, 0), wordOf(nonce, 4))
      return ends[place * NUMBERS_PER_PLACE + 1] ?? 0
    },
    set(nonce, end) {
      // Half of the places stay empty, or looking for one would take long.
      if (2 * (size + 1) > places) grow()
      put(wordOf(nonce, 0), wordOf(nonce, 4), end)
      lastEnd = Math.max(lastEnd, end)
    },
  }
}

function wordOf(bytes: Uint8Array, at: number): number {
  const [one = 0, two = 0, three = 0, four = 0] = [bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]
  return (one | (two << 8) | (three << 16) | (four << 24)) >>> 0
}
