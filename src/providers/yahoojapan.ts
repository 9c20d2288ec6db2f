// Yahoo! JAPAN, another company than Yahoo; known by name: its connector is still to be written. It has a login and no
// contacts.

import type { Provider } from '../core/provider.ts'

export const yahoojapan = {
  id: 'yahoojapan',
  name: 'Yahoo! JAPAN',
  // Later Gigya wrote it without the hyphen.
  wireNames: { gigya: { key: 'yahoo-japan', aliases: ['yahoojapan'] } },
  docs: 'https://developer.yahoo.co.jp/yconnect/v2/',
  api: 'https://userinfo.yahooapis.jp/yconnect/v2',
} satisfies Provider
