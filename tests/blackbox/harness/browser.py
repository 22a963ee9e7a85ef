"""A browser without a screen: cookies, links, forms. Enough for the sign-in page, which needs no script."""

import base64
import hashlib
import html.parser
import http.cookies
import secrets
import urllib.parse
from dataclasses import dataclass, field

from harness.http_client import Http, Response

AZ_CLIENT = "04b07795-8ddb-461a-bbee-02f9e1bf7b46"
ARM_USER_SCOPE = "https://management.azure.com//.default offline_access openid profile"
CALLBACK = "http://localhost:8400"


@dataclass
class Form:
    action: str
    method: str
    fields: dict[str, str] = field(default_factory=dict)


class _Forms(html.parser.HTMLParser):
    def __init__(self):
        super().__init__()
        self.forms: list[Form] = []
        self.links: list[str] = []

    def handle_starttag(self, tag, attributes):
        values = {name: value or "" for name, value in attributes}
        if tag == "form":
            self.forms.append(Form(values.get("action", ""), values.get("method", "get").upper()))
        elif tag == "input" and self.forms and "name" in values:
            self.forms[-1].fields[values["name"]] = values.get("value", "")
        elif tag == "a" and "href" in values:
            self.links.append(values["href"])


class Page:
    def __init__(self, response: Response):
        self.response = response
        parser = _Forms()
        parser.feed(response.body.decode())
        self.forms = parser.forms
        self.links = parser.links

    @property
    def status(self) -> int:
        return self.response.status

    @property
    def text(self) -> str:
        return self.response.body.decode()

    def form(self, action: str) -> Form:
        found = [form for form in self.forms if form.action == action]
        assert found, f"no form goes to {action}: {self.response}"
        return found[0]


class Browser:
    def __init__(self, http: Http):
        self.http = http
        self.cookies: dict[str, str] = {}

    def _keep(self, response: Response) -> None:
        for value in response.header_values("Set-Cookie"):
            for name, morsel in http.cookies.SimpleCookie(value).items():
                if morsel["max-age"] == "0":
                    self.cookies.pop(name, None)
                else:
                    self.cookies[name] = morsel.value

    def open(self, method: str, path: str, headers: dict[str, str] | None = None, **more) -> Page:
        """Does not follow redirects."""
        send = dict(headers or {})
        if self.cookies:
            send["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        response = self.http.request(method, path, headers=send, **more)
        self._keep(response)
        return Page(response)

    def get(self, path: str, **more) -> Page:
        return self.open("GET", path, **more)

    def submit(self, form: Form, headers: dict[str, str] | None = None, **fields: str) -> Page:
        return self.open(form.method, form.action, form={**form.fields, **fields},
                         headers={"Origin": self.http.base, **(headers or {})})


@dataclass
class Pkce:
    verifier: str = field(default_factory=lambda: secrets.token_urlsafe(48))

    @property
    def challenge(self) -> str:
        return base64.urlsafe_b64encode(hashlib.sha256(self.verifier.encode()).digest()).rstrip(b"=").decode()


def authorize_path(tenant: str, pkce: Pkce, **more: str) -> str:
    """What az asks with; a field that is given as an empty text is left out."""
    query = {"client_id": AZ_CLIENT, "response_type": "code", "redirect_uri": CALLBACK, "scope": ARM_USER_SCOPE, "state": "s t&1",
             "code_challenge": pkce.challenge, "code_challenge_method": "S256", "nonce": "n1", "response_mode": "form_post", **more}
    return f"/{tenant}/oauth2/v2.0/authorize?" + urllib.parse.urlencode({name: value for name, value in query.items() if value})


def sign_in(browser: Browser, path: str, name: str, password: str) -> Page:
    page = browser.get(path)
    assert page.status == 200, page.response
    return browser.submit(page.form("/signin/password"), username=name, password=password)


def redeem(http: Http, tenant: str, code: str, pkce: Pkce, **more: str) -> Response:
    return http.post(f"/{tenant}/oauth2/v2.0/token", form={
        "grant_type": "authorization_code", "client_id": AZ_CLIENT, "code": code, "redirect_uri": CALLBACK,
        "code_verifier": pkce.verifier, "client_info": "1", **more})
