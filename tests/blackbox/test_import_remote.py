"""importImage from another server: another berth, and a source that lies, is slow, breaks and asks for credentials."""

import base64
import signal
import time
import urllib.parse

import pytest

from harness import identities
from harness.content import DOCKER_LIST, OCI_INDEX, Manifest, artifact, build_cache, digest_of, encode, image, index, random_blob, unique
from harness.docker_registry import DockerRegistry
from harness.fixtures import Registry
from harness.http_client import Http
from harness.oci import Oci
from harness.source_registry import SourceRegistry, run_import, status_of, wait_for
from test_import import is_there

FLAGS = ("--allow-outbound", "http://127.0.0.1", "--outbound-patience-seconds", "2")


class Place:
    """A berth of its own with its first registry and its Owner."""

    def __init__(self, berth):
        self.berth = berth
        self.reach()

    def reach(self):
        self.http = Http(self.berth.http)
        self.owner = identities.bootstrap_owner(self.http, self.berth.bootstrap)
        self.arm = self.owner.arm
        facts = self.berth.bootstrap
        self.registry = Registry(self.http, facts.registry_name, facts.registry_id, facts.login_server)

    @property
    def host(self) -> str:
        return urllib.parse.urlsplit(self.berth.http).netloc

    @property
    def oci(self) -> Oci:
        return self.registry.oci(self.owner)

    def import_(self, host: str, what: str, *targets: str, credentials: dict | None = None, seconds: float = 60, **more) -> dict:
        return run_import(self.arm, self.registry.id, body_of(host, what, *targets, credentials=credentials, **more), seconds)

    def begin(self, body: dict):
        return self.arm.call("POST", self.registry.id + "/importImage", json=body).expect(202)


def body_of(host: str, what: str, *targets: str, credentials: dict | None = None, **more) -> dict:
    source = {"registryUri": host, "sourceImage": what}
    if credentials is not None:
        source["credentials"] = credentials
    return {"source": source, "targetTags": list(targets), **more}


@pytest.fixture(scope="module")
def target(tmp_path_factory):
    from harness.server import Berth

    with Berth(tmp_path_factory.mktemp("target"), *FLAGS) as berth:
        yield Place(berth)


@pytest.fixture(scope="module")
def other(tmp_path_factory):
    """The berth to import from."""
    from harness.server import Berth

    with Berth(tmp_path_factory.mktemp("other")) as berth:
        yield Place(berth)


@pytest.fixture
def source():
    registry = SourceRegistry()
    yield registry
    registry.close()


def failed(status: dict, code: str) -> str:
    assert status["status"] == "Failed" and status["error"]["code"] == code, status
    return status["error"]["message"]


def nothing_came(place: Place, repository: str) -> None:
    place.oci.get_manifest(repository, "1").expect(404)
    assert repository not in place.oci.get("/v2/_catalog?n=1000").expect(200).json()["repositories"]


# From another berth

@pytest.mark.parametrize("kind", ["secret", "directory token", "refresh token", "access token"])
def test_from_another_berth(target, other, kind):
    children = [image(layers=2, size=100_000), image(layers=2, size=300)]
    whole = index([child.descriptor() for child in children])
    sbom = artifact("application/vnd.example.sbom", whole.descriptor())
    name = f"app/{unique()}"
    for one in children:
        other.oci.push(name, one)
    other.oci.push(name, whole, reference="1")
    other.oci.push(name, sbom)
    user, secret = other.owner.credentials
    credentials = {"username": user, "password": secret}
    if kind != "secret":
        token = other.owner.entra_token()
        if kind == "refresh token":
            token = other.http.post("/oauth2/exchange", form={"grant_type": "access_token", "service": other.host,
                                                              "access_token": token}).expect(200).json()["refresh_token"]
        if kind == "access token":
            token = other.oci.fetch_token(other.host, [f"repository:{name}:pull"]).expect(200).json()["access_token"]
        credentials = {"password": token}
    status = target.import_(other.host, f"{name}:1", f"{name}:one", credentials=credentials, includeReferrers=True)
    assert status["status"] == "Succeeded", status
    assert status["properties"]["manifests"] == 4
    assert status["properties"]["blobs"]["copied"] == 8
    is_there(target.oci, name, "one", whole)
    for one in (*children, sbom):
        is_there(target.oci, name, one.digest, one)
    listed = target.oci.get(f"/v2/{name}/referrers/{whole.digest}").expect(200).json()["manifests"]
    assert [item["digest"] for item in listed] == [sbom.digest]


