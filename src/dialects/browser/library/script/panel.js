// What the visitor sees: one button per network, in a shadow of its own so that no rule of the page reaches it.

import { begin } from './dance.js'
import { SITE } from './site.js'
import { STYLE } from './style.js'
import { BASE, complain, say, spoken } from './surroundings.js'

/** From so many columns on, the mark stands above the name. */
const COMPACT_FROM = 4

/** Puts the networks into this element of the page, in the place of what it holds; the widget says what was set. */
export function render(widget, container) {
  const { host, root } = createHost()
  container.textContent = ''
  container.append(host)
  withLinked(widget, () => {
    root.append(createBox(widget))
    widget.fire('on_widget_loaded', { plugin: widget.plugin, container_id: container.id })
  })
}

/** Lets a click on this element open the networks in a dialog. */
export function attach(widget, trigger) {
  trigger.setAttribute('aria-haspopup', 'dialog')
  trigger.addEventListener('click', (event) => {
    event.preventDefault()
    withLinked(widget, () => openDialog(widget, trigger))
  })
  widget.fire('on_widget_loaded', { plugin: widget.plugin, container_id: trigger.id })
}

/** Learns first what is linked, where the page has not said it and may ask; without an answer nothing is. */
async function withLinked({ plugin, settings }, work) {
  const isUnknown = plugin === 'social_link' && settings.user_token && !settings.linked_providers
  if (isUnknown && SITE.asksLinked) {
    const query = new URLSearchParams({ user_token: settings.user_token, site: SITE.site })
    try {
      const answer = await fetch(`${BASE}/socialize/linked.json?${query}`, { credentials: 'omit' })
      if (!answer.ok) throw new Error(await answer.text())
      settings.linked_providers = (await answer.json()).providers
    } catch (error) {
      complain('what is linked could not be read.', error)
    }
  }
  work()
}

function openDialog(widget, trigger) {
  const { host, root } = createHost()
  const dialog = make('dialog', { 'aria-labelledby': 'title' })
  const close = make('button', { type: 'button', class: 'small' }, say('close'))
  close.addEventListener('click', () => dialog.close())
  const title = make('h2', { class: 'title', id: 'title' }, say(widget.plugin))
  const head = make('div', { class: 'head' })
  head.append(title, close)
  dialog.append(head, createBox(widget, { done: () => dialog.close() }))
  // Outside of its own box is the backdrop.
  dialog.addEventListener('click', (event) => event.target === dialog && dialog.close())
  dialog.addEventListener('close', () => {
    host.remove()
    trigger.focus()
  })
  root.append(dialog)
  document.body.append(host)
  dialog.showModal()
  dialog.querySelector('button.provider')?.focus()
}

function createHost() {
  const host = document.createElement('kith-networks')
  host.lang = spoken()
  const root = host.attachShadow({ mode: 'open' })
  try {
    // Where a page allows no styles but its own files, this one is still ours to give.
    const sheet = new CSSStyleSheet()
    sheet.replaceSync(STYLE)
    root.adoptedStyleSheets = [sheet]
  } catch {
    root.append(make('style', {}, STYLE)) // Browsers before 2023.
  }
  return { host, root }
}

function createBox(widget, { done } = {}) {
  const { plugin, settings } = widget
  const box = make('div', { class: 'box', part: 'box', role: 'group', 'aria-label': say(plugin) })
  if (settings.custom_css_uri) {
    box.append(make('link', { rel: 'stylesheet', href: settings.custom_css_uri }))
  }
  const providers = offered(settings)
  const [columns, rows] = settings.grid_sizes
  const hasLinked = plugin === 'social_link' && (settings.linked_providers || []).length > 0
  const isCompact = columns >= COMPACT_FROM && !hasLinked
  const list = make('ul', {
    class: isCompact ? 'providers compact' : 'providers',
    role: 'list',
  })
  if (columns > 0) list.style.setProperty('--columns', columns)
  // A linked network has a button beside it.
  if (isCompact || hasLinked) list.style.setProperty('--least', isCompact ? '5.5em' : '17em')
  const status = make('p', { class: 'status', part: 'status', role: 'status' })
  const items = providers.map((provider) => createItem(widget, provider, { status, done }))
  list.append(...items)
  box.append(list)
  const shown = columns > 0 && rows > 0 ? columns * rows : items.length
  if (items.length > shown) box.append(createMore(items, shown))
  if (items.length === 0) status.textContent = say('none')
  box.append(status)
  return box
}

/** The site's networks in the order that the page wants; a name that the site cannot offer is told to its author. */
function offered({ providers }) {
  if (!providers) return SITE.providers
  return providers.flatMap((name) => {
    const wanted = String(name).toLowerCase()
    const provider = SITE.providers.find(({ key, names }) => key === wanted || names?.includes(wanted))
    if (!provider) complain(`the site has no network "${name}".`)
    return provider ? [provider] : []
  })
}

function createItem(widget, provider, { status, done }) {
  const { plugin, settings } = widget
  const isLinked = plugin === 'social_link' && (settings.linked_providers || []).includes(provider.key)
  const item = make('li', { class: 'item', part: 'item', 'data-provider': provider.key })
  const face = isLinked
    ? make('div', { class: 'provider plain', part: 'provider' })
    : make('button', { type: 'button', class: 'provider', part: 'provider' })
  const mark = make('span', { class: 'mark', part: 'mark', 'aria-hidden': 'true' }, provider.mark)
  mark.style.background = provider.color
  mark.style.color = provider.ink
  const name = make('span', { class: 'name', part: 'name' }, provider.name)
  if (isLinked) name.append(make('span', { class: 'about' }, `✓ ${say('linked')}`))
  else face.setAttribute('aria-label', say(`${plugin}_with`, provider.name))
  face.append(mark, name)
  item.append(face)

  const go = (action) => {
    item.setAttribute('aria-busy', 'true')
    status.textContent = say('busy', provider.name)
    const settle = (text) => {
      item.removeAttribute('aria-busy')
      status.textContent = text
    }
    const on = {
      closed: () => settle(say('closed')),
      taken() {
        settle(say('done'))
        done?.()
      },
    }
    begin(widget, provider, { action, on })
  }
  if (isLinked) item.append(createUnlink(provider, () => go('unlink_identity')))
  else face.addEventListener('click', () => go(plugin === 'social_link' ? 'link_identity' : undefined))
  return item
}

function createUnlink({ name }, unlink) {
  const about = { type: 'button', class: 'small', part: 'unlink', 'aria-label': say('unlink_with', name) }
  const button = make('button', about, say('unlink'))
  button.addEventListener('click', unlink)
  return button
}

function createMore(items, shown) {
  for (const item of items.slice(shown)) item.hidden = true
  const more = make('button', { type: 'button', class: 'small more', part: 'more' }, say('more'))
  more.addEventListener('click', () => {
    for (const item of items) item.hidden = false
    more.remove()
    items[shown].querySelector('button')?.focus()
  })
  return more
}

function make(name, attributes, text) {
  const element = document.createElement(name)
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value)
  if (text !== undefined) element.textContent = text
  return element
}
