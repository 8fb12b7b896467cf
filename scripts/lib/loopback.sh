# What a server on loopback needs: a free port, a secret, a certificate of a local authority, and to be waited for.
# To be sourced; the caller has `set -euo pipefail`.

# free_port NAME: exports NAME, a loopback port that nobody listens on and that was not handed out before.
# Below the range from which the system takes ports for outgoing connections.
ports_taken=' '
free_port() {
  local candidate
  for _ in $(seq 50); do
    candidate=$((20000 + RANDOM % 12000))
    case $ports_taken in *" $candidate "*) continue ;; esac
    if (exec 3<>"/dev/tcp/127.0.0.1/$candidate") 2>/dev/null; then continue; fi
    ports_taken="$ports_taken$candidate "
    export "$1=$candidate"
    return
  done
  echo 'no free port' >&2
  exit 1
}

# 192 random bits in hexadecimal
random() { od -An -N24 -tx1 /dev/urandom | tr -d ' \n'; }

# make_certificate FOLDER: a local authority in ca.pem, and its certificate for localhost in server.pem and server.key
make_certificate() {
  (
    cd "$1"
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj '/CN=users-core on loopback' \
      -addext 'basicConstraints=critical,CA:TRUE' -addext 'keyUsage=critical,keyCertSign' \
      -keyout ca.key -out ca.pem
    openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj '/CN=localhost' -keyout server.key -out server.csr
    openssl x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -out server.pem \
      -extfile <(printf 'subjectAltName=DNS:localhost,IP:127.0.0.1\nextendedKeyUsage=serverAuth\n')
  ) 2>"$1/openssl.log" || { cat "$1/openssl.log" >&2; exit 1; }
}

# listening PORT PID LOG: waits until somebody listens; shows the log and ends where the process has ended before
listening() {
  for _ in $(seq 100); do
    if (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; then return; fi
    if ! kill -0 "$2" 2>/dev/null; then break; fi
    sleep 0.1
  done
  cat "$3" >&2
  exit 1
}
