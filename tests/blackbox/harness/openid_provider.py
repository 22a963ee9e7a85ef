"""An OpenID provider in miniature, as Keycloak is one: metadata, keys, a login page that asks nothing, id tokens."""

import http.server
import json
import secrets
import threading
import time
import urllib.parse
from pathlib import Path

from harness.tokens import Key, assemble


class OpenIdProvider:
    """Who comes is `person`; `change` alters the claims of the next id token, `sign` is what signs it."""

    client_id = "berth"
    client_secret = "hush"

    def __init__(self, folder: Path):
        self.key = Key("RS256", folder)
        self.person = {"sub": "42", "preferred_username": "ada@example.org", "name": "Ada"}
        self.change: dict = {}
        self.kid = "one"
        self.metadata_issuer: str | None = None
        self.codes: dict[str, dict] = {}
        self.asked: list[dict] = []  # token requests
        provider = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self, status: int, document, **headers: str) -> None:
                body = json.dumps(document).encode()
                self.send_response(status)
                for name, value in {"Content-Type": "application/json", "Content-Length": str(len(body)), **headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            def do_GET(self):
                parts = urllib.parse.urlsplit(self.path)
                if parts.path == "/realms/x/.well-known/openid-configuration":
                    self.answer(200, {"issuer": provider.metadata_issuer or provider.issuer, "jwks_uri": provider.issuer + "/keys",
                                      "authorization_endpoint": provider.issuer + "/auth", "token_endpoint": provider.issuer + "/token"})
                elif parts.path == "/realms/x/keys":
                    self.answer(200, {"keys": [{"kid": "one", "use": "sig", "alg": "RS256", **provider.key.public_jwk()}]})
                else:
                    self.answer(404, {})

            def do_POST(self):
                form = dict(urllib.parse.parse_qsl(self.rfile.read(int(self.headers["Content-Length"])).decode()))
                provider.asked.append(form)
                kept = provider.codes.pop(form.get("code", ""), None)
                if kept is None or form.get("client_secret") != provider.client_secret or form.get("redirect_uri") != kept["redirect_uri"]:
                    self.answer(400, {"error": "invalid_grant"})
                    return
                self.answer(200, {"access_token": "x", "token_type": "Bearer", "id_token": provider.id_token(kept["nonce"])})

            def log_message(self, *arguments):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.origin = f"http://127.0.0.1:{self.server.server_port}"
        self.issuer = f"{self.origin}/realms/x"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def log_in(self, location: str) -> str:
        """What the person's browser does here: the address it is sent back to."""
        parts = urllib.parse.urlsplit(location)
        assert location.startswith(self.issuer + "/auth?"), location
        query = dict(urllib.parse.parse_qsl(parts.query))
        assert query["client_id"] == self.client_id and query["code_challenge_method"] == "S256" and "openid" in query["scope"].split()
        code = secrets.token_urlsafe(16)
        self.codes[code] = query
        return query["redirect_uri"] + "?" + urllib.parse.urlencode({"code": code, "state": query["state"]})

    def id_token(self, nonce: str) -> str:
        now = int(time.time())
        claims = {"iss": self.issuer, "aud": self.client_id, "azp": self.client_id, "iat": now, "exp": now + 300, "nonce": nonce,
                  **self.person, **self.change}
        claims = {name: value for name, value in claims.items() if value is not None}
        return assemble({"alg": "RS256", "typ": "JWT", "kid": self.kid}, claims, self.key.sign)

    def stop(self) -> None:
        self.server.shutdown()
        self.server.server_close()
