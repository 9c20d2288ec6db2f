// Orkut closed on 2014-09-30.

import type { Provider } from '../core/provider.ts'

export const orkut = {
  id: 'orkut',
  name: 'Orkut',
  docs: 'https://www.orkut.com/',
  api: 'https://www.orkut.com/social/rest',
  gone: { since: '2014-09-30', instead: 'Its users can link another network.' },
} satisfies Provider
