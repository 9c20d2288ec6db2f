// Where the script came from, in which language it speaks, and what a page hands over.

import { SITE } from './site.js'

// Only while the script itself runs: later there is none. A page that copied the text has its own address here.
const OWN = document.currentScript?.src || ''
const IS_OURS = /\/socialize\/library\.js(\?|$)/.test(OWN)

/** Origin of the gateway. */
export const BASE = IS_OURS ? new URL(OWN).origin : SITE.base

/** Origins that a window of ours may speak from. */
export const ORIGINS = [BASE, ...SITE.origins]

const LANGUAGE = languageOf([SITE.language, ...(navigator.languages || [navigator.language])])

/** A text in the visitor's language, with the name of a network filled in. */
export function say(name, network = '') {
  const text = SITE.words[LANGUAGE]?.[name] ?? SITE.words.en?.[name] ?? ''
  return text.replace('{network}', network)
}

/** The language of the texts, for screen readers. */
export function spoken() {
  return LANGUAGE
}

function languageOf(wishes) {
  const known = wishes.map(
    (wish) =>
      String(wish || '')
        .toLowerCase()
        .split(/[-_]/)[0],
  )
  return known.find((each) => Object.hasOwn(SITE.words, each)) || Object.keys(SITE.words)[0]
}

/** Tells the page's author, never its visitor. */
export function complain(text, error) {
  if (error === undefined) console.warn(`Kith: ${text}`)
  else console.error(`Kith: ${text}`, error)
}

/** Runs the work when the page is there; at once when it is. */
export function whenReady(work) {
  if (document.readyState !== 'loading') work()
  else document.addEventListener('DOMContentLoaded', work, { once: true })
}

/** Address of the page that is told the result: http or https, without a fragment; undefined when it is none. */
export function toCallback(address) {
  try {
    const url = new URL(address || location.href, document.baseURI)
    url.hash = ''
    return /^https?:$/.test(url.protocol) ? url.href : undefined
  } catch {
    return undefined // That it is no address is the answer.
  }
}
