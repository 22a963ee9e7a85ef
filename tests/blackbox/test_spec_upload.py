"""Push of blobs: in one piece, in chunks, resumed, cancelled."""

import pytest

from harness import content
from harness.clock import shifted
from harness.http_client import Http
from harness.identities import bootstrap_owner
from harness.oci import Oci, error_codes

ALGORITHMS = ("sha256", "sha512")


def assert_pullable(oci: Oci, answer, data: bytes) -> None:
    assert oci.get(oci.location(answer)).expect(200).body == data


# In one piece

def test_post_answers_202_with_a_location(oci, repository):
    started = oci.start_upload(repository)
    assert started.status == 202, started
    assert oci.get(oci.location(started)).status == 204


def test_each_upload_has_a_session_of_its_own(oci, repository):
    paths = {oci.location(oci.start_upload(repository).expect(202)) for _ in range(20)}
    assert len(paths) == 20
    # The id cannot be guessed: 128 bits are 22 characters of base64url, 32 of hex.
    assert all(len(path.rpartition("/")[2]) >= 22 for path in paths), paths


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@pytest.mark.parametrize("size", [0, 1, 5000, 2_000_000])
def test_post_then_put(oci, repository, algorithm, size):
    data = content.random_blob(size)
    digest = content.digest_of(data, algorithm)
    started = oci.start_upload(repository).expect(202)
    ended = oci.finish_upload(oci.location(started), digest, data)
    assert ended.status == 201, ended
    assert ended.header("Docker-Content-Digest") == digest
    assert_pullable(oci, ended, data)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@pytest.mark.parametrize("size", [0, 1, 5000, 2_000_000])
def test_single_post(oci, repository, algorithm, size):
    data = content.random_blob(size)
    digest = content.digest_of(data, algorithm)
    ended = oci.post(f"/v2/{repository}/blobs/uploads/?digest={digest}", body=data,
                     headers={"Content-Type": "application/octet-stream"})
    assert ended.status == 201, ended
    assert ended.header("Docker-Content-Digest") == digest
    assert_pullable(oci, ended, data)


def test_single_post_with_a_wrong_digest_is_400(oci, repository):
    digest = content.random_digest()
    answer = oci.post(f"/v2/{repository}/blobs/uploads/?digest={digest}", body=b"something else",
                      headers={"Content-Type": "application/octet-stream"})
    assert answer.status == 400 and "DIGEST_INVALID" in error_codes(answer), answer
    assert oci.head(f"/v2/{repository}/blobs/{digest}").status == 404


@pytest.mark.parametrize("digest", ["sha256:zz", "sha256", "md5:d41d8cd98f00b204e9800998ecf8427e", "nothing:" + "a" * 64, "",
                                    "sha256:" + "a" * 65, "sha256:" + "A" * 64])
def test_digest_that_is_invalid_or_of_an_unknown_algorithm_is_400(oci, repository, digest):
    started = oci.start_upload(repository).expect(202)
    ended = oci.finish_upload(oci.location(started), digest, b"data")
    assert ended.status == 400, ended
    single = oci.post(f"/v2/{repository}/blobs/uploads/?digest={digest}", body=b"data",
                      headers={"Content-Type": "application/octet-stream"})
    assert single.status == 400, single


def test_body_without_a_known_length(oci, repository):
    """RFC 9112 section 7.1: chunked transfer coding instead of Content-Length."""
    parts = [content.random_blob(70_000) for _ in range(5)]
    data = b"".join(parts)
    location = oci.location(oci.start_upload(repository).expect(202))
    ended = oci.put(oci.with_query(location, digest=content.digest_of(data)), body=iter(parts),
                    headers={"Content-Type": "application/octet-stream"})
    assert ended.status == 201, ended
    assert_pullable(oci, ended, data)


# In chunks

@pytest.mark.parametrize("last_in_put", [True, False])
@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_chunks_in_order(oci, repository, algorithm, last_in_put):
    parts = [content.random_blob(size) for size in (1000, 1, 300_000, 4321)]
    data = b"".join(parts)
    digest = content.digest_of(data, algorithm)
    query = f"?digest-algorithm={algorithm}" if algorithm != "sha256" else ""
    location = oci.location(oci.start_upload(repository, query).expect(202))
    sent = 0
    for part in parts[:-1] if last_in_put else parts:
        answer = oci.patch_upload(location, part, sent)
        sent += len(part)
        assert answer.status == 202, answer
        assert answer.header("Range") == f"0-{sent - 1}"
        location = oci.location(answer)
    ended = oci.finish_upload(location, digest, parts[-1], sent) if last_in_put else oci.finish_upload(location, digest)
    assert ended.status == 201, ended
    assert_pullable(oci, ended, data)


def test_one_stream_without_content_range(oci, repository):
    """What docker does: one PATCH without Content-Range, closed by an empty PUT."""
    data = content.random_blob(150_000)
    location = oci.location(oci.start_upload(repository).expect(202))
    patched = oci.patch(location, body=iter([data[:100_000], data[100_000:]]),
                        headers={"Content-Type": "application/octet-stream"})
    assert patched.status == 202 and patched.header("Range") == "0-149999", patched
    assert_pullable(oci, oci.finish_upload(oci.location(patched), content.digest_of(data)).expect(201), data)


