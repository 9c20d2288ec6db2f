// Host names in running text, by the rules of those networks that make links of them.

import { topLevelDomainAt } from './top-level-domains.ts'

const SPACES =
  '\\u0009-\\u000d\\u0020\\u0085\\u00a0\\u1680\\u180e\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000'
const DIRECTIONS = '\\u202a-\\u202e\\u061c\\u200e\\u200f\\u2066-\\u2069'
/** Code units that no text may hold, for a class of a regular expression. */
export const NEVER = '\\ufffe\\ufeff\\uffff'

// Letters of a label; `-` and `_` stand only inside, `_` only below the registered name.
const LABEL = new RegExp(`[^!'#%&'()*+,\\\\\\-./:;<=>?@\\[\\]^_{|}~$${SPACES}${NEVER}${DIRECTIONS}]`)

/** Answers for one text. */
export interface Names {
  /** Where the host name that begins here ends; undefined where none does. */
  endOf(start: number): number | undefined
}

/** The host names of a text. Labels are read once each, however many names could begin inside of them. */
export function readNames(text: string): Names {
  const ends = new Map<number, number | undefined>()
  let label = { start: 0, end: 0, underscore: -1 }
  const labelAt = (at: number) => {
    if (at < label.start || at >= label.end) {
      const end = endOfLabel(text, at)
      label = { start: at, end, underscore: text.slice(at, end).lastIndexOf('_') + at }
    }
    return label
  }
  const endOf = (start: number): number | undefined => {
    const labels: { readonly start: number; readonly end: number; readonly underscored: boolean }[] = []
    let at = start
    while (!ends.has(at)) {
      const { end, underscore } = labelAt(at)
      if (!isLabel(text, at, end)) break
      labels.push({ start: at, end, underscored: underscore >= at })
      at = end + 1
    }
    let nameEnd = ends.get(at)
    for (const { start: from, end, underscored } of labels.reverse()) {
      if (nameEnd === undefined && !underscored) {
        const length = topLevelDomainAt(text, end + 1)
        if (length > 0) nameEnd = end + 1 + length
      }
      ends.set(from, nameEnd)
    }
    return nameEnd
  }
  return { endOf }
}

function endOfLabel(text: string, start: number): number {
  let end = start
  while (end < text.length && (LABEL.test(text.charAt(end)) || /[-_]/.test(text.charAt(end)))) end += 1
  return end
}

function isLabel(text: string, start: number, end: number): boolean {
  return (
    end > start && text[end] === '.' && LABEL.test(text.charAt(start)) && LABEL.test(text.charAt(end - 1))
  )
}
