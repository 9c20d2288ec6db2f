// The Pages that a person may post on, each with a token of its own.
// https://developers.facebook.com/docs/graph-api/reference/user/accounts

import { z } from 'zod'
import { byUrl, paged } from '../core/answers.ts'
import type { Paged, Target } from '../core/provider.ts'
import { withoutSecrets } from './facebook-addresses.ts'
import { Id } from './fields.ts'

const Page = z.object({
  id: Id,
  name: z.string().max(1_000),
  access_token: z.string().min(1).max(4_096).optional(),
  // https://developers.facebook.com/docs/pages-api/overview#tasks
  tasks: z.array(z.string()).default([]),
})

export const pages: Paged<Target> = paged({
  first: () => ({ path: '/me/accounts', query: { fields: 'id,name,access_token,tasks', limit: 100 } }),
  body: z.object({
    data: z.array(Page),
    paging: z.object({ next: z.url().optional() }).optional(),
  }),
  items: ({ data }) =>
    data.flatMap(({ id, name, access_token: accessToken, tasks }): Target[] => {
      if (!accessToken || !tasks.includes('CREATE_CONTENT')) return []
      const profileUrl = `https://www.facebook.com/${id}`
      return [{ kind: 'page', accessToken, profile: { subject: id, displayName: name, profileUrl } }]
    }),
  next: byUrl(({ paging }) => paging?.next && withoutSecrets(paging.next)),
})
