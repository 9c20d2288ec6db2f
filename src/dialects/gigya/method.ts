// What a method of the Gigya API is: a name, an input, whose user it is about, and what it does. The frame (gigya.ts)
// finds it, proves the caller, resolves the user, adds the common fields and writes the format.

import type { z } from 'zod'
import type { Site, User } from '../../core/model.ts'
import { type Call, type Caller, type Route, route } from '../dialect.ts'
import { memberFormat } from './envelope.ts'

/** How a request proved itself. */
export type Mode = 'signed' | 'secret' | 'token' | 'session' | 'jwt' | 'anonymous'

/** Who calls. `by` is `partner`, `userKey`, `token` (application), `session` (bound to a user) or `anonymous`. */
export interface GigyaCaller extends Caller {
  readonly site: Site
  readonly mode: Mode
  /** Of UID, or of the token; there whenever the method says `user: 'required'`. */
  readonly user?: User
  /** Key that replies are signed with; absent when they are not to be (user keys, anonymous callers). */
  readonly signingKey?: Uint8Array
  /** The user key that proved the caller, or that their token was given to. */
  readonly userKey?: string
  /** How long issued tokens and sessions hold, unless the caller says so. */
  readonly lives: Lives
  /** Nobody between us and the caller can read the answer, or the configuration takes the risk. */
  readonly isPrivate: boolean
}

/** In milliseconds. */
export interface Lives {
  /** Access tokens of `getToken` that are bound to no user. */
  readonly tokenMs: number
  /** Tokens and sessions that are bound to a user. */
  readonly sessionMs: number
}

/** The same with a user in it. */
export type UserCaller = GigyaCaller & { readonly user: User }

/** The method's own fields, in order; undefined ones are left out. The frame adds the common ones. */
export type Fields = Readonly<Record<string, unknown>>

/**
 * The method's own fields as bytes in the format asked: JSON members without the braces around them
 * (`"friends":[…]`), or XML elements. Never empty.
 */
export interface Rendered {
  readonly rendered: Uint8Array
}

export type GigyaReply = Fields | Rendered

/** The format of the members a `Rendered` holds; jsonp is json with a word around it. */
export type MemberFormat = 'json' | 'xml'

export interface GigyaCall<Input, Who extends GigyaCaller = GigyaCaller> extends Omit<Call<Input>, 'caller'> {
  readonly caller: Who
  readonly format: MemberFormat
}

interface Spec<Input extends z.ZodObject> {
  /** As the path spells it, without `socialize.`. */
  readonly name: string
  readonly summary: string
  /** Names are found without regard to case; values are text as sent. See parameters.ts for words, truths and lists. */
  readonly input: Input
  /**
   * Who may call: `user` (the default) any proven caller, those with a token of one user for this user alone;
   * `server` only keys and application tokens; `anyone` also who sends an apiKey alone; `client` who is to be given a
   * token (RFC 6749, 2.3).
   */
  readonly access?: Access
  /** Answers JSON whatever the format asked. */
  readonly isAlwaysJson?: boolean
}

export type Access = 'user' | 'server' | 'anyone' | 'client'

/** A method as the frame needs it. */
export interface GigyaMethod extends Route<GigyaReply> {
  readonly name: string
  readonly access: Access
  readonly user: 'required' | 'optional' | 'none'
  readonly parameters: readonly string[]
  readonly isAlwaysJson: boolean
}

/**
 * Makes a method. `user: 'required'` refuses callers who name none (400002) and users we do not know (403005) before
 * `run`; `optional` resolves UID where there is one; `none` leaves UID alone.
 */
export function gigyaRoute<Input extends z.ZodObject>(
  spec: Spec<Input> &
    (
      | { user: 'required'; run(call: GigyaCall<z.output<Input>, UserCaller>): Promise<GigyaReply> }
      | { user: 'optional' | 'none'; run(call: GigyaCall<z.output<Input>>): Promise<GigyaReply> }
    ),
): GigyaMethod {
  const { name, summary, input, user, access = 'user', isAlwaysJson = false } = spec
  const run = spec.run as (call: GigyaCall<unknown>) => Promise<GigyaReply>
  return {
    ...route<unknown, GigyaReply>({
      method: ['GET', 'POST'],
      path: `/socialize.${name}`,
      summary,
      input,
      run(call) {
        // `authenticate` of access.ts made this caller and looked at `user`.
        const caller = call.caller as GigyaCaller
        const format = memberFormat({ request: call.request, isAlwaysJson, site: caller.site })
        return run({ ...call, caller, format })
      },
    }),
    name,
    access,
    user,
    parameters: Object.keys(input.shape),
    isAlwaysJson,
  }
}
