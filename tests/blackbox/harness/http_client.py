"""One keep-alive HTTP connection; the Host header and the server name are the caller's choice."""

import http.client
import json as json_module
import socket
import ssl
import urllib.parse
from collections.abc import Iterable
from dataclasses import dataclass, field


@dataclass
class Response:
    status: int
    headers: http.client.HTTPMessage
    body: bytes
    request: str = ""

    def header(self, name: str) -> str | None:
        return self.headers.get(name)

    def header_values(self, name: str) -> list[str]:
        return self.headers.get_all(name) or []

    def json(self):
        try:
            return json_module.loads(self.body)
        except ValueError as error:
            raise AssertionError(f"{self}: the body is not JSON: {error}") from None

    def expect(self, *statuses: int) -> "Response":
        assert self.status in statuses, f"expected {' or '.join(map(str, statuses))}: {self}"
        return self

    def __str__(self) -> str:
        head = "\n".join(f"    {name}: {value}" for name, value in self.headers.items())
        return f"{self.request} -> {self.status}\n{head}\n    {self.body[:1500]!r}"


@dataclass
class Http:
    """`base` is http://host:port or https://host:port; `host` overrides the Host header."""

    base: str
    host: str | None = None
    ca_file: str | None = None
    server_name: str | None = None
    timeout: float = 60.0
    connection: http.client.HTTPConnection | None = field(default=None, repr=False)

    def _connect(self) -> http.client.HTTPConnection:
        parts = urllib.parse.urlsplit(self.base)
        if parts.scheme == "http":
            connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=self.timeout)
            connection.connect()
            connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return connection
        context = ssl.create_default_context(cafile=self.ca_file)
        connection = http.client.HTTPSConnection(parts.hostname, parts.port, timeout=self.timeout, context=context)
        plain = socket.create_connection((parts.hostname, parts.port), timeout=self.timeout)
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.sock = context.wrap_socket(plain, server_hostname=self.server_name or parts.hostname)
        return connection

    def request(self, method: str, path: str, *, headers: dict[str, str] | None = None, json=None, form=None,
                body: bytes | str | Iterable[bytes] | None = None, host: str | None = None) -> Response:
        """`json` and `form` are encoded here; an iterable body goes out in chunks."""
        send = {"Host": host or self.host or urllib.parse.urlsplit(self.base).netloc, "Accept": "*/*"}
        if json is not None:
            body = json_module.dumps(json).encode()
            send["Content-Type"] = "application/json"
        if form is not None:
            body = urllib.parse.urlencode(form, doseq=True).encode()
            send["Content-Type"] = "application/x-www-form-urlencoded"
        if isinstance(body, str):
            body = body.encode()
        for name, value in (headers or {}).items():
            for known in [known for known in send if known.lower() == name.lower()]:
                del send[known]
            send[name] = value
        if body is None and method in ("POST", "PUT", "PATCH"):
            body = b""
        if path.startswith("http://") or path.startswith("https://"):
            parts = urllib.parse.urlsplit(path)
            path = urllib.parse.urlunsplit(("", "", parts.path, parts.query, ""))
        replayable = body is None or isinstance(body, (bytes, bytearray))
        for attempt in (1, 2):
            reused = self.connection is not None
            if not reused:
                self.connection = self._connect()
            try:
                return self._exchange(method, path, send, body)
            except (http.client.RemoteDisconnected, ConnectionError) as error:
                self.close()
                # A server may close a connection that was idle; a fresh one must answer.
                if attempt == 2 or not reused or not replayable:
                    raise AssertionError(f"{method} {path}: the connection broke: {error!r}") from error
            except BaseException:
                self.close()
                raise
        raise AssertionError("unreachable")

    def _exchange(self, method, path, headers, body) -> Response:
        connection = self.connection
        connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
        chunked = body is not None and not isinstance(body, (bytes, bytearray))
        names = {name.lower() for name in headers}
        if chunked and "content-length" not in names:
            headers = {**headers, "Transfer-Encoding": "chunked"}
        elif body is not None and not chunked and "content-length" not in names:
            headers = {**headers, "Content-Length": str(len(body))}
        for name, value in headers.items():
            connection.putheader(name, value)
        if chunked:
            connection.endheaders(body, encode_chunked="content-length" not in names)
        else:
            connection.endheaders(body)
        answer = connection.getresponse()
        content = answer.read()
        response = Response(answer.status, answer.headers, content, f"{method} {path}")
        if answer.will_close:
            self.close()
        return response

    def get(self, path: str, **more) -> Response:
        return self.request("GET", path, **more)

    def head(self, path: str, **more) -> Response:
        return self.request("HEAD", path, **more)

    def post(self, path: str, **more) -> Response:
        return self.request("POST", path, **more)

    def put(self, path: str, **more) -> Response:
        return self.request("PUT", path, **more)

    def patch(self, path: str, **more) -> Response:
        return self.request("PATCH", path, **more)

    def delete(self, path: str, **more) -> Response:
        return self.request("DELETE", path, **more)

    def close(self) -> None:
        if self.connection is not None:
            self.connection.close()
            self.connection = None
