"""How many uploads may be open and how many bytes they may have: docs/configuration.md, "Limits"."""

import os
import re
import signal
import time

import pytest

from harness import content, identities, raw_http
from harness.graph import Graph
from harness.http_client import Http
from harness.oci import Oci, basic, error_codes


class Place:
    """A server with limits, its owner, and others who may push."""

    def __init__(self, server):
        self.server = server
        self.open()

    def open(self) -> None:
        self.http = Http(self.server.http)
        self.facts = self.server.bootstrap
        self.owner = identities.bootstrap_owner(self.http, self.facts)
        self.oci = Oci(self.http, self.facts.login_server, self.owner.credentials, "basic")

    def pusher(self) -> Oci:
        principal = identities.new_principal(Graph(self.http, self.facts, *self.owner.credentials), content.unique("sp"))
        self.owner.arm.assign("AcrPush", principal.object_id, self.facts.registry_id)
        return Oci(self.http, self.facts.login_server, principal.credentials, "basic")

    def begin(self, oci: Oci | None = None) -> str:
        oci = oci or self.oci
        return oci.location(oci.start_upload("app").expect(202))

    def begun_with(self, data: bytes) -> str:
        return self.oci.location(self.oci.patch_upload(self.begin(), data).expect(202))

    def measure(self, name: str) -> int:
        text = self.http.get("/metrics").expect(200).body.decode()
        [value] = re.findall(rf"^{re.escape(name)} (\d+)$", text, re.MULTILINE)
        return int(value)

    def open_now(self) -> tuple[int, int]:
        return self.measure("berth_open_uploads"), self.measure("berth_open_upload_bytes")

    def wait_for(self, uploads: int, size: int, seconds: float = 30.0) -> None:
        deadline = time.monotonic() + seconds
        while self.open_now() != (uploads, size):
            assert time.monotonic() < deadline, f"{self.open_now()} uploads and bytes instead of {uploads}, {size}"
            time.sleep(0.02)

    def head(self, method: str, target: str, *more: str) -> bytes:
        lines = [f"{method} {target} HTTP/1.1", f"Host: {self.facts.login_server}",
                 f"Authorization: {basic(*self.owner.credentials)}", *more]
        return "\r\n".join(lines).encode() + b"\r\n\r\n"

    def push_head(self, data: bytes, *more: str) -> bytes:
        return self.head("POST", f"/v2/app/blobs/uploads/?digest={content.digest_of(data)}", *more)

    def stored(self) -> list[int]:
        """The sizes of what lies in uploads/, without states."""
        folder = self.server.data / "uploads"
        return sorted(file.stat().st_size for file in folder.iterdir() if file.suffix == "")


@pytest.fixture
def place(own_berth):
    places = []

    def make(*flags: str) -> Place:
        places.append(Place(own_berth(*flags).start()))
        return places[-1]

    yield make
    for one in places:
        one.http.close()


def answer_on(connection) -> str:
    """A whole answer, while the request may be half sent."""
    connection.settimeout(30)
    received = b""
    while True:
        head, end, body = received.partition(b"\r\n\r\n")
        length = re.search(rb"content-length: *(\d+)", head, re.IGNORECASE) if end else None
        if length and len(body) >= int(length[1]):
            return received.decode()
        part = connection.recv(65536)
        assert part, f"the answer was cut off: {received!r}"
        received += part


def assert_refused(answer, *words: str) -> None:
    assert answer.status == 429 and error_codes(answer) == ["TOOMANYREQUESTS"], answer
    assert 1 <= int(answer.header("Retry-After")) <= 60, answer
    assert answer.header("WWW-Authenticate") is None, "a client must not ask for another token"
    [error] = answer.json()["errors"]
    assert error["message"].startswith("Too many requests: "), answer
    for word in (*words, "DELETE", "25 hours", "15 minutes"):
        assert word in error["message"], (word, error["message"])


# Bytes that are known already

def test_an_upload_of_what_is_known_leaves_nothing(place):
    here = place()
    data = content.random_blob(300_000)
    here.oci.push_blob("app", data)
    for sent in (0, 200_000):
        path = here.begun_with(data[:sent]) if sent else here.begin()
        rest = data[sent:]
        here.oci.finish_upload(path, content.digest_of(data), rest, len(data) - len(rest)).expect(201)
        assert here.oci.get(path).status == 404
        here.wait_for(0, 0)
        deadline = time.monotonic() + 30
        while here.stored():  # it goes after the answer
            assert time.monotonic() < deadline, here.stored()
            time.sleep(0.02)
    blobs = [file for file in (here.server.data / "blobs").rglob("*") if file.is_file()]
    assert len(blobs) == 1, blobs
    assert here.oci.get_blob("app", content.digest_of(data)).expect(200).body == data


