// What clients try first: whether they can reach us with the right keys.

import { z } from 'zod'
import { route } from '../dialect.ts'
import type { Reply } from './envelope.ts'
import { SUCCESS } from './statuses.ts'

const ping = route({
  method: 'GET',
  path: '/tools/ping',
  summary: 'Check host and keys',
  input: z.unknown(),
  run: async (): Promise<Reply> => ({ status: SUCCESS, keepUntil: Number.POSITIVE_INFINITY }),
})

export const tools = [ping]
