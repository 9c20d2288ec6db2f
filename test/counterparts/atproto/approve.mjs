// A person at the home server's own sign-in and consent pages, without a browser.

import { request } from 'node:http'

const OWN_API = '/@atproto/oauth-provider/~api'

/** Sends what the sign-in and consent pages would send; answers the address the browser is led back to. */
export async function approve(page, { username, password, refuses = false }) {
  const { origin } = new URL(page)
  const cookies = new Map()
  const send = async (method, url, headers, body) => {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const answer = await exchange(method, url, { 'user-agent': 'test', cookie, ...headers }, body)
    for (const line of answer.headers['set-cookie'] ?? []) {
      const [name, ...value] = line.split(';')[0].split('=')
      cookies.set(name, value.join('='))
    }
    return answer
  }
  const navigation = { 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document', accept: 'text/html' }
  await send('GET', page, { ...navigation, 'sec-fetch-site': 'cross-site' })

  const call = async (path, input) => {
    const headers = {
      'content-type': 'application/json',
      'x-csrf-token': cookies.get('csrf-token'),
      origin,
      referer: page,
      'sec-fetch-mode': 'same-origin',
      'sec-fetch-site': 'same-origin',
      'sec-fetch-dest': 'empty',
    }
    const { status, body } = await send('POST', origin + OWN_API + path, headers, JSON.stringify(input))
    if (status !== 200) throw new Error(`${path} answered ${status}: ${body}`)
    return JSON.parse(body)
  }
  const { account } = await call('/sign-in', { locale: 'en', username, password, remember: true })
  let next = (refuses ? await call('/reject', {}) : await call('/consent', { did: account.did })).url
  for (let hops = 0; hops < 3 && new URL(next).origin === origin; hops++) {
    const { status, headers } = await send('GET', next, {
      ...navigation,
      'sec-fetch-site': 'same-origin',
      referer: page,
    })
    if (!headers.location) throw new Error(`The sign-in did not lead back: ${status}.`)
    next = new URL(headers.location, next).href
  }
  return new URL(next)
}

/** By node:http, because `fetch` keeps the sec-fetch headers to itself. */
function exchange(method, url, headers, body) {
  return new Promise((resolve, reject) => {
    const outgoing = request(url, { method, headers }, (answer) => {
      let text = ''
      answer.setEncoding('utf8').on('data', (piece) => {
        text += piece
      })
      answer.once('end', () => resolve({ status: answer.statusCode, headers: answer.headers, body: text }))
    })
    outgoing.once('error', reject).end(body)
  })
}
