"""The repository API, /acr/v1: what is there, with attributes that lock it (acr-data-plane sections 2.3 to 2.5)."""

import re
import urllib.parse

import pytest

from harness import content
from harness.oci import error_codes, next_link

ATTRIBUTES = {"deleteEnabled": True, "writeEnabled": True, "readEnabled": True, "listEnabled": True}
TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{7}Z"


@pytest.fixture
def pushed(oci, repository):
    manifest = content.image()
    oci.push(repository, manifest, "latest")
    oci.put_manifest(repository, "v1", manifest.data).expect(201)
    return manifest


def locks(document: dict) -> dict:
    return {name: document["changeableAttributes"][name] for name in ATTRIBUTES}


def test_repository(oci, first_registry, repository, pushed):
    document = oci.get(f"/acr/v1/{repository}").expect(200).json()
    assert document["registry"] == first_registry.login_server
    assert document["imageName"] == repository
    assert document["manifestCount"] == 1 and document["tagCount"] == 2
    assert re.fullmatch(TIME, document["createdTime"]) and re.fullmatch(TIME, document["lastUpdateTime"])
    assert locks(document) == ATTRIBUTES
    missing = oci.get(f"/acr/v1/{repository}/nowhere")
    assert missing.status == 404 and error_codes(missing) == ["NAME_UNKNOWN"], missing


def test_tags(oci, first_registry, repository, pushed):
    document = oci.get(f"/acr/v1/{repository}/_tags").expect(200).json()
    assert document["registry"] == first_registry.login_server and document["imageName"] == repository
    assert [tag["name"] for tag in document["tags"]] == ["latest", "v1"]
    for tag in document["tags"]:
        assert tag["digest"] == pushed.digest and tag["signed"] is False and locks(tag) == ATTRIBUTES
        assert re.fullmatch(TIME, tag["createdTime"]) and re.fullmatch(TIME, tag["lastUpdateTime"])
    one = oci.get(f"/acr/v1/{repository}/_tags/v1").expect(200).json()
    assert one["imageName"] == repository and one["tag"]["name"] == "v1"
    missing = oci.get(f"/acr/v1/{repository}/_tags/absent")
    assert missing.status == 404 and error_codes(missing) == ["TAG_UNKNOWN"], missing


def test_manifests(oci, first_registry, repository, pushed):
    untagged = content.index([pushed.descriptor(**content.platform("amd64"))])
    oci.push(repository, untagged)
    document = oci.get(f"/acr/v1/{repository}/_manifests").expect(200).json()
    found = {manifest["digest"]: manifest for manifest in document["manifests"]}
    assert set(found) == {pushed.digest, untagged.digest}
    image = found[pushed.digest]
    assert image["tags"] == ["latest", "v1"] and image["mediaType"] == content.OCI_MANIFEST
    assert image["architecture"] == "amd64" and image["os"] == "linux" and image["configMediaType"] == content.OCI_CONFIG
    assert image["imageSize"] >= sum(map(len, pushed.blobs))
    assert locks(image) == ATTRIBUTES
    assert "tags" not in found[untagged.digest], "the key is left out when there are none"
    one = oci.get(f"/acr/v1/{repository}/_manifests/{untagged.digest}").expect(200).json()["manifest"]
    assert one["digest"] == untagged.digest
    assert [(item["digest"], item["architecture"], item["os"]) for item in one["references"]] == [(pushed.digest, "amd64", "linux")]


@pytest.mark.parametrize("size", [200, 15_000, 20_000, 100_000])
def test_platform_of_any_config(oci, repository, size):
    """A small config is read while the manifest is stored; a larger one, from the database or its file, before that
    is tried once more."""
    image = content.image(mark="x" * size)
    oci.push(repository, image, "sized")
    one = oci.get(f"/acr/v1/{repository}/_manifests/{image.digest}").expect(200).json()["manifest"]
    assert one["architecture"] == "amd64" and one["os"] == "linux" and one["tags"] == ["sized"]


