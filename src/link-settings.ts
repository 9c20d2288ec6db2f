// The settings of short links.

import { z } from 'zod'
import { LINK_DEFAULTS, type LinkBounds } from './core/link-service.ts'
import { list, number } from './setting-kinds.ts'

/** Every bound of core/link-service.ts, and where the links stand. */
export const links = z
  .object({
    shortUrl: z
      .url({ protocol: /^https?$/, error: 'must be an address that begins with http:// or https://' })
      .refine((text) => !/[?#]/.test(text), 'must have neither ? nor #')
      .transform((text) => text.replace(/\/+$/, ''))
      .optional()
      .meta({
        name: 'KITH_SHORT_URL',
        text: 'Address that the codes of short links stand behind, for sites without a domain of their own.',
        shown: '/s below KITH_PUBLIC_URL, or below http://localhost and the port',
      }),
    blockedHosts: list({
      text: 'Hosts that no short link may lead to, with all below them, with commas between; links there lead nowhere.',
    }),
    windowMs: of('windowMs', 'ms', 'Within it a visitor counts once at a link.'),
    flushMs: of('flushMs', 'ms', 'How long clicks are counted in memory before they are stored.'),
    referrersPerLink: of(
      'referrersPerLink',
      'hosts',
      'Hosts of referrers counted by name, per link; others are one.',
    ),
    visitsInMemory: of('visitsInMemory', 'visits', 'Visits remembered by one process, to count them once.'),
    visitsStored: of(
      'visitsStored',
      'visits',
      'Visits of one window that one process tells the others of; what is beyond is counted once per process.',
    ),
    talliesWaiting: of(
      'talliesWaiting',
      'kinds',
      'Kinds of clicks in memory; more are counted without device and referrer.',
      1,
    ),
    memoryBytes: of('memoryBytes', 'bytes', 'Destinations of short links kept in memory.'),
    perMessage: of(
      'perMessage',
      'links',
      'Different links of one message that are made short; more are refused.',
    ),
    keepDays: of('keepDays', 'days', 'How long clicks are known by hour, device and referrer.', 1),
  } satisfies Record<keyof LinkBounds | 'shortUrl', z.ZodType>)
  .meta({ title: 'Short links', prefix: 'LINKS_' })

function of(key: Exclude<keyof LinkBounds, 'blockedHosts'>, unit: string, text: string, min = 0) {
  return number(LINK_DEFAULTS[key], unit, text, { min })
}
