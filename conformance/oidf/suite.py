"""A running conformance suite, by its REST API."""
import json
import ssl
import time
import urllib.error
import urllib.parse
import urllib.request

ENDED = ("FINISHED", "INTERRUPTED")


class Broken(Exception):
    """The suite or a plan is at fault, not the provider."""


class Suite:
    def __init__(self, address):
        self.address = address.rstrip("/")
        # It runs on this machine, with a certificate of its own.
        tls = ssl.create_default_context()
        tls.check_hostname, tls.verify_mode = False, ssl.CERT_NONE
        handlers = urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=tls)
        self.opener = urllib.request.build_opener(*handlers)

    def call(self, method, path, query=None, body=None, accept=(200, 201, 204)):
        url = self.address + path + ("?" + urllib.parse.urlencode(query) if query else "")
        data = json.dumps(body).encode() if body is not None else (b"" if method == "POST" else None)
        request = urllib.request.Request(url, data=data, method=method, headers={"Content-Type": "application/json"})
        try:
            with self.opener.open(request, timeout=60) as answer:
                status, raw = answer.status, answer.read()
        except urllib.error.HTTPError as error:
            status, raw = error.code, error.read()
        except OSError as error:
            raise Broken(f"{method} {url}: {error}") from error
        if status not in accept:
            raise Broken(f"{method} {path}: HTTP {status} {raw[:300].decode('utf-8', 'replace')}")
        try:
            return json.loads(raw) if raw else None
        except ValueError:
            return raw.decode("utf-8", "replace")

    def create_plan(self, plan):
        query = {"planName": plan["plan"]}
        if plan["variant"]:
            query["variant"] = json.dumps(plan["variant"])
        return self.call("POST", "/api/plan", query, plan["config"])

    def run(self, plan_id, module, limit=240, idle_limit=75):
        """Runs a module to its end; its result, and what the suite found."""
        query = {"test": module["testModule"], "plan": plan_id, "variant": json.dumps(module.get("variant") or {})}
        test = self.call("POST", "/api/runner", query)["id"]
        stopped = self._wait(test, limit, idle_limit)
        info = self.call("GET", f"/api/info/{test}")
        for _ in range(10):  # the result is written just after the status
            if info.get("result") not in (None, "UNKNOWN"):
                break
            time.sleep(0.3)
            info = self.call("GET", f"/api/info/{test}")
        found = [
            f"{entry['result']} {entry.get('src')}: {entry.get('msg')}"
            for entry in self.call("GET", f"/api/log/{test}")
            if entry.get("result") in ("FAILURE", "WARNING")
        ]
        if stopped:
            return "FAILED", [stopped, *found]
        if info["status"] == "INTERRUPTED" or info.get("result") in (None, "UNKNOWN"):
            return "FAILED", found
        return info["result"], found

    def _wait(self, test, limit, idle_limit):
        """Waits until a test has ended; why it had to be stopped, if it had to."""
        begin, idle_since, begun = time.time(), None, False
        while True:
            query = {"states": ",".join(ENDED), "timeoutMs": 1500}
            state = (self.call("GET", f"/api/runner/{test}/wait-state", query, accept=(200, 404)) or {}).get("state")
            status = state or self.call("GET", f"/api/info/{test}")["status"]
            if status in ENDED:
                return None
            if status == "CONFIGURED" and time.time() - begin > 5 and not begun:
                self.call("POST", f"/api/runner/{test}")
                begun = True
            browser = {}
            if status == "WAITING":
                browser = self.call("GET", f"/api/runner/browser/{test}", accept=(200, 404, 503))
                browser = browser if isinstance(browser, dict) else {}
            waits = status == "WAITING" and not browser.get("runners")
            idle_since = (idle_since or time.time()) if waits else None
            why = None
            if browser.get("urls"):
                why = f"no browser script fits {browser['urls'][0]}"
            elif idle_since and time.time() - idle_since > idle_limit:
                why = f"nothing happened for {idle_limit} s"
            elif time.time() - begin > limit:
                why = f"not at its end after {limit} s"
            if why:
                self.call("DELETE", f"/api/runner/{test}", accept=(200, 404))
                return why