def test_escaped_names_and_digests(oci, repository, pushed):
    """As the Azure SDKs send them, in either case."""
    for name in (repository.replace("/", "%2F"), repository.replace("/", "%2f")):
        oci.get(f"/acr/v1/{name}").expect(200)
        oci.get(f"/acr/v1/{name}/_tags/latest").expect(200)
        for digest in (pushed.digest.replace(":", "%3A"), pushed.digest.replace(":", "%3a"), pushed.digest):
            oci.get(f"/acr/v1/{name}/_manifests/{digest}").expect(200)


@pytest.mark.parametrize("collection,key", [("_tags", "name"), ("_manifests", "digest")])
def test_pages(oci, repository, pushed, collection, key):
    for number in range(4):
        oci.push(repository, content.image(layers=0), f"t{number}")
    kind = collection.removeprefix("_")
    whole = [item[key] for item in oci.get(f"/acr/v1/{repository}/{collection}").expect(200).json()[kind]]
    assert whole == sorted(whole)
    seen, path = [], f"/acr/v1/{repository}/{collection}?n=2&api-version=2021-07-01"
    while path is not None:
        answer = oci.get(path).expect(200)
        seen += [item[key] for item in answer.json()[kind]]
        path = next_link(answer)
        if path is not None:
            assert "orderby=" in path and "api-version" not in path
    assert seen == whole
    last = urllib.parse.quote(whole[-1], safe="")
    assert oci.get(f"/acr/v1/{repository}/{collection}?last={last}").expect(200).json().get(kind) in ([], None)


def test_tags_by_digest_and_by_time(oci, repository, pushed):
    other = content.image()
    oci.push(repository, other, "other")
    query = f"?digest={urllib.parse.quote(other.digest)}"
    assert [tag["name"] for tag in oci.get(f"/acr/v1/{repository}/_tags{query}").expect(200).json()["tags"]] == ["other"]
    newest = [tag["name"] for tag in oci.get(f"/acr/v1/{repository}/_tags?orderby=timedesc").expect(200).json()["tags"]]
    oldest = [tag["name"] for tag in oci.get(f"/acr/v1/{repository}/_tags?orderby=timeasc").expect(200).json()["tags"]]
    assert newest[0] == "other" and oldest[-1] == "other"


def test_untag(oci, repository, pushed):
    answer = oci.delete(f"/acr/v1/{repository}/_tags/v1")
    assert answer.status == 202 and answer.body == b"", answer
    assert oci.tags(repository) == ["latest"]
    oci.get_manifest(repository, pushed.digest).expect(200)
    assert error_codes(oci.delete(f"/acr/v1/{repository}/_tags/v1").expect(404)) == ["TAG_UNKNOWN"]


def test_delete_of_a_repository(oci, repository, pushed):
    answer = oci.delete(f"/acr/v1/{repository}").expect(202).json()
    assert answer["manifestsDeleted"] == [pushed.digest] and sorted(answer["tagsDeleted"]) == ["latest", "v1"]
    assert oci.get_manifest(repository, pushed.digest).status == 404
    assert oci.get_blob(repository, content.digest_of(pushed.blobs[0])).status == 404
    assert repository not in oci.get("/v2/_catalog?n=1000").expect(200).json()["repositories"]
    assert oci.delete(f"/acr/v1/{repository}").status == 404
    # A name made anew starts with nothing.
    oci.push(repository, content.image(), "new")
    assert oci.tags(repository) == ["new"]


def test_locked_against_deleting(oci, repository, pushed):
    for path in (f"/acr/v1/{repository}/_tags/latest", f"/acr/v1/{repository}/_manifests/{pushed.digest}"):
        oci.patch(path, json={"deleteEnabled": False}).expect(200)
    for path in (f"/acr/v1/{repository}/_tags/latest", f"/v2/{repository}/manifests/latest", f"/v2/{repository}/manifests/{pushed.digest}"):
        answer = oci.delete(path)
        assert answer.status == 405 and error_codes(answer) == ["REGISTRY_DISALLOWED_OPERATION"], answer
    oci.get_manifest(repository, "latest").expect(200)
    oci.patch(f"/acr/v1/{repository}/_manifests/{pushed.digest}", json={"deleteEnabled": True}).expect(200)
    oci.patch(f"/acr/v1/{repository}/_tags/latest", json={"deleteEnabled": True}).expect(200)
    oci.delete(f"/v2/{repository}/manifests/{pushed.digest}").expect(202)


