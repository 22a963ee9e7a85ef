"""Pull: manifests, blobs, ranges, existence."""

import pytest

from harness import content

ALGORITHMS = ("sha256", "sha512")


@pytest.fixture
def pushed(oci, repository):
    manifest = content.image(layers=1, size=10_000)
    oci.push(repository, manifest, "latest")
    return manifest


# Manifests

def test_manifest_by_tag_and_by_digest(oci, repository, pushed):
    for reference in ("latest", pushed.digest):
        assert oci.get_manifest(repository, reference).expect(200).body == pushed.data


def test_manifest_answer_names_its_digest(oci, repository, pushed):
    for reference in ("latest", pushed.digest):
        assert oci.get_manifest(repository, reference).expect(200).header("Docker-Content-Digest") == pushed.digest


@pytest.mark.parametrize("media_type", [content.OCI_MANIFEST, content.DOCKER_MANIFEST])
def test_manifest_content_type_is_the_pushed_one_without_parameters(oci, repository, media_type):
    oci.push(repository, content.image(media_type=media_type), "latest")
    assert oci.get_manifest(repository, "latest").expect(200).header("Content-Type") == media_type


@pytest.mark.parametrize("media_type", [content.OCI_INDEX, content.DOCKER_LIST])
def test_index_content_type_is_the_pushed_one(oci, repository, pushed, media_type):
    oci.push(repository, content.index([pushed.descriptor()], media_type=media_type), "index")
    assert oci.get_manifest(repository, "index").expect(200).header("Content-Type") == media_type


def test_accept_does_not_change_what_is_stored(oci, repository, pushed):
    for accept in (content.OCI_MANIFEST, "*/*", f"{content.OCI_INDEX}, {content.DOCKER_LIST};q=0.9, {content.OCI_MANIFEST};q=0.8"):
        answer = oci.get_manifest(repository, "latest", headers={"Accept": accept}).expect(200)
        assert answer.body == pushed.data and answer.header("Content-Type") == content.OCI_MANIFEST


def test_unknown_manifest_is_404(oci, repository, pushed):
    for reference in ("absent", content.random_digest(), content.random_digest("sha512")):
        assert oci.get_manifest(repository, reference).status == 404


def test_manifest_of_an_unknown_repository_is_404(oci, repository):
    for reference in ("latest", content.random_digest()):
        assert oci.get_manifest(f"{repository}/nowhere", reference).status == 404


@pytest.mark.parametrize("reference", ["-tag", ".tag", "a:b", "sha256:zz", "sha256:", "a@b", "t" * 129, "sha256:" + "a" * 63,
                                       "sha256:" + "A" * 64, "sha512:" + "a" * 64])
def test_reference_that_is_neither_tag_nor_digest_is_refused(oci, repository, pushed, reference):
    assert oci.get_manifest(repository, reference).status in (400, 404)
    written = oci.put_manifest(repository, reference, pushed.data)
    assert written.status in (400, 404), written


@pytest.mark.parametrize("tag", ["a", "_", "0", "A.b-c_d", "v1.0.0", "t" * 128, "latest"])
def test_tags_of_the_grammar_are_accepted(oci, repository, pushed, tag):
    oci.put_manifest(repository, tag, pushed.data).expect(201)
    assert oci.get_manifest(repository, tag).expect(200).body == pushed.data


# Blobs

@pytest.mark.parametrize("algorithm", ALGORITHMS)
@pytest.mark.parametrize("size", [0, 1, 2, 4096, 1_000_003])
def test_blob_comes_back_whole_with_its_digest(oci, repository, algorithm, size):
    data = content.random_blob(size)
    digest = oci.push_blob(repository, data, algorithm)
    answer = oci.get_blob(repository, digest).expect(200)
    assert answer.body == data
    assert answer.header("Docker-Content-Digest") == digest
    assert answer.header("Content-Length") == str(size)


def test_unknown_blob_is_404(oci, repository, pushed):
    for algorithm in ALGORITHMS:
        assert oci.get_blob(repository, content.random_digest(algorithm)).status == 404


def test_blob_of_another_repository_is_404(oci, repository, pushed):
    other = f"{repository}/other"
    oci.push(other, content.image(), "latest")
    assert oci.get_blob(other, content.digest_of(pushed.blobs[1])).status == 404


# Ranges, RFC 9110 section 14

@pytest.mark.parametrize("value,first,last", [
    ("bytes=0-0", 0, 0), ("bytes=0-99", 0, 99), ("bytes=100-199", 100, 199), ("bytes=9990-", 9990, 9999),
    ("bytes=-10", 9990, 9999), ("bytes=9000-20000", 9000, 9999), ("bytes=-20000", 0, 9999), ("bytes=0-", 0, 9999)])
