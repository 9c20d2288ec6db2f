// Myspace still stands, its API does not; nobody wrote down when it ended.

import type { Provider } from '../core/provider.ts'

export const myspace = {
  id: 'myspace',
  name: 'Myspace',
  docs: 'https://myspace.com/',
  api: 'https://api.myspace.com/1.0',
  gone: { instead: 'Its users can link another network.' },
} satisfies Provider
