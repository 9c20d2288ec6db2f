// Yahoo, known by name: its connector is still to be written. A login is all there is, contacts ended on 2020-03-02:
// https://developer.yahoo.com/oauth/social-directory-eol/

import type { Provider } from '../core/provider.ts'

export const yahoo = {
  id: 'yahoo',
  name: 'Yahoo',
  docs: 'https://developer.yahoo.com/sign-in-with-yahoo/',
  api: 'https://api.login.yahoo.com',
} satisfies Provider
