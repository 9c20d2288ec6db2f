// kith app: a site's registration at a network. The secret never stands on a command line, where others can read it.

import { createInterface } from 'node:readline/promises'
import { Writable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { toServer } from '../core/identities.ts'
import { providers } from '../providers/index.ts'
import { readArgs, takeWords, UsageError } from './usage.ts'
import { siteNamed, withStore } from './with-store.ts'

/** `kith app set`. */
export async function app([verb, ...args]: readonly string[]): Promise<void> {
  if (verb !== 'set') throw new UsageError('After "app" comes set.')
  const { positionals, values } = readArgs(args, {
    'client-id': { type: 'string' },
    server: { type: 'string' },
    public: { type: 'boolean' },
  })
  const words = takeWords(positionals, ['subdomain', 'provider'])
  const clientId = values['client-id']
  if (!clientId) throw new UsageError('--client-id is missing.')
  const usable = providers.filter(({ auth }) => auth !== undefined)
  const provider = usable.find(({ id }) => id === words.provider)
  if (!provider) {
    throw new UsageError(
      `There is no provider "${words.provider}"; there are: ${usable.map(({ id }) => id).join(', ')}.`,
    )
  }
  if (values.server && !provider.server)
    throw new UsageError(`${provider.name} has one server: leave out --server.`)
  const server = toServer(provider, values.server)

  await withStore(async (store, { commands }) => {
    const site = await siteNamed(store, words.subdomain)
    const clientSecret = values.public ? undefined : (commands.clientSecret ?? (await readSecret()))
    await store.apps.save(site, provider.id, { clientId, clientSecret }, server)
    process.stderr.write(`The app at ${provider.name} is stored for "${site.name}".\n`)
  })
}

async function readSecret(): Promise<string> {
  const given = (
    process.stdin.isTTY ? await askHidden('Client secret (not shown): ') : await text(process.stdin)
  ).trim()
  if (given) return given
  throw new UsageError('The client secret is missing: give it on standard input, or say --public.')
}

async function askHidden(question: string): Promise<string> {
  process.stderr.write(question)
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() })
  const lines = createInterface({ input: process.stdin, output: silent, terminal: true })
  try {
    return await lines.question('')
  } finally {
    lines.close()
    process.stderr.write('\n')
  }
}
