// Accounts of the site and what they say of themselves.

import type { Gateway } from './gateway.ts'
import { checkAccount, checkLine, type GraphSite } from './graph.ts'
import { checkBatch, checkProfile, checkText, isStorable } from './graph-checks.ts'
import { limitsOf, rulesOf } from './graph-limits.ts'
import type { AccountProfile, GraphCode, Line, NewAccount, Outcome } from './graph-model.ts'

/** A line's profile; absent where `code` is not `ok`. */
export type ProfileRead = Outcome & { readonly profile?: AccountProfile }

/** Profiles of accounts, friends or not. */
export async function readProfiles(
  { store }: Gateway,
  site: GraphSite,
  accounts: readonly string[],
): Promise<readonly ProfileRead[]> {
  checkBatch(accounts, limitsOf(site).batch)
  const known = (await store.graph.readProfiles(site, accounts.filter(isStorable))).values()
  return accounts.map((account) =>
    isStorable(account) ? (known.next().value ?? none(account)) : none(account),
  )
}

/** Changes the given fields of one profile, all or none: `field` is the first that cannot be. */
export async function saveProfile(
  { store, now }: Gateway,
  site: GraphSite,
  account: string,
  profile: AccountProfile,
): Promise<{ readonly code: GraphCode; readonly field?: string }> {
  checkAccount(account)
  const flaw = checkProfile(site, profile)
  if (flaw) return flaw
  await store.graph.saveProfile(site, account, profile, rulesOf(site, now()))
  return { code: 'ok' }
}

/**
 * Makes accounts: a user of that uid where none has the name. Those that are there stay one, with the nickname and
 * image that are given. A name that is empty, too long to be made, or cannot be kept is `bad_value` or `too_long`.
 */
export async function importAccounts(
  { store, now }: Gateway,
  site: GraphSite,
  accounts: readonly NewAccount[],
): Promise<readonly Outcome[]> {
  const limits = limitsOf(site)
  checkBatch(accounts, limits.accountBatch)
  const lines = accounts.map(
    (line): NewAccount => ({
      ...line,
      flaw:
        line.flaw ??
        (line.account === '' ? 'bad_value' : undefined) ??
        (isStorable(line.account) ? undefined : 'bad_value') ??
        checkText(line.nick, limits.valueBytes) ??
        checkText(line.image, limits.valueBytes),
    }),
  )
  return store.graph.importAccounts(site, lines, rulesOf(site, now()))
}

/** Removes accounts with graph and profile, and from everybody's lists; the users with all else stay. */
export async function deleteAccounts(
  { store, now }: Gateway,
  site: GraphSite,
  accounts: readonly Line[],
): Promise<readonly Outcome[]> {
  checkBatch(accounts, limitsOf(site).accountBatch)
  return store.graph.removeAccounts(site, accounts.map(checkLine), rulesOf(site, now()))
}

/** Which names are accounts: `ok` or `no_account`. */
export async function checkAccounts(
  { store }: Gateway,
  site: GraphSite,
  accounts: readonly string[],
): Promise<readonly Outcome[]> {
  checkBatch(accounts, limitsOf(site).accountBatch)
  const known = (await store.graph.checkAccounts(site, accounts.filter(isStorable))).values()
  return accounts.map((account) =>
    isStorable(account) ? (known.next().value ?? none(account)) : none(account),
  )
}

function none(account: string): Outcome {
  return { account, code: 'no_account' }
}