def test_range_of_a_blob(oci, repository, pushed, value, first, last):
    blob = pushed.blobs[1]
    answer = oci.get_blob(repository, content.digest_of(blob), headers={"Range": value}).expect(206)
    assert answer.body == blob[first:last + 1]
    assert answer.header("Content-Range") == f"bytes {first}-{last}/{len(blob)}"
    assert answer.header("Content-Length") == str(last - first + 1)


def test_range_of_a_large_blob(oci, repository):
    data = content.random_blob(3_000_000)
    digest = oci.push_blob(repository, data)
    for first, last in ((0, 0), (1_048_575, 1_048_576), (2_999_999, 2_999_999), (5, 2_900_000)):
        answer = oci.get_blob(repository, digest, headers={"Range": f"bytes={first}-{last}"}).expect(206)
        assert answer.body == data[first:last + 1]


@pytest.mark.parametrize("value", ["bytes=10000-", "bytes=10000-10001", "bytes=-0", "bytes=500-0"])
def test_range_outside_the_blob_is_416(oci, repository, pushed, value):
    answer = oci.get_blob(repository, content.digest_of(pushed.blobs[1]), headers={"Range": value})
    assert answer.status == 416, answer
    assert answer.header("Content-Range") == "bytes */10000"


@pytest.mark.parametrize("value", ["100-", "lines=0-5", "bytes"])
def test_range_of_another_unit_is_ignored(oci, repository, pushed, value):
    """RFC 9110 section 14.2. The first is what Azure's JavaScript client sends when it tries again."""
    blob = pushed.blobs[1]
    answer = oci.get_blob(repository, content.digest_of(blob), headers={"Range": value})
    assert answer.status == 200 and answer.body == blob, answer


@pytest.mark.parametrize("value", ["bytes=", "bytes=a-b", "bytes=5-2", "bytes=1-2;3", "bytes=--5", "bytes=99999999999999999999-",
                                   "bytes=0-99999999999999999999"])
def test_range_that_cannot_be_read_is_ignored_or_refused(oci, repository, pushed, value):
    """RFC 9110 section 14.2 leaves both; a part that was not asked for is neither."""
    blob = pushed.blobs[1]
    answer = oci.get_blob(repository, content.digest_of(blob), headers={"Range": value})
    assert answer.status in (400, 416) or answer.body == blob, answer


def test_several_ranges(oci, repository, pushed):
    """RFC 9110 section 15.3.7: all of them as multipart, or the whole, or a refusal; never one of them alone."""
    blob = pushed.blobs[1]
    answer = oci.get_blob(repository, content.digest_of(blob), headers={"Range": "bytes=0-1,5-6"})
    if answer.status == 206:
        assert answer.header("Content-Type").startswith("multipart/byteranges"), answer
        assert blob[0:2] in answer.body and blob[5:7] in answer.body
    else:
        assert answer.status == 416 or (answer.status == 200 and answer.body == blob), answer


def test_range_under_if_range(oci, repository, pushed):
    """RFC 9110 section 13.1.5."""
    blob = pushed.blobs[1]
    digest = content.digest_of(blob)
    tag = oci.get_blob(repository, digest).header("ETag")
    same = oci.get_blob(repository, digest, headers={"Range": "bytes=0-9", "If-Range": tag})
    assert same.status == 206 and same.body == blob[:10]
    other = oci.get_blob(repository, digest, headers={"Range": "bytes=0-9", "If-Range": '"other"'})
    assert other.status == 200 and other.body == blob


def test_blobs_say_that_they_have_ranges(oci, repository, pushed):
    assert oci.head(f"/v2/{repository}/blobs/{content.digest_of(pushed.blobs[1])}").expect(200).header("Accept-Ranges") == "bytes"


# Existence

def test_head_of_a_manifest(oci, repository, pushed):
    for reference in ("latest", pushed.digest):
        answer = oci.head(f"/v2/{repository}/manifests/{reference}")
        assert answer.status == 200 and answer.body == b""
        assert answer.header("Docker-Content-Digest") == pushed.digest
        assert answer.header("Content-Length") == str(len(pushed.data))


def test_head_of_a_blob(oci, repository, pushed):
    for blob in pushed.blobs:
        answer = oci.head(f"/v2/{repository}/blobs/{content.digest_of(blob)}")
        assert answer.status == 200 and answer.body == b""
        assert answer.header("Docker-Content-Digest") == content.digest_of(blob)
        assert answer.header("Content-Length") == str(len(blob))


def test_head_of_what_is_not_there_is_404(oci, repository, pushed):
    for path in ("manifests/absent", f"manifests/{content.random_digest()}", f"blobs/{content.random_digest()}"):
        assert oci.head(f"/v2/{repository}/{path}").status == 404
        assert oci.head(f"/v2/{repository}/nowhere/{path}").status == 404
