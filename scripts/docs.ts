// Writes the pages that are made from the code: docs/configuration.md.

import { writeFileSync } from 'node:fs'
import { allSettings, providerSettings, type Setting } from '../src/config.ts'
import { SETTINGS } from '../src/settings.ts'

/** The page of all settings, in Markdown. */
export function configurationPage(): string {
  const settings = allSettings()
  const sections = Object.entries(SETTINGS.shape).map(([section, schema]) => {
    const rows = settings.filter((setting) => setting.section === section).map(toRow)
    return `## ${schema.meta()?.title}\n\n${table(rows)}`
  })
  const own = providerSettings().map(({ name, kind, provider }) => [
    `\`${name}\``,
    kind === 'bases'
      ? `API root of ${provider}, instead of the network’s own.`
      : `API version of ${provider}.`,
  ])
  return [
    '# Configuration',
    '',
    'Every setting is an environment variable; an empty one counts as absent. A name that begins with `KITH_` and is',
    'not listed here is an error. `kith config` prints what is in effect, without secrets. Times are in milliseconds.',
    '',
    'The process is also started with `--max-semi-space-size=4` and, unless it is set, `MALLOC_ARENA_MAX=2`, which keep the',
    'memory of many reads low; who starts `src/main.ts` in a way of their own gives it both.',
    '',
    'This page is written by `npm run docs` from `src/settings.ts`.',
    '',
    ...sections,
    `## Single networks\n\n${table(own, ['Name', 'What it does'])}`,
  ].join('\n')
}

const HEAD = ['Name', 'Default', 'Unit', 'What it does']

function toRow({ name, schema, shown, unit, text, secret }: Setting): string[] {
  return [
    `\`${name}\``,
    shown ?? spell(schema.safeParse(undefined).data),
    unit ?? '',
    secret ? `${text} ${secret === true ? 'Never shown.' : 'The password is never shown.'}` : text,
  ]
}

function spell(value: unknown): string {
  if (value === undefined) return 'none'
  return `\`${String(value)}\``
}

function table(rows: readonly (readonly string[])[], head: readonly string[] = HEAD): string {
  const lines = [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.map(plain).join(' | ')} |`)
  return `${lines.join('\n')}\n`
}

function plain(cell: string): string {
  return cell.replaceAll('|', '\\|').replaceAll('<', '&lt;')
}

if (import.meta.main) {
  writeFileSync(new URL('../docs/configuration.md', import.meta.url), configurationPage())
  process.stderr.write('docs/configuration.md is written.\n')
}
