// kith webhook: who is told what happens on a site.

import { openHooks } from '../assemble.ts'
import { addWebhook, enableWebhook, removeWebhook, testWebhook } from '../core/webhooks.ts'
import { print, readArgs, takeWords, UsageError } from './usage.ts'
import { siteNamed, withStore } from './with-store.ts'

/** `kith webhook add|list|remove|enable|test`. */
export async function webhook([verb, ...args]: readonly string[]): Promise<void> {
  const run = verb !== undefined && Object.hasOwn(VERBS, verb) ? VERBS[verb] : undefined
  if (!run) throw new UsageError('After "webhook" comes add, list, remove, enable or test.')
  await run(args)
}

const VERBS: Readonly<Record<string, (args: readonly string[]) => Promise<void>>> = {
  add,
  list,
  remove,
  enable,
  test,
}

async function add(args: readonly string[]): Promise<void> {
  const { positionals, values } = readArgs(args, { events: { type: 'string' } })
  const { subdomain, url } = takeWords(positionals, ['subdomain', 'url'])
  const events = values.events?.split(',').map((type) => type.trim())
  await withStore(async (store, { webhooks, network }) => {
    const site = await siteNamed(store, subdomain)
    const wish = { url, events, max: webhooks.perSite, allowsHttp: network.allowInsecure }
    const added = await addWebhook({ store, now: Date.now }, site, wish)
    print({ id: added.token, url: added.url, events: added.events, secret: added.secret })
    process.stderr.write('Keep the secret: it cannot be shown again.\n')
  })
}

async function list(args: readonly string[]): Promise<void> {
  const { subdomain } = takeWords(readArgs(args, {}).positionals, ['subdomain'])
  await withStore(async (store) => {
    const hooks = await store.webhooks.list(await siteNamed(store, subdomain))
    print(
      hooks.map(({ token, url, events, isDisabled, attempt, problem, failingSince, lastSuccessAt }) => ({
        id: token,
        url,
        events: events.length > 0 ? events : 'all',
        state: isDisabled ? 'disabled' : failingSince === undefined ? 'active' : 'failing',
        attempts: attempt,
        problem: problem?.message,
        failingSince: failingSince === undefined ? undefined : new Date(failingSince),
        lastSuccess: lastSuccessAt === undefined ? undefined : new Date(lastSuccessAt),
      })),
    )
  })
}

async function remove(args: readonly string[]): Promise<void> {
  const { subdomain, id } = takeWords(readArgs(args, {}).positionals, ['subdomain', 'id'])
  await withStore(async (store) => removeWebhook({ store }, await siteNamed(store, subdomain), id))
}

async function enable(args: readonly string[]): Promise<void> {
  const { subdomain, id } = takeWords(readArgs(args, {}).positionals, ['subdomain', 'id'])
  await withStore(async (store) => enableWebhook({ store }, await siteNamed(store, subdomain), id))
}

async function test(args: readonly string[]): Promise<void> {
  const { subdomain, id } = takeWords(readArgs(args, {}).positionals, ['subdomain', 'id'])
  await withStore(async (store, config) => {
    const site = await siteNamed(store, subdomain)
    const hooks = openHooks(config)
    try {
      const webhooks = { call: hooks.call, bounds: config.webhooks }
      print(await testWebhook({ store, now: Date.now }, webhooks, site, id))
    } finally {
      await hooks.close()
    }
  })
}
