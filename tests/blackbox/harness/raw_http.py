"""Bytes on a socket, for requests that no decent client would write."""

import http.client
import io
import socket
import ssl
import urllib.parse
from dataclasses import dataclass


@dataclass(frozen=True)
class RawAnswer:
    status: int | None
    body: bytes
    headers: dict[str, str]
    closed: bool
    rest: bytes

    def __str__(self) -> str:
        return f"{self.status} {self.headers} {self.body[:500]!r} closed={self.closed} rest={self.rest[:200]!r}"


class _Bytes:
    """What http.client.HTTPResponse wants to read from."""

    def __init__(self, data: bytes):
        self.stream = io.BytesIO(data)

    def makefile(self, *_):
        return self.stream


def connect(base: str, timeout: float = 10.0, server_name: str | None = None, ca_file: str | None = None) -> socket.socket:
    parts = urllib.parse.urlsplit(base)
    plain = socket.create_connection((parts.hostname, parts.port), timeout=timeout)
    plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if parts.scheme == "https":
        return ssl.create_default_context(cafile=ca_file).wrap_socket(plain, server_hostname=server_name or parts.hostname)
    return plain


def send(base: str, data: bytes, *, idle: float = 0.5, timeout: float = 10.0) -> RawAnswer:
    """Sends `data` as it is and collects what comes until the peer closes or is silent for `idle` seconds.

    `rest` holds what came behind the first answer: a second answer there means that the server saw two requests.
    """
    with connect(base, timeout) as connection:
        try:
            connection.sendall(data)
        except (BrokenPipeError, ConnectionResetError):
            pass  # refused before all was sent: the answer may still be there
        received = b""
        closed = False
        connection.settimeout(timeout)
        while True:
            try:
                part = connection.recv(65536)
            except socket.timeout:
                break
            except ConnectionResetError:
                closed = True
                break
            if not part:
                closed = True
                break
            received += part
            connection.settimeout(idle)
    return parse(received, closed, data.partition(b" ")[0] == b"HEAD")


def parse(received: bytes, closed: bool, head: bool = False) -> RawAnswer:
    if not received:
        return RawAnswer(None, b"", {}, closed, b"")
    source = _Bytes(received)
    answer = http.client.HTTPResponse(source, method="HEAD" if head else None)
    answer.begin()
    # HTTPResponse closes its stream at the end of the body; keep the position for what follows.
    kept = source.stream
    close, kept.close = kept.close, lambda: None
    try:
        body = answer.read()
        rest = kept.read()
    finally:
        close()
    headers = {name.lower(): value for name, value in answer.getheaders()}
    return RawAnswer(answer.status, body, headers, closed, rest)
