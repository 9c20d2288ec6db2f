// The page where a person of the sandbox says yes or no, and what becomes of the answer.

import { secretOf } from './hash.ts'
import { longestList } from './lists.ts'
import { personOf } from './realms.ts'
import { type Answer, escapeHtml, page, redirect } from './wire.ts'
import { type App, type Call, USUAL_MUTUAL_SHARE } from './world.ts'

/** Accounts that the page offers to choose from. */
const OFFERED_ACCOUNTS = 20
/** Codes and pushed requests held at most; the oldest give way. */
const MOST_CODES = 10_000

export interface Consent {
  /** Splits the scopes of a request. */
  readonly scopeSeparator: RegExp
  readonly pkce: 'required' | 'optional' | 'none'
  readonly codeSeconds: number
  /** What goes back with the browser when the person says no. */
  readonly denied: Readonly<Record<string, string>>
  /** Goes back with the browser whatever is said (RFC 9207). */
  readonly issuer?: string
  readonly unknownScope?: string
}

/** What a code stands for. */
export interface Code {
  readonly kind: 'code'
  readonly realm: string
  readonly clientId: string
  readonly redirectUri: string
  readonly scopes: readonly string[]
  readonly account: number
  readonly contacts?: number
  readonly challenge?: string
  readonly isPlain: boolean
  readonly expiresAt: number
  readonly keyThumbprint?: string
  /** Of the tokens it was traded for; a second trade kills them. */
  family?: number
}

/** Shows the page, or says what is wrong with the request. */
export function askConsent(call: Call, consent: Consent, parameters: URLSearchParams): Answer {
  const wrong = flawOf(call, consent, parameters)
  if ('answer' in wrong) return wrong.answer
  const { app, scopes } = wrong
  const options = Array.from({ length: Math.min(OFFERED_ACCOUNTS, call.world.accounts) }, (_, index) => {
    const { name, username } = personOf(call.realm, index)
    return `<option value="${index}">${escapeHtml(name || username)} (@${username})</option>`
  })
  const wishes = scopes.map((scope) => `<li>${escapeHtml(scope)}</li>`)
  return page(
    200,
    `${app.name} wants to use your account`,
    `<p>This is the sandbox standing in for ${escapeHtml(call.asked.host)}. The app asks for:</p>` +
      `<ul>${wishes.join('') || '<li>your public profile</li>'}</ul><form method="post">` +
      `<label for="account">Account</label><select id="account" name="account">${options.join('')}</select>` +
      '<label for="contacts">Contacts of this account</label>' +
      '<input id="contacts" name="contacts" type="number" min="0" value="150">' +
      '<button name="decision" value="approve">Approve</button>' +
      '<button name="decision" value="deny">Deny</button></form>',
  )
}

/** Sends the browser back with a code or a refusal. */
export function settleConsent(
  call: Call,
  consent: Consent,
  parameters: URLSearchParams,
  form: URLSearchParams,
  bound?: { readonly keyThumbprint?: string },
): Answer {
  const { world, realm } = call
  const wrong = flawOf(call, consent, parameters)
  if ('answer' in wrong) return wrong.answer
  const { app, scopes, redirectUri } = wrong
  if (form.get('decision') !== 'approve') return back(consent, parameters, redirectUri, consent.denied)

  const account = Number(form.get('account') ?? 0)
  const contacts = form.get('contacts') === null ? undefined : Number(form.get('contacts'))
  const longest = longestList(world.accounts, USUAL_MUTUAL_SHARE)
  if (!Number.isInteger(account) || account < 0 || account >= world.accounts) {
    return page(400, 'No such account', '<p>Go back and choose another.</p>')
  }
  if (contacts !== undefined && !(Number.isInteger(contacts) && contacts >= 0 && contacts <= longest)) {
    return page(400, 'Not so many contacts', `<p>Choose 0 to ${longest}.</p>`)
  }
  const code: Code = {
    kind: 'code',
    realm: realm.host,
    clientId: app.clientId,
    redirectUri,
    scopes,
    account,
    contacts,
    challenge: parameters.get('code_challenge') ?? undefined,
    isPlain: parameters.get('code_challenge_method') !== 'S256',
    expiresAt: world.now() + consent.codeSeconds * 1000,
    keyThumbprint: bound?.keyThumbprint,
  }
  const count = world.tokens.count()
  const text = realm.pretence.tokenText('code', secretOf(86, 'code', realm.seed, count), {
    subject: realm.ids.toId(account),
    scopes,
    issuedAt: world.now(),
    count,
  })
  keepCode(call, text, code)
  return back(consent, parameters, redirectUri, { code: text })
}

