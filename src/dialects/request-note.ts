// What a dialect finds out about a request and wants to know again. It hangs on the request itself: a WeakMap would keep
// each request beyond the collections of young garbage, and many thousand a second make full ones.

import type { WireRequest } from './dialect.ts'

export interface RequestNote<T> {
  get(request: WireRequest): T | undefined
  set(request: WireRequest, value: T): void
}

/** A note of its own, which nobody else sees; a copy of the request does not have it. */
export function createRequestNote<T>(): RequestNote<T> {
  const key = Symbol('note')
  interface Noted extends WireRequest {
    [key]?: { readonly request: WireRequest; readonly value: T }
  }
  return {
    get(request: Noted) {
      const note = request[key]
      return note?.request === request ? note.value : undefined
    },
    set(request: Noted, value) {
      request[key] = { request, value }
    },
  }
}
