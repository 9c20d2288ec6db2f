// mixi, known by name: its connector is still to be written. No end of its API was announced, and no new apps are
// known to be let in.

import type { Provider } from '../core/provider.ts'

export const mixi = {
  id: 'mixi',
  name: 'mixi',
  docs: 'https://mixi.jp/',
  api: 'https://api.mixi-platform.com/2',
} satisfies Provider
