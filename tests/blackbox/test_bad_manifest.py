"""Manifests that are refused, and leave nothing behind."""

import json

import pytest

from harness import content
from harness.content import digest_of
from harness.oci import error_codes

LIMIT = 4 * 1024 * 1024


@pytest.fixture
def image(oci, repository):
    """An image whose blobs are there, so that only the fault of the test can refuse its manifest."""
    manifest = content.image()
    for blob in manifest.blobs:
        oci.push_blob(repository, blob)
    return manifest


def assert_refused(oci, repository, data: bytes, media_type: str = content.OCI_MANIFEST, status: int = 400,
                   code: str = "MANIFEST_INVALID") -> None:
    for reference in ("tag", digest_of(data)):
        answer = oci.put_manifest(repository, reference, data, media_type)
        assert answer.status == status, answer
        assert code in error_codes(answer), answer
    assert oci.get_manifest(repository, "tag").status == 404
    assert oci.get_manifest(repository, digest_of(data)).status == 404


def test_a_content_type_of_other_bytes_is_not_echoed(oci, repository, image):
    """A header may hold any bytes; the answer is valid JSON all the same."""
    answer = oci.put(f"/v2/{repository}/manifests/tag", body=image.data, headers={"Content-Type": "application/\xff\xfe\x80"})
    assert answer.status == 400 and "'application/???'" in answer.body.decode("utf-8"), answer
    assert error_codes(answer) == ["MANIFEST_INVALID"]


def with_first(document: dict, text: str) -> bytes:
    """The document with `text` put before its first key."""
    return ("{" + text + ", " + json.dumps(document)[1:]).encode()


def with_last(document: dict, text: str) -> bytes:
    return (json.dumps(document)[:-1] + ", " + text + "}").encode()


@pytest.mark.parametrize("text", [
    '"layers": []', '"\\u006cayers": []', '"l\\u0061yers": []', '"mediaType": "application/vnd.oci.image.index.v1+json"',
    '"media\\u0054ype": "application/vnd.oci.image.index.v1+json"', '"schemaVersion": 1', '"config": {}',
    '"x": 1, "x": 2', '"x": 1, "\\u0078": 2', '"x": {"y": 1, "y": 1}', '"x": [{"y": 1, "\\u0079": 1}]', '"": 1, "": 2',
    '"annotations": {"k": "v", "k": "w"}', '"annotations": {"\\ud83d\\ude00": "v", "😀": "w"}', '"\\/": 1, "/": 2'])
def test_repeated_keys(oci, repository, image, text):
    assert_refused(oci, repository, with_first(image.document, text))
    assert_refused(oci, repository, with_last(image.document, text))


def test_keys_that_only_look_alike_are_different(oci, repository, image):
    data = with_last(image.document, '"annotations": {"key": "1", "Key": "2", "key ": "3", "\\u006bez": "4"}')
    oci.put_manifest(repository, "tag", data).expect(201)


def test_larger_than_the_limit(oci, repository, image):
    data = with_last(image.document, '"annotations": {"x": "' + "x" * LIMIT + '"}')
    answer = oci.put_manifest(repository, "tag", data)
    assert answer.status == 413, answer
    assert oci.get_manifest(repository, "tag").status == 404


def test_larger_than_the_limit_without_a_length(oci, repository, image):
    data = with_last(image.document, '"annotations": {"x": "' + "x" * LIMIT + '"}')
    answer = oci.put(f"/v2/{repository}/manifests/tag", body=iter([data[:100_000], data[100_000:]]),
                     headers={"Content-Type": content.OCI_MANIFEST})
    assert answer.status == 413, answer
    assert oci.get_manifest(repository, "tag").status == 404


@pytest.mark.parametrize("depth", [1000, 100_000])
@pytest.mark.parametrize("opening,closing", [("[", "]"), ('{"x":', "}")])
def test_too_deep(oci, repository, image, opening, closing, depth):
    value = opening * depth + "1" + closing * depth
    assert_refused(oci, repository, with_last(image.document, f'"x": {value}'))


def test_another_type_than_the_header_says(oci, repository, image):
    index = content.index([])
    for data, media_type in ((image.data, content.OCI_INDEX), (image.data, content.DOCKER_MANIFEST),
                             (index.data, content.OCI_MANIFEST), (index.data, content.DOCKER_LIST)):
        assert_refused(oci, repository, data, media_type)


def test_content_of_another_type_than_the_header_says(oci, repository, image):
    """Without mediaType in the body, what it holds tells."""
    document = image.document
    del document["mediaType"]
    assert_refused(oci, repository, content.encode(document), content.OCI_INDEX)
    assert_refused(oci, repository, content.encode({"schemaVersion": 2, "manifests": []}), content.OCI_MANIFEST)


def test_both_layers_and_manifests(oci, repository, image):
    both = {**image.document, "manifests": []}
    assert_refused(oci, repository, content.encode(both))
    both = {**image.document, "mediaType": content.OCI_INDEX, "manifests": []}
    assert_refused(oci, repository, content.encode(both), content.OCI_INDEX)
    del both["mediaType"], both["config"]
    assert_refused(oci, repository, content.encode(both), content.OCI_INDEX)
    assert_refused(oci, repository, content.encode({**image.document, "config": None, "manifests": [], "layers": None}))


