// Lines to try while the demo stays up. Each works as it is printed: a test runs them all.

import type { Gateway } from '../core/gateway.ts'
import type { Sandbox } from '../sandbox/sandbox.ts'
import type { Seed } from './seed.ts'

interface Line {
  readonly what: string
  readonly command: string
}

interface Surroundings {
  readonly url: string
  readonly metricsUrl?: string
  readonly gateway: Gateway
  readonly sandbox: Sandbox
}

/** What to type, with a sentence of what it does. */
export function linesToTry(
  { site, users }: Seed,
  { url, metricsUrl, gateway, sandbox }: Surroundings,
): readonly Line[] {
  const keys = `-u '${site.publicKey}:${site.privateKey}'`
  const [ada, grace] = users
  const ask = (path: string, flags = '') => `curl -s ${flags}${keys} '${url}${path}'`
  return [
    { what: 'all contacts of Ada', command: ask(`/users/${ada?.userToken}/contacts.json`) },
    {
      what: 'the same, asked afresh',
      command: ask(`/users/${ada?.userToken}/contacts.json?disable_cache=true`),
    },
    {
      what: 'Grace, with one network refusing, as XML',
      command: ask(`/users/${grace?.userToken}/contacts.xml`),
    },
    { what: 'one identity of hers', command: ask(`/identities/${grace?.identities[1]?.identityToken}.json`) },
    { what: 'all users', command: ask('/users.json') },
    {
      what: 'somebody new, by an access token of a network',
      command: importLine(url, keys, gateway, sandbox),
    },
    { what: 'is it ready?', command: `curl -s '${url}/readyz'` },
    ...(metricsUrl ? [{ what: 'what it has measured', command: `curl -s '${metricsUrl}'` }] : []),
  ]
}

function importLine(url: string, keys: string, { providers }: Gateway, sandbox: Sandbox): string {
  const { host, provider } = NEWCOMER
  const { accessToken, server } = sandbox.grant(host, { contacts: 25 })
  const source = {
    key: provider,
    access_token: { key: accessToken },
    ...(providers.get(provider)?.server && { server }),
  }
  const body = JSON.stringify({ request: { user: { identity: { source } } } })
  return `curl -s -X PUT ${keys} -d '${body}' '${url}/users.json'`
}

const NEWCOMER = { host: 'mastodon.example', provider: 'mastodon' }
