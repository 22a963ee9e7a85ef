"""Uploads that go wrong: nothing is seen before it is whole, and a session belongs to who began it, where it began."""

import threading

import pytest

from harness import content
from harness.content import digest_of
from harness.http_client import Http
from harness.oci import Oci, error_codes


@pytest.fixture
def session(oci, repository):
    """An upload with four bytes; its location."""
    location = oci.location(oci.start_upload(repository).expect(202))
    return oci.location(oci.patch_upload(location, b"data", 0).expect(202))


def test_digest_that_does_not_match(oci, repository, session):
    digest = content.random_digest()
    answer = oci.finish_upload(session, digest)
    assert answer.status == 400 and "DIGEST_INVALID" in error_codes(answer), answer
    for known in (digest, digest_of(b"data")):
        assert oci.head(f"/v2/{repository}/blobs/{known}").status == 404


def test_digest_of_another_algorithm_that_does_not_match(oci, repository, session):
    digest = content.random_digest("sha512")
    answer = oci.finish_upload(session, digest)
    assert answer.status == 400, answer
    assert oci.head(f"/v2/{repository}/blobs/{digest}").status == 404


@pytest.mark.parametrize("start", [0, 3, 5, 100])
def test_resumed_at_the_wrong_offset(oci, repository, session, start):
    assert oci.patch_upload(session, b"more", start).status == 416
    assert oci.get(session).expect(204).header("Range") == "0-3"
    oci.finish_upload(session, digest_of(b"data")).expect(201)


def test_finished_twice(oci, repository, session):
    oci.finish_upload(session, digest_of(b"data")).expect(201)
    for answer in (oci.finish_upload(session, digest_of(b"data")), oci.finish_upload(session, digest_of(b"datamore"), b"more", 4),
                   oci.patch_upload(session, b"more", 4), oci.get(session), oci.delete(session)):
        assert answer.status == 404, answer
    assert oci.get_blob(repository, digest_of(b"data")).expect(200).body == b"data"
    assert oci.head(f"/v2/{repository}/blobs/{digest_of(b'datamore')}").status == 404