def test_without_or_with_wrong_credentials(target, other):
    one = image()
    name = f"app/{unique()}"
    other.oci.push(name, one, reference="1")
    for credentials in (None, {"username": other.owner.client_id, "password": "wrong"}, {"password": "wrong"}):
        told = failed(target.import_(other.host, f"{name}:1", f"{name}:1", credentials=credentials), "SourceUnauthorized")
        assert "Unauthorized" in told
    nothing_came(target, name)


def test_a_second_import_fetches_only_what_is_new(target, source):
    name = unique()
    first, second = image(layers=2), image(layers=1)
    source.push(first, "1")
    assert target.import_(source.host, "x:1", f"{name}:1")["status"] == "Succeeded"
    source.push(second, "2")
    whole = index([first.descriptor(), second.descriptor()])
    source.push(whole, "3")
    status = target.import_(source.host, "x:3", f"{name}:3")
    assert status["properties"]["blobs"] == {"total": 5, "copied": 2, "present": 3}
    # What another repository has is fetched all the same: naming a digest is not having it.
    status = target.import_(source.host, "x:1", f"{name}2:1")
    assert status["properties"]["blobs"]["copied"] == 3


def test_more_manifests_than_azure_takes(target, source):
    """Azure stops at 50. What docs/import.md promises as the most is tried in tests/clients/interop."""
    one = image()
    parts = [Manifest(one.media_type, encode({**one.document, "annotations": {"number": str(number)}}), one.blobs) for number in range(120)]
    for part in parts:
        source.push(part)
    whole = index([part.descriptor() for part in parts])
    source.push(whole, "1")
    name = unique()
    status = target.import_(source.host, "x:1", f"{name}:1")
    assert status["status"] == "Succeeded" and status["properties"]["manifests"] == 121, status
    for part in (parts[0], parts[-1], whole):
        is_there(target.oci, name, part.digest, part)


def test_naming_a_blob_of_another_repository_reveals_nothing(target, source):
    secret = image()
    target.oci.push("secrets", secret, reference="1")
    source.push(secret, "1")
    source.blobs.clear()
    name = unique()
    status = target.import_(source.host, "x:1", f"{name}:1", "secrets:2")
    assert status["status"] == "Failed", status
    nothing_came(target, name)


@pytest.mark.parametrize("media_type", [OCI_INDEX, DOCKER_LIST])
def test_a_build_cache_from_elsewhere(target, source, other, media_type):
    """An index that lists layers instead of manifests, alone, and beside an image in an index above both."""
    caches = [build_cache(layers=3, size=size, media_type=media_type) for size in (200, 200_000)]
    one = image()
    whole = index([one.descriptor(), *(cache.descriptor() for cache in caches)])
    name = unique()
    for manifest in (one, *caches):
        source.push(manifest)
        other.oci.push(name, manifest)
    source.push(whole, "1")
    other.oci.push(name, whole, reference="1")
    user, secret = other.owner.credentials
    for place, credentials in ((source.host, None), (other.host, {"username": user, "password": secret})):
        status = target.import_(place, f"{name}:1", f"{name}:1", credentials=credentials, mode="Force")
        assert status["status"] == "Succeeded", status
        assert status["properties"]["manifests"] == 4 and status["properties"]["blobs"]["total"] == 10
        for manifest in (whole, one, *caches):
            is_there(target.oci, name, manifest.digest, manifest)
        name = unique()
        other.oci.push(name, one)
        for cache in caches:
            other.oci.push(name, cache)
        other.oci.push(name, whole, reference="1")


