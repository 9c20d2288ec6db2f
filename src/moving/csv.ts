// CSV as spreadsheets and databases write it: quotes doubled within quotes, newlines within quotes, a mark before the
// first line, commas or semicolons or tabs. https://www.rfc-editor.org/rfc/rfc4180

/** One record with the line it begins on; `fields` is absent when it is longer than the bound. */
export interface CsvRow {
  readonly line: number
  readonly fields?: readonly string[]
}

const SEPARATORS = [',', ';', '\t']

/** The records of a text that arrives in pieces; a record is at most `longest` characters. Blank lines are left out. */
export async function* csvRows(pieces: AsyncIterable<string>, longest: number): AsyncGenerator<CsvRow> {
  let separator = ''
  let line = 1
  let startLine = 1
  let fields: string[] = []
  let field = ''
  let length = 0
  let isQuoted = false
  let wasQuote = false
  let isFirst = true

  const end = (): CsvRow | undefined => {
    const row = { line: startLine, fields: length > longest ? undefined : [...fields, field] }
    const isBlank = fields.length === 0 && field === ''
    fields = []
    field = ''
    length = 0
    wasQuote = false
    startLine = line
    return isBlank && row.fields ? undefined : row
  }

  for await (const piece of pieces) {
    const text = isFirst ? piece.replace(/^\uFEFF/, '') : piece
    if (isFirst && text !== '') {
      isFirst = false
      separator = mostOf(text.split('\n', 1)[0] ?? '')
    }
    for (const character of text) {
      if (character === '\n') line += 1
      length += 1
      // A quote that nobody closes costs one record, not the rest of the file.
      if (isQuoted && length > longest && character === '\n') isQuoted = false
      if (isQuoted) {
        if (character === '"') {
          isQuoted = false
          wasQuote = true
        } else if (length <= longest) field += character
        continue
      }
      if (character === '"') {
        // Twice within quotes it stands for itself.
        if (wasQuote) field += '"'
        isQuoted = true
        wasQuote = false
        continue
      }
      wasQuote = false
      if (character === separator) {
        if (length <= longest) fields.push(field)
        field = ''
      } else if (character === '\n') {
        const row = end()
        if (row) yield row
      } else if (character !== '\r' && length <= longest) field += character
    }
  }
  const last = end()
  if (last) yield last
}

function mostOf(header: string): string {
  const counts = SEPARATORS.map((mark) => header.split(mark).length)
  return SEPARATORS[counts.indexOf(Math.max(...counts))] ?? ','
}
