"""Framing: what can be read in two ways is refused, and the connection with it (RFC 9112; the design's strict list)."""

import json
import socket
import time
import urllib.parse

import pytest

from harness import content, raw_http
from harness.oci import basic


@pytest.fixture
def host(first_registry):
    return first_registry.login_server


@pytest.fixture
def authorization(owner):
    return f"Authorization: {basic(*owner.credentials)}"


def request(*lines: str, body: bytes = b"") -> bytes:
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body


def assert_refused(answer: raw_http.RawAnswer, *statuses: int) -> None:
    assert answer.status in (statuses or (400,)), answer
    assert answer.closed, f"the connection stays open: {answer}"
    assert answer.rest == b"", f"a second request was seen: {answer}"


SMUGGLED = b"GET /v2/smuggled/tags/list HTTP/1.1\r\nHost: x\r\n\r\n"


def test_a_plain_request_is_fine(berth, host, authorization):
    """What the refusals below are compared with."""
    answer = raw_http.send(berth.http, request("GET /v2/ HTTP/1.1", f"Host: {host}", authorization, "Connection: close"))
    assert answer.status == 200 and answer.closed and answer.rest == b""


def test_two_requests_at_once_get_two_answers(berth, host, authorization):
    one = request("GET /v2/ HTTP/1.1", f"Host: {host}", authorization)
    answer = raw_http.send(berth.http, one + one)
    assert answer.status == 200 and answer.rest.startswith(b"HTTP/1.1 200"), answer


@pytest.mark.parametrize("coding", ["gzip", "gzip, chunked", "chunked, gzip", "chunked, chunked", "identity", "identity, chunked", "xchunked",
                                    "chunked;x=y", '"chunked"', "", ",chunked", "chunked,", "chunked\x0b", "\x0bchunked"])
def test_transfer_codings_other_than_chunked(berth, host, authorization, coding):
    data = request("POST /v2/a/blobs/uploads/ HTTP/1.1", f"Host: {host}", authorization, f"Transfer-Encoding: {coding}",
                   body=b"0\r\n\r\n" + SMUGGLED)
    assert_refused(raw_http.send(berth.http, data), 400, 501)


def test_chunked_twice(berth, host, authorization):
    data = request("POST /v2/a/blobs/uploads/ HTTP/1.1", f"Host: {host}", authorization, "Transfer-Encoding: chunked",
                   "Transfer-Encoding: chunked", body=b"0\r\n\r\n" + SMUGGLED)
    assert_refused(raw_http.send(berth.http, data), 400, 501)


def test_chunked_in_http_1_0(berth, host, authorization):
    data = request("POST /v2/a/blobs/uploads/ HTTP/1.0", f"Host: {host}", authorization, "Transfer-Encoding: chunked",
                   body=b"0\r\n\r\n" + SMUGGLED)
    assert_refused(raw_http.send(berth.http, data), 400, 501, 505)


@pytest.mark.parametrize("lines", [
    ("Content-Length: 5", "Transfer-Encoding: chunked"), ("Transfer-Encoding: chunked", "Content-Length: 5"),
    ("Content-Length: 0", "Transfer-Encoding: chunked"), ("Transfer-Encoding: chunked", "content-length: 0")])
def test_length_and_chunked(berth, host, authorization, lines):
    data = request("POST /v2/a/blobs/uploads/ HTTP/1.1", f"Host: {host}", authorization, *lines, body=b"0\r\n\r\n" + SMUGGLED)
    assert_refused(raw_http.send(berth.http, data))


@pytest.mark.parametrize("lines", [
    ("Content-Length: 5", "Content-Length: 6"), ("Content-Length: 5", "Content-Length: 5"), ("Content-Length: 5, 5",),
    ("Content-Length: 5,6",), ("Content-Length: +5",), ("Content-Length: -5",), ("Content-Length: 0x5",), ("Content-Length: 5 5",),
    ("Content-Length: ",), ("Content-Length: five",), ("Content-Length: 5.0",), ("Content-Length: 99999999999999999999999",),
    ("Content-Length: 5\x00",), ("Content-Length: 5;",), ("Content-Length : 5",)])
