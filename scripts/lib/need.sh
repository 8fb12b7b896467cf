# What the tests need from the machine: one function per need, each installs only what is missing.
# To be sourced; the caller has `set -euo pipefail`.

fail() {
  printf 'error: %s\n' "$*" >&2
  exit 1
}

as_root() {
  if [ "$(id -u)" -eq 0 ]; then
    "$@"
  elif command -v sudo >/dev/null; then
    sudo "$@"
  else
    fail "this needs root or sudo: $*"
  fi
}

# apt_install PACKAGE..: through apt, with the package lists read once per run
apt_updated=
apt_install() {
  command -v apt-get >/dev/null || fail "apt-get not found: install $* yourself, or run with --fast"
  printf '== installing %s\n' "$*"
  if [ -z "$apt_updated" ]; then
    as_root apt-get update -qq </dev/null || fail "apt-get update failed; install $* yourself"
    apt_updated=1
  fi
  as_root env DEBIAN_FRONTEND=noninteractive \
    apt-get install -y -qq --no-install-recommends "$@" </dev/null >/dev/null || fail "could not install $*"
}

need_cargo() {
  if ! command -v cargo >/dev/null && [ -r "${CARGO_HOME:-$HOME/.cargo}/env" ]; then
    # shellcheck disable=SC1091
    . "${CARGO_HOME:-$HOME/.cargo}/env"
  fi
  command -v cargo >/dev/null || fail "cargo not found: install Rust (https://rustup.rs)"
}

need_build_tools() {
  if command -v cc >/dev/null && command -v make >/dev/null && command -v perl >/dev/null; then return; fi
  apt_install build-essential perl
}

need_postgres() {
  if postgres_bin >/dev/null; then return; fi
  command -v apt-get >/dev/null ||
    fail "PostgreSQL not found: install it, set USERS_CORE_TEST_POSTGRES to a server of yours, or run with --fast"
  # Debian's package would start a cluster of its own on port 5432; the tests bring theirs.
  apt_install postgresql-common
  local keep_out=/etc/postgresql-common/createcluster.d/users-core-tests.conf
  as_root mkdir -p "${keep_out%/*}"
  echo 'create_main_cluster = false' | as_root tee "$keep_out" >/dev/null
  local code=0
  (apt_install postgresql) || code=$?
  as_root rm -f "$keep_out"
  [ "$code" -eq 0 ] || exit "$code"
}

need_curl() {
  if command -v curl >/dev/null; then return; fi
  apt_install curl ca-certificates
}

need_python() {
  if python3 -c 'import venv, ensurepip' 2>/dev/null; then return; fi
  apt_install python3 python3-venv
}

need_node() {
  if command -v node >/dev/null && command -v npm >/dev/null; then return; fi
  apt_install nodejs npm
}

need_chromium() {
  if [ ! -x /usr/bin/chromium ]; then apt_install chromium; fi
  if ! command -v certutil >/dev/null; then apt_install libnss3-tools; fi
}

# The program and the module alone: nothing is set up under /etc and no service starts.
need_apache() {
  if [ -x /usr/sbin/apache2 ] && [ -f /usr/lib/apache2/modules/mod_auth_openidc.so ]; then return; fi
  apt_install apache2-bin libapache2-mod-auth-openidc
}

# Debian's init script starts Kamailio only where /etc/default/kamailio says so, its unit always: it is masked while the
# package is set up, and left disabled.
need_kamailio() {
  if has_kamailio; then return; fi
  local unit=/etc/systemd/system/kamailio.service masked=
  if [ ! -e /usr/sbin/kamailio ] && [ ! -e "$unit" ] && [ ! -L "$unit" ]; then
    as_root mkdir -p "${unit%/*}"
    as_root ln -s /dev/null "$unit"
    masked=1
  fi
  local code=0
  (apt_install kamailio kamailio-utils-modules kamailio-extra-modules kamailio-python3-modules \
    python3-jwt python3-cryptography sip-tester) || code=$?
  if [ -n "$masked" ]; then
    as_root rm -f "$unit"
    as_root update-rc.d kamailio disable || true
  fi
  [ "$code" -eq 0 ] || exit "$code"
}

has_kamailio() {
  local module
  for module in http_client jansson app_python3; do
    compgen -G "/usr/lib/*/kamailio/modules/$module.so" >/dev/null || return 1
  done
  [ -x /usr/sbin/kamailio ] && command -v sipp >/dev/null && /usr/bin/python3 -c 'import cryptography, jwt' 2>/dev/null
}
