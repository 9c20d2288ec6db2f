import type { Problem } from './errors.ts'
import type { Provider } from './provider.ts'

/** What to tell the users of a network that is gone; undefined while it is there. */
export function goneProblem({ name, gone }: Provider): Problem | undefined {
  if (!gone) return undefined
  const since = gone.since ? ` since ${gone.since}` : ''
  return { code: 'discontinued', message: `${name} is gone${since}. ${gone.instead}` }
}
