// kith user: what an operator does for one user of a site.

import { UsageError } from './usage.ts'
import { exportCommand } from './user-export.ts'
import { linkUser } from './user-link.ts'

/** `kith user link|export`. */
export async function user([verb, ...args]: readonly string[]): Promise<void> {
  const run = verb !== undefined && Object.hasOwn(VERBS, verb) ? VERBS[verb] : undefined
  if (!run) throw new UsageError(`After "user" comes ${Object.keys(VERBS).join(' or ')}.`)
  await run(args)
}

const VERBS: Readonly<Record<string, (args: readonly string[]) => Promise<void>>> = {
  link: linkUser,
  export: exportCommand,
}
