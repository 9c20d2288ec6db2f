// The commands of a page: `_oneall.push([plugin, method, …])`, those that waited and those to come.

import { attach, render } from './panel.js'
import { singleSignOn } from './single-sign-on.js'
import { complain, whenReady } from './surroundings.js'

function createPlugin(plugin) {
  const events = {}
  const settings = {
    providers: undefined,
    linked_providers: undefined,
    callback_uri: '',
    user_token: '',
    grid_sizes: [0, 0],
    custom_css_uri: '',
    force_re_authentication: false,
    same_window: false,
  }
  /** False when one of the page's functions said so; one that fails stops nothing. */
  const fire = (name, told) => {
    let answer = true
    for (const listener of events[name] || []) {
      try {
        if (listener(told) === false) answer = false
      } catch (error) {
        complain(`the page's ${name} failed.`, error)
      }
    }
    return answer
  }
  // Later settings are for later widgets; events are for all.
  const widget = () => ({ plugin, settings: { ...settings, grid_sizes: [...settings.grid_sizes] }, fire })
  const on = (id, work) => {
    const now = widget()
    withElement(id, (element) => work(now, element))
  }
  const sized = (size) => Math.min(99, Math.max(0, Math.floor(Number(size)) || 0))

  return {
    set_providers: (names) => {
      settings.providers = [names].flat()
    },
    set_linked_providers: (names) => {
      settings.linked_providers = [names].flat().map((name) => String(name).toLowerCase())
    },
    set_callback_uri: (address) => {
      settings.callback_uri = String(address)
    },
    set_user_token: (token) => {
      settings.user_token = String(token || '')
    },
    set_grid_sizes: ([x, y] = []) => {
      settings.grid_sizes = [sized(x), sized(y)]
    },
    set_grid_size: (axis, size) => {
      settings.grid_sizes[axis === 'y' ? 1 : 0] = sized(size)
    },
    set_custom_css_uri: (address) => {
      settings.custom_css_uri = String(address || '')
    },
    set_force_re_authentication: (isForced) => {
      settings.force_re_authentication = isForced === true || isForced === 'true' || isForced === 1
    },
    set_same_window: (isSame) => {
      settings.same_window = Boolean(isSame)
    },
    set_event: (name, listener) => {
      events[name] = [listener].filter(isFunction)
    },
    add_event: (name, listener) => {
      events[name] = [...(events[name] || []), listener].filter(isFunction)
    },
    do_render_ui: (id) => on(id, render),
    attach_onclick_popup_ui: (id) => on(id, attach),
  }
}

const isFunction = (value) => typeof value === 'function'

function withElement(id, work) {
  const find = () => (id instanceof Element ? id : document.getElementById(String(id)))
  const found = find()
  if (found) return work(found)
  whenReady(() => {
    const element = find()
    if (element) work(element)
    else complain(`the page has no element with the id "${id}".`)
  })
}

const PLUGINS = {
  social_login: createPlugin('social_login'),
  social_link: createPlugin('social_link'),
  single_sign_on: singleSignOn,
}

function run(command) {
  const [name, method, ...values] = [command].flat(1)
  const methods = Object.hasOwn(PLUGINS, name) ? PLUGINS[name] : {}
  if (!Object.hasOwn(methods, method)) return complain(`there is no "${method}" of "${name}".`)
  try {
    methods[method](...values)
  } catch (error) {
    complain(`"${method}" of "${name}" failed.`, error)
  }
}

/** `build(id, options)` of 2011. */
function createBuild(name) {
  return (id, options = {}) => {
    const plugin = createPlugin(name)
    const { grid_size_x = 0, grid_size_y = 0, css_theme_uri, providers } = options
    if (providers) plugin.set_providers(providers)
    plugin.set_callback_uri(options.callback_uri || '')
    plugin.set_user_token(options.user_token)
    plugin.set_grid_sizes([grid_size_x, grid_size_y])
    plugin.set_custom_css_uri(css_theme_uri)
    plugin.set_same_window(options.same_window)
    if (options.linked_providers) plugin.set_linked_providers(options.linked_providers)
    for (const [event, listener] of Object.entries(options.events || {})) plugin.add_event(event, listener)
    if (options.modal) plugin.attach_onclick_popup_ui(id)
    else plugin.do_render_ui(id)
  }
}

/** Takes up what waited, and from now on does at once what is pushed. */
function start() {
  const queue = Array.isArray(window._oneall) ? window._oneall : []
  if (queue.isKith) return complain('the library is on this page twice.')
  const waiting = queue.splice(0)
  // The same array: pages keep it in variables of their own.
  window._oneall = Object.assign(queue, {
    isKith: true,
    push: (...commands) => {
      for (const command of commands) run(command)
      return commands.length
    },
  })
  const old = {
    social_login: { build: createBuild('social_login') },
    social_link: { build: createBuild('social_link') },
  }
  const { oneall = {} } = window
  window.oneall = Object.assign(oneall, {
    api: { ...oneall.api, plugins: { ...oneall.api?.plugins, ...old } },
  })
  for (const command of waiting) run(command)
}

start()
