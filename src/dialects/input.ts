// A caller's parameters as the type that a route asks for, or words that say what is wrong with them.

import { GatewayError } from '../core/errors.ts'
import type { Route } from './dialect.ts'

/** The input as the route's schema has it; `invalid_request` names the first field that is wrong. */
export function parseInput(route: Pick<Route, 'input'>, input: unknown): unknown {
  const result = route.input.safeParse(input)
  if (result.success) return result.data
  const issue = innermost(result.error.issues)
  const field = issue ? fieldOf(issue.path) : ''
  const name = field === '' ? 'The request' : `'${field}'`
  const isMissing =
    issue?.code === 'invalid_type' && issue.path.length > 0 && at(input, issue.path) === undefined
  const complaint = issue?.message.replace(/^Invalid input: /, '') ?? 'not as documented'
  const message = isMissing ? `${name} is missing.` : `${name} is not valid: ${shorten(complaint)}.`
  throw new GatewayError('invalid_request', message, { field: field === '' ? undefined : field })
}

interface Issue {
  readonly code?: string
  readonly path: readonly PropertyKey[]
  readonly message: string
  readonly errors?: readonly (readonly Issue[])[]
}

/** The first issue; of a union's, that of the alternative which came furthest. */
function innermost(issues: readonly Issue[]): Issue | undefined {
  const [issue] = issues
  if (issue?.code !== 'invalid_union' || !issue.errors) return issue
  const alternatives = issue.errors.flatMap((inner) => innermost(inner) ?? [])
  const furthest = alternatives.sort((one, other) => other.path.length - one.path.length)[0]
  return furthest && furthest.path.length > 0
    ? { ...furthest, path: [...issue.path, ...furthest.path] }
    : issue
}

function fieldOf(path: readonly PropertyKey[]): string {
  const steps = path.map((step, place) =>
    typeof step === 'number' ? `[${step}]` : `${place ? '.' : ''}${String(step)}`,
  )
  return shorten(steps.join(''))
}

function at(input: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>((value, step) => {
    const isObject = typeof value === 'object' && value !== null
    return isObject ? Object.getOwnPropertyDescriptor(value, step)?.value : undefined
  }, input)
}

function shorten(text: string): string {
  return text.length > 200 ? `${text.slice(0, 200)}…` : text
}
