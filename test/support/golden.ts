// Answers of the OneAll dialect beside files that hold what it always said, byte for byte. Renew them with
// `node --test --test-update-snapshots`.

import { join } from 'node:path'
import type { TestContext } from 'node:test'

/** A token that is nobody's. */
export const NOBODY = '00000000-0000-4000-8000-000000000000'

/** One request; asked for in JSON and in XML. */
export interface OneAllCase<Asking> {
  /** Without its extension. */
  readonly path: string
  readonly query?: string
  readonly asking?: Asking
}

interface Told {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly text: string
}

/** Compares the answers to these requests with `golden/oneall-<name>.txt`. */
export async function compareOneAll<Asking extends { readonly method?: string }>(
  t: TestContext,
  name: string,
  cases: readonly OneAllCase<Asking>[],
  ask: (target: string, asking: Asking | undefined) => Promise<Told>,
): Promise<void> {
  const told: string[] = []
  for (const { path, query = '', asking } of cases) {
    for (const format of ['json', 'xml']) {
      const { status, headers, text } = await ask(`${path}.${format}${query}`, asking)
      const { 'content-type': type, ...others } = headers
      const more = Object.entries(others).map(([header, value]) => `${header}: ${value}\n`)
      const method = asking?.method ?? 'GET'
      told.push(`${method} ${path}.${format}${query}\n${status} ${type}\n${more.join('')}${text}\n`)
    }
  }
  const file = join(import.meta.dirname, '..', 'golden', `oneall-${name}.txt`)
  t.assert.fileSnapshot(hideChance(told.join('\n')), file, { serializers: [String] })
}

/** Tokens, keys, codes and dates as `…`, all but the token that is nobody's. */
function hideChance(text: string): string {
  return text
    .replaceAll(/[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}/g, (token) =>
      token === NOBODY ? token : '…',
    )
    .replaceAll(/[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} \+0000/g, '…')
    .replaceAll(/(?<=publish_token(?:":\{"key":"|><key>))[\w-]{43}/g, '…')
    .replaceAll(/(?<=shorturl_token(?:":"|>))\w{5,}/g, '…')
    .replaceAll(/(?<=http:\/\/localhost\/s\/)\w{5,}/g, '…')
    .replaceAll(/(?<=shorturls\/)\w{5,}/g, '…')
    .replaceAll(/x{100,}/g, 'x…x')
}
