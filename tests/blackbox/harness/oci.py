"""The distribution API as one identity."""

import base64
import urllib.parse
from collections.abc import Iterable

from harness import challenge as challenges
from harness.content import OCI_MANIFEST, Manifest, digest_of
from harness.http_client import Http, Response

NULL_USER = "00000000-0000-0000-0000-000000000000"


def basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


class Oci:
    """One identity at one registry. How it proves itself:

    mode "bearer"   as docker does: 401, its challenge, a token from the realm with Basic (or nobody's) credentials
    mode "basic"    Basic credentials on each request
    mode "token"    `credentials` is one bearer token, sent with each request
    mode "none"     no Authorization header and no answer to a challenge
    """

    def __init__(self, http: Http, host: str | None, credentials=None, mode: str = "bearer"):
        self.http = http
        self.host = host
        self.credentials = credentials
        self.mode = mode
        self.tokens: dict[str, str] = {}

    # The exchange of tokens

    def challenge(self, method: str, path: str, **more) -> challenges.Challenge:
        """What a request without any credentials is told."""
        return challenges.parse(self.http.request(method, path, host=self.host, **more).expect(401)
                                .header("WWW-Authenticate"))

    def fetch_token(self, service: str, scopes: Iterable[str], realm: str = "/oauth2/token") -> Response:
        """GET realm?service=…&scope=… with Basic credentials, or without when there are none."""
        parts = urllib.parse.urlsplit(realm)
        query = urllib.parse.urlencode([("service", service), *(("scope", scope) for scope in scopes)])
        headers = {"Authorization": basic(*self.credentials)} if self.credentials else {}
        return self.http.get(f"{parts.path}?{query}", host=parts.netloc or self.host, headers=headers)

    def request(self, method: str, path: str, **more) -> Response:
        """The answer after one round of authentication at most."""
        own = dict(more.pop("headers", {}) or {})
        if "Authorization" in own or self.mode == "none":
            return self.http.request(method, path, host=self.host, headers=own, **more)
        if self.mode == "basic":
            own["Authorization"] = basic(*self.credentials)
            return self.http.request(method, path, host=self.host, headers=own, **more)
        if self.mode == "token":
            own["Authorization"] = f"Bearer {self.credentials}"
            return self.http.request(method, path, host=self.host, headers=own, **more)
        key = self._key(method, path)
        if key in self.tokens:
            own["Authorization"] = f"Bearer {self.tokens[key]}"
        answer = self.http.request(method, path, host=self.host, headers=own, **more)
        header = answer.header("WWW-Authenticate")
        if answer.status != 401 or header is None:
            return answer
        told = challenges.parse(header)
        if told.scheme.lower() == "basic":
            own["Authorization"] = basic(*self.credentials)
            return self.http.request(method, path, host=self.host, headers=own, **more)
        issued = self.fetch_token(told.service, [told.scope] if told.scope else [], told.realm)
        if issued.status != 200:
            return answer
        body = issued.json()
        self.tokens[key] = body.get("access_token") or body["token"]
        own["Authorization"] = f"Bearer {self.tokens[key]}"
        return self.http.request(method, path, host=self.host, headers=own, **more)

    @staticmethod
    def _key(method: str, path: str) -> str:
        """Requests that share a token: the same repository and the same kind of work."""
        kind = "read" if method in ("GET", "HEAD") else "delete" if method == "DELETE" else "write"
        path = urllib.parse.urlsplit(path).path
        for mark in ("/blobs/", "/manifests/", "/tags/", "/referrers/"):
            path = path.split(mark)[0]
        return f"{kind} {path}"

    def get(self, path: str, **more) -> Response:
        return self.request("GET", path, **more)

    def head(self, path: str, **more) -> Response:
        return self.request("HEAD", path, **more)

    def post(self, path: str, **more) -> Response:
        return self.request("POST", path, **more)

    def put(self, path: str, **more) -> Response:
        return self.request("PUT", path, **more)

    def patch(self, path: str, **more) -> Response:
        return self.request("PATCH", path, **more)

    def delete(self, path: str, **more) -> Response:
        return self.request("DELETE", path, **more)

    # Blobs

    def start_upload(self, name: str, query: str = "") -> Response:
        return self.post(f"/v2/{name}/blobs/uploads/{query}")

    @staticmethod
    def location(answer: Response) -> str:
        """Path and query of the Location header."""
        location = answer.header("Location")
        assert location, f"no Location: {answer}"
        parts = urllib.parse.urlsplit(location)
        return urllib.parse.urlunsplit(("", "", parts.path, parts.query, ""))

    @staticmethod
    def with_query(location: str, **parameters: str) -> str:
        joint = "&" if "?" in location else "?"
        return location + joint + urllib.parse.urlencode(parameters, safe=":")

    def patch_upload(self, location: str, data: bytes, start: int | None = None) -> Response:
        headers = {"Content-Type": "application/octet-stream"}
        if start is not None:
            headers["Content-Range"] = f"{start}-{start + len(data) - 1}"
        return self.patch(location, body=data, headers=headers)

    def finish_upload(self, location: str, digest: str, data: bytes = b"", start: int | None = None) -> Response:
        headers = {"Content-Type": "application/octet-stream"}
        if start is not None:
            headers["Content-Range"] = f"{start}-{start + len(data) - 1}"
        return self.put(self.with_query(location, digest=digest), body=data, headers=headers)

    def try_push_blob(self, name: str, data: bytes, digest: str | None = None) -> Response:
        """POST, then PUT; the answer that ended it."""
        started = self.start_upload(name)
        if started.status != 202:
            return started
        return self.finish_upload(self.location(started), digest or digest_of(data), data)

    def push_blob(self, name: str, data: bytes, algorithm: str = "sha256") -> str:
        digest = digest_of(data, algorithm)
        self.try_push_blob(name, data, digest).expect(201)
        return digest

    def get_blob(self, name: str, digest: str, **more) -> Response:
        return self.get(f"/v2/{name}/blobs/{digest}", **more)

    # Manifests

    def put_manifest(self, name: str, reference: str, data: bytes, media_type: str = OCI_MANIFEST,
                     query: str = "") -> Response:
        return self.put(f"/v2/{name}/manifests/{reference}{query}", body=data, headers={"Content-Type": media_type})

    def get_manifest(self, name: str, reference: str, **more) -> Response:
        return self.get(f"/v2/{name}/manifests/{reference}", **more)

    def push(self, name: str, manifest: Manifest, reference: str | None = None) -> str:
        """The blobs, then the manifest, by digest unless `reference` is given; its digest."""
        for blob in manifest.blobs:
            self.push_blob(name, blob)
        self.put_manifest(name, reference or manifest.digest, manifest.data, manifest.media_type).expect(201)
        return manifest.digest

    def tags(self, name: str, query: str = "") -> list[str]:
        return self.get(f"/v2/{name}/tags/list{query}").expect(200).json()["tags"]

    def referrers(self, name: str, digest: str, query: str = "") -> list[dict]:
        return self.get(f"/v2/{name}/referrers/{digest}{query}").expect(200).json()["manifests"]


def error_codes(answer: Response) -> list[str]:
    """The codes in the body of a refusal; the body has to have the specification's form."""
    errors = answer.json()["errors"]
    assert isinstance(errors, list) and errors, f"no errors: {answer}"
    return [error["code"] for error in errors]


def next_link(answer: Response) -> str | None:
    """Where the Link header with rel="next" leads (RFC 8288), path and query."""
    header = answer.header("Link")
    if header is None:
        return None
    target, _, parameters = header.partition(">")
    assert target.startswith("<"), header
    assert 'rel="next"' in parameters.replace("rel=next", 'rel="next"'), header
    parts = urllib.parse.urlsplit(target[1:])
    return urllib.parse.urlunsplit(("", "", parts.path, parts.query, ""))
