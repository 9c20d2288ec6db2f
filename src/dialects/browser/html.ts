// HTML whose values are text: whatever a network or a person has written is shown, and never becomes a tag.

/** Text that is HTML already. */
export interface Html {
  readonly html: string
}

type Value = Html | string | number | undefined | readonly Html[]

/** A template whose values are escaped, those that are HTML left alone, lists joined, and what is absent left out. */
export function html(strings: TemplateStringsArray, ...values: readonly Value[]): Html {
  const text = strings.reduce((all, part, at) => all + part + shown(values[at]), '')
  return { html: text }
}

function shown(value: Value): string {
  if (value === undefined) return ''
  if (typeof value === 'number') return String(value)
  if (typeof value === 'string') return escapeHtml(value)
  return 'html' in value ? value.html : value.map((each) => each.html).join('')
}

/** Text for an element or for an attribute in quotes. */
export function escapeHtml(text: string): string {
  return text.toWellFormed().replace(/[&<>"'`]/g, (character) => `&#${character.charCodeAt(0)};`)
}

/** A value for a script in a page: no text in it can end the script. */
export function scriptValue(value: unknown): string {
  return JSON.stringify(value).replace(/[<>&\u2028\u2029]/g, (character) => {
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
  })
}