# How many

def test_an_identity_has_so_many_uploads_open(place):
    here = place("--uploads-per-identity", "3")
    other = here.pusher()
    first, second, third = here.begin(), here.begun_with(b"x" * 1000), here.begin()
    assert_refused(here.oci.start_upload("app"), "--uploads-per-identity", "3 uploads open",
                   f"'{here.facts.owner_client_id}'")
    assert_refused(here.oci.start_upload("another"), "--uploads-per-identity")
    assert_refused(here.oci.start_upload("app", f"?mount={content.random_digest()}&from=other"), "--uploads-per-identity")
    data = content.random_blob(5000)
    assert_refused(here.oci.post(f"/v2/app/blobs/uploads/?digest={content.digest_of(data)}", body=data),
                   "--uploads-per-identity")
    here.begin(other)

    # What is open goes on, and each way of ending it makes room for one.
    second = here.oci.location(here.oci.patch_upload(second, b"y" * 1000, 1000).expect(202))
    here.oci.delete(first).expect(204)
    fourth = here.begin()
    assert_refused(here.oci.start_upload("app"), "--uploads-per-identity")
    here.oci.finish_upload(second, content.digest_of(b"x" * 1000 + b"y" * 1000)).expect(201)
    fifth = here.begin()
    assert_refused(here.oci.start_upload("app"), "--uploads-per-identity")
    here.oci.finish_upload(third, content.digest_of(data), data).expect(201)
    large = content.random_blob(300_000)
    here.oci.post(f"/v2/app/blobs/uploads/?digest={content.digest_of(large)}", body=large).expect(201)
    here.oci.finish_upload(fourth, content.digest_of(b"no"), data).expect(400)  # it may be tried again: it is open
    here.begin()
    assert_refused(here.oci.start_upload("app"), "--uploads-per-identity")
    assert here.oci.get(fifth).status == 204
    assert here.measure('berth_refused_uploads_total{of="identity",limit="uploads"}') == 7
    assert here.open_now() == (4, 0)


def test_a_registry_has_so_many_uploads_open(place):
    here = place("--uploads-per-registry", "2")
    other = here.pusher()
    mine = here.begin()
    here.begin(other)
    assert_refused(here.oci.start_upload("app"), "--uploads-per-registry", f"'{here.facts.registry_name}'")
    assert_refused(other.start_upload("app"), "--uploads-per-registry")
    here.owner.arm.put_registry("secondone").expect(200, 201)
    second = here.owner.arm.made_registry("secondone")["properties"]["loginServer"]
    elsewhere = Oci(here.http, second, here.owner.credentials, "basic")
    elsewhere.start_upload("app").expect(202)
    here.oci.delete(mine).expect(204)
    here.begin(other)
    assert here.measure('berth_refused_uploads_total{of="registry",limit="uploads"}') == 2


def test_pushes_in_one_request_count_while_they_run(place):
    here = place("--uploads-per-identity", "2")
    data = content.random_blob(400_000)
    for head in (here.push_head(data, f"Content-Length: {len(data)}"), here.push_head(data, "Transfer-Encoding: chunked")):
        with raw_http.connect(here.server.http) as one, raw_http.connect(here.server.http) as two:
            for connection in (one, two):
                connection.sendall(head)
            deadline = time.monotonic() + 30
            while here.open_now()[0] != 2:
                assert time.monotonic() < deadline, here.open_now()
                time.sleep(0.02)
            assert_refused(here.oci.start_upload("app"), "--uploads-per-identity")
        # Both clients are gone.
        here.wait_for(0, 0)
    here.oci.push_blob("app", data)
    assert here.open_now() == (0, 0)


# How many bytes

