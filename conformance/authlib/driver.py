"""Drives the issuer with Authlib over https and prints `N passed, N failed`.

Environment: ISSUER, CA_FILE, CLIENT_KEY_FILE, CONFORMANCE_SECRET, CONFORMANCE_OTHER_SECRET, CONFORMANCE_PASSWORD.
"""
import sys

from common import checks
import tokens  # registers its checks
import people  # registers its checks

passed = failed = 0
for name, function in checks:
    try:
        function()
        passed += 1
        print(f"ok   Authlib: {name}")
    except Exception as error:  # a driver reports every failure and goes on
        failed += 1
        print(f"FAIL Authlib: {name}: {type(error).__name__}: {error}")
print(f"{passed} passed, {failed} failed")
sys.exit(failed > 0)
