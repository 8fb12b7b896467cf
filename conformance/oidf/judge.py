"""Runs plans in a running conformance suite and compares each module's result with expected.json.

judge.py SUITE ISSUER [PLAN..]     (secrets in OIDF_SECRET and OIDF_PASSWORD; --update writes expected.json anew)
"""
import json
import os
import sys
from pathlib import Path

from plans import plans
from suite import Broken, Suite

EXPECTED = Path(__file__).with_name("expected.json")
ALIAS = "users-core"


def main(arguments):
    update = "--update" in arguments
    address, issuer, *names = [argument for argument in arguments if argument != "--update"]
    known = plans(issuer, ALIAS, "oidf", os.environ["OIDF_PASSWORD"], os.environ["OIDF_SECRET"])
    expected = json.loads(EXPECTED.read_text(encoding="utf-8"))
    suite, passed, failed = Suite(address), 0, 0
    for name in names or known:
        plan, results = suite.create_plan(known[name]), {}
        print(f"== {name}: {len(plan['modules'])} modules", flush=True)
        for module in plan["modules"]:
            result, found = suite.run(plan["id"], module)
            results[module["testModule"]] = result
            wanted = expected.get(name, {}).get(module["testModule"], "PASSED")
            good = result == wanted
            passed, failed = passed + good, failed + (not good)
            note = "" if good else f" (expected {wanted})"
            print(f"{'ok  ' if good else 'FAIL'} {name}: {module['testModule']}: {result}{note}", flush=True)
            for line in found if not good else []:
                print(f"       {line}", flush=True)
        missing = set(expected.get(name, {})) - set(results)
        for module in sorted(missing):
            failed += 1
            print(f"FAIL {name}: {module}: expected, but not in the plan")
        expected[name] = {module: result for module, result in results.items() if result != "PASSED"}
    if update:
        EXPECTED.write_text(json.dumps(expected, indent=2) + "\n", encoding="utf-8")
    print(f"{passed} passed, {failed} failed")
    return failed > 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except Broken as error:
        sys.exit(f"error: {error}")
