// The end of a login: its result goes to the page that opened the pop-up, to the site by a form, or to an app.

import type { Finished, Onto } from '../../core/login.ts'
import type { Connection, Site } from '../../core/model.ts'
import { html, scriptValue } from './html.ts'
import { type Page, page, redirect } from './page.ts'
import { fill, type Speech, troubleOf } from './speech.ts'

/** How long the page that opened the pop-up has to take the result, in milliseconds. */
const TAKEN_WITHIN_MS = 1_000
/** How long a reason is shown before the browser goes on by itself, in milliseconds. */
const SHOWN_MS = 4_000

interface Result {
  readonly site: Pick<Site, 'name'>
  readonly connection: Connection
  readonly speech: Speech
  /** What to tell the person first. */
  readonly told?: string
  readonly headers?: Readonly<Record<string, string>>
}

/** What to tell the person of how it ended; nothing where they know. */
export function toldOf(outcome: Finished['outcome'], speech: Speech): string | undefined {
  return 'problem' in outcome && !outcome.problem.isWanted ? troubleOf(speech, outcome.problem) : undefined
}

/** Hands the result over. */
export function handOver(onto: Onto, result: Result): Page {
  switch (onto.kind) {
    case 'app':
      return redirect(withToken(onto.callbackUri, result.connection), result.headers)
    case 'site':
      return toSite(onto, result)
    case 'client':
      throw new Error('A client of the Gigya API reads no connection.')
  }
}

function withToken(callbackUri: string, { token }: Connection): string {
  return `${callbackUri}${callbackUri.includes('?') ? '&' : '?'}connection_token=${token}`
}

function toSite(
  onto: Extract<Onto, { kind: 'site' }>,
  { site, connection, speech, told, headers }: Result,
): Page {
  const { lang, words } = speech
  const { callbackUri, isPopup } = onto
  const { token, plugin } = connection
  const fields = {
    connection_token: token,
    oa_action: plugin,
    oa_social_login_token: token,
    identity_vault_key: token,
  }
  const inputs = Object.entries(fields).map(
    ([name, value]) => html`<input type="hidden" name="${name}" value="${value}">`,
  )
  const title = told === undefined ? fill(words.page.back, { site: site.name }) : words.page.failed
  const say = told === undefined ? html`<p>${words.page.onWay}</p>` : html`<p role="alert">${told}</p>`
  return page({
    lang,
    title,
    headers,
    main: html`<h1>${title}</h1>${say}<form method="post" action="${callbackUri}">${[...inputs]}<button>${fill(words.page.goTo, { site: site.name })}</button></form>`,
    script: scriptFor({
      token,
      isPopup,
      origin: new URL(callbackUri).origin,
      waitMs: told === undefined ? 0 : SHOWN_MS,
    }),
  })
}

/** Asks the page that opened the pop-up to take the result; posts the form where there is none or it does not answer. */
function scriptFor(facts: {
  readonly token: string
  readonly isPopup: boolean
  readonly origin: string
  readonly waitMs: number
}): string {
  return `(function(f){
var form=document.forms[0],opener=f.isPopup?window.opener:null,isOver=false;
function post(){if(isOver)return;isOver=true;form.submit()}
function go(){
if(!opener||opener===window){post();return}
window.addEventListener('message',function(e){
if(e.source!==opener||e.origin!==f.origin||!e.data||e.data.kith!=='taken'||isOver)return;
isOver=true;window.close()});
try{opener.postMessage({kith:'connection',connection_token:f.token},f.origin)}catch(e){post();return}
setTimeout(post,${TAKEN_WITHIN_MS})}
form.addEventListener('submit',function(e){if(opener){e.preventDefault();go()}});
setTimeout(go,f.waitMs)
})(${scriptValue(facts)})`
}
