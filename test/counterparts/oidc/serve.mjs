// An issuer of OpenID Connect on loopback, with its own sign-in and consent pages. Run by test/support/oidc.ts with the
// address that people are sent back to; writes one line of JSON when it is ready, and lives until its standard input
// ends or it is told to terminate.

import { once } from 'node:events'
import { createServer } from 'node:http'
import Provider from 'oidc-provider'

console.log = console.info = console.warn = console.error

const [redirectUri] = process.argv.slice(2)
const stopped = new Promise((resolve) => {
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP']) process.on(signal, resolve)
  process.stdin.resume().once('end', resolve).once('error', resolve)
})

const client = { client_id: 'client-1', client_secret: 'a-secret-of-thirty-two-characters', redirectUri }
const server = createServer((request, response) => answer(request, response))
server.listen(0, '127.0.0.1')
await once(server, 'listening')
const issuer = `http://127.0.0.1:${server.address().port}`

const provider = new Provider(issuer, {
  clients: [
    {
      client_id: client.client_id,
      client_secret: client.client_secret,
      redirect_uris: [redirectUri],
      token_endpoint_auth_method: 'client_secret_post',
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
    },
  ],
  // Whoever signs in is known by the name that they type.
  findAccount: (_, id) => ({
    accountId: id,
    claims: () => ({
      sub: id,
      name: `Name of ${id} <b>`,
      email: `${id}@issuer.test`,
      email_verified: true,
      picture: 'javascript:alert(1)',
    }),
  }),
  claims: { openid: ['sub'], profile: ['name', 'picture'], email: ['email', 'email_verified'] },
  features: { revocation: { enabled: true }, devInteractions: { enabled: true } },
  pkce: { required: () => true },
  cookies: { keys: ['a key of the test'] },
})
const answer = provider.callback()
const { keys } = await (await fetch(`${issuer}/jwks`)).json()
process.stdout.write(
  `${JSON.stringify({ issuer, clientId: client.client_id, clientSecret: client.client_secret, keys: keys.length })}\n`,
)

await stopped
server.closeAllConnections()
server.close()
process.exit(0)
