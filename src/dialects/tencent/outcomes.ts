// What became of each line of a batch, in Tencent's numbers and texts. Of the texts those in the sources are spelled as
// there, the rest after their pattern: Err_SNS_<command>_<reason>.

import type { GraphCode, Outcome } from '../../core/graph-model.ts'

/** A command as its texts spell it. */
export type Command =
  | 'FriendAdd'
  | 'FriendImport'
  | 'FriendUpdate'
  | 'FriendDelete'
  | 'FriendCheck'
  | 'FriendGetList'
  | 'BlackListAdd'
  | 'BlackListDelete'
  | 'BlackListCheck'
  | 'GroupAdd'

/** Every code has its number and its reason: a new code does not compile until it has. */
const REASONS: Record<GraphCode, readonly [number: number, reason: string]> = {
  ok: [0, ''],
  pending: [30539, 'Friend_Allow_Type_Need_Confirm'],
  no_account: [30003, 'Account_Not_Exist'],
  oneself: [30001, 'Self_Illegal'],
  bad_source: [30001, 'Source_Illegal'],
  bad_value: [30001, 'Value_Illegal'],
  too_long: [30001, 'Value_Too_Long'],
  unknown_field: [30001, 'Tag_Illegal'],
  already_friend: [30001, 'Friend_Exist'],
  not_friend: [30001, 'Friend_Not_Exist'],
  may_not_ask: [30009, 'Admin_Forbid_Send_Out'],
  blocked_by_me: [30515, 'Peer_In_My_BlackList'],
  blocked_by_them: [30525, 'In_Peer_BlackList'],
  friends_full: [30010, 'My_Friend_Num_Exceed_Threshold'],
  their_friends_full: [30014, 'Peer_Friend_Num_Exceed_Threshold'],
  groups_full: [30011, 'Group_Num_Exceed_Threshold'],
  pending_full: [30012, 'Pendency_Num_Exceed_Threshold'],
  denied: [30516, 'Friend_Allow_Type_Forbid'],
  blocks_full: [30013, 'BlackList_Num_Exceed_Threshold'],
  already_blocked: [30001, 'Already_Exist'],
  not_blocked: [30001, 'Not_Exist'],
  no_request: [30614, 'Pendency_Not_Exist'],
}

/** Where a command has a number or a text of its own. */
const EXCEPTIONS: Partial<Record<Command, Partial<Record<GraphCode, readonly [number, string]>>>> = {
  FriendDelete: { not_friend: [31704, 'Not_Friend'] },
}

/** ResultCode and ResultInfo of a line. */
export function toResult(command: Command, code: GraphCode): readonly [number: number, info: string] {
  const [number, reason] = EXCEPTIONS[command]?.[code] ?? REASONS[code]
  return [number, number === 0 ? '' : `Err_SNS_${command}_${reason}`]
}

interface Parts<T> {
  /** Members of a line between its account and its result, with a comma before each. */
  more?(outcome: T): string
  /** The field that a line failed for. */
  about?(code: GraphCode, index: number): string | undefined
}

/** The lines in their order under this name, then Fail_Account where one of them failed. */
export function toItems<T extends Outcome>(
  name: string,
  command: Command,
  outcomes: readonly T[],
  { more = () => '', about = () => undefined }: Parts<T> = {},
): string {
  const failed: string[] = []
  const items = outcomes.map((outcome, index) => {
    const account = JSON.stringify(outcome.account)
    const [number, reason] = toResult(command, outcome.code)
    const field = number === 0 ? undefined : about(outcome.code, index)
    const info = field === undefined ? `"${reason}"` : JSON.stringify(`${reason}: ${field}`)
    if (number !== 0) failed.push(account)
    return `{"To_Account":${account}${more(outcome)},"ResultCode":${number},"ResultInfo":${info}}`
  })
  return `"${name}":[${items.join()}]${toFailed(failed)}`
}

/** `,"Fail_Account":[…]`, or nothing where nobody failed. The accounts are JSON already. */
export function toFailed(accounts: readonly string[]): string {
  return accounts.length > 0 ? `,"Fail_Account":[${accounts.join()}]` : ''
}
