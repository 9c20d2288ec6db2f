// kith usersig-key: the keys that UserSigs of a site are signed with. To roll one: add, give it to your servers, retire
// the old one.

import { randomBytes } from 'node:crypto'
import { print, readArgs, takeWords, UsageError } from './usage.ts'
import { siteNamed, withStore } from './with-store.ts'

/** `kith usersig-key add|list|retire`. */
export async function usersigKey([verb, ...args]: readonly string[]): Promise<void> {
  const { positionals } = readArgs(args, {})
  if (verb === 'add') return add(takeWords(positionals, ['subdomain']))
  if (verb === 'list') return list(takeWords(positionals, ['subdomain']))
  if (verb === 'retire') return retire(takeWords(positionals, ['subdomain', 'id']))
  throw new UsageError('After "usersig-key" comes add, list or retire.')
}

async function add({ subdomain }: { readonly subdomain: string }): Promise<void> {
  await withStore(async (store) => {
    const secretKey = randomBytes(32).toString('hex')
    const { id } = await store.signers.add(await siteNamed(store, subdomain), secretKey)
    print({ id, secretKey })
    process.stderr.write('Keep the key: it cannot be shown again.\n')
  })
}

async function list({ subdomain }: { readonly subdomain: string }): Promise<void> {
  await withStore(async (store) => {
    const keys = await store.signers.list(await siteNamed(store, subdomain))
    print(keys.map(({ createdAt, ...key }) => ({ ...key, createdAt: createdAt && new Date(createdAt) })))
  })
}

async function retire({ subdomain, id }: { readonly subdomain: string; readonly id: string }): Promise<void> {
  await withStore(async (store) => {
    await store.signers.retire(await siteNamed(store, subdomain), id)
    process.stderr.write(`The key ${id} is retired.\n`)
  })
}
