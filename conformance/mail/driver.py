"""Receives the mail of a server of its own over STARTTLS with a login, and goes on from the links in it.

The server is aiosmtpd, from PyPI, with the run's certificate; the installation is empty and this driver's own. Prints
`N passed, N failed`. Environment: USERS_CORE, CA_FILE, CERT_FILE, KEY_FILE.
"""
import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "agent"))
import requests  # noqa: E402
from agent import Page  # noqa: E402
from sink import Sink, free_port, links_of  # noqa: E402

BINARY = os.environ["USERS_CORE"]
CA = os.environ["CA_FILE"]
PASSWORD = "a passphrase of the first kind"
NEW = "a passphrase of the second kind"
checks = []


def check(name):
    def register(function):
        checks.append((name, function))
        return function

    return register


class Installation:
    def __init__(self):
        self.folder = Path(tempfile.mkdtemp())
        self.port, smtp_port = free_port(), free_port()
        self.issuer = f"https://localhost:{self.port}"
        secret = secrets.token_urlsafe(24)
        self.sink = Sink(smtp_port, os.environ["CERT_FILE"], os.environ["KEY_FILE"], "users-core", secret)
        (self.folder / "smtp-password").write_text(secret)
        (self.folder / "users-core.toml").write_text(
            f"""bind = ["127.0.0.1:{self.port}"]
issuer = "{self.issuer}"
database_url = "sqlite://{self.folder}/users-core.db"
registration = "open"

[tls]
cert_file = "{os.environ['CERT_FILE']}"
key_file = "{os.environ['KEY_FILE']}"

[mail]
host = "localhost"
port = {smtp_port}
tls = "starttls"
username = "users-core"
password_file = "{self.folder}/smtp-password"
from = "Accounts <no-reply@id.example.test>"
ca_file = "{CA}"

[limits]
mail_requests_per_minute = 1000
"""
        )
        self.http = requests.Session()
        self.http.verify = CA
        self.http.trust_env = False

    def start(self):
        self.log = open(self.folder / "server.log", "w")
        self.server = subprocess.Popen(self.command("serve"), stdout=self.log, stderr=self.log)
        for _ in range(100):
            try:
                if self.http.get(f"{self.issuer}/health/live", timeout=2).ok:
                    return
            except requests.ConnectionError:
                time.sleep(0.1)
        raise SystemExit((self.folder / "server.log").read_text())

    def stop(self):
        self.server.send_signal(signal.SIGTERM)
        self.server.wait(30)
        self.sink.stop()
        self.log.close()
        shutil.rmtree(self.folder)

    def command(self, *words):
        return [BINARY, "--config", str(self.folder / "users-core.toml"), *words]

    def run(self, *words):
        done = subprocess.run(self.command(*words), capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def api(self, path, body, token=None):
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        method = "PATCH" if token else "POST"
        return self.http.request(method, f"{self.issuer}/api/v1{path}", json=body, headers=headers, timeout=30)

    def login(self, name, password):
        return self.api("/auth/login", {"identifier": name, "password": password})

    def follow(self, mail, button, values):
        """Opens the link of a mail, twice as scanners do, and presses the button of the page."""
        text, html = links_of(mail)
        assert text == html and len(text) == 1, (text, html)
        assert text[0].startswith(self.issuer + "/"), text
        self.http.get(text[0], timeout=30)
        answer = self.http.get(text[0], timeout=30)
        assert answer.status_code == 200, answer.status_code
        url, fields = Page(answer).submission(button, values)
        return self.http.post(url, data=fields, timeout=30)


place = Installation()


def password(value):
    return {"password": value, "again": value}


@check("a new account is sent a link, and the link verifies the address")
def verification():
    answer = place.api("/auth/register", {"email": "ann@example.test", "username": "ann", "password": PASSWORD})
    assert answer.status_code == 201, answer.text
    mail = place.sink.next("ann@example.test")
    assert "confirm" in mail["Subject"], mail["Subject"]
    assert mail["From"] == "Accounts <no-reply@id.example.test>", mail["From"]
    answer = place.follow(mail, "confirm", {})
    assert answer.status_code == 200, answer.text
    token = place.login("ann", PASSWORD).json()["access_token"]
    me = place.http.get(f"{place.issuer}/api/v1/users/me", headers={"Authorization": f"Bearer {token}"}, timeout=30)
    assert me.json()["email_verified"] is True, me.text


@check("a forgotten password is set by the link, which works once")
def reset():
    page = Page(place.http.get(f"{place.issuer}/reset-password", timeout=30))
    url, fields = page.submission("send-link", {"address": "ann@example.test"})
    assert place.http.post(url, data=fields, timeout=30).status_code == 200
    mail = place.sink.next("ann@example.test")
    assert "set a new password" in mail["Subject"], mail["Subject"]
    assert place.follow(mail, "set-password", password(NEW)).status_code == 200
    assert place.login("ann", PASSWORD).status_code == 401
    assert place.login("ann", NEW).status_code == 200
    again = place.http.get(links_of(mail)[0][0], timeout=30)
    assert again.status_code == 410, again.status_code


@check("the new password is told")
def password_changed():
    mail = place.sink.next("ann@example.test")
    assert "your password was changed" in mail["Subject"], mail["Subject"]
    assert links_of(mail) == ([], []), links_of(mail)


@check("a sign-in on a new device is told")
def new_device():
    mail = place.sink.next("ann@example.test")
    assert "a new device" in mail["Subject"], mail["Subject"]


@check("an unknown address is answered alike, and gets nothing")
def unknown():
    known = place.api("/auth/reset-password", {"email": "ann@example.test"})
    unknown = place.api("/auth/reset-password", {"email": "nobody@example.test"})
    assert (known.status_code, known.text) == (unknown.status_code, unknown.text)
    place.sink.next("ann@example.test")
    time.sleep(2)
    assert not place.sink.has("nobody@example.test")


@check("an invitation sets the first password")
def invitation():
    place.run("user", "create", "bob", "--email", "bob@example.test")
    place.run("user", "invite", "bob", "--mail")
    mail = place.sink.next("bob@example.test")
    assert "your account is ready" in mail["Subject"], mail["Subject"]
    assert place.follow(mail, "set-password", password(PASSWORD)).status_code == 200
    assert place.login("bob", PASSWORD).status_code == 200


@check("a changed address is told at the old one and verified at the new one")
def changed_address():
    token = place.login("bob", PASSWORD).json()["access_token"]
    answer = place.api("/users/me", {"email": "bob@new.test"}, token)
    assert answer.status_code == 200 and answer.json()["email_verified"] is False, answer.text
    mail = place.sink.next("bob@example.test")
    assert "was changed" in mail["Subject"] and links_of(mail) == ([], []), mail["Subject"]
    mail = place.sink.next("bob@new.test")
    assert place.follow(mail, "confirm", {}).status_code == 200


@check("the command line prints a link that sets a password")
def printed():
    link = place.run("user", "reset-password", "bob").split()[-1]
    page = Page(place.http.get(link, timeout=30))
    url, fields = page.submission("set-password", password(NEW))
    assert place.http.post(url, data=fields, timeout=30).status_code == 200
    assert place.login("bob", NEW).status_code == 200


@check("mail asked for while the server is away arrives once it is back")
def away():
    place.sink.clear()
    place.sink.pause()
    started = time.monotonic()
    answer = place.api("/auth/reset-password", {"email": "bob@new.test"})
    assert answer.status_code == 200 and time.monotonic() - started < 1
    time.sleep(3)
    place.sink.resume()
    mail = place.sink.next("bob@new.test", subject="set a new password", seconds=75)
    assert place.follow(mail, "set-password", password(PASSWORD)).status_code == 200


@check("every mail came encrypted, with a login, a Message-ID of its own and both parts")
def every_mail():
    # The last one tells of the password that was just set.
    place.sink.next("bob@new.test", subject="your password was changed")
    seen = place.sink.everything
    assert len(seen) >= 10, len(seen)
    assert all(mail.encrypted and mail.login == "users-core" for mail in seen)
    ids = [mail.message["Message-ID"] for mail in seen]
    assert len(set(ids)) == len(ids), ids
    for mail in seen:
        kinds = [part.get_content_type() for part in mail.message.walk()]
        assert kinds == ["multipart/alternative", "text/plain", "text/html"], kinds
        assert mail.message["Auto-Submitted"] == "auto-generated"


passed = failed = 0
try:
    place.start()
    for name, function in checks:
        try:
            function()
            passed += 1
            print(f"ok   mail: {name}")
        except Exception as error:  # a driver reports every failure and goes on
            failed += 1
            print(f"FAIL mail: {name}: {type(error).__name__}: {error}")
    if failed:
        print("\n".join((place.folder / "server.log").read_text().splitlines()[-20:]), file=sys.stderr)
finally:
    place.stop()
print(f"{passed} passed, {failed} failed")
sys.exit(failed > 0)
