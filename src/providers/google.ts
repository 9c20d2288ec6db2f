// Google, known by name: its connector is still to be written.

import type { Provider } from '../core/provider.ts'

export const google = {
  id: 'google',
  name: 'Google',
  // https://developers.gigya.com/display/GD/socialize.getFriendsInfo+JS
  wireNames: { gigya: { aliases: ['googleplus'] } },
  docs: 'https://developers.google.com/people',
  api: 'https://people.googleapis.com/v1',
} satisfies Provider
