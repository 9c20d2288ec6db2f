// Microsoft, which Gigya knew as Messenger; known by name: its connector is still to be written. What Messenger's own
// API had is in Microsoft Graph since 2018-11-01:
// https://learn.microsoft.com/en-us/onedrive/developer/rest-api/concepts/migrating-from-live-sdk

import type { Provider } from '../core/provider.ts'

export const microsoft = {
  id: 'microsoft',
  name: 'Microsoft',
  wireNames: { gigya: { key: 'messenger', aliases: ['microsoft'] } },
  docs: 'https://learn.microsoft.com/en-us/graph/',
  api: 'https://graph.microsoft.com/v1.0',
} satisfies Provider
