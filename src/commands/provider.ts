// kith provider: a site's registrations at the networks. A secret never stands on a command line, where others read it.

import { GatewayError } from '../core/errors.ts'
import { toServer } from '../core/identities.ts'
import type { Provider } from '../core/provider.ts'
import { providers } from '../providers/index.ts'
import { checkProviders, isClean } from './provider-check.ts'
import { readSecret } from './secret.ts'
import { print, readArgs, takeWords, UsageError } from './usage.ts'
import { siteNamed, withStore } from './with-store.ts'

/** `kith provider set|list|check`. */
export async function provider([verb, ...args]: readonly string[]): Promise<void> {
  const run = verb !== undefined && Object.hasOwn(VERBS, verb) ? VERBS[verb] : undefined
  if (!run) throw new UsageError('After "provider" comes set, list or check.')
  await run(args)
}

const VERBS: Readonly<Record<string, (args: readonly string[]) => Promise<void>>> = { set, list, check }

async function set(args: readonly string[]): Promise<void> {
  const { positionals, values } = readArgs(args, {
    'client-id': { type: 'string' },
    server: { type: 'string' },
    public: { type: 'boolean' },
  })
  const words = takeWords(positionals, ['subdomain', 'provider'])
  const clientId = values['client-id']
  if (!clientId) throw new UsageError('--client-id is missing.')
  const network = networkNamed(words.provider)
  const { auth } = network
  if (auth?.type !== 'oauth1' && auth?.type !== 'oauth2') {
    throw new UsageError(`${network.name} has no apps: there is nothing to set.`)
  }
  if (values.server && !network.server) {
    throw new UsageError(`${network.name} has one server: leave out --server.`)
  }
  const server = toServer(network, values.server)

  await withStore(async (store, { commands }) => {
    const site = await siteNamed(store, words.subdomain)
    const clientSecret = values.public ? undefined : (commands.clientSecret ?? (await clientSecretTyped()))
    await store.apps.save(site, network.id, { clientId, clientSecret }, server)
    process.stderr.write(
      `The app at ${network.name} is stored for "${site.name}". Is all in place? kith provider check ${site.subdomain} ${network.id}\n`,
    )
  })
}

async function clientSecretTyped(): Promise<string> {
  const secret = await readSecret('Client secret')
  if (secret) return secret
  throw new UsageError('The client secret is missing: give it on standard input, or say --public.')
}

async function list(args: readonly string[]): Promise<void> {
  const { subdomain } = takeWords(readArgs(args, {}).positionals, ['subdomain'])
  await withStore(async (store) => {
    const site = await siteNamed(store, subdomain)
    print(await store.apps.list(site))
  })
}

async function check(args: readonly string[]): Promise<void> {
  const { positionals, values } = readArgs(args, {
    server: { type: 'string' },
    offline: { type: 'boolean' },
  })
  const [, only] = positionals
  const { subdomain } = takeWords(positionals.toSpliced(1, 1), ['subdomain'])
  await withStore(async (store, config) => {
    const site = await siteNamed(store, subdomain)
    const asked = only === undefined ? undefined : [networkNamed(only)]
    const checked = await checkProviders(store, config, site, {
      asked,
      server: values.server,
      isOffline: values.offline === true,
    })
    print(checked)
    if (!isClean(checked)) throw new GatewayError('conflict', 'Something is missing; it is named above.')
  })
}

function networkNamed(id: string): Provider {
  const usable = providers.filter(({ auth }) => auth !== undefined)
  const found = usable.find((each) => each.id === id)
  if (found) return found
  throw new UsageError(
    `There is no provider "${id}"; there are: ${usable.map((each) => each.id).join(', ')}.`,
  )
}
