// What stands at the end of a login for the plugin script: a window that speaks its protocol, or breaks it.

import type { IncomingMessage, ServerResponse } from 'node:http'

/** Token that the pretended network hands out for a key and an action. */
export const tokenFor = (serial: number) => `00000000-0000-4000-8000-${String(serial).padStart(12, '0')}`

export interface PretendDance {
  /** What was asked, in order. */
  readonly asked: { readonly provider: string; readonly query: Readonly<Record<string, string>> }[]
  answer(request: IncomingMessage, response: ServerResponse): boolean
}

/** Takes `/socialize/connect/direct/…`: a page with a button that agrees; its token is `tokenFor` the count so far. */
export function createPretendDance(): PretendDance {
  const asked: PretendDance['asked'] = []
  return {
    asked,
    answer(request, response) {
      const url = new URL(request.url ?? '/', 'http://kith')
      const provider = /^\/socialize\/connect\/direct\/([^/]+)\/$/.exec(url.pathname)?.[1]
      if (provider === undefined) return false
      const query = Object.fromEntries(url.searchParams)
      asked.push({ provider, query })
      response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' })
      response.end(pageOf(query, tokenFor(asked.length)))
      return true
    },
  }
}

function pageOf({ callback_uri = '', display }: Readonly<Record<string, string>>, token: string): string {
  return `<!doctype html><title>A network</title><button id="yes">Agree</button>
  <form method="post" action="${callback_uri.replaceAll('&', '&amp;')}">
    <input type="hidden" name="connection_token" value="${token}"><input type="hidden" name="oa_action" value="from_popup">
  </form><script>
    const form = document.querySelector('form')
    document.getElementById('yes').onclick = () => {
      if (${JSON.stringify(display ?? '')} !== 'popup' || !opener) return form.submit()
      const late = setTimeout(() => form.submit(), 1000)
      addEventListener('message', ({ data }) => {
        if (data.kith !== 'taken') return
        clearTimeout(late)
        close()
      })
      opener.postMessage({ kith: 'connection', connection_token: '${token}' }, ${JSON.stringify(new URL(callback_uri).origin)})
    }
  </script>`
}
