"""az acr import from other servers: another berth, Debian's docker-registry, and what comes of one that dies in the middle."""

import time

import pytest

from harness import identities
from harness.content import artifact, digest_of, image, index, platform, unique
from harness.docker_registry import DockerRegistry
from harness.fixtures import Registry
from harness.http_client import Http
from harness.identities import Principal
from harness.oci import Oci
from harness.passage import Passage
from harness.server import Berth


class OtherBerth:
    """A berth to import from, with somebody who may pull there."""

    def __init__(self, folder) -> None:
        self.server = Berth(folder, http="127.0.0.1:0")

    def start(self) -> "OtherBerth":
        self.server.start()
        # the same port again, when it is started again
        self.server.http_address = self.host
        http = Http(self.server.http)
        self.owner = identities.bootstrap_owner(http, self.server.bootstrap)
        facts = self.server.bootstrap
        self.registry = Registry(http, facts.registry_name, facts.registry_id, facts.login_server)
        return self

    @property
    def host(self) -> str:
        return self.server.http.removeprefix("http://")

    @property
    def oci(self) -> Oci:
        return self.registry.oci(self.owner)

    def new_puller(self) -> Principal:
        made = identities.new_principal(self.owner.graph, unique("puller"))
        self.owner.arm.assign("AcrPull", made.object_id, self.registry.id)
        return made

    def kill(self) -> None:
        self.server.kill()


@pytest.fixture(scope="module")
def other(tmp_path_factory):
    berth = OtherBerth(tmp_path_factory.mktemp("other")).start()
    yield berth
    berth.kill()


def push_two_platforms(oci, repository: str, size: int = 200) -> tuple:
    """(index of two images, the images)"""
    children = [image(layers=2, size=size, mark=unique()) for _ in ("amd64", "arm64")]
    for child in children:
        oci.push(repository, child)
    whole = index([child.descriptor(platform=platform(kind)) for child, kind in zip(children, ("amd64", "arm64"))])
    oci.push(repository, whole, reference="1")
    return whole, children


def is_whole(cloud, registry, repository: str, reference: str, whole, children) -> None:
    oci = registry.oci(cloud.owner)
    assert oci.get_manifest(repository, reference).expect(200).body == whole.data
    for child in children:
        assert oci.get_manifest(repository, child.digest).expect(200).body == child.data
        for blob in child.blobs:
            assert oci.get_blob(repository, digest_of(blob)).expect(200).body == blob


def test_from_another_berth(az, cloud, registry, other):
    """With a name and a password, with a bare token, by tag, by digest, without a tag, with force."""
    r, source = registry.name, unique("app")
    whole, children = push_two_platforms(other.oci, source)
    puller = other.new_puller()
    from_there = f"acr import -n {r} --source {other.host}/{source}"
    assert "Unauthorized" in az.refused(f"{from_there}:1 -t app:1")
    assert "Unauthorized" in az.refused(f"{from_there}:1 -t app:1 -u {puller.client_id} -p wrong")
    az(f"{from_there}:1 -t app:1 -u {puller.client_id} -p {puller.secret}")
    is_whole(cloud, registry, "app", "1", whole, children)
    refresh = other.registry.http.post("/oauth2/exchange", form={
        "grant_type": "access_token", "service": other.host, "access_token": puller.entra_token()}).expect(200).json()["refresh_token"]
    az(f"{from_there}@{whole.digest} -t by-digest:1 -p {puller.entra_token()}")
    is_whole(cloud, registry, "by-digest", "1", whole, children)
    az(f"{from_there}:1 --repository untagged -p {refresh}")
    is_whole(cloud, registry, "untagged", whole.digest, whole, children)
    assert az(f"acr manifest list-metadata -r {r} -n untagged --query '[].tags'") in ([], [None, None, None])
    # A tag that is there stays, unless it is forced.
    later, later_children = push_two_platforms(other.oci, source)
    told = az.refused(f"{from_there}:1 -t app:1 -p {refresh}")
    assert "Conflict" in told or "already exists" in told, told
    is_whole(cloud, registry, "app", "1", whole, children)
    az(f"{from_there}:1 -t app:1 -p {refresh} --force")
    is_whole(cloud, registry, "app", "1", later, later_children)


