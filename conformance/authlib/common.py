"""What the checks share: the environment, the register of checks, and sessions of the clients."""
import os

import requests
from authlib.integrations.base_client import OAuthError
from authlib.integrations.requests_client import OAuth2Session
from joserfc.jwk import KeySet

ISSUER = os.environ["ISSUER"]
CA = os.environ["CA_FILE"]
SECRET = os.environ["CONFORMANCE_SECRET"]
PASSWORD = os.environ["CONFORMANCE_PASSWORD"]

checks = []


def check(name):
    def register(function):
        checks.append((name, function))
        return function

    return register


metadata = {}


def session(client_id="everything", secret=SECRET, method="client_secret_basic", **options):
    made = OAuth2Session(client_id, secret, token_endpoint_auth_method=method, **options)
    made.verify = CA
    made.trust_env = False
    return made


def introspect(token, **options):
    answer = session(**options).introspect_token(metadata["introspection_endpoint"], token=token)
    assert answer.status_code == 200, answer.status_code
    return answer.json()


def refused(call, error):
    try:
        call()
    except OAuthError as refusal:
        assert refusal.error == error, refusal.error
        return
    raise AssertionError("not refused")


def published_keys():
    return KeySet.import_key_set(requests.get(metadata["jwks_uri"], verify=CA, timeout=10).json())
