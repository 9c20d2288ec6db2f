// kith user export: everything that is known about one user, for that user.

import { exportUser } from '../core/export.ts'
import { print, readArgs, takeWords } from './usage.ts'
import { siteNamed, withStore } from './with-store.ts'

/** `kith user export <subdomain> <user token>`, as JSON on standard output; with `--tokens` the networks' tokens too. */
export async function exportCommand(args: readonly string[]): Promise<void> {
  const { positionals, values } = readArgs(args, { tokens: { type: 'boolean' } })
  const words = takeWords(positionals, ['subdomain', 'user'])
  await withStore(async (store) => {
    const site = await siteNamed(store, words.subdomain)
    print(await exportUser(store, site, words.user.toLowerCase(), { withTokens: values.tokens ?? false }))
  })
}
