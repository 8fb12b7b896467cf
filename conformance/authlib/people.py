"""The authorization code flow: people sign in at the provider's pages."""
import pathlib
import sys

import requests
from authlib.common.security import generate_token
from joserfc import jwt
from joserfc.errors import JoseError

from common import CA, ISSUER, PASSWORD, check, introspect, metadata, published_keys, refused, session

sys.path.append(str(pathlib.Path(__file__).parent.parent / "agent"))
from agent import Page, Person  # noqa: E402  (found through the line above)

REDIRECT = "https://rp.example.test/callback"
SIGNED_OUT = "https://rp.example.test/signed-out"


def person(username="ada"):
    return Person(username, PASSWORD, CA, "https://rp.example.test/")


class Flow:
    """One authorization by the client `python`: its request, the answer, and the exchange."""

    def __init__(self, scope="openid profile email", **parameters):
        self.client = session("python", scope=scope, redirect_uri=REDIRECT, code_challenge_method="S256")
        self.verifier, self.nonce = generate_token(48), generate_token(20)
        self.url, self.state = self.client.create_authorization_url(
            metadata["authorization_endpoint"], code_verifier=self.verifier, nonce=self.nonce, **parameters
        )

    def answer(self, who, **options):
        given = who.walk(self.url, **options)
        assert not isinstance(given, Page), f"stopped at {given.url.split('?')[0]}, {given.status}"
        assert given["state"] == self.state and given["iss"] == ISSUER, given
        return given

    def exchange(self, given):
        return self.client.fetch_token(metadata["token_endpoint"], code=given["code"], code_verifier=self.verifier)

    def sign_in(self, who):
        return self.exchange(self.answer(who))

    def claims(self):
        """The claims of the ID token, verified with the published keys."""
        read = jwt.decode(self.client.token["id_token"], published_keys(), algorithms=["RS256"])
        jwt.JWTClaimsRegistry(
            leeway=5,
            iss={"essential": True, "value": ISSUER},
            aud={"essential": True, "value": "python"},
            nonce={"essential": True, "value": self.nonce},
            sub={"essential": True},
            exp={"essential": True},
            iat={"essential": True},
        ).validate(read.claims)
        return read.claims


@check("somebody signs in with PKCE, and the ID token verifies")
def _():
    flow, ada = Flow(), person()
    token = flow.sign_in(ada)
    assert ada.asked == ["sign-in", "allow"], ada.asked
    assert token["token_type"] == "Bearer" and "refresh_token" not in token, sorted(token)
    claims = flow.claims()
    again = Flow()
    again.sign_in(ada)
    assert ada.asked == [] and again.claims()["sub"] == claims["sub"], ada.asked


@check("an ID token for another nonce is noticed")
def _():
    flow = Flow()
    flow.sign_in(person())
    flow.nonce = "another"
    try:
        flow.claims()
    except JoseError:
        return
    raise AssertionError("not noticed")


@check("userinfo after signing in")
def _():
    flow = Flow()
    flow.sign_in(person())
    info = flow.client.get(metadata["userinfo_endpoint"]).json()
    assert info["sub"] == flow.claims()["sub"] and info["email"] == "ada@example.test", info


@check("response_mode=form_post")
def _():
    flow, ada = Flow(response_mode="form_post"), person()
    flow.sign_in(ada)
    assert ada.asked[-1] == "continue", ada.asked
    flow.claims()


@check("offline access: refresh keeps the person")
def _():
    flow = Flow("openid offline_access", prompt="consent")
    first = flow.sign_in(person())
    before = flow.claims()
    flow.client.refresh_token(metadata["token_endpoint"], refresh_token=first["refresh_token"])
    assert flow.client.token["access_token"] != first["access_token"]
    if "id_token" in flow.client.token:
        after = jwt.decode(flow.client.token["id_token"], published_keys(), algorithms=["RS256"]).claims
        assert (after["sub"], after["aud"]) == (before["sub"], before["aud"]), after


@check("a code with another verifier, and a code twice, are invalid_grant")
def _():
    flow = Flow()
    given = flow.answer(person())
    flow.verifier = generate_token(48)
    refused(lambda: flow.exchange(given), "invalid_grant")
    once = Flow()
    code = once.answer(person())
    once.exchange(code)
    refused(lambda: once.exchange(code), "invalid_grant")


@check("denial, and prompt=none without a session")
def _():
    given = Flow(prompt="consent").answer(person("bea"), decision="deny")
    assert given["error"] == "access_denied" and "code" not in given, given
    given = Flow(prompt="none").answer(person())
    assert given["error"] == "login_required", given


@check("logout ends the session")
def _():
    flow, ada = Flow(), person()
    token = flow.sign_in(ada)
    url = requests.Request(
        "GET",
        metadata["end_session_endpoint"],
        params={"id_token_hint": token["id_token"], "post_logout_redirect_uri": SIGNED_OUT, "state": "back"},
    ).prepare().url
    assert ada.walk(url) == {"state": "back"}
    assert Flow(prompt="none").answer(ada)["error"] == "login_required"
    seen = introspect(token["access_token"], client_id="python")
    assert seen == {"active": False}, seen
