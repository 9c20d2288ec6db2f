// What a post on a Facebook Page may be. There is no posting on the walls of people any more.

import type { Limits, Publishing } from '../core/publish.ts'

// https://developers.facebook.com/docs/pages-api/posts. The bound of the text is not documented: the number is the one
// that the site itself keeps, counted here in UTF-16 units, which is never less than what it counts.
const LIMITS: Limits = {
  text: 63_206,
  unit: 'utf16',
  // The words beside a link are the page's own: https://developers.facebook.com/docs/graph-api/reference/page/feed
  link: 'apart',
  images: 10,
  // https://developers.facebook.com/docs/graph-api/reference/page/photos; descriptions have no documented bound.
  image: { bytes: 4_000_000, mimeTypes: ['image/jpeg', 'image/png'], alt: 1_000 },
  // Uploads in one request: https://developers.facebook.com/docs/graph-api/reference/page/videos
  video: { bytes: 1_000_000_000, mimeTypes: ['video/mp4', 'video/quicktime'], durationMs: 1_200_000 },
}

export const facebookPublishing: Publishing = {
  limits: LIMITS,
  // https://developers.facebook.com/docs/graph-api/changelog/breaking-changes (publish_actions, 2018-04-24)
  refuses: ({ target }) =>
    target === 'page'
      ? undefined
      : {
          code: 'permission_missing',
          message:
            'Facebook lets apps post on Pages only, not on people’s own walls. Link one of the user’s Pages.',
        },
}
