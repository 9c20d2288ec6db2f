// From a click to the site's server: a window of the network, a message back, a form to the callback address.

import { SITE } from './site.js'
import { BASE, complain, ORIGINS, toCallback } from './surroundings.js'

const TOKEN = /^[0-9a-f-]{36}$/i
const LOOK_MS = 300
const WIDTH = 520
const HEIGHT = 680

const attempts = new Set()
let looking = 0

/**
 * Leads the visitor to the network; to be called within the click, or browsers block the window. `widget` is the
 * plugin's name, its settings and its events; `on.closed` and `on.taken` are told how it ended.
 */
export function begin({ plugin, settings, fire }, provider, { action, on }) {
  const callback = toCallback(settings.callback_uri)
  if (callback === undefined) return complain(`"${settings.callback_uri}" is no address to come back to.`)
  const query = new URLSearchParams({ service: plugin, callback_uri: callback })
  if (SITE.site) query.set('site', SITE.site)
  if (SITE.language) query.set('lang', SITE.language)
  if (settings.user_token) query.set('user_token', settings.user_token)
  if (settings.force_re_authentication) query.set('force_reauth', 'true')
  if (action) query.set('action', action)
  const address = `${BASE}/socialize/connect/direct/${encodeURIComponent(provider.key)}/?${query}`

  for (const attempt of attempts) attempt.popup.close()
  const popup = settings.same_window ? undefined : openWindow(`${address}&display=popup`)
  if (!popup) {
    // Networks show themselves in no frame: the whole window goes there.
    window.open(address, '_top')
    return
  }
  attempts.add({ popup, plugin, callback, fire, on })
  looking ||= setInterval(lookAround, LOOK_MS)
}

function openWindow(address) {
  const left = Math.max(0, Math.round(screenX + (outerWidth - WIDTH) / 2))
  const top = Math.max(0, Math.round(screenY + (outerHeight - HEIGHT) / 2))
  const place = `popup=yes,width=${WIDTH},height=${HEIGHT},left=${left},top=${top}`
  const opened = window.open(address, '_blank', place)
  return opened && !opened.closed ? opened : undefined
}

addEventListener('message', ({ data, origin, source }) => {
  const attempt = [...attempts].find(({ popup }) => popup === source)
  if (!attempt || !ORIGINS.includes(origin) || data?.kith !== 'connection') return
  if (!TOKEN.test(data.connection_token)) return
  source.postMessage({ kith: 'taken' }, origin)
  attempts.delete(attempt)
  finish(attempt, data.connection_token)
})

/** Windows that were closed; a look later, since their last message may still be under way. */
function lookAround() {
  for (const attempt of attempts) {
    if (attempt.isClosed) {
      attempts.delete(attempt)
      attempt.on.closed()
    } else attempt.isClosed = attempt.popup.closed
  }
  if (attempts.size > 0) return
  clearInterval(looking)
  looking = 0
}

function finish({ plugin, callback, fire, on }, token) {
  const told = { connection: { connection_token: token, plugin, callback_uri: callback } }
  on.taken()
  fire('on_login_end', told)
  if (fire('on_login_redirect', told) !== false) hand(callback, plugin, token)
}

/** Posts the result to the site, as a form does: the query of its address stays. */
export function hand(callback, plugin, token) {
  const form = document.createElement('form')
  form.method = 'post'
  form.action = callback
  form.hidden = true
  const fields = {
    connection_token: token,
    oa_action: plugin,
    oa_social_login_token: token,
    identity_vault_key: token,
  }
  for (const [name, value] of Object.entries(fields)) {
    const field = document.createElement('input')
    field.type = 'hidden'
    field.name = name
    field.value = value
    form.append(field)
  }
  document.body.append(form)
  // A field called `submit` cannot stand in the way.
  HTMLFormElement.prototype.submit.call(form)
}
