# A private PostgreSQL cluster: own directory, own loopback port, own password, gone at the end.
# To be sourced after need.sh; the caller has `set -euo pipefail` and calls postgres_stop on exit.

postgres_pid=
postgres_dir=
postgres_user=

# The folder that holds initdb and postgres: from PATH, else the newest of Debian's.
postgres_bin() {
  local bin
  bin=$(type -P initdb || true)
  for bin in "${bin%/initdb}" $(printf '%s\n' /usr/lib/postgresql/*/bin | sort -rV); do
    if [ -x "$bin/initdb" ] && [ -x "$bin/postgres" ]; then
      printf '%s\n' "$bin"
      return
    fi
  done
  return 1
}

# PostgreSQL refuses to run as root: then another account runs it, made where there is none.
postgres_account() {
  [ "$(id -u)" -eq 0 ] || return 0
  local name
  for name in postgres users-core-tests; do
    if getent passwd "$name" >/dev/null; then
      printf '%s\n' "$name"
      return
    fi
  done
  useradd --system --user-group --no-create-home --shell /usr/sbin/nologin "$name" || return 1
  printf '%s\n' "$name"
}

# in_cluster COMMAND..: in the cluster's directory, as its account, with none of our PG* variables.
# Killed without a chance to clean up, we still take the server with us (--pdeathsig).
in_cluster() {
  local -a become=(env -i PATH="$PATH" LC_ALL=C TZ=UTC)
  if [ -n "$postgres_user" ]; then
    become=(setpriv --reuid "$postgres_user" --regid "$(id -g "$postgres_user")" --init-groups --pdeathsig INT "${become[@]}")
  elif command -v setpriv >/dev/null; then
    become=(setpriv --pdeathsig INT "${become[@]}")
  fi
  cd "$postgres_dir"
  exec "${become[@]}" "$@" </dev/null
}

postgres_fail() {
  printf 'PostgreSQL could not be started: %s\n' "$1" >&2
  if [ -s "$postgres_dir/log" ]; then tail -n 20 "$postgres_dir/log" >&2; fi
  printf '%s\n' "Set USERS_CORE_TEST_POSTGRES to a server of yours, or run with --fast (SQLite only)." >&2
  exit 1
}

# Below the range from which the system takes ports for outgoing connections.
postgres_free_port() {
  local port
  for _ in $(seq 50); do
    port=$((20000 + RANDOM % 12000))
    if ! (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then
      printf '%s\n' "$port"
      return
    fi
  done
  return 1
}

# Starts the server on one port; false when it ended before it was ready.
postgres_try() {
  : >"$postgres_dir/log"
  # fsync off: the cluster lives as long as the tests
  (in_cluster "$1/postgres" -D "$postgres_dir/data" -p "$2" -c listen_addresses=127.0.0.1 \
    -c unix_socket_directories= -c max_connections=400 -c fsync=off -c full_page_writes=off \
    -c synchronous_commit=off) >>"$postgres_dir/log" 2>&1 &
  postgres_pid=$!
  for _ in $(seq 300); do
    if [ "$(sed -n 8p "$postgres_dir/data/postmaster.pid" 2>/dev/null | tr -d ' ')" = ready ]; then return; fi
    if ! kill -0 "$postgres_pid" 2>/dev/null; then
      postgres_pid=
      return 1
    fi
    sleep 0.1
  done
  postgres_fail "not ready after 30 seconds"
}

# Sets and exports USERS_CORE_TEST_POSTGRES.
postgres_start() {
  local bin port password
  # root's TMPDIR is often closed to the account that runs the server
  if [ "$(id -u)" -eq 0 ]; then local TMPDIR=/tmp; fi
  postgres_dir=$(mktemp -d "${TMPDIR:-/tmp}/users-core-postgres.XXXXXX")
  bin=$(postgres_bin) || postgres_fail "initdb and postgres not found"
  postgres_user=$(postgres_account) || postgres_fail "no account to run it under"
  password=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
  printf '%s\n' "$password" >"$postgres_dir/password"
  if [ -n "$postgres_user" ]; then chown -R "$postgres_user" "$postgres_dir"; fi
  # md5: a password, so that other accounts of the machine stay out, without SCRAM's work for each connection
  (in_cluster "$bin/initdb" -D "$postgres_dir/data" -U postgres --pwfile="$postgres_dir/password" --auth=md5 \
    --encoding=UTF8 --locale=C --no-sync) >"$postgres_dir/log" 2>&1 || postgres_fail "initdb failed"
  for _ in 1 2 3; do
    port=$(postgres_free_port) || postgres_fail "no free port on 127.0.0.1"
    if postgres_try "$bin" "$port"; then
      export USERS_CORE_TEST_POSTGRES="postgres://postgres:$password@127.0.0.1:$port/postgres"
      printf '== PostgreSQL %s on 127.0.0.1:%s\n' "$(cat "$postgres_dir/data/PG_VERSION")" "$port"
      return
    fi
    grep -q 'Address already in use' "$postgres_dir/log" || break
  done
  postgres_fail "the server ended at once"
}

postgres_stop() {
  if [ -n "$postgres_pid" ]; then
    kill -INT "$postgres_pid" 2>/dev/null || true # fast shutdown: clients are disconnected
    for _ in $(seq 100); do
      kill -0 "$postgres_pid" 2>/dev/null || break
      sleep 0.1
    done
    kill -QUIT "$postgres_pid" 2>/dev/null || true
    wait "$postgres_pid" 2>/dev/null || true
    postgres_pid=
  fi
  if [ -n "$postgres_dir" ]; then rm -rf "$postgres_dir"; fi
  postgres_dir=
}