def test_a_build_cache_that_is_not_whole(target, source):
    """Its layers are needed as those of an image are."""
    cache = build_cache(layers=3)
    source.push(cache, "1")
    del source.blobs[digest_of(cache.blobs[1])]
    name = unique()
    failed(target.import_(source.host, "x:1", f"{name}:1"), "ResourceNotFound")
    nothing_came(target, name)


# A source that lies

def test_wrong_bytes(target, source):
    one = image(size=300_000)
    source.push(one, "1")
    name = unique()
    for blob in one.blobs:
        source.blobs[digest_of(blob)] = random_blob(len(blob))
        assert "digest" in failed(target.import_(source.host, "x:1", f"{name}:1"), "InvalidParameter")
        source.blobs[digest_of(blob)] = blob
    nothing_came(target, name)


@pytest.mark.parametrize("size", [300, 300_000])
@pytest.mark.parametrize("change", [lambda data: data + b"x", lambda data: data[:-1], lambda data: b""])
def test_wrong_size(target, source, size, change):
    one = image(size=size)
    source.push(one, "1")
    layer = one.blobs[1]
    source.blobs[digest_of(layer)] = change(layer)
    name = unique()
    assert str(len(layer)) in failed(target.import_(source.host, "x:1", f"{name}:1"), "InvalidParameter")
    nothing_came(target, name)


def test_wrong_manifests(target, source):
    name = unique()
    good, bad = image(), image()
    source.push(good, "1")
    source.manifests[good.digest] = (bad.media_type, bad.data)
    assert bad.digest in failed(target.import_(source.host, f"x@{good.digest}", f"{name}:1"), "InvalidParameter")
    # A child of another size than its index says.
    child = image()
    source.push(child)
    source.push(index([{**child.descriptor(), "size": len(child.data) + 1}]), "2")
    assert "index says" in failed(target.import_(source.host, "x:2", f"{name}:1"), "InvalidParameter")
    # No manifest at all.
    source.manifests["3"] = ("text/html", b"<html>hello</html>")
    failed(target.import_(source.host, "x:3", f"{name}:1"), "InvalidParameter")
    source.manifests["4"] = (good.media_type, b'{"schemaVersion":2,"schemaVersion":2}')
    failed(target.import_(source.host, "x:4", f"{name}:1"), "InvalidParameter")
    nothing_came(target, name)


def endless(handler):
    handler.send_response(200)
    handler.send_header("Content-Type", "application/vnd.oci.image.manifest.v1+json")
    handler.send_header("Transfer-Encoding", "chunked")
    handler.end_headers()
    while True:
        handler.wfile.write(b"10000\r\n" + b" " * 0x10000 + b"\r\n")


def test_endless_answers(target, source):
    name = unique()
    one = image(size=100_000)
    source.push(one, "1")
    source.answers["/v2/x/manifests/2"] = endless
    failed(target.import_(source.host, "x:2", f"{name}:1"), "RequestContentTooLarge")
    source.answers[f"/v2/x/blobs/{digest_of(one.blobs[1])}"] = endless
    failed(target.import_(source.host, "x:1", f"{name}:1"), "InvalidParameter")
    nothing_came(target, name)


def test_silence(target, source):
    """A source that says nothing more is given up after the patience that is configured, some attempts later."""
    name = unique()
    source.push(image(), "1")

    def silent(handler):
        time.sleep(3.5)
        handler.close_connection = True

    source.answers["/v2/x/manifests/1"] = silent
    begun = time.monotonic()
    failed(target.import_(source.host, "x:1", f"{name}:1", seconds=90), "SourceUnavailable")
    assert time.monotonic() - begun < 60
    nothing_came(target, name)


