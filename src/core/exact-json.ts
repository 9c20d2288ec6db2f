// JSON whose long numbers keep their digits: ids of accounts are longer than what a number holds.

/** The value of a JSON text, integers beyond 2^53 as text with all their digits; a SyntaxError or RangeError when it is none. */
export function parseExactly(text: string): unknown {
  // A reviver makes parsing several times slower, so it is used only where a long number is in sight.
  return LONG_NUMBER.test(text) ? JSON.parse(text, keepDigits) : JSON.parse(text)
}

const LONG_NUMBER = /(?:^|[:,[])\s*-?\d{16}/

function keepDigits(_key: string, value: unknown, context?: { readonly source?: string }): unknown {
  if (typeof value !== 'number' || Number.isSafeInteger(value)) return value
  const digits = context?.source
  return digits !== undefined && /^-?\d+$/.test(digits) ? digits : value
}
