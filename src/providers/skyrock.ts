// Skyrock closed its platform on 2023-08-21.

import type { Provider } from '../core/provider.ts'

export const skyrock = {
  id: 'skyrock',
  name: 'Skyrock',
  docs: 'https://skyrock.com/',
  api: 'https://api.skyrock.com/v2',
  gone: { since: '2023-08-21', instead: 'Its users can link another network.' },
} satisfies Provider