# Redirects and credentials

def test_credentials_go_to_the_named_host_only(target, source):
    """A redirect of a blob to another host is followed without them."""
    elsewhere = SourceRegistry()
    try:
        one = image(size=100_000)
        source.push(one, "1")
        elsewhere.push(one)
        layer = digest_of(one.blobs[1])

        def challenge(handler):
            asked = handler.headers.get("Authorization")
            if asked is None:
                return handler.reply(401, b"{}", WWW_Authenticate='Basic realm="source"')
            if handler.path.endswith(layer):
                return handler.reply(307, b"", Location=f"http://{elsewhere.host}/v2/x/blobs/{layer}")
            return source.answer(handler)

        for path in ("/v2/x/manifests/1", *(f"/v2/x/blobs/{digest_of(blob)}" for blob in one.blobs)):
            source.answers[path] = challenge
        name = unique()
        status = target.import_(source.host, "x:1", f"{name}:1", credentials={"username": "me", "password": "secret"})
        assert status["status"] == "Succeeded", status
        is_there(target.oci, name, "1", one)
        expected = "Basic " + base64.b64encode(b"me:secret").decode()
        assert any(headers.get("Authorization") == expected for headers in source.requests(layer))
        assert elsewhere.seen and all("Authorization" not in headers for _, _, headers in elsewhere.seen)
    finally:
        elsewhere.close()


def test_credentials_do_not_go_to_another_host_s_token_server(target, source):
    source.push(image(), "1")
    realm = f"http://localhost:{source.host.split(':')[1]}/token"
    source.answers["/v2/x/manifests/1"] = lambda handler: handler.reply(
        401, b"{}", WWW_Authenticate=f'Bearer realm="{realm}",service="s"')
    for credentials in ({"username": "me", "password": "secret"}, {"password": "secret"}):
        told = failed(target.import_(source.host, "x:1", f"{unique()}:1", credentials=credentials), "SourceFailed")
        assert "another host" in told
    assert not source.requests("/token")


@pytest.mark.parametrize("location", ["http://169.254.169.254/latest/meta-data", "http://10.0.0.1/", "https://[::1]:1/",
                                      "ftp://127.0.0.1/", "file:///etc/passwd"])
def test_redirects_into_the_private_network(target, source, location):
    one = image()
    source.push(one, "1")
    source.answers[f"/v2/x/blobs/{digest_of(one.blobs[1])}"] = lambda handler: handler.reply(302, b"", Location=location)
    name = unique()
    status = target.import_(source.host, "x:1", f"{name}:1")
    assert status["status"] == "Failed", status
    nothing_came(target, name)


def test_redirects_in_a_circle(target, source):
    source.answers["/v2/x/manifests/1"] = lambda handler: handler.reply(302, b"", Location="/v2/x/manifests/1")
    failed(target.import_(source.host, "x:1", f"{unique()}:1"), "SourceUnavailable")


def test_names_that_lead_to_loopback_are_refused(own_berth, source):
    """Without --allow-outbound: the address that a name resolves to counts, not the name."""
    place = Place(own_berth().start())
    port = source.host.split(":")[1]
    for host in ("localhost", "x.localhost"):
        told = failed(place.import_(f"{host}:{port}", "x:1", "app:1"), "InvalidParameter")
        assert "--allow-outbound" in told
    assert not source.seen


# Breaking

def broken_after(source, data: bytes, some: int):
    """Sends a part of the blob from where it was asked, then breaks the connection."""
    def answer(handler):
        asked = handler.headers.get("Range")
        start = int(asked[len("bytes="):-1]) if asked else 0
        handler.send_response(206 if asked else 200)
        if asked:
            handler.send_header("Content-Range", f"bytes {start}-{len(data) - 1}/{len(data)}")
        handler.send_header("Content-Length", str(len(data) - start))
        handler.end_headers()
        handler.wfile.write(data[start:start + some])
        handler.wfile.flush()
        handler.close_connection = True
    return answer


