// Webhooks: endpoints of sites, each with its place in the site's feed and, while it is told, who tells it; and links that
// were followed since their site was last told. Frozen once released (test/migrations.json); what comes later is a new
// migration.

import type { Migration } from '../migrate.ts'

export const webhooks: Migration = {
  number: 10,
  name: 'webhooks',
  steps: [
    `create table webhooks (
      id {id},
      site_id {integer} not null references sites (id) on delete cascade,
      token text not null unique,
      url text not null,
      events text not null,
      sealed text not null,
      is_disabled {integer} not null default 0,
      position {integer} not null,
      fence {integer} not null default 0,
      lease_until {integer},
      due_at {integer},
      attempt {integer} not null default 0,
      failing_since {integer},
      problem text,
      last_success_at {integer},
      created_at {integer} not null,
      unique (site_id, id)
    ) {strict}`,
    'create index webhooks_told on webhooks (site_id) where is_disabled = 0',

    `create table clicked_links (
      site_id {integer} not null references sites (id) on delete cascade,
      link_id {integer} not null references links (id) on delete cascade,
      primary key (site_id, link_id)
    ) {clustered}`,
    'create index clicked_links_by_link on clicked_links (link_id)',
  ],
}
