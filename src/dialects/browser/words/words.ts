// What is said to visitors, by language. A new language is a file beside this one and a line here.

import { de } from './de.ts'
import { en } from './en.ts'
import { es } from './es.ts'
import { fr } from './fr.ts'

/** Every text that a visitor reads; `{network}`, `{site}` and `{account}` stand for a name. */
export interface Words {
  /** Beside any page: the plugin script. */
  readonly plugin: {
    readonly social_login: string
    readonly social_login_with: string
    readonly social_link: string
    readonly social_link_with: string
    readonly linked: string
    readonly unlink: string
    readonly unlink_with: string
    readonly more: string
    readonly close: string
    readonly busy: string
    readonly closed: string
    readonly done: string
    readonly none: string
  }
  /** Pages of our own. */
  readonly page: {
    readonly login: string
    readonly loginWhy: string
    readonly link: string
    readonly linkWhy: string
    readonly proceed: string
    readonly proceedWhy: string
    readonly spent: string
    readonly spentWhy: string
    readonly wrong: string
    readonly finish: string
    readonly finishedWhy: string
    readonly back: string
    readonly goTo: string
    readonly goOn: string
    readonly onWay: string
    readonly failed: string
    readonly askHandle: string
    readonly askServer: string
    readonly askAgain: string
    readonly unlinkAccount: string
    readonly unlinkWhy: string
    readonly unlinkNone: string
    readonly choose: string
    readonly chooseWhy: string
    readonly over: string
    readonly overWhy: string
    readonly choiceOver: string
    readonly choiceOverWhy: string
    readonly nothing: string
    readonly tooMany: string
    readonly crowded: string
    readonly badAddress: string
  }
  /** Why a login did not succeed, by the reason that its site reads; docs/login.md lists them. */
  readonly trouble: Readonly<Record<string, string>>
}

/** The languages we speak; the first is for everybody else. */
export const LANGUAGES: Readonly<Record<string, Words>> = { en, de, es, fr }

/** The language to answer in, by what was asked for and by an Accept-Language header (RFC 9110, 12.5.4). */
export function chooseLanguage(asked: string | undefined, header = ''): string {
  const wishes = header.split(',').map((wish, place) => {
    const [range = '', ...parameters] = wish.trim().split(';')
    const weight = parameters.map((each) => /^\s*q=(\d(\.\d{1,3})?)\s*$/i.exec(each)?.[1]).find(Boolean)
    return { language: baseOf(range), weight: Number(weight ?? 1), place }
  })
  const wanted = wishes
    .filter(({ weight }) => weight > 0)
    .sort((one, other) => other.weight - one.weight || one.place - other.place)
    .map(({ language }) => language)
  return [baseOf(asked ?? ''), ...wanted].find((each) => Object.hasOwn(LANGUAGES, each)) ?? 'en'
}

/** The texts of a language that `chooseLanguage` answered; English for any other. */
export function wordsOf(language: string): Words {
  return (Object.hasOwn(LANGUAGES, language) ? LANGUAGES[language] : undefined) ?? en
}

function baseOf(tag: string): string {
  return tag.trim().toLowerCase().split(/[-_]/, 1)[0] ?? ''
}
