"""Mounting a blob of another repository."""

import pytest

from harness import content


@pytest.fixture
def source(oci, repository):
    """A repository with one image; its blob."""
    manifest = content.image(size=3000)
    oci.push(repository, manifest, "latest")
    return repository, manifest.blobs[1]


@pytest.mark.parametrize("algorithm", ["sha256", "sha512"])
def test_mount_answers_201_with_the_blobs_location(oci, repository, algorithm):
    data = content.random_blob(3000)
    digest = oci.push_blob(repository, data, algorithm)
    target = f"{repository}/target"
    mounted = oci.post(f"/v2/{target}/blobs/uploads/?mount={digest}&from={repository}")
    assert mounted.status == 201, mounted
    assert mounted.header("Docker-Content-Digest") == digest
    assert oci.get(oci.location(mounted)).expect(200).body == data
    assert oci.get_blob(target, digest).expect(200).body == data


def test_mount_without_from(oci, source):
    """The registry may look for the blob wherever the caller may read."""
    name, blob = source
    digest = content.digest_of(blob)
    mounted = oci.post(f"/v2/{name}/target/blobs/uploads/?mount={digest}")
    assert mounted.status == 201, mounted
    assert oci.get_blob(f"{name}/target", digest).expect(200).body == blob


def test_mount_of_what_is_not_there_becomes_an_upload(oci, source):
    name, blob = source
    digest = content.digest_of(blob)
    data = content.random_blob()
    for query in (f"?mount={content.random_digest()}&from={name}", f"?mount={digest}&from={name}/nowhere",
                  f"?mount={content.random_digest()}", f"?mount={content.digest_of(data)}&from={name}"):
        started = oci.post(f"/v2/{name}/target/blobs/uploads/{query}")
        assert started.status == 202, started
        oci.finish_upload(oci.location(started), content.digest_of(data), data).expect(201)


def test_mount_into_the_same_repository(oci, source):
    name, blob = source
    mounted = oci.post(f"/v2/{name}/blobs/uploads/?mount={content.digest_of(blob)}&from={name}")
    assert mounted.status == 201, mounted
    assert oci.get_blob(name, content.digest_of(blob)).expect(200).body == blob


def test_mounted_blob_outlives_its_source(oci, source):
    name, blob = source
    digest = content.digest_of(blob)
    target = f"{name}/target"
    oci.post(f"/v2/{target}/blobs/uploads/?mount={digest}&from={name}").expect(201)
    oci.delete(f"/v2/{name}/blobs/{digest}").expect(202)
    assert oci.get_blob(name, digest).status == 404
    assert oci.get_blob(target, digest).expect(200).body == blob
