// How it looks. Everything is made of the page's own colour and font, so that it is at home on light and dark pages.
// The layer lets any rule of the page's own style sheet win.

/** The style sheet inside the shadow. */
export const STYLE = `
:host{all:initial!important;display:block!important;color:inherit!important;color-scheme:inherit!important;
  direction:inherit!important;font:inherit!important;font-size:clamp(14px,1em,18px)!important;
  line-height:1.4!important;text-align:start!important}
:host([hidden]){display:none!important}
@layer kith{
*{box-sizing:border-box}
[hidden]{display:none!important}
.box{--line:rgba(128,128,128,.55);--fill:rgba(128,128,128,.08);--hover:rgba(128,128,128,.18);--gap:.5em;
  margin:0;padding:0;max-width:100%}
@supports (color:color-mix(in srgb,red,blue)){
  .box{--line:color-mix(in srgb,currentColor 42%,transparent);--fill:color-mix(in srgb,currentColor 4%,transparent);
    --hover:color-mix(in srgb,currentColor 12%,transparent)}}
.providers{list-style:none;margin:0;padding:0;display:grid;gap:var(--gap);
  grid-template-columns:repeat(auto-fill,minmax(min(100%,max(var(--least,9.5em),
    (100% - (var(--columns,99) - 1)*var(--gap))/var(--columns,99) - .5px)),1fr))}
.item{display:flex;min-width:0;border-radius:.6em;border:1px solid var(--line);background:var(--fill)}
.provider,.small{font:inherit;color:inherit;background:none;border:0;margin:0;cursor:pointer;border-radius:.55em;
  text-align:inherit;-webkit-tap-highlight-color:transparent}
.provider{flex:1;min-width:0;min-height:2.9em;padding:.4em .6em;display:flex;align-items:center;gap:.65em}
.plain{cursor:default}
.mark{flex:none;width:2em;height:2em;border-radius:.45em;display:grid;place-items:center;font-weight:700;
  line-height:1;font-family:system-ui,sans-serif;forced-color-adjust:none;box-shadow:0 0 0 1px rgba(255,255,255,.22)}
.name{min-width:0;overflow:hidden;text-overflow:ellipsis;white-space:nowrap}
.about{display:block;overflow:hidden;text-overflow:ellipsis;font-size:.82em;opacity:.85}
.small{padding:.35em .7em;min-height:2.4em;font-size:.92em;text-decoration:underline;text-underline-offset:.2em}
.item .small{align-self:center;margin-inline-end:.25em;min-height:2.6em}
.more{margin-top:var(--gap)}
button.provider:hover,.small:hover{background:var(--hover)}
:focus-visible{outline:3px solid currentColor;outline-offset:2px}
[aria-busy=true] .mark{animation:kith-wait 1.2s ease-in-out infinite}
@keyframes kith-wait{50%{opacity:.35}}
@media (prefers-reduced-motion:reduce){[aria-busy=true] .mark{animation:none}}
.compact .provider{flex-direction:column;justify-content:center;gap:.3em;padding:.6em .3em;text-align:center}
.compact .name{max-width:100%;font-size:.86em}
.status{margin:.6em 0 0;font-size:.92em}
.status:empty{display:none}
dialog{border:1px solid GrayText;border-radius:.9em;padding:1.1em;width:min(26em,calc(100vw - 2em));
  max-height:calc(100vh - 2em);overflow:auto;background:Canvas;color:CanvasText;
  font-family:system-ui,sans-serif;box-shadow:0 1em 3em rgba(0,0,0,.35)}
dialog::backdrop{background:rgba(0,0,0,.5)}
.head{display:flex;align-items:center;justify-content:space-between;gap:1em;margin:0 0 .7em}
.title{margin:0;font-size:1.1em;font-weight:650}
@media (forced-colors:active){.item{border-color:ButtonText}}
}`
