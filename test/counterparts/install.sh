#!/bin/sh
# Brings the real software that test/counterparts/*.test.ts speaks to: redis-server and chromium (system-wide), snac2 (into
# .tools/snac2), packages of the AT Protocol, of Gigya's clients and of OpenID Connect (into test/counterparts/atproto,
# gigya and oidc). For Debian, as root; skips what is there.
set -eu
cd "$(dirname "$0")/../.."
root=$PWD
started=$(date +%s)

say() { printf 'counterparts: %s\n' "$*"; }
fail() { say "$*" >&2; exit 1; }
have() { command -v "$1" >/dev/null 2>&1; }

# Node 24 of the project, where it was brought; better-sqlite3 13 crashes under Node 20.
PATH="$root/.tools/node_modules/.bin:$PATH"
export PATH DEBIAN_FRONTEND=noninteractive DEBCONF_NOWARNINGS=yes

# Called before anything is brought by apt.
need_apt() {
  have apt-get || fail 'this is not Debian: install redis-server and snac2 yourself, so that they are found in PATH'
  [ "$(id -u)" = 0 ] || fail 'installing Debian packages needs root'
}

update_apt_once() {
  need_apt
  [ -z "${apt_is_fresh:-}" ] || return 0
  apt-get -qq update
  apt_is_fresh=yes
}

install_redis() {
  if have redis-server; then say 'redis-server is here'; return; fi
  update_apt_once
  apt-get -qq install -y --no-install-recommends redis-server >/dev/null
  say 'redis-server is installed'
}

install_chromium() {
  if have chromium; then say 'chromium is here'; return; fi
  update_apt_once
  apt-get -qq install -y --no-install-recommends chromium >/dev/null
  say 'chromium is installed'
}

# Debian 12 has snac2 only among its backports: they are read through a source list of our own, and the system's lists
# and package sources stay as they are.
install_snac() {
  snac="$root/.tools/snac2/usr/bin/snac"
  if have snac || [ -x "$snac" ]; then say 'snac2 is here'; return; fi
  need_apt
  . /etc/os-release
  scratch=$(mktemp -d)
  trap 'rm -rf "$scratch"' EXIT
  mkdir -p "$scratch/lists/partial" "$scratch/cache/archives/partial"
  sources=/etc/apt/sources.list.d/debian.sources
  [ -r "$sources" ] || fail "there is no $sources to take the mirror's address from"
  mirror=$(awk '$1 == "URIs:" { print $2; exit }' "$sources")
  keys=/usr/share/keyrings/debian-archive-keyring.gpg
  echo "deb [signed-by=$keys] $mirror $VERSION_CODENAME-backports main" >"$scratch/backports.list"
  backports() {
    apt-get -qq -o Dir::Etc::SourceList="$scratch/backports.list" -o Dir::Etc::SourceParts=/dev/null \
      -o Dir::State::Lists="$scratch/lists" -o Dir::Cache="$scratch/cache" -o APT::Sandbox::User=root "$@"
  }
  backports update
  (cd "$scratch" && backports download snac2)
  dpkg-deb -x "$scratch"/snac2_*.deb "$scratch/snac2"
  if ldd "$scratch/snac2/usr/bin/snac" | grep -q 'not found'; then
    update_apt_once
    apt-get -qq install -y --no-install-recommends libcurl4 libssl3 >/dev/null
  fi
  mkdir -p "$root/.tools"
  rm -rf "$root/.tools/snac2"
  mv "$scratch/snac2" "$root/.tools/snac2"
  say 'snac2 is in .tools/snac2'
}

# The lock of what is installed is kept beside it, so that a changed lock is seen.
install_packages() {
  cd "$root/test/counterparts/$1"
  if cmp -s package-lock.json node_modules/.installed-lock.json; then say "the packages of $1 are here"; return; fi
  npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
  cp package-lock.json node_modules/.installed-lock.json
  say "the packages of $1 are in test/counterparts/$1"
}

# apt takes a few seconds of one core, npm waits for the network: both at once.
for name in gigya oidc atproto; do install_packages "$name"; done &
packages=$!
install_redis
install_chromium
install_snac
wait "$packages" || fail 'the packages could not be installed'
say "done after $(($(date +%s) - started)) s"
