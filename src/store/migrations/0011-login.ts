// Logins under way, the codes they end with, apps that we have registered ourselves, and connections read by a nonce.

import type { Migration } from '../migrate.ts'

export const login: Migration = {
  number: 11,
  name: 'login',
  steps: [
    `create table login_attempts (
      id {id},
      site_id {integer} not null references sites (id) on delete cascade,
      key_hash text not null unique,
      browser_hash text not null,
      sealed text not null,
      expires_at {integer} not null
    ) {strict}`,
    'create index login_attempts_by_site on login_attempts (site_id, expires_at)',
    'create index login_attempts_by_end on login_attempts (expires_at)',

    `create table login_codes (
      id {id},
      site_id {integer} not null,
      hash text not null unique,
      user_id {integer} not null,
      redirect_uri text not null,
      expires_at {integer} not null,
      foreign key (site_id, user_id) references users (site_id, id) on delete cascade
    ) {strict}`,
    'create index login_codes_by_end on login_codes (expires_at)',
    'create index login_codes_by_user on login_codes (site_id, user_id)',

    `create table app_leases (
      site_id {integer} not null references sites (id) on delete cascade,
      provider text not null,
      server text not null,
      lease_until {integer} not null,
      primary key (site_id, provider, server)
    ) {strict}`,
    'alter table apps add column registration text',
    'alter table connections add column nonce_hash text',
  ],
}