def test_from_debian_s_registry(az, cloud, registry, tmp_path):
    with DockerRegistry(tmp_path, locked=True) as source:
        whole, children = push_two_platforms(source.oci, "library/app", size=150_000)
        from_there = f"acr import -n {registry.name} --source {source.host}/library/app"
        assert "Unauthorized" in az.refused(f"{from_there}:1 -t app:1")
        user, password = source.credentials
        az(f"{from_there}:1 -t app:1 -t app:latest -u {user} -p {password}")
        az(f"{from_there}@{whole.digest} --repository untagged -u {user} -p {password}")
    for repository, reference in (("app", "1"), ("app", "latest"), ("untagged", whole.digest)):
        is_whole(cloud, registry, repository, reference, whole, children)


def test_referrers_come_along_when_they_are_asked_for(az, cloud, registry, other, write):
    """az knows no option for it; `az rest` sends what the API takes."""
    source = unique("app")
    whole, children = push_two_platforms(other.oci, source)
    sbom = artifact("application/vnd.example.sbom", whole.descriptor())
    signature = artifact("application/vnd.example.signature", sbom.descriptor())
    for one in (sbom, signature):
        other.oci.push(source, one)
    puller = other.new_puller()
    body = {"source": {"registryUri": other.host, "sourceImage": f"{source}:1",
                       "credentials": {"username": puller.client_id, "password": puller.secret}},
            "targetTags": ["app:1"], "includeReferrers": True}
    az(f"rest --method post --url {registry.id}/importImage?api-version=2023-07-01 --body @{write(body)} -o none")
    oci = registry.oci(cloud.owner)
    end = time.monotonic() + 60
    while oci.get_manifest("app", "1").status == 404:
        assert time.monotonic() < end
        time.sleep(0.1)
    is_whole(cloud, registry, "app", "1", whole, children)
    for subject, referrer in ((whole, sbom), (sbom, signature)):
        listed = az(f"acr manifest list-referrers {registry.login_server}/app@{subject.digest}")["manifests"]
        assert [one["digest"] for one in listed] == [referrer.digest]


@pytest.fixture(params=["berth", "docker-registry"])
def mortal(request, tmp_path):
    """A source that may be killed, and the words that az needs for it: (source, words)"""
    if request.param == "berth":
        source = OtherBerth(tmp_path).start()
        puller = source.new_puller()
        user, password = puller.credentials
    else:
        source = DockerRegistry(tmp_path, locked=True).start()
        user, password = source.credentials
    yield source, f"-u {user} -p {password}"
    source.kill()


def address_of(source) -> str:
    return f"http://{source.host}"


def test_a_source_that_is_killed_in_the_middle(az, cloud, registry, mortal):
    """Nothing of it is seen, and the tag stays where it was."""
    source, words = mortal
    old, new = image(), image(layers=3, size=2_000_000)
    oci = registry.oci(cloud.owner)
    oci.push("app", old, reference="1")
    source.oci.push("app", new, reference="1")
    passage = Passage(address_of(source), 1_000_000, source.kill)
    told = az.refused(f"acr import -n {registry.name} --source {passage.host}/app:1 -t app:1 -t other:1 --force {words}")
    assert "SourceUnavailable" in told, told
    assert passage.has_broken.is_set()
    assert oci.get_manifest("app", "1").expect(200).body == old.data
    oci.get_manifest("app", new.digest).expect(404)
    assert az(f"acr repository list -n {registry.name}") == ["app"]
    passage.close()


def test_a_source_that_comes_back(az, cloud, registry, mortal):
    """Killed in the middle of a blob and started again: the import goes on."""
    source, words = mortal
    new = image(layers=3, size=2_000_000)
    source.oci.push("app", new, reference="1")

    def die_and_return() -> None:
        source.kill()
        source.start()

    passage = Passage(address_of(source), 1_000_000, die_and_return)
    az(f"acr import -n {registry.name} --source {passage.host}/app:1 -t app:1 {words}")
    assert passage.has_broken.is_set()
    oci = registry.oci(cloud.owner)
    assert oci.get_manifest("app", "1").expect(200).body == new.data
    for blob in new.blobs:
        assert oci.get_blob("app", digest_of(blob)).expect(200).body == blob
    passage.close()