def test_a_blob_that_comes_in_parts(target, source):
    one = image(size=1_000_000)
    source.push(one, "1")
    layer = one.blobs[1]
    source.answers[f"/v2/x/blobs/{digest_of(layer)}"] = broken_after(source, layer, 300_000)
    name = unique()
    assert target.import_(source.host, "x:1", f"{name}:1")["status"] == "Succeeded"
    is_there(target.oci, name, "1", one)
    ranges = [headers.get("Range") for headers in source.requests(digest_of(layer))]
    assert ranges[0] is None and all(asked and asked != "bytes=0-" for asked in ranges[1:]) and len(ranges) == 4


def test_a_source_that_knows_no_ranges(target, source):
    one = image(size=400_000)
    source.push(one, "1")
    layer = one.blobs[1]
    tries = []

    def answer(handler):
        tries.append(handler.headers.get("Range"))
        if len(tries) == 1:
            return broken_after(source, layer, 300_000)(handler)
        return handler.reply(200, layer)

    source.answers[f"/v2/x/blobs/{digest_of(layer)}"] = answer
    name = unique()
    assert target.import_(source.host, "x:1", f"{name}:1")["status"] == "Succeeded"
    is_there(target.oci, name, "1", one)
    assert tries == [None, "bytes=300000-"]


def test_a_source_that_dies_leaves_the_tag_alone(target):
    source = SourceRegistry()
    old, new = image(), image(layers=3, size=200_000)
    name = unique()
    target.oci.push(name, old, reference="1")
    source.push(new, "1")
    layer = new.blobs[-1]
    stop = {}

    def die(handler):
        stop["now"] = True
        broken_after(source, layer, 1000)(handler)

    source.answers[f"/v2/x/blobs/{digest_of(layer)}"] = die
    begun = target.begin(body_of(source.host, "x:1", f"{name}:1", mode="Force"))
    while "now" not in stop:
        time.sleep(0.01)
    source.close()
    failed(wait_for(target.arm, begun), "SourceUnavailable")
    is_there(target.oci, name, "1", old)


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGKILL])
def test_a_restart_in_the_middle(own_berth, source, end):
    """The next run goes on: with the image that the tag had, with the blobs that were there, where a blob stopped."""
    first, later = image(layers=2, size=200_000), image()
    source.push(first, "1")
    held = digest_of(first.blobs[-1])
    waiting = []

    def hold(handler):
        waiting.append(handler.headers.get("Range"))
        broken = first.blobs[-1]
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(broken)))
        handler.end_headers()
        handler.wfile.write(broken[:100_000])
        handler.wfile.flush()
        time.sleep(30)

    source.answers[f"/v2/x/blobs/{held}"] = hold
    berth = own_berth("--allow-outbound", "http://127.0.0.1", http="127.0.0.1:0").start()
    place = Place(berth)
    begun = place.begin(body_of(source.host, "x:1", "app:1", credentials={"username": "u", "password": "sealed-secret"}))
    while not waiting or status_of(place.arm, begun).get("properties", {}).get("blobs", {}).get("copied", 0) < 2:
        time.sleep(0.05)
    assert place.oci.get("/v2/_catalog").expect(200).json()["repositories"] in ([], None), "nothing is seen before its end"
    operation = begun.header("Azure-AsyncOperation").split("/")[-1].split("?")[0]
    if end == signal.SIGTERM:
        berth.stop()
    else:
        berth.kill()
    assert b"sealed-secret" not in b"".join(path.read_bytes() for path in berth.data.rglob("*") if path.is_file())
    source.push(later, "1")
    del source.answers[f"/v2/x/blobs/{held}"]
    fetched_before = len(source.requests("/blobs/"))
    berth.start()
    place.reach()
    provider = place.registry.id.split("/resourceGroups/")[0] + "/providers/Microsoft.ContainerRegistry/locations/"
    path = f"{provider}{place.berth.bootstrap.location}/operationStatuses/{operation}"
    deadline = time.monotonic() + 30
    while True:
        status = place.arm.call("GET", path).expect(200).json()
        if status["status"] == "Succeeded":
            break
        assert status["status"] in ("Accepted", "Running") and time.monotonic() < deadline, status
        time.sleep(0.05)
    is_there(place.oci, "app", "1", first)
    again = source.requests("/blobs/")[fetched_before:]
    assert len(again) == 1, "what was there is not fetched again"
    if end == signal.SIGTERM:
        assert again[0].get("Range") == "bytes=100000-"


