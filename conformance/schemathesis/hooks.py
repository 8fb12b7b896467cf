"""How schemathesis signs in: as the person of ROLE, anew every few seconds, because what it tries ends sessions too."""

import os
import time

import requests
import schemathesis

ISSUER = os.environ["ISSUER"]
CA = os.environ.get("CA_FILE", True)


def token():
    # While schemathesis changes the account in another thread, a sign-in may be told to come again (503).
    for _ in range(20):
        answer = ask_for_token()
        if answer.status_code != 503:
            break
        time.sleep(0.2)
    answer.raise_for_status()
    return answer.json()["access_token"]


def ask_for_token():
    return requests.post(
        f"{ISSUER}/token",
        data={
            "grant_type": "password",
            "username": os.environ["ROLE"],
            "password": os.environ["CONFORMANCE_PASSWORD"],
            "scope": os.environ["SCOPE"],
        },
        auth=("console", os.environ["CONFORMANCE_SECRET"]),
        verify=CA,
        timeout=10,
    )


def own_account():
    headers = {"Authorization": f"Bearer {token()}"}
    answer = requests.get(f"{ISSUER}/api/v1/users/me", headers=headers, verify=CA, timeout=10)
    answer.raise_for_status()
    return answer.json()


ACCOUNT = own_account()
# The account, its tenant, and the client it signs in with.
NEEDED = {ACCOUNT["id"], ACCOUNT["tenant_id"], "default", "console"}


@schemathesis.auth(refresh_interval=5)
class SignedIn:
    def get(self, case, context):
        return token()

    def set(self, case, data, context):
        case.headers = case.headers or {}
        case.headers["Authorization"] = f"Bearer {data}"


@schemathesis.hook
def filter_path_parameters(context, path_parameters):
    """Who saws off the branch it sits on is out for the rest of the run."""
    return NEEDED.isdisjoint((path_parameters or {}).values())


# As long as the document lets a password be.
LONGEST = 1024


@schemathesis.hook
def before_call(context, case, kwargs):
    """Beside an own factor stands the right password: five wrong ones lock the account, and all that comes after."""
    body = case.body
    if case.operation.path.startswith("/api/v1/users/me/factors/") and isinstance(body, dict):
        password = body.get("password")
        if isinstance(password, str) and len(password) <= LONGEST:
            body["password"] = os.environ["CONFORMANCE_PASSWORD"]