def test_lengths_that_are_none(berth, host, authorization, lines):
    data = request("POST /v2/a/blobs/uploads/ HTTP/1.1", f"Host: {host}", authorization, *lines, body=b"12345" + SMUGGLED)
    assert_refused(raw_http.send(berth.http, data), 400, 413)


@pytest.mark.parametrize("hosts", [[], ["Host: {host}", "Host: {host}"], ["Host: {host}", "Host: other"], ["Host: "], ["Host: a b"],
                                   ["Host: {host}/path"], ["Host: user@{host}"], ["Host: {host}, other"], ["Host: a:b:c"],
                                   ["Host: {host}:99999999"], ["Host: [::1"], ["Host: a\x01b"]])
def test_hosts(berth, host, authorization, hosts):
    data = request("GET /v2/ HTTP/1.1", *(line.format(host=host) for line in hosts), authorization)
    assert_refused(raw_http.send(berth.http, data))


@pytest.mark.parametrize("line", [
    "X-Folded: a\r\n b", "X-Folded: a\r\n\tb", " X-First: a", "X-Space : a", "X-Tab\t: a", ": no name", "no colon", "X(Name): a", "X-Nul: a\x00b",
    "X-Bell: a\x07b", "X-Cr: a\rb", "X@Name: a", "X Name: a", "\x80X: a", "X-Lf: a\nX-Other: b", "X-Delete: a\x7fb"])
def test_header_lines(berth, host, authorization, line):
    data = request("GET /v2/ HTTP/1.1", f"Host: {host}", authorization, line)
    answer = raw_http.send(berth.http, data)
    assert_refused(answer)


def test_folded_first_line(berth, host, authorization):
    data = request("GET /v2/ HTTP/1.1", " Folded: x", f"Host: {host}", authorization)
    assert_refused(raw_http.send(berth.http, data))


@pytest.mark.parametrize("line", [
    "GET /v2/", "GET  /v2/ HTTP/1.1", "GET /v2/  HTTP/1.1", " GET /v2/ HTTP/1.1", "GET /v2/ HTTP/1.1 ", "GET /v2/ HTTP/2.0", "GET /v2/ HTTP/1.2",
    "GET /v2/ HTTP/0.9", "GET /v2/ HTTP/11", "GET /v2/ http/1.1", "GET /v2/ HTTP/1.1x", "GET /v2/ HTTP", "GET v2/ HTTP/1.1", "GET /v 2/ HTTP/1.1",
    "G(T /v2/ HTTP/1.1", "/v2/ HTTP/1.1", "GET /v2/\x00 HTTP/1.1", "GET /v2/\x7f HTTP/1.1", "GET\t/v2/\tHTTP/1.1", "GET /v2/#part HTTP/1.1",
    "PRI * HTTP/2.0", "CONNECT example.org:443 HTTP/1.1"])
def test_request_lines(berth, host, authorization, line):
    answer = raw_http.send(berth.http, request(line, f"Host: {host}", authorization))
    assert answer.status in (400, 505), answer
    assert answer.closed and answer.rest == b"", answer


def test_a_whole_uri_as_target(berth, host, authorization):
    """RFC 9112 section 3.2.2: a server takes the absolute form; its authority is the host then."""
    answer = raw_http.send(berth.http, request(f"GET http://{host}/v2/ HTTP/1.1", f"Host: {host}", authorization, "Connection: close"))
    assert answer.status in (200, 400), answer
    other = raw_http.send(berth.http, request("GET http://other.example/v2/ HTTP/1.1", f"Host: {host}", authorization,
                                              "Connection: close"))
    assert other.status in (200, 400, 401, 404, 421), other