@pytest.mark.parametrize("missing", ["config", "layer", "all"])
def test_missing_blobs(oci, repository, missing):
    image = content.image()
    config, layer = image.blobs
    if missing != "config" and missing != "all":
        oci.push_blob(repository, config)
    if missing != "layer" and missing != "all":
        oci.push_blob(repository, layer)
    answer = oci.put_manifest(repository, "tag", image.data)
    assert answer.status in (400, 404) and "MANIFEST_BLOB_UNKNOWN" in error_codes(answer), answer
    absent = {"config": [config], "layer": [layer], "all": [config, layer]}[missing]
    for blob in absent:
        assert digest_of(blob) in answer.body.decode(), f"the refusal does not say which blob: {answer}"
    assert oci.get_manifest(repository, image.digest).status == 404


def test_missing_subject_is_fine(oci, repository, image):
    data = content.encode({**image.document, "subject": content.image().descriptor()})
    oci.put_manifest(repository, "tag", data).expect(201)


def test_blobs_of_another_repository_are_missing(oci, repository):
    """To know a digest is not to have the blob."""
    image = content.image()
    for blob in image.blobs:
        oci.push_blob(f"{repository}/other", blob)
    oci.push(repository, content.image(), "latest")
    answer = oci.put_manifest(repository, "tag", image.data)
    assert answer.status in (400, 404) and "MANIFEST_BLOB_UNKNOWN" in error_codes(answer), answer


@pytest.mark.parametrize("data", [
    b"", b" ", b"null", b"[]", b"1", b'"text"', b"{}", b"{", b"\x00", b"\xff\xfe", b"{'a': 1}", b'{"schemaVersion": 2,}',
    b'{"schemaVersion": NaN}', b'{"schemaVersion": 2} {}', b'\xef\xbb\xbf{"schemaVersion": 2}', b"<html></html>"],
    ids=lambda data: repr(data)[2:20])
def test_no_manifest_at_all(oci, repository, image, data):
    for media_type in (content.OCI_MANIFEST, content.OCI_INDEX, content.DOCKER_MANIFEST, content.DOCKER_LIST):
        answer = oci.put_manifest(repository, "tag", data, media_type)
        assert answer.status == 400 and "MANIFEST_INVALID" in error_codes(answer), answer


def test_text_behind_the_document(oci, repository, image):
    assert_refused(oci, repository, image.data + b"{}")
    assert_refused(oci, repository, image.data + b"\x00")


def test_text_that_is_no_utf8(oci, repository, image):
    assert_refused(oci, repository, with_last(image.document, '"annotations": {"x": "@"}').replace(b"@", b"\xc3\x28"))


@pytest.mark.parametrize("size", ["1.5", '"200"', "-1", "1180591620717411303424", "null", "true", "[200]"])
def test_sizes_that_are_no_integers(oci, repository, image, size):
    document = image.document
    document["layers"][0]["size"] = "@"
    assert_refused(oci, repository, content.encode(document).replace(b'"@"', size.encode()))


@pytest.mark.parametrize("digest", ["", "sha256:", "sha256:abc", "latest", "sha256:" + "A" * 64, "md5:" + "a" * 32, "../../x", None, 5])
def test_digests_that_are_none(oci, repository, image, digest):
    for field in ("config", "layers", "subject"):
        document = image.document
        if field == "config":
            document["config"]["digest"] = digest
        elif field == "layers":
            document["layers"][0]["digest"] = digest
        else:
            document["subject"] = {**image.descriptor(), "digest": digest}
        answer = oci.put_manifest(repository, "tag", content.encode(document))
        assert answer.status == 400, answer
        assert set(error_codes(answer)) <= {"MANIFEST_INVALID", "DIGEST_INVALID"}, answer
    index = content.index([{"mediaType": content.OCI_MANIFEST, "size": 5, "digest": digest}])
    assert oci.put_manifest(repository, "tag", index.data, index.media_type).status == 400


@pytest.mark.parametrize("change", [
    {"layers": {}}, {"layers": "x"}, {"layers": [5]}, {"layers": [None]}, {"config": []}, {"config": None}, {"config": {}},
    {"annotations": []}, {"annotations": {"k": 5}}, {"subject": "x"}, {"subject": {}},
    {"mediaType": 5}, {"artifactType": {}}, {"schemaVersion": 1}, {"schemaVersion": "2"}, {"layers": [{"digest": "x"}]}])
def test_fields_of_another_kind(oci, repository, image, change):
    answer = oci.put_manifest(repository, "tag", content.encode({**image.document, **change}))
    assert answer.status == 400, answer
    assert oci.get_manifest(repository, "tag").status == 404


def test_media_type_outside_the_grammar(oci, repository, image):
    for media_type in ("", "text", "a/b/c", "application/vnd.oci.image.manifest.v1+json, text/plain", "x" * 5000 + "/y"):
        answer = oci.put_manifest(repository, "tag", image.data, media_type)
        assert 400 <= answer.status < 500, answer
    assert oci.get_manifest(repository, "tag").status == 404


def test_many_descriptors_have_a_limit_or_work(oci, repository):
    """As many as fit into the largest manifest: an answer in good time, whatever it is."""
    child = content.random_digest()
    children = [{"mediaType": content.OCI_MANIFEST, "size": 5, "digest": child} for _ in range(20_000)]
    data = json.dumps({"schemaVersion": 2, "mediaType": content.OCI_INDEX, "manifests": children}).encode()
    assert len(data) < LIMIT
    answer = oci.put_manifest(repository, "tag", data, content.OCI_INDEX)
    assert answer.status == 400, answer
