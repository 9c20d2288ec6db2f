// The settings of commands that do something and end.

import { z } from 'zod'
import { KIB, MIB, number, toggle, words } from './setting-kinds.ts'

/** What single commands are told. */
export const commands = z
  .object({
    clientSecret: words({
      secret: true,
      text: 'The client secret for `kith provider set`; else it is read from standard input.',
    }),
    importSecret: words({
      secret: true,
      text: 'The private key (OneAll) or secret (Gigya) for `kith import`; else it is read from standard input.',
    }),
    identityKey: words({
      secret: true,
      text: 'The address of a webhook, or the key of a bot, for `kith identity add`; else it is read from standard input.',
    }),
    requireCounterparts: toggle('For the tests alone: a suite whose counterpart is not installed fails.'),
  })
  .meta({ title: 'Commands', prefix: '' })

/** Every bound of `kith import`. */
export const moving = z
  .object({
    usersAtOnce: number(500, 'records', 'Records stored in one transaction.', { min: 1, max: 5_000 }),
    requestsAtOnce: number(8, 'requests', 'Requests to the old service at the same time.', {
      min: 1,
      max: 100,
    }),
    requestMs: number(30_000, 'ms', 'How long one request to the old service may take.', { min: 1 }),
    repeatsMax: number(6, 'repeats', 'Repeats of one request that failed for a reason that may pass.'),
    waitMaxMs: number(
      900_000,
      'ms',
      'The longest that is waited when the old service says that it is asked too often.',
    ),
    answerBytes: number(64 * MIB, 'bytes', 'Longest answer of the old service.', { min: KIB }),
    documentBytes: number(64 * MIB, 'bytes', 'Longest JSON file that is read as one document.', {
      min: KIB,
    }),
    lineCharacters: number(MIB, 'characters', 'Longest line of a file with one user a line.', { min: KIB }),
  })
  .meta({ title: 'Imports', prefix: 'IMPORT_' })
