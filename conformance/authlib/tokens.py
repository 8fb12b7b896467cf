"""Tokens for clients and by password: grants, signatures, introspection, refresh, revocation."""
import json
import os

import requests
from authlib.oauth2.rfc7523 import PrivateKeyJWT
from joserfc import jwt
from joserfc.jwk import ECKey

from common import CA, ISSUER, PASSWORD, check, introspect, metadata, published_keys, refused, session


def own_token(client_id="everything", scope=None, **options):
    return session(client_id, scope=scope, **options).fetch_token(
        metadata["token_endpoint"], grant_type="client_credentials"
    )


def sign_in(scope):
    made = session(scope=scope)
    made.fetch_token(
        metadata["token_endpoint"], grant_type="password", username="ada", password=PASSWORD
    )
    return made


@check("discovery")
def _():
    answer = requests.get(f"{ISSUER}/.well-known/openid-configuration", verify=CA, timeout=10)
    metadata.update(answer.json())
    assert metadata["issuer"] == ISSUER


@check("client credentials with client_secret_basic")
def _():
    token = own_token(scope="sip.register")
    assert token["token_type"] == "Bearer" and token["scope"] == "sip.register", token
    assert "refresh_token" not in token


@check("client credentials with client_secret_post")
def _():
    assert own_token("posting", method="client_secret_post")["access_token"]


@check("client credentials with private_key_jwt")
def _():
    with open(os.environ["CLIENT_KEY_FILE"], encoding="utf-8") as file:
        key = ECKey.import_key(json.load(file))
    made = session("keyed", key, "private_key_jwt")
    made.register_client_auth_method(PrivateKeyJWT(metadata["token_endpoint"], alg="ES256"))
    assert made.fetch_token(metadata["token_endpoint"], grant_type="client_credentials")["scope"] == "sip.register"


@check("access tokens verify against the published keys (RFC 9068)")
def _():
    keys = published_keys()
    for client_id, algorithm in [
        ("posting", "RS256"), ("signs-ps256", "PS256"), ("signs-es256", "ES256"), ("signs-eddsa", "EdDSA"),
    ]:
        read = jwt.decode(own_token(client_id)["access_token"], keys, algorithms=[algorithm])
        assert read.header["typ"] == "at+jwt" and read.header["alg"] == algorithm, read.header
        claims = read.claims
        assert claims["iss"] == ISSUER and claims["sub"] == claims["client_id"] == client_id, claims
        assert claims["aud"] == ["rvoip-sip"] and claims["exp"] - claims["iat"] == 900, claims


@check("a resource's audience and algorithm (RFC 8707)")
def _():
    token = session(scope="files.read").fetch_token(
        metadata["token_endpoint"], grant_type="client_credentials", resource="https://files.example.test"
    )
    keys = published_keys()
    read = jwt.decode(token["access_token"], keys, algorithms=["ES256"])
    assert read.claims["aud"] == ["https://files.example.test"], read.claims
    refused(
        lambda: session().fetch_token(
            metadata["token_endpoint"], grant_type="client_credentials", resource="https://nowhere.example.test"
        ),
        "invalid_target",
    )


@check("a wrong secret is invalid_client")
def _():
    wrong = session(secret="this-is-not-the-secret-of-that-client")
    refused(lambda: wrong.fetch_token(metadata["token_endpoint"], grant_type="client_credentials"), "invalid_client")


@check("a client without the grant is unauthorized_client")
def _():
    made = session("stranger", os.environ["CONFORMANCE_OTHER_SECRET"])
    refused(
        lambda: made.fetch_token(metadata["token_endpoint"], grant_type="password", username="ada", password=PASSWORD),
        "unauthorized_client",
    )


@check("a wrong password is invalid_grant")
def _():
    made = session()
    refused(
        lambda: made.fetch_token(metadata["token_endpoint"], grant_type="password", username="ada", password="no"),
        "invalid_grant",
    )


@check("password grant, introspection, userinfo")
def _():
    made = sign_in("openid profile email sip.register")
    seen = introspect(made.token["access_token"])
    assert seen["active"] and seen["username"] == "ada" and seen["iss"] == ISSUER, seen
    claims = made.get(metadata["userinfo_endpoint"]).json()
    assert claims["sub"] == seen["sub"] and claims["email"] == "ada@example.test", claims
    hidden = introspect(
        made.token["access_token"], client_id="stranger", secret=os.environ["CONFORMANCE_OTHER_SECRET"]
    )
    assert hidden == {"active": False}, hidden


@check("refresh rotates, a retry gets the same successor, a replay kills the family")
def _():
    made = sign_in("openid offline_access")
    first, endpoint = made.token["refresh_token"], metadata["token_endpoint"]
    second = session().refresh_token(endpoint, refresh_token=first)
    again = session().refresh_token(endpoint, refresh_token=first)
    assert second["refresh_token"] == again["refresh_token"] != first
    third = session().refresh_token(endpoint, refresh_token=second["refresh_token"])
    assert introspect(third["access_token"])["active"]
    refused(lambda: session().refresh_token(endpoint, refresh_token=first), "invalid_grant")
    refused(lambda: session().refresh_token(endpoint, refresh_token=third["refresh_token"]), "invalid_grant")
    assert introspect(third["access_token"]) == {"active": False}


@check("revocation (RFC 7009)")
def _():
    made = sign_in("openid offline_access")
    answer = session().revoke_token(metadata["revocation_endpoint"], token=made.token["access_token"])
    assert answer.status_code == 200
    assert introspect(made.token["access_token"]) == {"active": False}
    bearer = {"Authorization": f"Bearer {made.token['access_token']}"}
    assert requests.get(metadata["userinfo_endpoint"], headers=bearer, verify=CA, timeout=10).status_code == 401
    session().revoke_token(
        metadata["revocation_endpoint"], token=made.token["refresh_token"], token_type_hint="refresh_token"
    )
    refused(
        lambda: session().refresh_token(metadata["token_endpoint"], refresh_token=made.token["refresh_token"]),
        "invalid_grant",
    )
