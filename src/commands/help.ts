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

  kith provider set <subdomain> <provider> --client-id <id> [--server <address>] [--public]
                                           your app at a network; its secret is read from standard input
                                           or KITH_CLIENT_SECRET (--public: it has none)
  kith provider list <subdomain>           the site's apps, without secrets
  kith provider check <subdomain> [<provider>] [--server <address>] [--offline]
                                           what a login still lacks, which address and scopes to enter at the
                                           network, and whether it knows the app; ends with 1 when not all is well

  kith import oneall <subdomain> --from https://<old subdomain>.api.oneall.com --public-key <key>
  kith import gigya <subdomain> --from https://<method's host> --api-key <key> [--user-key <key>]
      [--method exportUsers|accounts.search]
                                           users, accounts and (OneAll) tokens from the old service; its private
                                           key or secret is read from standard input or KITH_IMPORT_SECRET
  kith import oneall|gigya|csv <subdomain> --files <file or folder>
                                           the same from what was saved: .json, .ndjson, .csv
      [--dry-run] [--problems <file>] [--restart] [--without-tokens]
                                           stopped or killed, the same line goes on; see docs/moving-from-*.md

  kith identity add <subdomain> <provider> [--name <place>] [--user <user_token>]
                                           a webhook, or a channel that a bot may post in, as an identity; its
                                           key is read from standard input or KITH_IDENTITY_KEY
  kith identity list <subdomain> [--page <number>]
                                           identities, 100 at a time, oldest first, without secrets
  kith identity remove <subdomain> <identity_token> --yes
                                           an identity with its tokens and contacts

  kith user link <subdomain> <user_token> [--callback <address>]
                                           an address to send to a user, who links accounts there; works
                                           once, within 24 hours
  kith user export <subdomain> <user_token> [--tokens]
                                           all that is known about a user, as JSON; with the networks' tokens
                                           only when you ask for them

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

  kith webhook add <subdomain> <address> [--events publication.succeeded,…]
                                           tells an address of yours what happens; prints the secret, once
  kith webhook list <subdomain>            webhooks and how they fare
  kith webhook test <subdomain> <id>       sends a test event now and prints what was answered
  kith webhook enable <subdomain> <id>     one that was disabled is told again, from now on
  kith webhook remove <subdomain> <id>     it is told nothing more

  kith report --site <subdomain> [--by cid|method|day] [--from 2026-11-01] [--to 2026-11-21] [--json]
                                           how often which Gigya method was called, with which outcome, from where

  kith keys list                           ids of the keys that secrets are sealed with, the current one first
  kith keys rotate                         a new key; everything is sealed again, while serving too
  kith backup <file>                       a copy of the SQLite database and, in <file>.media, of pictures and videos,
                                           while serving too
  kith restore <file>                      puts such a copy where the database is to be; there must be none yet
  kith ready                               asks the serving process of this machine; ends with 0 when it is
  kith config                              the settings in effect, secrets masked
  kith help

Settings come from the environment; docs/configuration.md has them all.
`
