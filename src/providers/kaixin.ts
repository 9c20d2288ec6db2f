// Kaixin001's API cannot be reached any more; nobody wrote down since when.

import type { Provider } from '../core/provider.ts'

export const kaixin = {
  id: 'kaixin',
  name: 'Kaixin001',
  docs: 'https://www.kaixin001.com/',
  api: 'https://api.kaixin001.com',
  gone: { instead: 'Its users can link another network.' },
} satisfies Provider
