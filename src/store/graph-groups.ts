import type { GraphCode, GraphRules, Group, Line, Outcome } from '../core/graph-model.ts'
import { appendFeed } from './feed.ts'
import { idsOf, meet, namesOf, noAccount, OWNER, ownerParams } from './graph-accounts.ts'
import { changeEdges, edgesTo } from './graph-edges.ts'
import { fitGroups, moveList, openLedgers, saveLedgers, takeGroups, toGroups } from './graph-ledger.ts'
import { all, type Query } from './query.ts'
import { fromJson, number, optionalText, sure, text } from './row.ts'
import type { Context } from './sealed.ts'

export interface GroupsMade {
  readonly isFull: boolean
  readonly sequence: number
  readonly outcomes: readonly Outcome[]
}

export function* addGroups(
  context: Context,
  siteId: number,
  account: string,
  { names, members }: { readonly names: readonly string[]; readonly members: readonly Line[] },
  rules: GraphRules,
): Query<GroupsMade> {
  const { at, limits } = rules
  const { me, met } = yield* meet(siteId, account, members)
  const ledgers = yield* openLedgers(context, siteId, [me.id])
  const mine = sure(ledgers.get(me.id))
  if (!fitGroups(mine, names, limits.groups)) {
    return { isFull: true, sequence: mine.groupSequence, outcomes: [] }
  }
  const made = takeGroups(mine, names, at)
  const edges = new Map((yield* edgesTo(me.id, idsOf(met))).map((edge) => [edge.to, edge]))
  const outcomes = met.map(({ line, other, flaw }) => {
    const code: GraphCode = flaw ?? (edges.has(other.id) ? 'ok' : 'not_friend')
    return { account: line.account, code }
  })
  if (made.length === 0) return { isFull: false, sequence: mine.groupSequence, outcomes }
  if (edges.size > 0) {
    moveList(mine, at, { standard: true, groups: true })
    const grouped = [...edges.values()].map((edge) => ({
      ...edge,
      groupIds: [...new Set([...(edge.groupIds ?? []), ...made])].toSorted((a, b) => a - b),
    }))
    yield* changeEdges(grouped)
  }
  if (mine.isChanged) {
    yield* saveLedgers(siteId, ledgers)
    const others = [...namesOf(met, new Set(edges.keys()))]
    yield* appendFeed(siteId, [{ kind: 'grouped', account: me.name, others }], rules)
  }
  return { isFull: false, sequence: mine.groupSequence, outcomes }
}

export function* removeGroups(
  context: Context,
  siteId: number,
  account: string,
  names: readonly string[],
  rules: GraphRules,
): Query<number> {
  const { me } = yield* meet(siteId, account, [])
  const ledgers = yield* openLedgers(context, siteId, [me.id])
  const mine = sure(ledgers.get(me.id))
  const gone = names.filter((name) => mine.groups.delete(name))
  if (gone.length === 0) return mine.groupSequence
  // The label disappears from friends as well.
  moveList(mine, rules.at, { standard: mine.friendCount > 0, groups: true })
  yield* saveLedgers(siteId, ledgers)
  yield* appendFeed(siteId, [{ kind: 'grouped', account: me.name, others: [] }], rules)
  return mine.groupSequence
}

export function* readGroups(
  siteId: number,
  account: string,
  { names, withMembers }: { readonly names?: readonly string[]; readonly withMembers: boolean },
): Query<{ readonly groups: readonly Group[]; readonly sequence: number }> {
  const rows = yield* all(
    `with ${OWNER}
     select coalesce(g.group_sequence, 0) as sequence, coalesce(g.group_names, '[]') as group_names,
       f.serial, f.group_ids, coalesce(u.uid, u.token) as name
     from owner left join graphs g on g.user_id = owner.id
     left join friends f on f.from_id = owner.id and f.group_ids is not null
     left join users u on u.id = f.to_id
     order by f.serial`,
    ...ownerParams(siteId, account),
  )
  const [first] = rows
  if (!first) throw noAccount()
  const wanted = names && new Set(names)
  const groups = toGroups(text(first, 'group_names')).filter(([, name]) => wanted?.has(name) ?? true)
  const members = new Map<number, string[]>(groups.map(([id]) => [id, []]))
  for (const row of rows) {
    const ids = optionalText(row, 'group_ids')
    if (ids === undefined) continue
    for (const id of fromJson<readonly number[]>(ids)) members.get(id)?.push(text(row, 'name'))
  }
  return {
    groups: groups.map(([id, name]) => {
      const inside = members.get(id) ?? []
      return { name, size: inside.length, members: withMembers ? inside : undefined }
    }),
    sequence: number(first, 'sequence'),
  }
}
