"""Somebody at a browser: fills in the forms that pages show, and sends on those that a browser would send by itself.

As a program it is az's browser: BROWSER="python3 person.py USER PASSWORD %s &".
"""

import http.cookiejar
import os
import ssl
import sys
import urllib.parse
import urllib.request
from html.parser import HTMLParser

MOST_PAGES = 10


class Forms(HTMLParser):
    """The forms of a page: where they go, and their fields with what is in them."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.forms: list[dict] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attributes}
        if tag == "form":
            self.forms.append({"action": values.get("action", ""), "method": values.get("method", "get").lower(), "fields": {}, "kinds": {}})
        elif tag in ("input", "button") and self.forms and "name" in values:  # of buttons with one name the first is pressed
            form = self.forms[-1]
            form["fields"].setdefault(values["name"], values.get("value", ""))
            form["kinds"].setdefault(values["name"], values.get("type", "submit" if tag == "button" else "text"))


class Person:
    """follow(url) goes on from page to page until none asks for anything; the text of the last one."""

    def __init__(self, user: str, password: str, ca_file: str) -> None:
        self.user, self.password = user, password
        context = ssl.create_default_context(cafile=ca_file)
        self.opener = urllib.request.build_opener(
            urllib.request.HTTPSHandler(context=context), urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()))

    def follow(self, url: str, **typed: str) -> str:
        """`typed` is what goes into fields of these names."""
        data = None
        for _ in range(MOST_PAGES):
            request = urllib.request.Request(url, data=data)
            if data is not None:
                parts = urllib.parse.urlsplit(self.page_of)
                request.add_header("Origin", f"{parts.scheme}://{parts.netloc}")
            with self.opener.open(request, timeout=30) as answer:
                url, page = answer.geturl(), answer.read().decode()
            self.page_of = url
            form = next((form for form in Forms(page).forms if form["method"] == "post"), None)
            if form is None:
                return page
            data = urllib.parse.urlencode({name: self.fill(name, form["kinds"][name], value, typed)
                                           for name, value in form["fields"].items()}).encode()
            url = urllib.parse.urljoin(url, form["action"])
        raise AssertionError(f"still a form after {MOST_PAGES} pages: {page}")

    def fill(self, name: str, kind: str, value: str, typed: dict[str, str]) -> str:
        if name in typed:
            return typed[name]
        if kind == "password":
            return self.password
        return self.user if kind in ("text", "email") else value


if __name__ == "__main__":
    Person(sys.argv[1], sys.argv[2], os.environ["REQUESTS_CA_BUNDLE"]).follow(sys.argv[3])
