// Who follows a link, as far as a request tells: a person, a machine that shows a card of the page, or another machine.

import { isbot } from 'isbot'
import type { Device, Follower } from '../../core/link-store.ts'
import { createTwoGenerations } from '../../core/two-generations.ts'

export interface FollowedBy {
  readonly follower: Exclude<Follower, 'repeat'>
  readonly device: Device
}

/** User agents and referrers whose meaning is remembered; what is longer is read anew each time. */
const REMEMBERED = 10_000
const REMEMBERED_LENGTH = 1_024

/**
 * Fetchers of link previews, by words in their User-Agent. Each network documents its own:
 * https://docs.joinmastodon.org/user/posting/#links (http.rb … (Mastodon/…)), https://api.slack.com/robots,
 * https://developers.facebook.com/docs/sharing/webmasters/web-crawlers, https://core.telegram.org/bots/webhooks,
 * https://docs.x.com/x-for-websites/cards/guides/troubleshooting-cards, https://faq.whatsapp.com/1211099879649061;
 * the rest is named by its own address in its User-Agent. Apple's previews call themselves Facebook's and Twitter's.
 */
const PREVIEWS =
  /mastodon|pleroma|akkoma|misskey|firefish|sharkey|iceshrimp|calckey|gotosocial|pixelfed|lemmy|friendica|hubzilla|peertube|snac\/|activitypub|fediverse|slackbot|slack-imgproxy|discordbot|telegrambot|facebookexternalhit|facebookcatalog|meta-externalfetcher|twitterbot|linkedinbot|cardyb|bluesky|whatsapp|skypeuripreview|viber|snapchat|pinterestbot|redditbot|tumblr|embedly|iframely|vkshare|line-poker|kakaotalk-scrap|zoominfobot|google-pagerenderer|mattermost|rocket\.chat|matrix|synapse|zulip|signal-desktop|threads|bitlybot|opengraph|linkpreview|link-preview|urlpreview|metainspector|xing-contenttabreceiver|teams|outlook-link-preview|microsoftpreview/i

/** Answers for requests; remembers what user agents mean, up to a bound. */
export function createFollowers(): (method: string, headers: Readonly<Record<string, string>>) => FollowedBy {
  const known = createTwoGenerations<string, FollowedBy>(REMEMBERED)
  return (method, headers) => {
    if (method === 'HEAD' || isAhead(headers)) return PREVIEW
    const agent = headers['user-agent'] ?? ''
    const found = known.get(agent)
    if (found) return found
    const followedBy = read(agent)
    if (agent.length <= REMEMBERED_LENGTH) known.set(agent, followedBy)
    return followedBy
  }
}

const PREVIEW: FollowedBy = { follower: 'preview', device: 'other' }
const BOT: FollowedBy = { follower: 'bot', device: 'other' }

/** Fetched before anybody asked: https://wicg.github.io/nav-speculation/prefetch.html#sec-purpose-header and its elders. */
function isAhead(headers: Readonly<Record<string, string>>): boolean {
  const purpose = headers['sec-purpose'] ?? headers.purpose ?? headers['x-purpose'] ?? headers['x-moz']
  return purpose !== undefined && /prefetch|prerender|preview/i.test(purpose)
}

function read(agent: string): FollowedBy {
  if (agent === '') return BOT
  // The browsers inside of apps name the app, and a device; their fetchers name none.
  if (PREVIEWS.test(agent) && !isBrowser(agent)) return PREVIEW
  return isbot(agent) ? BOT : { follower: 'person', device: deviceOf(agent) }
}

function isBrowser(agent: string): boolean {
  return (
    /^Mozilla\/5\.0 \((?:iPhone|iPad|Linux; Android|Windows NT|Macintosh|X11)/.test(agent) &&
    !/bot\b|crawl|externalhit|preview/i.test(agent)
  )
}

function deviceOf(agent: string): Device {
  if (/ipad|tablet|kindle|silk\/|playbook/i.test(agent)) return 'tablet'
  if (/android/i.test(agent)) return /mobile/i.test(agent) ? 'mobile' : 'tablet'
  if (/iphone|ipod|mobile|windows phone|blackberry|opera mini/i.test(agent)) return 'mobile'
  return /windows nt|macintosh|x11|linux|cros/i.test(agent) ? 'desktop' : 'other'
}

/** Hosts of referrers: in lower case, `''` where there is none that is a host. Remembered, up to a bound. */
export function createReferrers(): (referrer: string | undefined) => string {
  const known = createTwoGenerations<string, string>(REMEMBERED)
  return (referrer) => {
    if (!referrer) return ''
    const found = known.get(referrer)
    if (found !== undefined) return found
    const host =
      /^https?:\/\/([a-z0-9][a-z0-9.-]{0,252})(?::\d{1,5})?(?=[/?#]|$)/i.exec(referrer)?.[1]?.toLowerCase() ??
      ''
    if (referrer.length <= REMEMBERED_LENGTH) known.set(referrer, host)
    return host
  }
}
