// The parameters of a request: query and form as one set, names without regard to case, and the ways in which the
// SDKs spell truth, lists and objects.

import { z } from 'zod'
import { decode } from '../decode.ts'
import type { Pair, WireRequest } from '../dialect.ts'
import { createRequestNote } from '../request-note.ts'
import { GigyaError } from './errors.ts'

/** The parameters of one request, as spelled and as found. */
export interface Parameters {
  /** Every name and value as received: signatures are made over these. */
  readonly pairs: readonly Pair[]
  /** The value of a name in any case; undefined when it was not sent. 400006 when it was sent with two values. */
  get(name: string): string | undefined
  /** The same for what does not matter so much: never throws, the first value counts. */
  peek(name: string): string | undefined
}

/** The parameters of this request; the same object each time. */
export function parametersOf(request: WireRequest): Parameters {
  const known = READ.get(request)
  if (known) return known
  const parameters = read(request.flaw ? frameOf(request) : request.pairs)
  READ.set(request, parameters)
  return parameters
}

const READ = createRequestNote<Parameters>()

/** What decides about the form of an answer, of a request that could not be read as a whole. */
function frameOf({ query = '', body, headers }: WireRequest): readonly Pair[] {
  const isForm = headers['content-type']?.toLowerCase().startsWith('application/x-www-form-urlencoded')
  const texts = isForm ? [query, body.toString('latin1')] : [query]
  return FRAME.flatMap(([name, pattern]): Pair[] => {
    const spelled = texts.map((text) => pattern.exec(text)?.[1]).find((found) => found !== undefined)
    const value = spelled === undefined ? undefined : decode(spelled, { plusIsSpace: true })
    return value === undefined ? [] : [[name, value]]
  })
}

const FRAME = ['format', 'callback', 'httpStatusCodes'].map(
  (name) => [name, new RegExp(`(?:^|&)${name}=([^&]{1,300})(?:&|$)`, 'i')] as const,
)

function read(pairs: readonly Pair[]): Parameters {
  const values = new Map<string, string>()
  const doubled = new Set<string>()
  for (const [name, value] of pairs) {
    const key = name.toLowerCase()
    const before = values.get(key)
    if (before === undefined) values.set(key, value)
    else if (before !== value) doubled.add(key)
  }
  const peek = (name: string) => values.get(name.toLowerCase())
  return {
    pairs,
    peek,
    get(name) {
      // Which of the two did the caller mean, and which did it sign?
      if (!doubled.has(name.toLowerCase())) return peek(name)
      throw new GigyaError(400006, `Invalid parameter value : ${name} was sent with two values`, {
        field: name,
      })
    },
  }
}

/** What a method's schema sees: its own names as it spells them, whatever the caller's case. */
export function toInput({ get }: Pick<Parameters, 'get'>, names: readonly string[]): Record<string, string> {
  const input: Record<string, string> = {}
  for (const name of names) {
    const value = get(name)
    if (value !== undefined) input[name] = value
  }
  return input
}

/** `1`, `true`, `yes` (Java, Python and PHP spell it so), `0`, `false`, `no` and PHP's empty text; else undefined. */
export function toTruth(text: string): boolean | undefined {
  const lower = text.trim().toLowerCase()
  if (TRUE.has(lower)) return true
  return FALSE.has(lower) ? false : undefined
}

const TRUE: ReadonlySet<string> = new Set(['1', 'true', 'yes', 'y', 'on'])
const FALSE: ReadonlySet<string> = new Set(['', '0', 'false', 'no', 'n', 'off'])

const sent = z.string().optional()

/** An optional text; an empty one counts as absent. */
export const word = sent.transform((text) => (text === '' ? undefined : text))

/** A text that must be there and not be empty; a missing one is 400002. */
export const requiredWord = z.string().min(1, 'must not be empty')

/** True or false in every spelling of the SDKs; false when absent. */
export const truth = truthOr(false)

/** The same with another default. */
export function truthOr(fallback: boolean) {
  return sent.transform((text, context) => {
    const value = text === undefined ? fallback : toTruth(text)
    if (value !== undefined) return value
    context.addIssue('must be true or false')
    return z.NEVER
  })
}

/** Words with commas between; spaces around them and empty ones do not count; undefined when there is none. */
export const list = sent.transform((text) => {
  const words = text
    ?.split(',')
    .map((part) => part.trim())
    .filter(Boolean)
  return words && words.length > 0 ? words : undefined
})

/** A whole number; undefined when absent or empty. */
export function integer({ min = 0, max = Number.MAX_SAFE_INTEGER } = {}) {
  return sent.transform((text, context) => {
    if (text === undefined || text.trim() === '') return undefined
    const value = Number(text)
    if (/^\s*[+-]?\d{1,16}\s*$/.test(text) && value >= min && value <= max) return value
    context.addIssue(`must be a whole number from ${min} to ${max}`)
    return z.NEVER
  })
}

/** A value that travels as JSON text inside one parameter; undefined when absent or empty. */
export function jsonOf<Output>(schema: z.ZodType<Output>) {
  return sent.transform((text, context) => {
    if (text === undefined || text.trim() === '') return undefined
    const { value, hasNul } = parseJson(text)
    if (hasNul) {
      context.addIssue('must be JSON without the character NUL')
      return z.NEVER
    }
    const parsed = schema.safeParse(value)
    if (parsed.success) return parsed.data
    const issue = parsed.error.issues[0]
    context.addIssue(`must be JSON${issue?.path.length ? `, and ${issue.path.join('.')} as documented` : ''}`)
    return z.NEVER
  })
}

/** No value, which no schema of an object takes, for what is not JSON or nested too deeply. */
function parseJson(text: string): { readonly value?: unknown; readonly hasNul?: boolean } {
  let depth = 0
  let hasNul = false
  for (const character of text) {
    if (character === '{' || character === '[') depth++
    else if (character === '}' || character === ']') depth--
    if (depth > JSON_DEPTH) return {}
  }
  try {
    const value: unknown = JSON.parse(text, (name, part) => {
      hasNul ||= name.includes('\0') || (typeof part === 'string' && part.includes('\0'))
      return name === '__proto__' ? undefined : part
    })
    return { value, hasNul }
  } catch {
    // What is wrong with it is said by the schema that does not take `undefined`.
    return {}
  }
}

const JSON_DEPTH = 64