def test_bytes_that_a_request_announces_are_refused_before_they_are_sent(place):
    here = place("--upload-bytes-per-identity", "1000000")
    first = here.begun_with(content.random_blob(600_000))
    assert here.open_now() == (1, 600_000)
    second = here.begin()
    data = content.random_blob(400_001)
    length = f"Content-Length: {len(data)}"
    for head in (here.head("PATCH", second, length, "Expect: 100-continue"), here.head("PATCH", first, length),
                 here.head("PUT", f"{second}?digest={content.digest_of(data)}", length), here.push_head(data, length)):
        answer = raw_http.send(here.server.http, head)  # and not one byte of the body
        text = answer.body.decode()
        if head.startswith(b"PATCH") and first.encode() in head:
            assert answer.status == 413 and "--upload-bytes-per-identity" in text, answer
            continue
        assert answer.status == 429 and "TOOMANYREQUESTS" in text and "--upload-bytes-per-identity" in text, answer
        assert "600000 bytes" in text and "400001 more" in text, answer
        assert int(answer.headers["retry-after"]) >= 1, answer
    assert here.open_now() == (2, 600_000)
    here.oci.patch_upload(first, data[:-1], 600_000).expect(202)
    assert here.open_now() == (2, 1_000_000)
    here.oci.delete(first).expect(204)
    here.oci.finish_upload(second, content.digest_of(data), data).expect(201)
    assert here.open_now() == (0, 0) and here.stored() == []
    assert here.measure('berth_refused_uploads_total{of="identity",limit="bytes"}') == 4


def test_bytes_without_a_length_are_refused_where_the_limit_is(place):
    here = place("--upload-bytes-per-registry", "1000000")
    first = here.begun_with(content.random_blob(600_000))
    second = here.begin()
    part = content.random_blob(50_000)
    chunk = f"{len(part):x}\r\n".encode() + part + b"\r\n"
    for location, sent in ((second, 0), (first, 600_000)):
        with raw_http.connect(here.server.http, timeout=60) as connection:
            connection.sendall(here.head("PATCH", location, "Transfer-Encoding: chunked"))
            for _ in range(8):
                connection.sendall(chunk)
            deadline = time.monotonic() + 30
            while here.open_now()[1] != 1_000_000:  # as much as there is room for is being received
                assert time.monotonic() < deadline, here.open_now()
                time.sleep(0.02)
            connection.sendall(chunk)
            answer = answer_on(connection)  # in the middle of the body
            status = "413" if location == first else "429"
            assert answer.startswith(f"HTTP/1.1 {status} ") and "--upload-bytes-per-registry" in answer, answer
        here.wait_for(2, 600_000)
        # A chunk counts whole or not at all.
        where = here.oci.get(location).expect(204)
        assert where.header("Range") == f"0-{max(sent - 1, 0)}", where
    deadline = time.monotonic() + 30
    while here.stored() != [600_000]:
        assert time.monotonic() < deadline, here.stored()
        time.sleep(0.02)
    here.oci.patch_upload(first, part, 600_000).expect(202)


def test_an_upload_above_the_limit_alone_is_too_large(place):
    here = place("--upload-bytes-per-identity", "100000", "--upload-bytes-per-registry", "50000")
    data = content.random_blob(50_001)
    answer = here.oci.try_push_blob("app", data)
    assert answer.status == 413 and error_codes(answer) == ["SIZE_INVALID"], answer
    assert answer.header("Retry-After") is None, "no waiting helps"
    [error] = answer.json()["errors"]
    assert "50001 bytes" in error["message"] and "--upload-bytes-per-registry" in error["message"], answer
    here.oci.push_blob("app", data[1:])


def test_a_client_that_vanishes_leaves_no_bytes(place):
    here = place("--upload-bytes-per-identity", "1000000")
    data = content.random_blob(900_000)
    location = here.begin()
    for head in (here.push_head(data, f"Content-Length: {len(data)}"),
                 here.head("PATCH", location, f"Content-Length: {len(data)}")):
        before = here.measure("berth_open_uploads")
        with raw_http.connect(here.server.http) as connection:
            connection.sendall(head + data[:500_000])
            here.wait_for(before if b"PATCH" in head else before + 1, 900_000)
            assert_refused(here.oci.try_push_blob("app", content.random_blob(100_001)), "--upload-bytes-per-identity")
            here.oci.push_blob("app", content.random_blob(100_000))
        deadline = time.monotonic() + 30
        while here.open_now()[1] != 0:
            assert time.monotonic() < deadline, here.open_now()
            time.sleep(0.02)
    here.oci.push_blob("app", data)


# After a restart

