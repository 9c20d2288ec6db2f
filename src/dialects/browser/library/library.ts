// `/socialize/library.js`: the files of ./script joined into one, with what it must know of its site.

import { hash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import type { WireAnswer, WireRequest } from '../../dialect.ts'
import type { Offered } from '../offered.ts'
import { LANGUAGES } from '../words/words.ts'

/** What the script must know of its site. */
export interface LibrarySite {
  /** Origin of the gateway for a script that cannot tell where it came from. */
  readonly base: string
  /** Subdomain of the site where the host does not name it; else ''. */
  readonly site: string
  /** Further origins that the window of a login ends at. */
  readonly origins: readonly string[]
  /** The one language to speak; '' is the visitor's. */
  readonly language: string
  /** Whether pages may ask what a user has linked. */
  readonly asksLinked: boolean
  readonly providers: readonly Offered[]
}

/** Answers the script, compressed where that is taken; 304 for whoever has this very text. */
export type Library = (request: WireRequest, site: LibrarySite) => Promise<WireAnswer>

/** How long a browser asks no more, in seconds: a network that a site adds is there after that time. */
const FRESH_SECONDS = 300

/** Texts kept compressed: one per site and language. */
const TEXTS_KEPT = 1_000

/** In this order each file finds what it uses above itself. */
const FILES = ['surroundings', 'dance', 'style', 'panel', 'single-sign-on', 'plugins']

const compress = promisify(gzip)

/** The library, its files read once. */
export function createLibrary(): Library {
  const script = joinFiles()
  const kept = new Map<string, Promise<Uint8Array>>()

  function compressed(tag: string, text: string): Promise<Uint8Array> {
    const known = kept.get(tag)
    if (known) return known
    if (kept.size >= TEXTS_KEPT) kept.clear()
    const bytes = compress(text, { level: 9 })
    kept.set(tag, bytes)
    return bytes
  }

  return async ({ headers }, site) => {
    const text = `(function(){'use strict'\n${describe(site)}\n${script}})()\n`
    const tag = `"${hash('sha256', text, 'base64url').slice(0, 22)}"`
    const common: Readonly<Record<string, string>> = {
      'Cache-Control': `public, max-age=${FRESH_SECONDS}`,
      ETag: tag,
      Vary: 'Accept-Encoding',
    }
    // A proxy that compresses by itself marks the tag as weak: https://www.rfc-editor.org/rfc/rfc9110#section-8.8.3.2
    const known = (headers['if-none-match'] ?? '').split(',').map((each) => each.trim().replace(/^W\//, ''))
    if (known.includes(tag)) return { status: 304, headers: common, body: Buffer.alloc(0) }
    const isCompressed = /\bgzip\b(?!\s*;\s*q=0(\.0*)?\s*(,|$))/i.test(headers['accept-encoding'] ?? '')
    const encoding: Record<string, string> = isCompressed ? { 'Content-Encoding': 'gzip' } : {}
    return {
      status: 200,
      headers: {
        ...common,
        ...encoding,
        'Content-Type': 'text/javascript; charset=utf-8',
        'Cross-Origin-Resource-Policy': 'cross-origin',
        // Pages may measure it.
        'Timing-Allow-Origin': '*',
        'X-Content-Type-Options': 'nosniff',
      },
      body: isCompressed ? await compressed(tag, text) : Buffer.from(text),
    }
  }
}

function describe({ language, providers, ...rest }: LibrarySite): string {
  const known = Object.entries(LANGUAGES).filter(([each]) => !language || each === language || each === 'en')
  const words = Object.fromEntries(known.map(([each, { plugin }]) => [each, plugin]))
  const shown = providers.map(({ id: _id, ...button }) => button)
  // JSON is JavaScript; `<` alone could end a script that a page has copied into itself.
  const json = JSON.stringify({ ...rest, language, words, providers: shown }).replaceAll('<', '\\u003c')
  return `const SITE = ${json}`
}

/** The files as one text, without what is for their readers alone: imports, comments, indentation. */
function joinFiles(): string {
  return FILES.map((name) => readFileSync(new URL(`./script/${name}.js`, import.meta.url), 'utf8'))
    .join('\n')
    .replace(/^import\b[\s\S]*?from '[^'\n]*'$/gm, '')
    .replace(/^export /gm, '')
    .replace(/^\s*\/\*\*[\s\S]*?\*\/$/gm, '')
    .replace(/^\s*\/\/.*$/gm, '')
    .replace(/^\s+/gm, '')
}
