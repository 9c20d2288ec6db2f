// Renren's API cannot be reached any more; nobody wrote down since when.

import type { Provider } from '../core/provider.ts'

export const renren = {
  id: 'renren',
  name: 'Renren',
  docs: 'https://renren.com/',
  api: 'https://api.renren.com/v2',
  gone: { instead: 'Its users can link another network.' },
} satisfies Provider