@pytest.mark.parametrize("body", [
    b"-1\r\na\r\n0\r\n\r\n", b"0x1\r\na\r\n0\r\n\r\n", b"g\r\na\r\n0\r\n\r\n", b"\r\na\r\n0\r\n\r\n", b" 1\r\na\r\n0\r\n\r\n",
    b"fffffffffffffffff\r\na\r\n0\r\n\r\n", b"ffffffffffffffff\r\na\r\n0\r\n\r\n", b"1\r\nab\r\n0\r\n\r\n", b"1\na\n0\n\n", b"1\r\na\n0\r\n\r\n",
    b"1\r\na0\r\n\r\n", b"+1\r\na\r\n0\r\n\r\n", b"1,1\r\na\r\n0\r\n\r\n", b"1\r\na\r\n0\r\nno colon\r\n\r\n", b"00000000000000000000001\r\nab\r\n0\r\n\r\n"],
    ids=lambda body: repr(body)[2:16])
def test_chunks(berth, host, authorization, oci, repository, body):
    location = oci.location(oci.start_upload(repository).expect(202))
    data = request(f"PATCH {location} HTTP/1.1", f"Host: {host}", authorization, "Transfer-Encoding: chunked", body=body + SMUGGLED)
    answer = raw_http.send(berth.http, data)
    assert answer.status == 400, answer
    assert answer.closed and answer.rest == b"", answer
    assert oci.get(location).expect(204).header("Range") in (None, "0-0", "0-"), "a part of a broken body was kept"


def test_long_chunk_extensions_have_a_limit(berth, host, authorization, oci, repository):
    location = oci.location(oci.start_upload(repository).expect(202))
    data = request(f"PATCH {location} HTTP/1.1", f"Host: {host}", authorization, "Transfer-Encoding: chunked",
                   body=b"1;" + b"x" * 200_000 + b"\r\na\r\n0\r\n\r\n")
    assert raw_http.send(berth.http, data).status == 400


def test_head_up_to_32_kib(berth, host, authorization):
    lines = ["GET /v2/ HTTP/1.1", f"Host: {host}", authorization, "Connection: close"]
    size = len(request(*lines))
    for total, status in ((20_000, 200), (32 * 1024, 200), (33 * 1024 + 1, 431), (200_000, 431)):
        padding = "X-Padding: " + "x" * (total - size - len("X-Padding: \r\n"))
        data = request(*lines, padding)
        assert len(data) == total
        answer = raw_http.send(berth.http, data)
        assert answer.status == status, f"{total}: {answer}"
        assert answer.closed
        if status == 431:
            assert json.loads(answer.body)["errors"][0]["code"], answer


def test_many_small_header_lines_have_a_limit(berth, host, authorization):
    lines = [f"X-{number}: y" for number in range(10_000)]
    assert_refused(raw_http.send(berth.http, request("GET /v2/ HTTP/1.1", f"Host: {host}", *lines)), 431)


def test_long_request_line(berth, host, authorization):
    assert_refused(raw_http.send(berth.http, request(f"GET /v2/{'a' * 40_000}/tags/list HTTP/1.1", f"Host: {host}")), 414, 431)


def test_head_without_an_end(berth):
    """More bytes than a head may have, and no end in sight: refused without waiting for it."""
    started = time.monotonic()
    answer = raw_http.send(berth.http, b"GET /v2/ HTTP/1.1\r\nHost: x\r\nX: " + b"y" * 100_000)
    assert answer.status == 431, answer
    assert time.monotonic() - started < 5


def test_refusals_of_heads_have_the_form_of_the_protocol(berth, host):
    """For the data plane as for Azure Resource Manager there is a body that programs can read."""
    answer = raw_http.send(berth.http, request("GET /v2/ HTTP/1.1", f"Host: {host}", "Host: other"))
    assert json.loads(answer.body)["errors"][0]["code"], answer
    answer = raw_http.send(berth.http, request("GET /subscriptions?api-version=2022-12-01 HTTP/1.1", f"Host: {host}", "Host: other"))
    assert json.loads(answer.body)["error"]["code"], answer