/** Remembers what a text stands for. */
export function keepCode(call: Call, text: string, meaning: unknown): void {
  const { codes } = call.world
  codes.set(text, meaning)
  const [oldest] = codes.keys()
  if (codes.size > MOST_CODES && oldest !== undefined) codes.delete(oldest)
}

type Sound = { readonly app: App; readonly scopes: readonly string[]; readonly redirectUri: string }

function flawOf(
  call: Call,
  consent: Consent,
  parameters: URLSearchParams,
): Sound | { readonly answer: Answer } {
  const { realm } = call
  const refuse = (title: string, text: string) => ({ answer: page(400, title, `<p>${escapeHtml(text)}</p>`) })
  const app = realm.apps.get(parameters.get('client_id') ?? '')
  if (!app) return refuse('Unknown app', 'There is no app with this client_id.')
  const redirectUri = parameters.get('redirect_uri') ?? app.redirectUris?.[0]
  if (!redirectUri || !URL.canParse(redirectUri)) return refuse('Wrong redirect_uri', 'It is no address.')
  if (app.redirectUris && !app.redirectUris.includes(redirectUri)) {
    return refuse('Wrong redirect_uri', 'The app has not registered this redirect_uri.')
  }

  // From here on the browser can be trusted to the app.
  const fail = (error: string, text: string) => ({
    answer: back(consent, parameters, redirectUri, { error, error_description: text }),
  })
  if ((parameters.get('response_type') ?? 'code') !== 'code') {
    return fail('unsupported_response_type', 'Only code is supported.')
  }
  const named = (parameters.get('scope') ?? '').split(consent.scopeSeparator).filter(Boolean)
  const scopes = named.length > 0 ? named : realm.pretence.scopes
  const forbidden = scopes.find((scope) => !mayAsk(call, app, scope))
  if (forbidden)
    return fail(consent.unknownScope ?? 'invalid_scope', `Scope "${forbidden}" is not authorized.`)
  const method = parameters.get('code_challenge_method')
  const hasChallenge = parameters.has('code_challenge')
  if (consent.pkce === 'required' && !hasChallenge)
    return fail('invalid_request', 'code_challenge is missing.')
  if (hasChallenge && method !== null && method !== 'S256' && method !== 'plain') {
    return fail('invalid_request', 'code_challenge_method must be S256 or plain.')
  }
  return { app, scopes, redirectUri }
}

function mayAsk({ realm }: Call, app: App, scope: string): boolean {
  if (app.scopes && !app.scopes.some((own) => own === scope || scope.startsWith(`${own}:`))) return false
  return app.isPartner || !realm.pretence.restrictedScopes?.includes(scope)
}

function back(
  consent: Consent,
  parameters: URLSearchParams,
  redirectUri: string,
  result: Readonly<Record<string, string>>,
): Answer {
  const url = new URL(redirectUri)
  const state = parameters.get('state')
  for (const [name, value] of Object.entries(result)) url.searchParams.set(name, value)
  if (state !== null) url.searchParams.set('state', state)
  if (consent.issuer) url.searchParams.set('iss', consent.issuer)
  return redirect(url.href)
}
