// The graph's part of the store: names methods, hands over arguments.

import { randomUUID } from 'node:crypto'
import type { FeedStore, GraphStore } from '../core/graph-store.ts'
import { readFeed } from './feed.ts'
import { addFriends } from './graph-adding.ts'
import { endSorting, planSorting, sortFriends } from './graph-backwards.ts'
import { blockAccounts, checkBlocks, pageBlocks, unblockAccounts } from './graph-blocks.ts'
import { importFriends, removeAllFriends, removeFriends, updateFriends } from './graph-friends.ts'
import { addGroups, readGroups, removeGroups } from './graph-groups.ts'
import { friendsHead, pageFriends, pullFriends } from './graph-pages.ts'
import { acceptPendings, declinePendings, pagePendings } from './graph-pendings.ts'
import {
  checkAccounts,
  makeAccounts,
  readProfiles,
  removeAccounts,
  saveAccountProfile,
} from './graph-profiles.ts'
import { relations } from './graph-relations.ts'
import type { KnownReads } from './known-reads.ts'
import { sure } from './row.ts'
import type { Driver } from './writes.ts'

/** The graph's methods that change the database. */
export const GRAPH_WRITES = {
  addFriends,
  importFriends,
  updateFriends,
  removeFriends,
  removeAllFriends,
  blockAccounts,
  unblockAccounts,
  addGroups,
  removeGroups,
  acceptPendings,
  declinePendings,
  saveAccountProfile,
  makeAccounts,
  removeAccounts,
  planSorting,
  sortFriends,
  endSorting,
} as const

/** The graph over a driver. */
export function createGraphStore(driver: Driver, known: KnownReads): GraphStore {
  return {
    addFriends: (site, account, friends, options) =>
      driver.write('addFriends', site.id, account, friends, options),
    // As one text, and codes alone: a thousand objects would take twice as long to come out of a thread's message.
    async importFriends(site, account, friends, rules) {
      const codes = await driver.write('importFriends', site.id, account, JSON.stringify(friends), rules)
      return friends.map(({ account }, index) => ({ account, code: sure(codes[index]) }))
    },
    updateFriends: (site, account, changes, rules) =>
      driver.write('updateFriends', site.id, account, changes, rules),
    removeFriends: (site, account, friends, options) =>
      driver.write('removeFriends', site.id, account, friends, options),
    removeAllFriends: (site, account, options) => driver.write('removeAllFriends', site.id, account, options),
    checkFriends: (site, account, others, { isMutual }) =>
      driver.read(relations('friends', site.id, account, others, isMutual)),
    pageFriends: (site, account, query) => driver.read(pageFriends(site.id, account, query)),
    friendsHead: (site, account) =>
      known(['friendsHead', site.id, account], () => friendsHead(site.id, account)),
    pull: (site, account, query) => driver.read(pullFriends(site.id, account, query)),

    block: (site, account, others, rules) => driver.write('blockAccounts', site.id, account, others, rules),
    unblock: (site, account, others, rules) =>
      driver.write('unblockAccounts', site.id, account, others, rules),
    pageBlocks: (site, account, query) => driver.read(pageBlocks(site.id, account, query)),
    checkBlocks: (site, account, others, { isMutual }) =>
      driver.read(checkBlocks(site.id, account, others, isMutual)),

    addGroups: (site, account, groups, rules) => driver.write('addGroups', site.id, account, groups, rules),
    removeGroups: (site, account, names, rules) =>
      driver.write('removeGroups', site.id, account, names, rules),
    readGroups: (site, account, query) => driver.read(readGroups(site.id, account, query)),

    pagePendings: (site, account, query) => driver.read(pagePendings(site.id, account, query)),
    acceptPendings: (site, account, others, rules) =>
      driver.write('acceptPendings', site.id, account, others, rules),
    declinePendings: (site, account, others, rules) =>
      driver.write('declinePendings', site.id, account, others, rules),

    readProfiles: (site, accounts) => driver.read(readProfiles(site.id, accounts)),
    saveProfile: (site, account, profile, rules) =>
      driver.write('saveAccountProfile', site.id, account, profile, rules),

    importAccounts: (site, accounts, rules) =>
      driver.write(
        'makeAccounts',
        site.id,
        accounts,
        accounts.map(() => randomUUID()),
        rules,
      ),
    removeAccounts: (site, accounts, rules) => driver.write('removeAccounts', site.id, accounts, rules),
    checkAccounts: (site, accounts) => driver.read(checkAccounts(site.id, accounts)),

    async settle({ worth } = {}) {
      const sorting = await driver.write('planSorting', worth)
      if (!sorting) return 0
      const { upTo, friends, steps } = sorting
      for (const [index, end] of steps.entries()) {
        await driver.write('sortFriends', upTo, steps[index - 1] ?? 0, end)
      }
      await driver.write('endSorting', upTo)
      return friends
    },
  }
}

/** The feed over a driver. */
export function createFeedStore(driver: Driver): FeedStore {
  return { read: (site, query) => driver.read(readFeed(site.id, query)) }
}
