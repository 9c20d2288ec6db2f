// kith user link: an address to send to a user, at which accounts are linked.

import { invite } from '../core/invitations.ts'
import { print, readArgs, takeWords } from './usage.ts'
import { siteNamed, withStore } from './with-store.ts'

/** Prints the address and when it ends. */
export async function linkUser(args: readonly string[]): Promise<void> {
  const { positionals, values } = readArgs(args, { callback: { type: 'string' } })
  const words = takeWords(positionals, ['subdomain', 'user_token'])
  await withStore(async (store, { server }) => {
    const site = await siteNamed(store, words.subdomain)
    const userToken = words.user_token.toLowerCase()
    const wish = { userToken, callbackUri: values.callback }
    const { path, expiresAt } = await invite({ store, now: Date.now }, site, wish)
    const base = server.publicUrl ?? `http://localhost:${server.port}`
    print({ address: new URL(path, base).href, expiresAt: new Date(expiresAt) })
    process.stderr.write('Send it to this user alone: whoever opens it first links accounts in their name.\n')
  })
}
