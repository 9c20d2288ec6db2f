// One session over several sites: asked for and registered by a visit of the gateway itself, since browsers keep
// cookies of other sites from those who only load a script.

import { SITE } from './site.js'
import { BASE, complain, toCallback } from './surroundings.js'

const settings = { callback_uri: '', top: '', sub: '' }

/** A page that asks at every view would go back and forth for ever: a tab asks once in this time, in milliseconds. */
const ASKED_FOR_MS = 300_000

/** The methods of the plugin. */
export const singleSignOn = {
  set_callback_uri: (address) => {
    settings.callback_uri = String(address)
  },
  set_sso_realm: (top = '', sub = '') => {
    Object.assign(settings, { top: String(top), sub: String(sub || '') })
  },
  do_check_for_sso_session: (address) => {
    const callback = toCallback(address || settings.callback_uri)
    if (callback === undefined) return complain(`"${address}" is no address to come back to.`)
    const { top, sub } = settings
    visitOnce('check', { callback_uri: callback, top_realm: top, sub_realm: sub })
  },
  do_register_sso_session: (token) => visitOnce('register', { sso_session_token: String(token) }),
}

function visitOnce(what, parameters) {
  const query = new URLSearchParams(parameters)
  if (SITE.site) query.set('site', SITE.site)
  const key = `kith ${what} ${query}`
  try {
    if (Date.now() - Number(sessionStorage.getItem(key)) < ASKED_FOR_MS) return
    sessionStorage.setItem(key, String(Date.now()))
  } catch {
    return // A page without a memory could not know that it was there already.
  }
  query.set('back_uri', location.href)
  location.replace(`${BASE}/socialize/sso/${what}?${query}`)
}
