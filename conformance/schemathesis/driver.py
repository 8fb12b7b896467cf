"""Lets schemathesis try the whole OpenAPI document, as an administrator and as a person without rights.

Every answer must be one that the document says: no other status, type or body, no failure of the server, no answer
without a token. Prints a line for each operation and role, and `N passed, N failed`.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import requests

HERE = Path(__file__).parent
ISSUER = os.environ["ISSUER"]
CA = os.environ["CA_FILE"]
# All but the one that takes every rule a schema cannot say for a mistake (positive_data_acceptance), and the one that
# wants to be told of two accounts (object_level_authorization): tests/it/api/matrix.rs tries those.
CHECKS = [
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "negative_data_rejection",
    "missing_required_header",
    "unsupported_method",
    "allow_header_conformance",
    "use_after_free",
    "ignored_auth",
]
SCOPE = " ".join(
    [
        "account audit.read clients.read clients.write keys.write metrics.read roles.write",
        "tenants.read tenants.write users.read users.write",
    ]
)
# (account, examples an operation). The administrator comes last: what it tries changes the others.
ROLES = [("ada", 2), ("root", 5)]
METHODS = {"get", "put", "post", "delete", "patch"}


def operations():
    document = requests.get(f"{ISSUER}/openapi.json", verify=CA, timeout=10).json()
    return sorted(
        f"{method.upper()} {path}"
        for path, methods in document["paths"].items()
        for method in methods
        if method in METHODS
    )


def run(role, examples, reports):
    command = [
        str(Path(sys.executable).parent / "schemathesis"),
        f"--config-file={HERE / 'schemathesis.toml'}",
        "run",
        f"{ISSUER}/openapi.json",
        "--checks=" + ",".join(CHECKS),
        f"--max-examples={examples}",
        "--phases=examples,coverage,fuzzing",
        "--continue-on-failure",
        "--request-timeout=10",
        "--suppress-health-check=all",
        f"--tls-verify={CA}",
        "--report=json",
        f"--report-dir={reports}",
        "--workers=1",
        "--no-color",
        "--seed=20260101",
        "--warnings=off",
    ]
    environment = os.environ | {
        "SCHEMATHESIS_HOOKS": "hooks",
        "PYTHONPATH": str(HERE),
        "ROLE": role,
        "SCOPE": SCOPE,
        "REQUESTS_CA_BUNDLE": CA,
        "SSL_CERT_FILE": CA,
    }
    return subprocess.run(command, env=environment, cwd=reports, text=True, capture_output=True, check=False)


def judged(reports):
    """How many cases there were, the operations with a failure, and what else went wrong."""
    (file,) = Path(reports).glob("*.json")
    report = json.loads(file.read_text())
    broken = {operation for failure in report["failures"] for operation in failure["operations"]}
    tested = report["operations"]["tested"]
    return report["test_cases"]["generated"], broken, report["errors"], tested


def main():
    known = operations()
    passed = failed = 0
    for role, examples in ROLES:
        with tempfile.TemporaryDirectory() as reports:
            outcome = run(role, examples, reports)
            if not list(Path(reports).glob("*.json")):
                print(outcome.stdout[-4000:], outcome.stderr[-4000:])
                return 1
            cases, broken, errors, tested = judged(reports)
        for operation in known:
            good = operation not in broken
            print(f"{'ok' if good else 'FAILED'} {role}: {operation}")
            passed += good
            failed += not good
        whole = not errors and tested == len(known)
        print(f"{'ok' if whole else 'FAILED'} {role}: {cases} cases, {tested} of {len(known)} operations")
        passed += whole
        failed += not whole
        if broken or not whole:
            print(outcome.stdout[-20000:])
            print(outcome.stderr[-2000:])
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
