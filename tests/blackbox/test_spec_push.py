"""Push of manifests: bytes, digests, tags, limits, subjects."""

import json

import pytest

from harness import content
from harness.content import digest_of
from harness.oci import error_codes

FOUR_MEGABYTES = 4_000_000
LIMIT = 4 * 1024 * 1024


def padded(manifest: content.Manifest, size: int) -> bytes:
    """The manifest with an annotation that makes it exactly `size` bytes."""
    document = {**manifest.document, "annotations": {"padding": ""}}
    length = len(json.dumps(document).encode())
    document["annotations"]["padding"] = "x" * (size - length)
    data = json.dumps(document).encode()
    assert len(data) == size
    return data


def test_manifest_push_answers_201_with_location_and_digest(oci, repository):
    manifest = content.image()
    for blob in manifest.blobs:
        oci.push_blob(repository, blob)
    for reference in ("latest", manifest.digest):
        answer = oci.put_manifest(repository, reference, manifest.data)
        assert answer.status == 201, answer
        assert answer.header("Docker-Content-Digest") == manifest.digest
        assert oci.get(oci.location(answer)).expect(200).body == manifest.data


@pytest.mark.parametrize("form", ["compact", "indented", "line end", "other order", "unicode"])
def test_manifest_is_stored_byte_by_byte(oci, repository, form):
    manifest = content.image()
    document = manifest.document
    for blob in manifest.blobs:
        oci.push_blob(repository, blob)
    document["annotations"] = {"text": "žluťoučký </script> \u2028"}
    data = {
        "compact": json.dumps(document, separators=(",", ":")),
        "indented": json.dumps(document, indent=7),
        "line end": json.dumps(document) + "\r\n\t \n",
        "other order": json.dumps(dict(reversed(document.items()))),
        "unicode": json.dumps(document, ensure_ascii=False),
    }[form].encode()
    oci.put_manifest(repository, "latest", data).expect(201)
    for reference in ("latest", digest_of(data)):
        assert oci.get_manifest(repository, reference).expect(200).body == data


def test_manifest_pushed_by_sha512(oci, repository):
    manifest = content.image(algorithm="sha512")
    for blob in manifest.blobs:
        oci.push_blob(repository, blob, "sha512")
    digest = digest_of(manifest.data, "sha512")
    answer = oci.put_manifest(repository, digest, manifest.data)
    assert answer.status == 201 and answer.header("Docker-Content-Digest") == digest, answer
    got = oci.get_manifest(repository, digest).expect(200)
    assert got.body == manifest.data and got.header("Docker-Content-Digest") == digest


def test_manifest_under_another_digest_is_400(oci, repository):
    manifest = content.image()
    for blob in manifest.blobs:
        oci.push_blob(repository, blob)
    for digest in (content.random_digest(), content.random_digest("sha512")):
        answer = oci.put_manifest(repository, digest, manifest.data)
        assert answer.status == 400 and set(error_codes(answer)) & {"DIGEST_INVALID", "MANIFEST_INVALID"}, answer
        assert oci.get_manifest(repository, digest).status == 404


def test_manifest_without_layers(oci, repository):
    manifest = content.image(layers=0)
    oci.push(repository, manifest, "latest")
    assert oci.get_manifest(repository, "latest").expect(200).body == manifest.data


def test_parameters_of_the_content_type_are_ignored(oci, repository):
    manifest = content.image()
    for blob in manifest.blobs:
        oci.push_blob(repository, blob)
    oci.put_manifest(repository, "latest", manifest.data, f"{content.OCI_MANIFEST}; charset=utf-8").expect(201)
    assert oci.get_manifest(repository, "latest").expect(200).header("Content-Type") == content.OCI_MANIFEST


def test_manifest_with_unknown_blobs_is_refused_as_such(oci, repository):
    manifest = content.image()
    oci.push_blob(repository, manifest.blobs[0])
    answer = oci.put_manifest(repository, "latest", manifest.data)
    assert answer.status in (400, 404), answer
    assert "MANIFEST_BLOB_UNKNOWN" in error_codes(answer)
    assert oci.get_manifest(repository, "latest").status == 404


def test_index_with_unknown_manifests_is_stored(oci, repository):
    """The specification leaves it to the registry: berth takes indexes of which only some platforms are there."""
    sparse = content.index([content.image().descriptor(**content.platform("arm64"))])
    oci.put_manifest(repository, "sparse", sparse.data, sparse.media_type).expect(201)
    assert oci.get_manifest(repository, "sparse").expect(200).body == sparse.data


