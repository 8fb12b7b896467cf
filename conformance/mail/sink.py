"""A real SMTP server that keeps what it takes: aiosmtpd, which wants STARTTLS and a login before anything else."""
import re
import socket
import ssl
import threading
import time
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from html.parser import HTMLParser

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword


@dataclass
class Taken:
    recipients: list
    message: EmailMessage
    encrypted: bool
    login: str


class Sink:
    def __init__(self, port, certificate, key, username, password):
        self.everything, self.waiting = [], []
        self.lock = threading.Lock()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)

        def authenticate(server, session, envelope, mechanism, data):
            given = isinstance(data, LoginPassword) and (data.login, data.password)
            right = given == (username.encode(), password.encode())
            return AuthResult(success=right, handled=False, auth_data=data.login.decode() if right else None)

        def controller():
            return Controller(
                self,
                hostname="localhost",
                port=port,
                tls_context=context,
                require_starttls=True,
                auth_required=True,
                authenticator=authenticate,
            )

        self.make = controller
        self.resume()

    async def handle_DATA(self, server, session, envelope):
        message = message_from_bytes(envelope.content, policy=policy.default)
        taken = Taken(envelope.rcpt_tos, message, session.ssl is not None, session.auth_data)
        with self.lock:
            self.everything.append(taken)
            self.waiting.append(taken)
        return "250 taken"

    def resume(self):
        self.controller = self.make()
        self.controller.start()

    def pause(self):
        self.controller.stop()

    stop = pause

    def clear(self):
        with self.lock:
            self.waiting.clear()

    def has(self, address):
        with self.lock:
            return any(address in taken.recipients for taken in self.waiting)

    def next(self, address, subject="", seconds=20):
        """The oldest mail to an address that was not looked at yet."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            with self.lock:
                for taken in self.waiting:
                    if taken.recipients == [address] and subject in taken.message["Subject"]:
                        self.waiting.remove(taken)
                        return taken.message
            time.sleep(0.1)
        raise AssertionError(f"no mail to {address} within {seconds} s")


class Links(HTMLParser):
    def __init__(self, html):
        super().__init__()
        self.found = []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.found.extend(value for name, value in attrs if name in ("href", "src", "action"))


def links_of(message):
    """The addresses in the text part, and those in the HTML part."""
    text = message.get_body(("plain",)).get_content()
    html = message.get_body(("html",)).get_content()
    return re.findall(r"https?://\S+", text), Links(html).found


def free_port():
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        return held.getsockname()[1]
