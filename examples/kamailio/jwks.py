"""Checks access tokens (RFC 9068) with the keys that their issuer publishes, for Kamailio's python_exec.

Environment: ISSUER, AUDIENCE, JWKS_URI, and SSL_CERT_FILE where the system's authorities do not do.
"""
import json
import os
import time
import urllib.request

import jwt
import KSR

ISSUER = os.environ["ISSUER"]
AUDIENCE = os.environ["AUDIENCE"]
JWKS_URI = os.environ["JWKS_URI"]

# What a published key may verify. HS256 is not among it: its secret would be what everybody can read.
ALGORITHMS = {"RSA": ["RS256", "PS256"], "EC": ["ES256"], "OKP": ["EdDSA"]}
CLAIMS = ["iss", "sub", "aud", "exp", "iat", "jti", "client_id"]

# Seconds.
FETCH_TIMEOUT = 2
KEYS_LIFETIME = 3600
# Between two fetches, so that made-up key ids do not become requests to the issuer.
FETCH_PAUSE = 5

GOOD, BAD, UNKNOWN = 1, -1, -2


class Unavailable(Exception):
    """The keys cannot be fetched."""


class Keys:
    """The published keys, as one worker knows them. While the issuer is away, it goes on with those."""

    def __init__(self):
        self.known = {}
        self.fetched_at = self.tried_at = float("-inf")
        self.away = False

    def find(self, key_id):
        """The key, or None where the issuer has no such key."""
        now = time.monotonic()
        wanted = key_id not in self.known or now - self.fetched_at > KEYS_LIFETIME
        if wanted and now - self.tried_at > FETCH_PAUSE:
            self.fetch()
        if key_id not in self.known and self.away:
            raise Unavailable
        return self.known.get(key_id)

    def fetch(self):
        self.tried_at = time.monotonic()
        try:
            with urllib.request.urlopen(JWKS_URI, timeout=FETCH_TIMEOUT) as answer:
                published = jwt.PyJWKSet.from_dict(json.load(answer))
        except (OSError, ValueError, jwt.PyJWTError) as error:
            KSR.err(f"jwks: {error}\n")
            self.away = True
            return
        self.known = {key.key_id: key for key in published.keys}
        self.fetched_at, self.away = self.tried_at, False


def claims_of(keys, token):
    """The claims of a good token. Anything else raises what says why."""
    header = jwt.get_unverified_header(token)
    # An ID token, or whatever else the issuer signs, is no access token (RFC 9068 section 4).
    if str(header.get("typ")).lower() not in ("at+jwt", "application/at+jwt"):
        raise jwt.InvalidTokenError("another typ")
    key = keys.find(header.get("kid"))
    if key is None:
        raise jwt.InvalidTokenError("an unknown kid")
    return jwt.decode(
        token,
        key.key,
        algorithms=ALGORITHMS[key.key_type],
        issuer=ISSUER,
        audience=AUDIENCE,
        options={"require": CLAIMS},
    )


class Handler:
    """What Kamailio calls; each worker has its own."""

    def __init__(self):
        self.keys = Keys()

    def child_init(self, rank):
        # Workers have positive ranks; Kamailio's other processes check no tokens.
        if rank > 0:
            self.keys.fetch()
        return 0

    def check_token(self, _message, token):
        """GOOD, with $var(username) and $var(scope) set; BAD; or UNKNOWN."""
        try:
            claims = claims_of(self.keys, token)
        except Unavailable:
            return UNKNOWN
        except jwt.PyJWTError as error:
            KSR.info(f"jwks: {error}\n")
            return BAD
        KSR.pv.sets("$var(username)", claims.get("username", ""))
        KSR.pv.sets("$var(scope)", claims.get("scope", ""))
        return GOOD


def mod_init():
    return Handler()
