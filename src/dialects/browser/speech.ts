// In which language a page speaks to its visitor.

import type { LoginProblem } from '../../core/login-problem.ts'
import type { WireRequest } from '../dialect.ts'
import { type Html, html } from './html.ts'
import { firstValue } from './places.ts'
import { chooseLanguage, type Words, wordsOf } from './words/words.ts'

export interface Speech {
  readonly lang: string
  readonly words: Words
}

/** The language that the login was begun in, else that of the address, else the browser's. */
export function speechOf(
  request: Pick<WireRequest, 'pairs' | 'headers'>,
  { lang: begun }: { readonly lang?: string } = {},
): Speech {
  const lang = chooseLanguage(
    begun ?? firstValue(request, 'lang') ?? firstValue(request, 'x_lang'),
    request.headers['accept-language'],
  )
  return { lang, words: wordsOf(lang) }
}

/** A text with names filled in. */
export function fill(text: string, names: Readonly<Record<string, string>>): string {
  return text.replace(/\{(\w+)\}/g, (blank, name: string) => names[name] ?? blank)
}

/** Why a login did not succeed: in English with all that is known, else in the visitor's language. */
export function troubleOf({ lang, words }: Speech, { reason, message }: LoginProblem): string {
  return lang === 'en' ? message : (words.trouble[reason] ?? message)
}

/** A message of ours, which is English, marked as such on a page in another language. */
export function alertOf({ lang }: Speech, message: string): Html {
  return lang === 'en' ? html`<p role="alert">${message}</p>` : html`<p role="alert" lang="en">${message}</p>`
}