def test_locked_against_writing(oci, repository, pushed):
    oci.patch(f"/acr/v1/{repository}/_tags/latest", json={"writeEnabled": False}).expect(200)
    other = content.image()
    for blob in other.blobs:
        oci.push_blob(repository, blob)
    answer = oci.put_manifest(repository, "latest", other.data)
    assert answer.status == 405 and error_codes(answer) == ["REGISTRY_DISALLOWED_OPERATION"], answer
    assert oci.get_manifest(repository, "latest").expect(200).body == pushed.data
    assert oci.delete(f"/v2/{repository}/manifests/latest").status == 405
    oci.put_manifest(repository, "free", other.data).expect(201)


def test_locked_repository(oci, repository, pushed):
    oci.patch(f"/acr/v1/{repository}", json={"writeEnabled": False}).expect(200)
    assert oci.put_manifest(repository, "new", pushed.data).status == 405
    oci.get_manifest(repository, "latest").expect(200)
    oci.patch(f"/acr/v1/{repository}", json={"writeEnabled": True, "readEnabled": False}).expect(200)
    assert oci.get_manifest(repository, "latest").status == 405
    oci.patch(f"/acr/v1/{repository}", json={"readEnabled": True}).expect(200)
    oci.get_manifest(repository, "latest").expect(200)


def test_hidden_from_lists(oci, repository, pushed):
    oci.patch(f"/acr/v1/{repository}/_tags/v1", json={"listEnabled": False}).expect(200)
    assert oci.tags(repository) == ["latest"]
    oci.get_manifest(repository, "v1").expect(200)


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b'{"writeEnabled":"no"}', b'{"writeEnabled":5}', b'{"writeEnabled":false,"writeEnabled":true}'])
def test_attributes_that_are_none(oci, repository, pushed, body):
    for path in (f"/acr/v1/{repository}", f"/acr/v1/{repository}/_tags/latest", f"/acr/v1/{repository}/_manifests/{pushed.digest}"):
        answer = oci.patch(path, body=body, headers={"Content-Type": "application/json"})
        assert answer.status == 400, answer
        assert locks(oci.get(f"/acr/v1/{repository}").json()) == ATTRIBUTES


def test_who_may(first_registry, new_principal, repository, pushed):
    """metadata/read and metadata/write are rights of their own; AcrPull lists tags and sees no attributes."""
    puller, pusher, reader = (first_registry.oci(new_principal(role), "basic") for role in ("AcrPull", "AcrPush", "Reader"))
    for client in (puller, pusher):
        for path in (f"/acr/v1/{repository}", f"/acr/v1/{repository}/_tags", f"/acr/v1/{repository}/_manifests"):
            answer = client.get(path)
            assert answer.status == 401 and "metadata_read" in answer.header("WWW-Authenticate"), answer
        assert client.tags(repository) == ["latest", "v1"]
    reader.get(f"/acr/v1/{repository}").expect(200)
    for client in (puller, pusher, reader):
        assert client.patch(f"/acr/v1/{repository}", json={"writeEnabled": False}).status == 401
        assert client.delete(f"/acr/v1/{repository}").status == 401
        # Taking a tag away is a right of who pushes as well (test_untag).
        assert client.delete(f"/acr/v1/{repository}/_tags/v1").status == (202 if client is pusher else 401)
    deleter = first_registry.oci(new_principal("AcrDelete"), "basic")
    deleter.delete(f"/acr/v1/{repository}/_tags/latest").expect(202)


@pytest.mark.parametrize("path,words", [
    ("/acr/v1/_deleted/_catalog", "Soft delete"), ("/acr/v1/_deleted/image/_manifests?n=100", "Soft delete"),
    ("/acr/v1/_deleted/image/_tags", "Soft delete"), ("/acr/v1/image/_streaming", "Artifact streaming"),
    ("/acr/v1/image/_operations/5", "Artifact streaming")])
def test_what_is_not_offered_is_answered_so_that_clients_stop(oci, path, words):
    """az tries most other statuses three times, for a quarter of a minute."""
    answer = oci.get(path)
    assert answer.status == 405 and error_codes(answer) == ["REGISTRY_DISALLOWED_OPERATION"], answer
    assert words in answer.json()["errors"][0]["message"]
