"""How schemathesis signs in: as the person of ROLE, anew every few seconds, because what it tries ends sessions too."""

import os

import requests
import schemathesis

ISSUER = os.environ["ISSUER"]
CA = os.environ.get("CA_FILE", True)


def token():
    answer = requests.post(
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
    answer.raise_for_status()
    return answer.json()["access_token"]


def own_id():
    headers = {"Authorization": f"Bearer {token()}"}
    answer = requests.get(f"{ISSUER}/api/v1/users/me", headers=headers, verify=CA, timeout=10)
    answer.raise_for_status()
    return answer.json()["id"]


OWN_ID = own_id()


@schemathesis.auth(refresh_interval=5)
class SignedIn:
    def get(self, case, context):
        return token()

    def set(self, case, data, context):
        case.headers = case.headers or {}
        case.headers["Authorization"] = f"Bearer {data}"


@schemathesis.hook
def filter_path_parameters(context, path_parameters):
    """Who renames the account it signs in with is out for the rest of the run."""
    return OWN_ID not in (path_parameters or {}).values()