def test_finished_by_two_at_once(berth, first_registry, owner, oci, repository):
    """Eight requests close one session: exactly one of them makes the blob."""
    for _ in range(5):
        location = oci.location(oci.start_upload(repository).expect(202))
        data = content.random_blob(50_000)
        location = oci.location(oci.patch_upload(location, data, 0).expect(202))
        oci.get(location)
        statuses, barrier = [], threading.Barrier(8)

        def close() -> None:
            client = Oci(Http(berth.http), first_registry.login_server, owner.credentials, "basic")
            barrier.wait()
            statuses.append(client.finish_upload(location, digest_of(data)).status)
            client.http.close()

        threads = [threading.Thread(target=close) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert statuses.count(201) == 1 and set(statuses) <= {201, 404, 409}, statuses
        assert oci.get_blob(repository, digest_of(data)).expect(200).body == data


def test_continued_by_two_at_once(berth, first_registry, owner, oci, repository):
    """Two chunks for the same place: one is taken."""
    parts = [content.random_blob(30_000) for _ in range(6)]
    location = oci.location(oci.start_upload(repository).expect(202))
    results, barrier = {}, threading.Barrier(len(parts))

    def send(number: int) -> None:
        client = Oci(Http(berth.http), first_registry.login_server, owner.credentials, "basic")
        barrier.wait()
        results[number] = client.patch_upload(location, parts[number], 0).status
        client.http.close()

    threads = [threading.Thread(target=send, args=(number,)) for number in range(len(parts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    taken = [number for number, status in results.items() if status == 202]
    assert len(taken) == 1 and set(results.values()) <= {202, 409, 416}, results
    oci.finish_upload(location, digest_of(parts[taken[0]])).expect(201)


@pytest.mark.parametrize("mode", ["bearer", "basic"])
def test_continued_by_another_identity(first_registry, oci, repository, session, new_principal, mode):
    other = first_registry.oci(new_principal("Owner"), mode)
    other.push(repository, content.image(), "latest")
    for answer in (other.get(session), other.patch_upload(session, b"more", 4),
                   other.finish_upload(session, digest_of(b"data")), other.delete(session)):
        assert answer.status == 404, answer
    assert oci.get(session).expect(204).header("Range") == "0-3"
    oci.finish_upload(session, digest_of(b"data")).expect(201)


def test_continued_by_nobody(first_registry, repository, oci, session):
    nobody = first_registry.oci(mode="none")
    for answer in (nobody.get(session), nobody.patch_upload(session, b"more", 4), nobody.delete(session)):
        assert answer.status == 401, answer
    oci.finish_upload(session, digest_of(b"data")).expect(201)


def test_continued_for_another_repository(oci, repository, session):
    other = f"{repository}/other"
    oci.push(other, content.image(), "latest")
    elsewhere = session.replace(f"/v2/{repository}/", f"/v2/{other}/")
    assert elsewhere != session
    for answer in (oci.get(elsewhere), oci.patch_upload(elsewhere, b"more", 4),
                   oci.finish_upload(elsewhere, digest_of(b"data")), oci.delete(elsewhere)):
        assert answer.status == 404, answer
    assert oci.head(f"/v2/{other}/blobs/{digest_of(b'data')}").status == 404
    oci.finish_upload(session, digest_of(b"data")).expect(201)


def test_continued_at_another_registry(registry, owner, oci, repository, session):
    elsewhere = registry.oci(owner)
    elsewhere.push(repository, content.image(), "latest")
    for answer in (elsewhere.get(session), elsewhere.patch_upload(session, b"more", 4),
                   elsewhere.finish_upload(session, digest_of(b"data")), elsewhere.delete(session)):
        assert answer.status == 404, answer
    oci.finish_upload(session, digest_of(b"data")).expect(201)


def test_changed_location(oci, repository, session):
    path, _, query = session.partition("?")
    folder, _, session_id = path.rpartition("/")
    middle = len(session_id) // 2
    for changed in (session_id[:-1], session_id + "A", session_id[:middle] + ("A" if session_id[middle] != "A" else "B")
                    + session_id[middle + 1:], session_id[::-1], "A" * len(session_id),
                    "00000000-0000-0000-0000-000000000000"):
        for method in ("GET", "DELETE"):
            answer = oci.request(method, f"{folder}/{changed}" + (f"?{query}" if query else ""))
            assert answer.status == 404, answer
    oci.finish_upload(session, digest_of(b"data")).expect(201)


def test_location_works_without_its_query(oci, repository, session):
    """Some clients drop the query; the session is wholly in the path."""
    bare = session.partition("?")[0]
    assert oci.get(bare).expect(204).header("Range") == "0-3"
    oci.finish_upload(bare, digest_of(b"data")).expect(201)


def test_nothing_is_seen_before_the_end(oci, repository):
    data = content.random_blob(10_000)
    location = oci.location(oci.start_upload(repository).expect(202))
    location = oci.location(oci.patch_upload(location, data, 0).expect(202))
    assert oci.head(f"/v2/{repository}/blobs/{digest_of(data)}").status == 404
    mounted = oci.post(f"/v2/{repository}/other/blobs/uploads/?mount={digest_of(data)}&from={repository}")
    assert mounted.status == 202
    oci.finish_upload(location, digest_of(data)).expect(201)


def test_length_that_contradicts_the_range(oci, repository, session):
    for headers in ({"Content-Range": "4-10"}, {"Content-Range": "4-4"}):
        answer = oci.patch(session, body=b"more", headers={"Content-Type": "application/octet-stream", **headers})
        assert answer.status == 400, answer
    assert oci.get(session).expect(204).header("Range") == "0-3"
    oci.finish_upload(session, digest_of(b"data")).expect(201)


def test_right_to_push_is_asked_for_each_step(arm, first_registry, oci, repository, new_principal):
    """A session that was begun under a right ends with it."""
    pusher = new_principal()
    grant = arm.assign("AcrPush", pusher.object_id, first_registry.id)
    client = first_registry.oci(pusher)
    location = client.location(client.start_upload(repository).expect(202))
    location = client.location(client.patch_upload(location, b"data", 0).expect(202))
    arm.unassign(grant)
    for answer in (client.get(location), client.patch_upload(location, b"more", 4),
                   client.finish_upload(location, digest_of(b"data"))):
        assert answer.status == 401, answer
    assert oci.head(f"/v2/{repository}/blobs/{digest_of(b'data')}").status == 404