def test_deleting_the_registry_ends_its_import(target, source):
    one = image(size=200_000)
    source.push(one, "1")
    begun_to_wait = []

    def hold(handler):
        begun_to_wait.append(1)
        broken_after(source, one.blobs[1], 10)(handler)

    source.answers[f"/v2/x/blobs/{digest_of(one.blobs[1])}"] = hold
    name = unique("gone")
    made = target.arm.put_registry(name).expect(200, 201).json()
    target.arm.call("POST", made["id"] + "/importImage", json=body_of(source.host, "x:1", "app:1")).expect(202)
    while not begun_to_wait:
        time.sleep(0.01)
    target.arm.delete_registry(name).expect(200, 204)
    time.sleep(2)
    asked = len(source.seen)
    time.sleep(2)
    assert len(source.seen) <= asked + 1


def test_rights_that_end_before_the_image_is_complete(target, source):
    """The right to import is decided once more in the transaction that makes the image visible."""
    one = image(size=100_000)
    source.push(one, "1")
    importer = identities.new_principal(target.owner.graph, unique("sp"))
    assignment = target.arm.assign("Container Registry Data Importer and Data Reader", importer.object_id, target.registry.id)
    reached, go_on = [], []

    def wait(handler):
        reached.append(1)
        while not go_on:
            time.sleep(0.01)
        source.answer(handler)

    source.answers[f"/v2/x/blobs/{digest_of(one.blobs[1])}"] = wait
    name = unique()
    begun = importer.arm.call("POST", target.registry.id + "/importImage", json=body_of(source.host, "x:1", f"{name}:1"))
    begun.expect(202)
    while not reached:
        time.sleep(0.01)
    target.arm.unassign(assignment)
    go_on.append(1)
    assert "importImage/action" in failed(wait_for(target.arm, begun), "AuthorizationFailed")
    nothing_came(target, name)


# Debian's registry

@pytest.fixture
def docker_registry(tmp_path):
    with DockerRegistry(tmp_path) as registry:
        yield registry.host, registry.oci


@pytest.mark.parametrize("media_type", [OCI_INDEX, DOCKER_LIST])
def test_a_build_cache_from_debian_s_registry(target, docker_registry, media_type):
    host, oci = docker_registry
    cache = build_cache(layers=3, size=150_000, media_type=media_type)
    oci.push("library/app", cache, reference="cache")
    name = unique()
    status = target.import_(host, "library/app:cache", f"{name}:cache")
    assert status["status"] == "Succeeded", status
    is_there(target.oci, name, "cache", cache)


def test_from_debian_s_registry(target, docker_registry):
    host, oci = docker_registry
    children = [image(layers=2, size=150_000), image()]
    for child in children:
        oci.push("library/app", child)
    whole = index([child.descriptor() for child in children])
    oci.push("library/app", whole, reference="1")
    name = unique()
    status = target.import_(host, "library/app:1", f"{name}:1", includeReferrers=True)
    assert status["status"] == "Succeeded", status
    is_there(target.oci, name, "1", whole)
    for child in children:
        is_there(target.oci, name, child.digest, child)
