"""Fixtures for the tests with real clients; those of tests/blackbox/harness are there too."""

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from harness.content import OCI_INDEX, OCI_MANIFEST, digest_of, unique
from harness.http_client import Http
from harness.identities import Principal
from harness.oci import NULL_USER, Oci
from harness.tokens import REGISTRY_SCOPE
from images import Image, blob_file, children, debian_image
from programs.client import Client, Daemons
from sandbox import Place, Sandbox, need


@pytest.fixture(scope="session")
def image() -> Image:
    need("dpkg-query")
    return debian_image()


@dataclass(frozen=True)
class Way:
    """A listener of the server, and the kind of credentials that is shown there."""

    place: Place
    kind: str
    http: Http
    login_server: str

    def credentials(self, principal: Principal) -> tuple[str, str]:
        """User and password for a client: the id and the secret, or nobody's id and a refresh token."""
        if self.kind == "secret":
            return principal.credentials
        answer = self.http.post("/oauth2/exchange", form={
            "grant_type": "access_token", "service": self.login_server,
            "access_token": principal.entra_token(REGISTRY_SCOPE)})
        return NULL_USER, answer.expect(200).json()["refresh_token"]


@pytest.fixture(scope="session")
def ways(berth, http, tmp_path_factory) -> dict[str, Way]:
    """Two ways to the same server, each with one of the two kinds of credentials: so everything is tried once."""
    file = tmp_path_factory.mktemp("certificates") / "ca.crt"
    file.write_bytes(Path(berth.bootstrap.ca_file).read_bytes())
    login_server = berth.bootstrap.login_server
    return {"http": Way(Place(berth.http, file), "secret", http, login_server),
            "https": Way(Place(berth.https, file), "refresh token", http, login_server)}


@pytest.fixture(params=("http", "https"), ids=("http, secret", "https, refresh token"))
def way(request, ways) -> Way:
    return ways[request.param]


@pytest.fixture(scope="session")
def daemons(ways):
    started = Daemons(ways["https"].place)
    yield started
    started.stop()


@pytest.fixture
def sandbox():
    made = Sandbox()
    yield made
    made.remove()


@pytest.fixture
def open_client(image, daemons):
    """open_client(kind, place) -> a client of that kind in a sandbox of its own, logged in nowhere."""
    opened: list[Client] = []

    def make(kind: type[Client], place: Place) -> Client:
        need(kind.program, root=kind.root)
        client = kind(Sandbox(), place, image, daemons)
        opened.append(client)
        return client

    yield make
    for client in opened:
        try:
            client.close()
        finally:
            client.sandbox.remove()


@pytest.fixture
def log_in(open_client, ways):
    """log_in(kind, principal, way=None) -> a client that acts as the principal, over HTTPS unless told otherwise."""

    def make(kind: type[Client], principal: Principal, way: Way | None = None) -> Client:
        way = way or ways["https"]
        client = open_client(kind, way.place)
        client.login(*way.credentials(principal))
        return client

    return make


@pytest.fixture
def name() -> str:
    """A repository and a tag that nobody else uses; it would do for a chart too."""
    return f"clients/{unique('r')}:1.0.0"


@pytest.fixture
def put_image(oci, image) -> Callable[..., None]:
    """put_image("repository:tag", reference="single"): there it is, without any client."""

    def make(name: str, reference: str = "single") -> None:
        repository, tag = name.rsplit(":", 1)

        def put(digest: str, tag: str) -> None:
            data = blob_file(image.layout, digest).read_bytes()
            index = "manifests" in json.loads(data)
            for part in children(data):
                if index:
                    put(part, part)
                else:
                    oci.push_blob(repository, blob_file(image.layout, part).read_bytes())
            oci.put_manifest(repository, tag, data, OCI_INDEX if index else OCI_MANIFEST).expect(201)

        put(image.index if reference == "index" else image.single, tag)

    return make


@pytest.fixture
def stored(oci) -> Callable[[str], set[str]]:
    """stored("repository:tag") -> the digests of all it consists of, each read from the registry and hashed."""
    return lambda name: read_whole(oci, *name.rsplit(":", 1))


def read_whole(oci: Oci, repository: str, reference: str) -> set[str]:
    found: set[str] = set()
    waiting = [("manifests", reference)]
    while waiting:
        kind, reference = waiting.pop()
        answer = oci.get(f"/v2/{repository}/{kind}/{reference}").expect(200)
        digest = digest_of(answer.body)
        assert kind == "blobs" or answer.header("Docker-Content-Digest") == digest, answer
        assert reference == digest or ":" not in reference, f"{reference} has other bytes"
        if digest in found:
            continue
        found.add(digest)
        if kind == "manifests":
            below = "manifests" if "manifests" in answer.json() else "blobs"
            waiting += [(below, part) for part in children(answer.body)]
    return found