def test_tag_moves_to_what_was_pushed_last(oci, repository):
    first, second = content.image(), content.image()
    oci.push(repository, first, "latest")
    oci.push(repository, second, "latest")
    assert oci.get_manifest(repository, "latest").expect(200).body == second.data
    assert oci.get_manifest(repository, first.digest).expect(200).body == first.data


# Tags as parameters of a push by digest

def accepted_tags(answer) -> set[str]:
    return {tag.strip() for value in answer.header_values("OCI-Tag") for tag in value.split(",")}


@pytest.mark.parametrize("count", [1, 10])
def test_tags_as_parameters(oci, repository, count):
    manifest = content.image()
    for blob in manifest.blobs:
        oci.push_blob(repository, blob)
    tags = [f"v1.{number}" for number in range(count)]
    query = "?" + "&".join(f"tag={tag}" for tag in tags)
    answer = oci.put_manifest(repository, manifest.digest, manifest.data, query=query)
    assert answer.status == 201, answer
    assert accepted_tags(answer) == set(tags), answer
    for tag in tags:
        assert oci.get_manifest(repository, tag).expect(200).body == manifest.data


def test_accepted_tags_are_those_that_exist(oci, repository):
    """However many were asked for: OCI-Tag names what was made."""
    manifest = content.image()
    for blob in manifest.blobs:
        oci.push_blob(repository, blob)
    query = "?" + "&".join(f"tag=t{number}" for number in range(60))
    answer = oci.put_manifest(repository, manifest.digest, manifest.data, query=query)
    assert answer.status == 201, answer
    assert accepted_tags(answer) == set(oci.tags(repository)) and len(accepted_tags(answer)) == 60


def test_tag_parameter_outside_the_grammar_is_refused_whole(oci, repository):
    manifest = content.image()
    for blob in manifest.blobs:
        oci.push_blob(repository, blob)
    answer = oci.put_manifest(repository, manifest.digest, manifest.data, query="?tag=good&tag=-bad")
    assert answer.status == 400, answer
    assert oci.get_manifest(repository, "good").status == 404


# Size

def test_manifest_of_four_megabytes_is_accepted(oci, repository):
    manifest = content.image()
    for blob in manifest.blobs:
        oci.push_blob(repository, blob)
    data = padded(manifest, FOUR_MEGABYTES)
    oci.put_manifest(repository, "big", data).expect(201)
    assert oci.get_manifest(repository, "big").expect(200).body == data


def test_manifest_over_the_limit_is_413(oci, repository):
    manifest = content.image()
    for blob in manifest.blobs:
        oci.push_blob(repository, blob)
    answer = oci.put_manifest(repository, "big", padded(manifest, LIMIT + 1))
    assert answer.status == 413, answer
    assert oci.get_manifest(repository, "big").status == 404


# Subjects

def test_subject_may_come_later(oci, repository):
    image = content.image()
    signature = content.artifact("application/vnd.example.signature", subject=image.descriptor())
    oci.push(repository, signature)
    assert [item["digest"] for item in oci.referrers(repository, image.digest)] == [signature.digest]
    oci.push(repository, image, "latest")
    assert [item["digest"] for item in oci.referrers(repository, image.digest)] == [signature.digest]


@pytest.mark.parametrize("there", [True, False])
@pytest.mark.parametrize("kind", ["manifest", "index"])
def test_push_with_a_subject_is_acknowledged(oci, repository, kind, there):
    subject = content.image()
    if there:
        oci.push(repository, subject, "latest")
    if kind == "manifest":
        referrer = content.artifact("application/vnd.example.sbom", subject=subject.descriptor())
        for blob in referrer.blobs:
            oci.push_blob(repository, blob)
    else:
        referrer = content.index([], subject=subject.descriptor(), artifact_type="application/vnd.example.set")
    answer = oci.put_manifest(repository, referrer.digest, referrer.data, referrer.media_type)
    assert answer.status == 201, answer
    assert answer.header("OCI-Subject") == subject.digest


def test_push_without_a_subject_names_none(oci, repository):
    manifest = content.image()
    for blob in manifest.blobs:
        oci.push_blob(repository, blob)
    assert oci.put_manifest(repository, "latest", manifest.data).expect(201).header("OCI-Subject") is None
