// VK, once VKontakte; known by name: its connector is still to be written.

import type { Provider } from '../core/provider.ts'

export const vkontakte = {
  id: 'vkontakte',
  name: 'VK',
  wireNames: { gigya: { aliases: ['vk'] } },
  docs: 'https://dev.vk.com/en/reference',
  api: 'https://api.vk.com/method',
} satisfies Provider
