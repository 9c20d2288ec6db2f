// An issuer of OpenID Connect as others run it, and a person at its pages.
// https://github.com/panva/node-oidc-provider

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { findProgram, ROOT, startProgram } from './counterparts.ts'

const FOLDER = join(ROOT, 'test/counterparts/oidc')
const START_MS = 30_000

export interface OpenIdIssuer {
  readonly issuer: string
  readonly clientId: string
  readonly clientSecret: string
  /** Signs in under this name and agrees, or goes back without either; where the browser is led. */
  agree(page: string, name: string | undefined): Promise<URL>
  close(): Promise<void>
}

/** Why there can be no such issuer here, or nothing. */
export function missingForOidc(): string | undefined {
  if (!existsSync(join(FOLDER, 'node_modules/oidc-provider'))) return 'The package oidc-provider is missing.'
  return findProgram('setpriv') ? undefined : 'setpriv is not installed.'
}

/** Starts it, about a second; it sends people back to this address alone. */
export async function openOidc(redirectUri: string): Promise<OpenIdIssuer> {
  const program = startProgram(process.execPath, [join(FOLDER, 'serve.mjs'), redirectUri])
  const impatience = setTimeout(program.stop, START_MS)
  for await (const line of createInterface({ input: program.child.stdout })) {
    clearTimeout(impatience)
    const ready: Pick<OpenIdIssuer, 'issuer' | 'clientId' | 'clientSecret'> = JSON.parse(line)
    return { ...ready, agree, close: program.stop }
  }
  clearTimeout(impatience)
  throw new Error(`The issuer did not start: ${program.said()}`)
}

async function agree(page: string, name: string | undefined): Promise<URL> {
  const { origin } = new URL(page)
  const cookies = new Map<string, string>()
  const open = async (url: URL, body?: URLSearchParams) => {
    const cookie = [...cookies].map(([key, value]) => `${key}=${value}`).join('; ')
    const answer = await fetch(url, {
      method: body ? 'POST' : 'GET',
      body,
      headers: { cookie },
      redirect: 'manual',
    })
    for (const line of answer.headers.getSetCookie()) {
      const [, key = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
      if (value === '') cookies.delete(key)
      else cookies.set(key, value)
    }
    const text = await answer.text()
    const location = answer.headers.get('location')
    return { url: location === null ? undefined : new URL(location, url), text }
  }
  let at = new URL(page)
  let body: URLSearchParams | undefined
  for (let steps = 0; steps < 12 && at.origin === origin; steps += 1) {
    const { url, text } = await open(at, body)
    body = undefined
    if (url) {
      at = url
      continue
    }
    const submit = /<form[^>]* action="([^"]+)"/.exec(text)?.[1]
    const abort = /<a href="([^"]+)">\[ Cancel \]/.exec(text)?.[1]
    const next = name === undefined ? abort : submit
    if (next === undefined) throw new Error(`The issuer shows no way on:\n${text}`)
    at = new URL(next, at)
    const prompt = /name="prompt" value="(\w+)"/.exec(text)?.[1] ?? ''
    if (name !== undefined) body = new URLSearchParams({ prompt, login: name, password: 'any' })
  }
  return at
}
