// A command of the API as a route: POST, a JSON object in, the members of an answer out.

import { z } from 'zod'
import type { Gateway } from '../../core/gateway.ts'
import type { Site } from '../../core/model.ts'
import { type Route, route } from '../dialect.ts'
import type { Reply } from './envelope.ts'
import { type Fields, isObject } from './fields.ts'

interface Command {
  /** Service and command, `sns/friend_add`. */
  readonly name: string
  readonly summary: string
  run(call: CommandCall): Promise<Reply>
}

export interface CommandCall {
  readonly gateway: Gateway
  readonly site: Site
  /** The body. */
  readonly fields: Fields
}

/** The route of a command. Its fields are read by hand: fields.ts. */
export function command({ name, summary, run }: Command): Route<Reply> {
  return route({
    method: 'POST',
    path: `/v4/${name}`,
    summary,
    input: FIELDS,
    run: ({ gateway, caller, input }) => run({ gateway, site: caller.site, fields: input }),
  })
}

const FIELDS = z.custom<Fields>(isObject)
