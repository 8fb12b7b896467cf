# The server, Kamailio and the phones of one run. To be sourced; uses $program, $work, $here, the ports and $way.

server=
kamailio=
passed=0
failed=0
# RFC 3261 section 18.1.1: what is longer than 1300 bytes goes over TCP.
frame_limit=1300

clean_up() {
  local code=$?
  trap - EXIT
  stop_kamailio
  stop_server
  rm -rf "$work"
  exit "$code"
}

# stop PID: ends it and waits until it is gone
stop() {
  if [ -n "$1" ]; then
    kill -TERM "$1" 2>/dev/null || true
    wait "$1" 2>/dev/null || true
  fi
}

users_core() { "$program" --config "$work/users-core.toml" "$@"; }

start_server() {
  "$program" --config "$work/users-core.toml" serve >>"$work/server.log" 2>&1 &
  server=$!
  listening "$issuer_port" "$server" "$work/server.log"
}

# Somebody who listens at the server's address, and no more.
start_silence() {
  python3 -c 'import socket, sys, time; here = socket.create_server(("127.0.0.1", int(sys.argv[1]))); time.sleep(600)' \
    "$issuer_port" >>"$work/server.log" 2>&1 &
  server=$!
  listening "$issuer_port" "$server" "$work/server.log"
}

stop_server() {
  stop "$server"
  server=
}

# start_kamailio OPTION..
start_kamailio() {
  local -a options=("$@")
  case $way in
    jwks) options+=(-A WITH_JWKS) ;;
    digest) options+=(-A WITH_DIGEST) ;;
  esac
  mkdir -p "$work/run"
  /usr/sbin/kamailio -DD -E -f "$here/registrar.cfg" "${options[@]}" -m 32 -M 8 -Y "$work/run" -P "$work/kamailio.pid" \
    -l "udp:127.0.0.1:$sip_port" -l "tcp:127.0.0.1:$sip_port" >"$work/kamailio.log" 2>&1 &
  kamailio=$!
  listening "$sip_port" "$kamailio" "$work/kamailio.log"
}

stop_kamailio() {
  stop "$kamailio"
  kamailio=
}

# member NAME: that member of the JSON object on standard input
member() { python3 -c 'import json, sys; print(json.load(sys.stdin)[sys.argv[1]])' "$1"; }

# make_client CLIENT OPTION..: prints its secret
make_client() { users_core client create "$@" --json | member client_secret; }

# make_user NAME OPTION..
make_user() { printf '%s\n' "$password" | users_core user create "$@" --password-stdin >/dev/null; }

# ask CLIENT SECRET ARGUMENT..: a form for the token endpoint, or for the address among the arguments
ask() {
  local address=$ISSUER/token
  case ${*: -1} in https://*) address= ;; esac
  curl --silent --show-error --fail --max-time 20 --noproxy '*' --cacert "$work/ca.pem" --user "$1:$2" "${@:3}" $address
}

# token CLIENT USER SCOPE [MEMBER]
token() {
  local secret=secret_${1//-/_} address=$ISSUER/token client=$1
  case $1 in branch-*)
    address=$ISSUER/t/branch/token
    client=${1#branch-}
    ;;
  esac
  ask "$client" "${!secret}" -d grant_type=password --data-urlencode "username=$2" --data-urlencode "password=$password" \
    --data-urlencode "scope=$3" "$address" | member "${4:-access_token}"
}

# check NAME COMMAND..: runs it, prints a line and counts
check() {
  local name="$way: $1"
  shift
  if "$@"; then
    passed=$((passed + 1))
    printf 'ok   Kamailio: %s\n' "$name"
  else
    failed=$((failed + 1))
    printf 'FAIL Kamailio: %s\n' "$name"
    cut -c 1-300 "$work/sipp.errors" 2>/dev/null | head -n 20 || true
    tail -n 5 "$work/kamailio.log" | cut -c 1-300
  fi
}

# soon COMMAND..: what a server on the way hears of a moment later
soon() {
  for _ in $(seq 30); do
    if "$@"; then return; fi
    sleep 0.5
  done
  return 1
}

# phone SCENARIO USER AUTHORIZATION [OPTION..]
phone() {
  local scenario=$1 user=$2 authorization=$3
  shift 3
  case $authorization in *' '*) ;; *) authorization="Bearer $authorization" ;; esac
  rm -f "$work/sipp.errors" "$work/sipp.messages"
  (
    cd "$work"
    TERM=dumb sipp "127.0.0.1:$sip_port" -sf "$here/scenarios/$scenario.xml" -key domain "$SIP_DOMAIN" -key user "$user" \
      -key authorization "$authorization" -i 127.0.0.1 -m 1 -timeout 20s -timeout_error -nostdin "$@" \
      -trace_err -error_file "$work/sipp.errors" -trace_msg -message_file "$work/sipp.messages"
  ) >"$work/sipp.log" 2>&1 </dev/null
}

# phone_password USER OPTION..: prints the password that a phone of that user gets
phone_password() { users_core user add-sip-digest "$@" --json | member password; }

# digest_of USER NAME: prints the id of the digest, of a name that has one
digest_of() { users_core user list-sip-digests "$1" | awk -v name="$2" '$1 == name { print $NF }'; }

# digest_phone SCENARIO USER NAME PASSWORD [OPTION..]: answers as NAME, registers USER
digest_phone() {
  local scenario=$1 user=$2 name=$3 password=$4
  shift 4
  phone "digest_$scenario" "$user" '' -au "$name" -ap "$password" -auth_uri "$SIP_DOMAIN" "$@"
}

# answered_again USER: the answer that was given last, once more
answered_again() {
  local answer
  answer=$(sed -n 's/^Authorization: \(Digest [^\r]*\).*/\1/p' "$work/sipp.messages" | tail -n 1)
  phone digest_again "$1" "$answer"
}

# sha256 TEXT: in hexadecimal digits
sha256() { printf '%s' "$1" | sha256sum | cut -d ' ' -f 1; }

# registers_by_sha256 NAME PASSWORD: SIPp answers by MD5 alone, so this answer is made here (RFC 7616 section 3.4.1)
registers_by_sha256() {
  phone digest_challenged "$1" '' || return 1
  local nonce ha1 ha2 answer uri=sip:$SIP_DOMAIN
  nonce=$(sed -n 's/^WWW-Authenticate: .* nonce="\([^"]*\)".*/\1/p' "$work/sipp.messages")
  ha1=$(sha256 "$1:$SIP_DOMAIN:$2")
  ha2=$(sha256 "REGISTER:$uri")
  answer=$(sha256 "$ha1:$nonce:00000001:0a4f113b:auth:$ha2")
  phone accepted "$1" "Digest username=\"$1\", realm=\"$SIP_DOMAIN\", nonce=\"$nonce\", uri=\"$uri\", \
qop=auth, nc=00000001, cnonce=\"0a4f113b\", algorithm=SHA-256, response=\"$answer\""
}

new_token_accepted() {
  local new
  new=$(token phone alice sip.register) && phone accepted alice "$new"
}

# frame_is_small SCENARIO TOKEN: the phone's REGISTER in it fits into a datagram
frame_is_small() {
  phone "$1" alice "$2" || return 1
  local bytes
  bytes=$(sed -n 's/^UDP message sent (\([0-9]*\) bytes).*/\1/p' "$work/sipp.messages" | head -n 1)
  printf '     %s bytes, the token %s\n' "$bytes" "${#2}"
  [ "$bytes" -lt "$frame_limit" ]
}
