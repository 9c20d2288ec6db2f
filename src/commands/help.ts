/** What `kith help` says. */
export const HELP = `Kith, a self-hosted social gateway.

  kith serve                               serve the wire APIs until stopped
  kith demo [--port 8080] [--once] [--json]
                                           a tour over pretend networks; its data is removed at the end

  kith site create <name> [--subdomain <label>]
                                           a new site; prints its credentials for every wire API, once
  kith site list                           all sites, without secrets
  kith site set <subdomain> <switch> <value>
                                           a switch of the site, such as showAccessTokens true; the value
                                           default takes it back, and docs/compatibility.md has them all
  kith site remove <subdomain> --yes       a site with all that belongs to it

  kith app set <subdomain> <provider> --client-id <id> [--server <address>] [--public]
                                           your app at a network; its secret is read from standard input
                                           or KITH_CLIENT_SECRET (--public: it has none)

  kith userkey add <subdomain> [--public-key <file>]
                                           a second Gigya secret for one of the site's servers, printed once;
                                           with a file (PEM, RSA): that server signs tokens itself
  kith userkey list <subdomain>            user keys, without secrets
  kith userkey revoke <subdomain> <userKey>
                                           from now on it opens nothing

  kith usersig <subdomain> [--identifier <account>] [--expire <seconds>]
                                           a UserSig for the Tencent API; 180 days for the admin of the site
  kith usersig-key add <subdomain>         a further key to sign UserSigs with; prints it, once
  kith usersig-key list <subdomain>        ids of the keys; any of them will do
  kith usersig-key retire <subdomain> <id> takes a key away: what it signed is refused from now on

  kith report --site <subdomain> [--by cid|method|day] [--from 2026-11-01] [--to 2026-11-21] [--json]
                                           how often which Gigya method was called, with which outcome, from where

  kith keys list                           ids of the keys that secrets are sealed with, the current one first
  kith keys rotate                         a new key; everything is sealed again, while serving too
  kith backup <file>                       a copy of the SQLite database, while serving too
  kith ready                               asks the serving process of this machine; ends with 0 when it is
  kith config                              the settings in effect, secrets masked
  kith help

Settings come from the environment; docs/configuration.md has them all.
`
