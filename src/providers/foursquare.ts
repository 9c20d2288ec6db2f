// Foursquare, known by name: its connector is still to be written.

import type { Provider } from '../core/provider.ts'

export const foursquare = {
  id: 'foursquare',
  name: 'Foursquare',
  docs: 'https://docs.foursquare.com/',
  api: 'https://api.foursquare.com/v2',
} satisfies Provider
