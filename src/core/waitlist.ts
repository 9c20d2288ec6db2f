// What waits for another thread, by a small number that is given out again. A map in which everything comes and goes is made
// anew all the time, and its elders keep what they held beyond the collections of young garbage.

export interface Waitlist<T> {
  readonly size: number
  /** Answers the number under which it waits. */
  put(value: T): number
  /** What waited under this number, which is free again; undefined where nothing does. */
  take(place: number): T | undefined
  /** All that waits, which waits no longer. */
  takeAll(): readonly T[]
}

/** An empty list; what is put in is never undefined. */
export function createWaitlist<T>(): Waitlist<T> {
  let places: (T | undefined)[] = []
  let free: number[] = []
  return {
    get size() {
      return places.length - free.length
    },
    put(value: T): number {
      const place = free.pop() ?? places.length
      places[place] = value
      return place
    },
    take(place: number): T | undefined {
      const value = places[place]
      if (value === undefined) return undefined
      places[place] = undefined
      free.push(place)
      return value
    },
    takeAll(): readonly T[] {
      const values = places.filter((value) => value !== undefined)
      places = []
      free = []
      return values
    },
  }
}
