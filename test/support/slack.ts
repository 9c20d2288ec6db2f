// The rebuilt Slack knows the dialogue that installs apps and not the one that logs people in; this stands before it and
// says the same things in the words of OpenID Connect, signed. People, apps, consent, codes and access stay the rebuilt
// network's own. https://docs.slack.dev/authentication/sign-in-with-slack/

import { createServer, type IncomingMessage } from 'node:http'
import { text } from 'node:stream/consumers'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import { listen } from './wire.ts'

export interface SlackDoor extends AsyncDisposable {
  readonly url: string
  /** Whom the id token names, where that is not who has agreed. */
  signs?: string
  /** Tokens that were given back. */
  readonly revoked: string[]
}

interface Given {
  readonly ok: boolean
  readonly authed_user?: { readonly id: string; readonly access_token?: string }
}

/** A door to the rebuilt network at this address. */
export async function openSlackDoor(inner: string): Promise<SlackDoor> {
  const { privateKey, publicKey } = await generateKeyPair('RS256')
  const nonces = new Map<string, string>()
  const userIds = new Map<string, string>()

  const sign = (subject: string, audience: string, nonce: string | undefined) =>
    new SignJWT({ nonce })
      .setProtectedHeader({ alg: 'RS256', kid: 'slack' })
      .setIssuer('https://slack.com')
      .setAudience(audience)
      .setSubject(subject)
      .setIssuedAt()
      .setExpirationTime('5m')
      .sign(privateKey)

  /** The dialogue asks for the scopes of a person, and forgets the nonce. */
  const toDialogue = (asked: URL): string => {
    const address = new URL('/oauth/v2/authorize', inner)
    for (const name of ['client_id', 'redirect_uri', 'state']) {
      address.searchParams.set(name, asked.searchParams.get(name) ?? '')
    }
    address.searchParams.set('user_scope', 'users:read,users:read.email')
    nonces.set(asked.searchParams.get('state') ?? '', asked.searchParams.get('nonce') ?? '')
    return address.href
  }
  const redeem = async (form: string): Promise<object> => {
    const answer = await fetch(new URL('/api/oauth.v2.access', inner), {
      method: 'POST',
      body: new URLSearchParams(form),
    })
    const given = (await answer.json()) as Given
    const { id, access_token: token } = given.authed_user ?? {}
    if (!given.ok || !id || !token) return given
    userIds.set(token, id)
    const audience = new URLSearchParams(form).get('client_id') ?? ''
    const nonce = [...nonces.values()].at(-1)
    return {
      ok: true,
      access_token: token,
      token_type: 'Bearer',
      id_token: await sign(door.signs ?? id, audience, nonce),
    }
  }
  const tell = async ({ headers }: IncomingMessage): Promise<object> => {
    const token = (headers.authorization ?? '').replace(/^Bearer /, '')
    const answer = await fetch(new URL('/api/users.info', inner), {
      method: 'POST',
      headers: { authorization: `Bearer ${token}` },
      body: new URLSearchParams({ user: userIds.get(token) ?? '' }),
    })
    const said = (await answer.json()) as {
      readonly ok: boolean
      readonly user?: {
        readonly id: string
        readonly real_name: string
        readonly profile: { readonly email?: string }
      }
    }
    if (!said.user) return said
    const { id, real_name: name, profile } = said.user
    return { ok: true, sub: id, name, email: profile.email, email_verified: true }
  }

  const server = createServer(async (request, response) => {
    const asked = new URL(request.url ?? '/', 'http://slack')
    const json = (body: unknown) =>
      response.setHeader('content-type', 'application/json').end(JSON.stringify(body))
    switch (asked.pathname) {
      case '/openid/connect/authorize':
        return response.writeHead(302, { location: toDialogue(asked) }).end()
      case '/api/openid.connect.token':
        return json(await redeem(await text(request)))
      case '/api/openid.connect.userInfo':
        return json(await tell(request))
      case '/api/auth.revoke':
        door.revoked.push((request.headers.authorization ?? '').replace(/^Bearer /, ''))
        return json({ ok: true, revoked: true })
      case '/openid/connect/keys':
        return json({ keys: [{ ...(await exportJWK(publicKey)), kid: 'slack', alg: 'RS256', use: 'sig' }] })
      default:
        return response.writeHead(404).end()
    }
  })
  const port = await listen(server)
  const door: SlackDoor = {
    url: `http://localhost:${port}`,
    revoked: [],
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
  return door
}
