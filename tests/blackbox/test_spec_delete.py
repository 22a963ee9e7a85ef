"""Content management: deletion of tags, manifests and blobs. It is never disabled."""

import pytest

from harness import content
from harness.oci import error_codes


@pytest.fixture
def pushed(oci, repository):
    manifest = content.image()
    oci.push(repository, manifest, "latest")
    oci.put_manifest(repository, "other", manifest.data).expect(201)
    return manifest


def test_delete_of_a_tag(oci, repository, pushed):
    answer = oci.delete(f"/v2/{repository}/manifests/latest")
    assert answer.status == 202, answer
    assert oci.get_manifest(repository, "latest").status == 404
    assert oci.tags(repository) == ["other"]


def test_delete_of_a_tag_leaves_the_manifest(oci, repository, pushed):
    oci.delete(f"/v2/{repository}/manifests/latest").expect(202)
    for reference in ("other", pushed.digest):
        assert oci.get_manifest(repository, reference).expect(200).body == pushed.data


def test_delete_of_the_last_tag_leaves_the_manifest(oci, repository, pushed):
    for tag in ("latest", "other"):
        oci.delete(f"/v2/{repository}/manifests/{tag}").expect(202)
    assert oci.tags(repository) == []
    assert oci.get_manifest(repository, pushed.digest).expect(200).body == pushed.data


def test_delete_of_an_unknown_tag_is_404(oci, repository, pushed):
    assert oci.delete(f"/v2/{repository}/manifests/absent").status == 404
    oci.delete(f"/v2/{repository}/manifests/latest").expect(202)
    assert oci.delete(f"/v2/{repository}/manifests/latest").status == 404


def test_delete_of_a_manifest(oci, repository, pushed):
    answer = oci.delete(f"/v2/{repository}/manifests/{pushed.digest}")
    assert answer.status == 202, answer
    for reference in (pushed.digest, "latest", "other"):
        assert oci.get_manifest(repository, reference).status == 404
        assert oci.head(f"/v2/{repository}/manifests/{reference}").status == 404


def test_delete_of_a_manifest_takes_its_tags_only(oci, repository, pushed):
    second = content.image()
    oci.push(repository, second, "second")
    oci.delete(f"/v2/{repository}/manifests/{pushed.digest}").expect(202)
    assert oci.tags(repository) == ["second"]


def test_delete_of_an_unknown_manifest_is_404(oci, repository, pushed):
    answer = oci.delete(f"/v2/{repository}/manifests/{content.random_digest()}")
    assert answer.status == 404 and "MANIFEST_UNKNOWN" in error_codes(answer), answer


def test_delete_in_an_unknown_repository_is_404(oci, repository):
    for path in (f"manifests/{content.random_digest()}", "manifests/latest", f"blobs/{content.random_digest()}"):
        assert oci.delete(f"/v2/{repository}/nowhere/{path}").status == 404


def test_delete_of_a_blob(oci, repository):
    digest = oci.push_blob(repository, content.random_blob())
    answer = oci.delete(f"/v2/{repository}/blobs/{digest}")
    assert answer.status == 202, answer
    assert oci.get_blob(repository, digest).status == 404
    assert oci.head(f"/v2/{repository}/blobs/{digest}").status == 404


def test_delete_of_an_unknown_blob_is_404(oci, repository, pushed):
    digest = content.random_digest()
    answer = oci.delete(f"/v2/{repository}/blobs/{digest}")
    assert answer.status == 404 and "BLOB_UNKNOWN" in error_codes(answer), answer


def test_delete_in_one_repository_leaves_the_others(oci, repository, pushed):
    other = f"{repository}/other"
    oci.push(other, pushed, "latest")
    oci.delete(f"/v2/{repository}/manifests/{pushed.digest}").expect(202)
    for blob in pushed.blobs:
        oci.delete(f"/v2/{repository}/blobs/{content.digest_of(blob)}").expect(202)
    assert oci.get_manifest(other, "latest").expect(200).body == pushed.data
    for blob in pushed.blobs:
        assert oci.get_blob(other, content.digest_of(blob)).expect(200).body == blob


def test_what_was_deleted_can_be_pushed_again(oci, repository, pushed):
    oci.delete(f"/v2/{repository}/manifests/{pushed.digest}").expect(202)
    for blob in pushed.blobs:
        oci.delete(f"/v2/{repository}/blobs/{content.digest_of(blob)}").expect(202)
    oci.push(repository, pushed, "again")
    assert oci.get_manifest(repository, "again").expect(200).body == pushed.data
    assert oci.get_blob(repository, content.digest_of(pushed.blobs[1])).expect(200).body == pushed.blobs[1]
