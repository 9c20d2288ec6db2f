// The few pages that people see on their way: plain HTML that works without script, in light and dark, on any width.

import { createHash } from 'node:crypto'
import type { WireAnswer } from '../dialect.ts'
import type { Transaction } from '../gigya/gigya.ts'
import { type Html, html } from './html.ts'

/** What a route of this dialect answers. */
export interface Page {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  /** What the reports are told with it. */
  readonly transaction?: Transaction
}

const STYLE = `
:root{color-scheme:light dark;--ink:#1b1f24;--soft:#57606a;--paper:#f6f8fa;--card:#fff;--line:#d0d7de;--accent:#0b57d0;--on:#fff}
@media (prefers-color-scheme:dark){:root{--ink:#e6edf3;--soft:#9ea7b3;--paper:#0d1117;--card:#161b22;--line:#3d444d;--accent:#8ab4f8;--on:#0d1117}}
*{box-sizing:border-box}
body{margin:0;min-height:100vh;display:flex;align-items:center;justify-content:center;padding:1rem;background:var(--paper);color:var(--ink);font:16px/1.5 system-ui,sans-serif}
main{width:100%;max-width:26rem;padding:1.5rem;background:var(--card);border:1px solid var(--line);border-radius:.75rem;overflow-wrap:anywhere}
h1{margin:0 0 .75rem;font-size:1.25rem;line-height:1.3}
p{margin:0 0 1rem}
.soft{color:var(--soft);font-size:.875rem}
label{display:block;margin:0 0 .25rem;font-weight:600}
input[type=text]{width:100%;min-height:2.75rem;padding:.5rem .75rem;font:inherit;color:inherit;background:var(--paper);border:1px solid var(--soft);border-radius:.5rem}
button,a.button{display:inline-block;min-height:2.75rem;margin:1rem .5rem 0 0;padding:.5rem 1.25rem;font:inherit;font-weight:600;text-decoration:none;color:var(--on);background:var(--accent);border:1px solid var(--accent);border-radius:.5rem;cursor:pointer}
form+.soft{margin:1rem 0 0}
a.quiet,button.quiet{color:var(--accent);background:transparent}
:focus-visible{outline:3px solid var(--accent);outline-offset:2px}
[role=alert]{padding:.5rem .75rem;border-left:4px solid #d1242f;background:var(--paper)}
`

interface Content {
  readonly status?: number
  readonly title: string
  readonly main: Html
  /** Runs after the page is there; its text alone is allowed to run. */
  readonly script?: string
  /** Rules beside those of every page. */
  readonly style?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly lang?: string
}

/** A page that nobody may frame, keep, or run other scripts in. */
export function page({
  status = 200,
  title,
  main,
  script,
  headers = {},
  lang = 'en',
  ...own
}: Content): Page {
  const style = STYLE + (own.style ?? '')
  const document = html`<!doctype html>
<html lang="${lang}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<meta name="robots" content="noindex"><title>${title}</title><style>${{ html: style }}</style></head>
<body><main>${main}</main>${script ? { html: `<script>${script}</script>` } : undefined}</body></html>
`
  return { status, headers: { ...headersFor(style, script), ...headers }, body: document.html }
}

function headersFor(style: string, script: string | undefined): Readonly<Record<string, string>> {
  const policy = [
    "default-src 'none'",
    `style-src ${hashOf(style)}`,
    ...(script ? [`script-src ${hashOf(script)}`] : []),
    // The site's page may send the browser on, and browsers hold that against the form.
    'form-action https: http:',
    "frame-ancestors 'none'",
    "base-uri 'none'",
  ]
  return {
    'content-type': 'text/html; charset=utf-8',
    'content-security-policy': policy.join('; '),
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
    // The address holds what nobody else is to see; the origin is what sites look for in a form that is posted to them.
    'referrer-policy': 'origin',
  }
}

function hashOf(text: string): string {
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`
}

/** Sends the browser on. */
export function redirect(address: string, headers: Readonly<Record<string, string>> = {}): Page {
  return {
    status: 302,
    headers: {
      location: address,
      'cache-control': 'no-store',
      'referrer-policy': 'no-referrer',
      'content-type': 'text/plain; charset=utf-8',
      ...headers,
    },
    body: '',
  }
}

/** What a person is told when there is no way on. */
export function dead(status: number, lang: string, title: string, why: Html): Page {
  return page({ status, lang, title, main: html`<h1>${title}</h1>${why}` })
}

export function toWireAnswer({ status, headers, body }: Page): WireAnswer {
  return { status, headers, body: Buffer.from(body) }
}
