// kith identity: places to post to that no login leads to, and the identities there are. A key never stands on a command
// line, where others read it.

import type { Identity } from '../core/model.ts'
import { addPlace } from '../core/places.ts'
import { openNetworks } from '../outside.ts'
import { providers, providersById } from '../providers/index.ts'
import { createLog } from '../server/log.ts'
import { readSecret } from './secret.ts'
import { print, readArgs, takeWords, UsageError } from './usage.ts'
import { siteNamed, withStore } from './with-store.ts'

/** `kith identity add|list|remove`. */
export async function identity([verb, ...args]: readonly string[]): Promise<void> {
  const run = verb !== undefined && Object.hasOwn(VERBS, verb) ? VERBS[verb] : undefined
  if (!run) throw new UsageError('After "identity" comes add, list or remove.')
  await run(args)
}

const VERBS: Readonly<Record<string, (args: readonly string[]) => Promise<void>>> = { add, list, remove }

/** On one page of a list. */
const PAGE_SIZE = 100

async function add(args: readonly string[]): Promise<void> {
  const { positionals, values } = readArgs(args, { name: { type: 'string' }, user: { type: 'string' } })
  const { subdomain, provider } = takeWords(positionals, ['subdomain', 'provider'])
  const places = providers.filter(({ place }) => place !== undefined)
  const asks = places.find(({ id }) => id === provider)?.place?.asks
  if (asks === undefined) {
    const known = places.map(({ id }) => id).join(', ')
    throw new UsageError(`"${provider}" has no places that are added by a key; these have: ${known}.`)
  }
  await withStore(async (store, config) => {
    const site = await siteNamed(store, subdomain)
    const pasted = config.commands.identityKey ?? (await readSecret(`The ${asks}`))
    if (!pasted) throw new UsageError(`The ${asks} is missing: give it on standard input.`)
    const log = createLog('warn', 2)
    const networks = openNetworks(config, store, log)
    try {
      const parts = { store, providers: providersById, openUnlinked: networks.openUnlinked }
      const place = { provider, pasted, name: values.name, userToken: values.user }
      const added = await addPlace(parts, site, place)
      print(shown(added.identity))
      const does = added.isNewIdentity ? 'is added' : 'was there, and is renewed'
      process.stderr.write(`The identity ${does}; its network has said that it may be posted to.\n`)
    } finally {
      await networks.close()
      log.flush()
    }
  })
}

async function list(args: readonly string[]): Promise<void> {
  const { positionals, values } = readArgs(args, { page: { type: 'string', default: '1' } })
  const { subdomain } = takeWords(positionals, ['subdomain'])
  if (!/^[1-9]\d{0,8}$/.test(values.page)) throw new UsageError('--page must be a number from 1.')
  await withStore(async (store) => {
    const site = await siteNamed(store, subdomain)
    const query = { page: Number(values.page), size: PAGE_SIZE, direction: 'asc' } as const
    const { entries, page, totalPages, totalEntries } = await store.identities.list(site, query)
    print({ identities: entries.map(shown), page, totalPages, totalEntries })
  })
}

async function remove(args: readonly string[]): Promise<void> {
  const { positionals, values } = readArgs(args, { yes: { type: 'boolean' } })
  const words = takeWords(positionals, ['subdomain', 'identity_token'])
  await withStore(async (store) => {
    const site = await siteNamed(store, words.subdomain)
    if (!values.yes) throw new UsageError('This removes the identity for good; say --yes if you mean it.')
    if (!(await store.identities.remove(site, words.identity_token))) {
      throw new UsageError(`"${site.name}" has no identity "${words.identity_token}".`)
    }
    process.stderr.write('The identity is removed.\n')
  })
}

function shown({ token, userToken, provider, server, subject, target, profile, createdAt }: Identity) {
  const name = profile.displayName ?? profile.username
  const at = new Date(createdAt)
  return {
    identity_token: token,
    user_token: userToken,
    provider,
    server,
    subject,
    target,
    name,
    created: at,
  }
}
