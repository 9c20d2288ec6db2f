// Names of JSON members as names of XML elements.

const PLAIN_NAME = /^[A-Za-z][A-Za-z0-9.-]*$/
const ESCAPED_NAME_CHARACTER = /[^A-Za-z0-9_.-]|^[^A-Za-z_]|_(?=x[0-9A-F]{2,8}_)/gu

/** A member's name as that of an element; what XML has no place for becomes `_x0020_`, as .NET writes and reads it. */
export function toElementName(name: string): string {
  if (PLAIN_NAME.test(name)) return name
  if (name === '') return '_'
  return name.toWellFormed().replace(ESCAPED_NAME_CHARACTER, (character) => {
    const code = character.codePointAt(0) ?? 0
    return `_x${code.toString(16).toUpperCase().padStart(4, '0')}_`
  })
}