def test_a_minimum_chunk_is_announced_or_absent(oci, repository):
    started = oci.start_upload(repository).expect(202)
    announced = started.header("OCI-Chunk-Min-Length")
    if announced is not None:
        assert int(announced) > 0
        return
    data = b"ab"
    location = oci.location(oci.patch_upload(oci.location(started), data[:1], 0).expect(202))
    location = oci.location(oci.patch_upload(location, data[1:], 1).expect(202))
    oci.finish_upload(location, content.digest_of(data)).expect(201)


def test_unknown_algorithm_for_chunks_is_400(oci, repository):
    for algorithm in ("md5", "sha3", "", "sha256%00"):
        answer = oci.start_upload(repository, f"?digest-algorithm={algorithm}")
        assert answer.status == 400, answer


@pytest.mark.parametrize("start", [0, 50, 99, 101, 1000])
def test_chunk_out_of_order_is_416(oci, repository, start):
    data = content.random_blob(200)
    location = oci.location(oci.start_upload(repository).expect(202))
    location = oci.location(oci.patch_upload(location, data[:100], 0).expect(202))
    assert oci.patch_upload(location, data[100:], start).status == 416
    # Nothing was taken: the upload goes on where it stood.
    status = oci.get(location).expect(204)
    assert status.header("Range") == "0-99"
    location = oci.location(oci.patch_upload(oci.location(status), data[100:], 100).expect(202))
    oci.finish_upload(location, content.digest_of(data)).expect(201)


def test_first_chunk_that_does_not_begin_at_0_is_416(oci, repository):
    location = oci.location(oci.start_upload(repository).expect(202))
    assert oci.patch_upload(location, b"data", 4).status == 416


def test_final_chunk_out_of_order_is_416(oci, repository):
    data = content.random_blob(200)
    location = oci.location(oci.start_upload(repository).expect(202))
    location = oci.location(oci.patch_upload(location, data[:100], 0).expect(202))
    for start in (0, 99, 101):
        assert oci.finish_upload(location, content.digest_of(data), data[100:], start).status == 416
    status = oci.get(location).expect(204)
    assert status.header("Range") == "0-99"
    oci.finish_upload(oci.location(status), content.digest_of(data), data[100:], 100).expect(201)


@pytest.mark.parametrize("value", ["bytes 0-3/4", "0-", "-3", "a-b", "3-0", "0-9", "0-3/4", "0-99999999999999999999"])
def test_content_range_of_another_form_is_refused(oci, repository, value):
    location = oci.location(oci.start_upload(repository).expect(202))
    answer = oci.patch(location, body=b"data", headers={"Content-Type": "application/octet-stream", "Content-Range": value})
    assert answer.status in (400, 416), answer
    # The session stands, at its beginning.
    data = b"1234"
    location = oci.location(oci.patch_upload(oci.location(oci.get(location).expect(204)), data, 0).expect(202))
    oci.finish_upload(location, content.digest_of(data)).expect(201)


def test_status_of_an_upload(oci, repository):
    data = content.random_blob(5000)
    location = oci.location(oci.start_upload(repository).expect(202))
    oci.get(location).expect(204)
    location = oci.location(oci.patch_upload(location, data[:3000], 0).expect(202))
    status = oci.get(location)
    assert status.status == 204 and status.body == b"", status
    assert status.header("Range") == "0-2999"
    location = oci.location(oci.patch_upload(oci.location(status), data[3000:], 3000).expect(202))
    oci.finish_upload(location, content.digest_of(data)).expect(201)


def test_status_by_any_location_given_before(oci, repository):
    first = oci.location(oci.start_upload(repository).expect(202))
    second = oci.location(oci.patch_upload(first, b"data", 0).expect(202))
    for location in (first, second):
        assert oci.get(location).expect(204).header("Range") == "0-3"


def test_closing_needs_the_digest(oci, repository):
    location = oci.location(oci.start_upload(repository).expect(202))
    location = oci.location(oci.patch_upload(location, b"data", 0).expect(202))
    answer = oci.put(location, headers={"Content-Length": "0"})
    assert answer.status == 400, answer
    oci.finish_upload(location, content.digest_of(b"data")).expect(201)


# Cancelled and forgotten

def test_cancel(oci, repository):
    location = oci.location(oci.start_upload(repository).expect(202))
    location = oci.location(oci.patch_upload(location, b"data", 0).expect(202))
    cancelled = oci.delete(location)
    assert cancelled.status == 204, cancelled
    assert oci.get(location).status == 404
    assert oci.patch_upload(location, b"more", 4).status == 404
    late = oci.finish_upload(location, content.digest_of(b"data"))
    assert late.status == 404 and "BLOB_UPLOAD_UNKNOWN" in error_codes(late), late
    assert oci.head(f"/v2/{repository}/blobs/{content.digest_of(b'data')}").status == 404


def test_an_upload_that_nobody_finishes_ends_by_itself(own_berth):
    a_month_later = shifted("+31d")
    server = own_berth().start()
    client = Http(server.http)
    oci = Oci(client, server.bootstrap.login_server, bootstrap_owner(client, server.bootstrap).credentials)
    location = oci.location(oci.start_upload("forgotten").expect(202))
    location = oci.location(oci.patch_upload(location, b"data", 0).expect(202))
    client.close()
    server.stop()
    later = own_berth(data=server.data, variables=a_month_later).start()
    client = Http(later.http)
    oci = Oci(client, later.bootstrap.login_server, bootstrap_owner(client, later.bootstrap).credentials)
    assert oci.get(location).status == 404
    client.close()
    later.stop()