@pytest.mark.parametrize("ends", ["stop", "kill"])
def test_a_restart_forgets_no_upload_and_counts_none_twice(place, ends):
    here = place("--uploads-per-identity", "3", "--upload-bytes-per-identity", "1000000")
    parts = [content.random_blob(300_000), content.random_blob(200_000)]
    first, second = (here.begun_with(part) for part in parts)
    other = here.pusher()
    empty = here.begin()
    ended = content.random_blob(100_000)
    here.oci.finish_upload(empty, content.digest_of(ended), ended).expect(201)
    empty = here.begin()
    with raw_http.connect(here.server.http) as connection:
        # What was never acknowledged does not survive.
        connection.sendall(here.head("PATCH", first, "Content-Length: 400000") + content.random_blob(390_000))
        here.wait_for(3, 900_000)
        if ends == "stop":
            connection.close()
            here.wait_for(3, 500_000)
        getattr(here.server, ends)()
    here.http.close()
    here.server.start()
    here.open()
    assert here.open_now() == (2, 500_000), "one without bytes counts again when somebody goes on with it"
    deadline = time.monotonic() + 30
    while here.stored() != [200_000, 300_000]:
        assert time.monotonic() < deadline, here.stored()
        time.sleep(0.02)
    assert_refused(here.oci.try_push_blob("app", content.random_blob(500_001)), "500000 bytes")
    # That attempt has begun an upload, the third.
    assert_refused(here.oci.start_upload("app"), "3 uploads open")
    assert_refused(here.oci.patch_upload(empty, b"abc"), "3 uploads open")
    assert Oci(here.http, here.facts.login_server, other.credentials, "basic").start_upload("app").status == 202
    here.oci.finish_upload(first, content.digest_of(parts[0])).expect(201)
    here.oci.patch_upload(empty, b"abc").expect(202)
    here.oci.delete(second).expect(204)
    assert here.open_now() == (3, 3)


def test_an_abandoned_upload_counts_until_it_is_removed(place):
    here = place("--uploads-per-identity", "2", "--garbage-interval-seconds", "86400")
    abandoned, kept = here.begun_with(b"x" * 70_000), here.begun_with(b"y" * 80_000)
    assert_refused(here.oci.start_upload("app"), "2 uploads open")
    day = time.time() - 26 * 3600
    for file in (here.server.data / "uploads").iterdir():
        size = (here.server.data / "uploads" / file.stem).stat().st_size
        if size == 70_000:
            os.utime(file, (day, day))
    assert here.open_now() == (2, 150_000)
    here.server.send(signal.SIGUSR1)
    here.wait_for(1, 80_000)
    assert here.stored() == [80_000]
    assert here.oci.get(abandoned).status == 404
    here.begin()
    here.oci.patch_upload(kept, b"z", 80_000).expect(202)


def test_a_small_blob_that_ends_an_upload_leaves_nothing_of_its_other_requests(place):
    """One Location, two requests at once: a large chunk on its way, and an end with a small blob of its own."""
    here = place()
    location = here.begin()
    small = content.random_blob(1000)
    with raw_http.connect(here.server.http) as connection:
        connection.sendall(here.head("PATCH", location, "Content-Length: 500000") + content.random_blob(490_000))
        here.wait_for(1, 500_000)
        here.oci.finish_upload(location, content.digest_of(small), small).expect(201)
        connection.sendall(content.random_blob(10_000))
        assert answer_on(connection).startswith("HTTP/1.1 404 ")
    here.wait_for(0, 0)
    deadline = time.monotonic() + 30
    while here.stored():
        assert time.monotonic() < deadline, here.stored()
        time.sleep(0.02)


# The settings

@pytest.mark.parametrize("setting", ["--uploads-per-identity", "--uploads-per-registry", "--upload-bytes-per-identity",
                                     "--upload-bytes-per-registry"])
@pytest.mark.parametrize("value", ["-1", "many", "1000000000000000000000"])
def test_a_limit_is_a_number(own_berth, setting, value):
    code, said = own_berth(f"{setting}={value}").run_to_end()
    assert code != 0 and setting in said, said


def test_zero_is_no_limit(place):
    here = place("--uploads-per-identity", "0", "--uploads-per-registry", "0", "--upload-bytes-per-identity", "0",
                 "--upload-bytes-per-registry", "0")
    for _ in range(50):
        here.begin()
    here.begun_with(content.random_blob(200_000))
    assert here.open_now() == (51, 200_000)
