// kith site: the customers of this gateway.

import { createSite } from './credentials.ts'
import { toChange } from './switches.ts'
import { print, readArgs, takeWords, UsageError } from './usage.ts'
import { siteNamed, withStore } from './with-store.ts'

/** `kith site create|list|set|remove`. */
export async function site([verb, ...args]: readonly string[]): Promise<void> {
  const run = verb !== undefined && Object.hasOwn(VERBS, verb) ? VERBS[verb] : undefined
  if (!run) throw new UsageError('After "site" comes create, list, set or remove.')
  await run(args)
}

const VERBS: Readonly<Record<string, (args: readonly string[]) => Promise<void>>> = {
  create,
  list,
  set,
  remove,
}

async function create(args: readonly string[]): Promise<void> {
  const { positionals, values } = readArgs(args, { subdomain: { type: 'string' } })
  const { name } = takeWords(positionals, ['name'])
  await withStore(async (store, { server }) => {
    const { credentials } = await createSite(store, { name, subdomain: values.subdomain, now: Date.now() })
    print(credentials)
    const where = server.publicUrl ? ` at ${server.publicUrl}` : ''
    process.stderr.write(
      `Keep the private key: it cannot be shown again. Point your clients here${where}; see README.md.\n`,
    )
  })
}

async function list(args: readonly string[]): Promise<void> {
  takeWords(readArgs(args, {}).positionals, [])
  await withStore(async ({ sites }) => {
    const all = await sites.list()
    print(
      all.map(({ id: _id, privateKeyHash: _hash, createdAt, ...shown }) => ({
        ...shown,
        createdAt: new Date(createdAt),
      })),
    )
  })
}

async function set(args: readonly string[]): Promise<void> {
  const words = takeWords(readArgs(args, {}).positionals, ['subdomain', 'switch', 'value'])
  const change = toChange(words.switch, words.value)
  await withStore(async (store) => {
    print(await store.sites.changeSettings(await siteNamed(store, words.subdomain), change))
  })
}

async function remove(args: readonly string[]): Promise<void> {
  const { positionals, values } = readArgs(args, { yes: { type: 'boolean' } })
  const { subdomain } = takeWords(positionals, ['subdomain'])
  await withStore(async (store) => {
    const found = await siteNamed(store, subdomain)
    if (!values.yes)
      throw new UsageError(`This removes all users of "${found.name}" for good; say --yes if you mean it.`)
    await store.sites.remove(found)
    process.stderr.write(`The site "${found.name}" is removed.\n`)
  })
}
