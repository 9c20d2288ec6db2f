// Every method that the Gigya API has here; what is not in the list answers 405001.

import { connections } from './connections.ts'
import { getContacts } from './contacts.ts'
import { getFriendsInfo } from './friends.ts'
import { getToken } from './get-token.ts'
import { imports } from './import.ts'
import { login } from './login.ts'
import type { GigyaMethod } from './method.ts'
import { plumbing } from './plumbing.ts'
import { publishing } from './publishing.ts'
import { sessions } from './sessions.ts'
import { settings } from './settings.ts'
import { users } from './users.ts'

/** All methods of all modules of this folder. */
export const METHODS: readonly GigyaMethod[] = [
  getToken,
  ...login,
  ...users,
  ...connections,
  ...imports,
  getFriendsInfo,
  getContacts,
  ...sessions,
  ...settings,
  ...publishing,
  ...plumbing,
]