def test_body_that_ends_early_leaves_nothing(berth, host, authorization, oci, repository):
    """The peer promises more than it sends: neither blob nor upload has what came."""
    data = content.random_blob(1000)
    digest = content.digest_of(data)
    for length in (2000, 1001):
        head = request(f"POST /v2/{repository}/blobs/uploads/?digest={digest} HTTP/1.1", f"Host: {host}", authorization,
                       f"Content-Length: {length}")
        with raw_http.connect(berth.http) as connection:
            connection.sendall(head + data)
            connection.shutdown(socket.SHUT_WR)
            connection.settimeout(5)
            connection.recv(1000)
        assert oci.head(f"/v2/{repository}/blobs/{digest}").status == 404
    location = oci.location(oci.start_upload(repository).expect(202))
    with raw_http.connect(berth.http) as connection:
        connection.sendall(request(f"PUT {oci.with_query(location, digest=digest)} HTTP/1.1", f"Host: {host}", authorization,
                                   "Content-Length: 1500") + data)
    time.sleep(0.1)
    assert oci.head(f"/v2/{repository}/blobs/{digest}").status == 404


def test_decided_before_the_body_is_read(berth, host):
    """Who may not push is told so before sending a gigabyte."""
    data = request("POST /v2/a/blobs/uploads/?digest=" + content.random_digest() + " HTTP/1.1", f"Host: {host}",
                   "Content-Length: 1000000000", "Expect: 100-continue")
    answer = raw_http.send(berth.http, data)
    assert answer.status == 401, answer


def test_manifest_of_a_gigabyte_is_refused_before_it_is_sent(berth, host, authorization):
    data = request("PUT /v2/a/manifests/latest HTTP/1.1", f"Host: {host}", authorization, f"Content-Type: {content.OCI_MANIFEST}",
                   "Content-Length: 1000000000", "Expect: 100-continue")
    answer = raw_http.send(berth.http, data)
    assert answer.status == 413, answer


def test_continue(berth, host, authorization, repository):
    """RFC 9110 section 10.1.1: who waits for 100 gets it when the body is wanted."""
    data = content.random_blob(500)
    with raw_http.connect(berth.http) as connection:
        connection.sendall(request(f"POST /v2/{repository}/blobs/uploads/?digest={content.digest_of(data)} HTTP/1.1", f"Host: {host}",
                                   authorization, "Content-Length: 500", "Expect: 100-continue", "Connection: close"))
        connection.settimeout(5)
        interim = connection.recv(4096)
        assert interim.startswith(b"HTTP/1.1 100"), interim
        connection.sendall(data)
        final = interim.partition(b"\r\n\r\n")[2]
        while part := connection.recv(4096):
            final += part
    assert final.startswith(b"HTTP/1.1 201"), final


def test_http_1_0(berth, host, authorization):
    answer = raw_http.send(berth.http, request("GET /v2/ HTTP/1.0", f"Host: {host}", authorization))
    assert answer.status == 200 and answer.closed, answer


def test_tls_bytes_on_the_plain_listener(berth):
    answer = raw_http.send(berth.http, bytes.fromhex("16030100050100000100") + b"\x00" * 50)
    assert answer.status == 400 and answer.closed, answer


def test_plain_bytes_on_the_tls_listener(berth, host):
    parts = urllib.parse.urlsplit(berth.https)
    with socket.create_connection((parts.hostname, parts.port), timeout=5) as connection:
        connection.sendall(request("GET /v2/ HTTP/1.1", f"Host: {host}"))
        try:
            answer = connection.recv(4096)
        except ConnectionResetError:
            answer = b""
    assert b" 200 " not in answer.partition(b"\r\n")[0]
    # And it still serves.
    assert raw_http.send(berth.http, b"GET /berth/v1/live HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").status == 200
