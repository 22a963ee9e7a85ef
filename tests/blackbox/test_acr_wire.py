"""What Azure's clients rely on beyond the distribution specification (acr-data-plane sections 0, 2.2, 2.3 and 7)."""

import re
import urllib.parse

import pytest

from harness import content, tokens
from harness.content import digest_of
from harness.oci import Oci


@pytest.fixture
def pushed(oci, repository):
    manifest = content.image()
    oci.push(repository, manifest, "latest")
    return manifest


def assert_relative(answer) -> None:
    """The JavaScript client strips the first character and joins the rest to its endpoint."""
    location = answer.header("Location")
    assert location.startswith("/v2/"), answer


def test_locations_are_relative(oci, repository, pushed):
    started = oci.start_upload(repository).expect(202)
    assert_relative(started)
    assert started.header("Docker-Upload-Uuid")
    assert started.header("Range") == "0-0"
    patched = oci.patch_upload(oci.location(started), b"data").expect(202)
    assert_relative(patched)
    assert patched.header("Docker-Upload-Uuid") == started.header("Docker-Upload-Uuid")
    assert_relative(oci.finish_upload(oci.location(patched), digest_of(b"data")).expect(201))
    assert_relative(oci.put_manifest(repository, "latest", pushed.data).expect(201))
    assert_relative(oci.post(f"/v2/{repository}/2/blobs/uploads/?mount={digest_of(b'data')}&from={repository}").expect(201))


def test_links_are_relative_with_orderby(oci, repository, pushed):
    """Always an `orderby=`, empty if unset, and no api-version; az keeps the query only."""
    for tag in ("a", "b", "c"):
        oci.put_manifest(repository, tag, pushed.data).expect(201)
    oci.push(f"{repository}/second", pushed, "latest")
    for path, last in ((f"/v2/{repository}/tags/list", "a"), ("/v2/_catalog", None)):
        header = oci.get(f"{path}?n=1&api-version=2021-07-01").expect(200).header("Link")
        match = re.fullmatch(r'<([^>]*)>; rel="next"', header)
        assert match, header
        target, _, query = match[1].partition("?")
        assert target == path
        parameters = urllib.parse.parse_qs(query, keep_blank_values=True, strict_parsing=True)
        assert parameters["n"] == ["1"] and parameters["orderby"] == [""] and "api-version" not in parameters
        assert "/" not in query, "a slash in `last` has to be escaped"
        if last is not None:
            assert parameters["last"] == [last]


def test_page_behind_the_end_is_empty(oci, repository, pushed):
    """acr-cli goes on until an empty list comes."""
    assert oci.tags(repository, "?n=100&last=zzz") == []
    assert oci.get("/v2/_catalog?n=100&last=zzzzzzzz").expect(200).json()["repositories"] == []


def test_json_bodies_end_with_a_newline(oci, repository, pushed):
    for path in (f"/v2/{repository}/tags/list", "/v2/_catalog?n=1", f"/v2/{repository}/manifests/absent"):
        answer = oci.get(path)
        assert answer.header("Content-Type") == "application/json; charset=utf-8", answer
        assert answer.body.endswith(b"\n"), answer


def test_deletes_are_202(oci, repository, pushed):
    oci.delete(f"/v2/{repository}/manifests/{pushed.digest}").expect(202)
    oci.delete(f"/v2/{repository}/blobs/{digest_of(pushed.blobs[0])}").expect(202)


def test_metadata_read_opens_the_list_of_tags(first_registry, owner, oci, repository, pushed):
    """The fallback call of az holds only that."""
    client = first_registry.oci(owner)
    for action in ("metadata_read", "pull", "metadataRead"):
        token = client.fetch_token(first_registry.login_server, [f"repository:{repository}:{action}"]).expect(200).json()["access_token"]
        narrowed = Oci(first_registry.http, first_registry.login_server, token, "token")
        assert narrowed.tags(repository) == ["latest"], action
        assert narrowed.get_manifest(repository, "latest").status == (200 if action == "pull" else 401), action


def test_the_flow_of_az_acr_login_and_docker(http, first_registry, owner, berth, repository, oci, pushed):
    """acr-data-plane section 1.4, call by call."""
    login = first_registry.login_server
    probe = http.get("/v2/", host=login).expect(401).header("WWW-Authenticate")
    # As az 2.45 parses it: split on the first space, then on commas, then on the first equals sign.
    scheme, parameters = probe.split(" ", 1)
    assert scheme == "Bearer"
    told = {part.split("=")[0]: part.split("=", 1)[1].strip('"') for part in parameters.split(",")}
    assert told["service"] == login
    realm = urllib.parse.urlsplit(told["realm"])
    refresh = http.post(realm._replace(path="/oauth2/exchange").path, host=login, form={
        "grant_type": "access_token", "service": told["service"], "tenant": berth.bootstrap.tenant_id,
        "access_token": owner.entra_token(tokens.REGISTRY_SCOPE)}).expect(200).json()["refresh_token"]
    docker = Oci(http, login, ("00000000-0000-0000-0000-000000000000", refresh))
    assert docker.get_manifest(repository, "latest").expect(200).body == pushed.data
    docker.push(repository, content.image(media_type=content.DOCKER_MANIFEST), "docker")


@pytest.mark.parametrize("make", ["docker", "oci", "index", "list", "helm", "artifact"])
def test_every_kind_of_thing(oci, repository, make):
    """Docker schema 2, OCI images, indexes, Helm charts, artifacts."""
    child = content.image()
    things = {
        "docker": lambda: content.image(media_type=content.DOCKER_MANIFEST, layers=3),
        "oci": lambda: content.image(layers=3),
        "index": lambda: content.index([child.descriptor(**content.platform("amd64"))]),
        "list": lambda: content.index([child.descriptor(**content.platform("amd64"))], media_type=content.DOCKER_LIST),
        "helm": lambda: content.image(config_type=content.HELM_CONFIG, layer_type=content.HELM_CHART),
        "artifact": lambda: content.artifact("application/vnd.example.thing"),
    }
    oci.push(repository, child)
    thing = things[make]()
    oci.push(repository, thing, "tag")
    got = oci.get_manifest(repository, "tag").expect(200)
    assert got.body == thing.data and got.header("Content-Type") == thing.media_type
    for blob in thing.blobs:
        assert oci.get_blob(repository, digest_of(blob)).expect(200).body == blob
