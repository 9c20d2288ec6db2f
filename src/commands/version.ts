// The version, as package.json has it.

import { readFileSync } from 'node:fs'

/** Such as `0.1.0`. */
export function version(): string {
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'))
  return String(version)
}
