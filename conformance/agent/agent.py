"""A user agent without a screen, for the drivers in Python: cookies, redirects and forms, no scripts."""
from html.parser import HTMLParser
from urllib.parse import parse_qsl, urljoin, urlsplit

import requests

MAX_STEPS = 25
TIMEOUT = 15


class Page(HTMLParser):
    """The forms of a page: fields in order, buttons by id, and which ids there are."""

    def __init__(self, answer):
        super().__init__()
        self.url, self.status, self.text = answer.url, answer.status_code, answer.text
        self.ids, self.buttons, self.fields = set(), {}, []
        self.form = None
        self.feed(answer.text)

    def handle_starttag(self, tag, attrs):
        attributes = {name: value or "" for name, value in attrs}
        self.ids.add(attributes.get("id"))
        if tag == "form":
            self.form = attributes
        elif tag == "button" and self.form is not None:
            self.buttons[attributes.get("id")] = (self.form, attributes)
        elif tag == "input" and self.form is not None and "name" in attributes:
            self.fields.append((self.form, attributes))

    def handle_endtag(self, tag):
        if tag == "form":
            self.form = None

    def submission(self, button, values):
        """What pressing the button with this id sends: the address and the fields. `values` fills in by id."""
        form, pressed = self.buttons[button]
        sent = []
        for owner, field in self.fields:
            if owner is not form or (field.get("type") == "checkbox" and "checked" not in field):
                continue
            sent.append((field["name"], values.get(field.get("id"), field.get("value", ""))))
        if "name" in pressed:
            sent.append((pressed["name"], pressed.get("value", "")))
        return urljoin(self.url, pressed.get("formaction") or form.get("action", "")), sent


class Person:
    """Somebody at the provider's pages. `client` is the prefix of the client's own addresses, where the walk ends."""

    def __init__(self, username, password, authority, client):
        self.values = {"username": username, "password": password}
        self.client = client
        self.asked = []
        self.http = requests.Session()
        self.http.verify = authority
        self.http.trust_env = False

    def walk(self, url, decision="allow"):
        """Answers every page; gives the parameters the client would see, or the `Page` where there is no way on."""
        self.asked = []
        method, body = "GET", None
        for _ in range(MAX_STEPS):
            if url.startswith(self.client):
                return dict(body) if method == "POST" else dict(parse_qsl(urlsplit(url).query))
            headers = {"Accept": "text/html"}
            if method == "POST":
                headers["Origin"] = "{0.scheme}://{0.netloc}".format(urlsplit(url))
            answer = self.http.request(method, url, data=body, headers=headers, allow_redirects=False, timeout=TIMEOUT)
            if answer.is_redirect:
                method, url, body = "GET", urljoin(url, answer.headers["Location"]), None
                continue
            page = Page(answer)
            button = next((id for id in ("sign-in", decision, "continue", "sign-out") if id in page.buttons), None)
            if button is None:
                return page
            if button == "sign-in" and button in self.asked:
                raise AssertionError("asked to sign in again")
            self.asked.append(button)
            method, (url, body) = "POST", page.submission(button, self.values)
        raise AssertionError("too many steps")
