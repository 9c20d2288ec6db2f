// Named values that a site keeps for its users, in groups; the group without a name is the usual one.

import { z } from 'zod'
import { missing } from './errors.ts'
import { gigyaRoute } from './method.ts'
import { jsonOf, list, word } from './parameters.ts'

const NAME_MAX = 100
const name = z.string().min(1).max(NAME_MAX)
const group = word.pipe(z.string().max(NAME_MAX).default(''))

const getUserSettings = gigyaRoute({
  name: 'getUserSettings',
  summary: 'Read settings of a user',
  user: 'required',
  input: z.object({ group, settings: list }),
  async run({ gateway, caller, input }) {
    const all = await gateway.store.userInfo.settings(caller.user, input.group)
    const wanted = input.settings && new Set(input.settings)
    const entries = Object.entries(all).filter(([each]) => wanted?.has(each) ?? true)
    return { settings: Object.fromEntries(entries) }
  },
})

const setUserSettings = gigyaRoute({
  name: 'setUserSettings',
  summary: 'Change settings of a user',
  user: 'required',
  input: z.object({ group, settings: jsonOf(z.record(name, z.unknown())) }),
  async run({ gateway, caller, input }) {
    if (input.settings === undefined) throw missing('settings')
    await gateway.store.userInfo.saveSettings(caller.user, input.group, input.settings)
    return {}
  },
})

const delUserSettings = gigyaRoute({
  name: 'delUserSettings',
  summary: 'Delete settings of a user, or a group of them',
  user: 'required',
  input: z.object({ group, settings: list }),
  async run({ gateway, caller, input }) {
    await gateway.store.userInfo.removeSettings(caller.user, input.group, input.settings)
    return {}
  },
})

export const settings = [getUserSettings, setUserSettings, delUserSettings]
