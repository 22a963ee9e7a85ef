"""A registry to import from that can be told to lie, to be slow and to break."""

import http.server
import json
import re
import threading
import time

from harness.content import Manifest, digest_of


class SourceRegistry:
    """Serves pushed manifests and blobs on loopback. What `answers` holds for a path is done instead: a function of the
    request handler. `seen` has (method, path, headers) of every request."""

    def __init__(self):
        self.manifests: dict[str, tuple[str, bytes]] = {}
        self.blobs: dict[str, bytes] = {}
        self.answers: dict[str, callable] = {}
        self.seen: list[tuple[str, str, dict[str, str]]] = []
        registry = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            wbufsize = -1  # an answer is one packet: in two it would wait for the acknowledgement of the first
            disable_nagle_algorithm = True

            def log_message(self, *_):
                pass

            def do_GET(self):
                registry.seen.append(("GET", self.path, dict(self.headers)))
                path = self.path.split("?")[0]
                try:
                    registry.answers.get(path, registry.answer)(self)
                except (BrokenPipeError, ConnectionResetError):
                    self.close_connection = True

            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
                registry.seen.append(("POST", self.path, {**self.headers, "body": body}))
                registry.answers.get(self.path, registry.answer)(self)

            def reply(self, status: int, body: bytes = b"", **headers: str) -> None:
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name.replace("_", "-"), value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *_):
                pass

        self.server = Server(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self.thread.start()

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.server.server_address[1]}"

    def answer(self, handler) -> None:
        path = handler.path.split("?")[0]
        if found := re.fullmatch(r"/v2/(.+)/manifests/([^/]+)", path):
            known = self.manifests.get(found[2])
            if known is None:
                return handler.reply(404, b"{}")
            return handler.reply(200, known[1], Content_Type=known[0], Docker_Content_Digest=digest_of(known[1]))
        if found := re.fullmatch(r"/v2/(.+)/blobs/([^/]+)", path):
            data = self.blobs.get(found[2])
            if data is None:
                return handler.reply(404, b"{}")
            asked = re.fullmatch(r"bytes=(\d+)-", handler.headers.get("Range") or "")
            if asked:
                start = int(asked[1])
                return handler.reply(206, data[start:], Content_Range=f"bytes {start}-{len(data) - 1}/{len(data)}")
            return handler.reply(200, data)
        return handler.reply(404, b"{}")

    def push(self, manifest: Manifest, *tags: str) -> str:
        for blob in manifest.blobs:
            self.blobs[digest_of(blob)] = blob
        for reference in (manifest.digest, *tags):
            self.manifests[reference] = (manifest.media_type, manifest.data)
        return manifest.digest

    def requests(self, part: str) -> list[dict[str, str]]:
        """The headers of every request whose path has this in it."""
        return [headers for _, path, headers in self.seen if part in path]

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


def run_import(arm, registry_id: str, body: dict, seconds: float = 60.0) -> dict:
    """importImage to its end: what the operation's status says then."""
    begun = arm.call("POST", registry_id + "/importImage", json=body).expect(202)
    return wait_for(arm, begun, seconds)


def status_of(arm, begun) -> dict:
    address = begun.header("Azure-AsyncOperation")
    return arm.http.get(address, headers={"Authorization": f"Bearer {arm.token}"}).expect(200).json()


def wait_for(arm, begun, seconds: float = 60.0) -> dict:
    deadline = time.monotonic() + seconds
    while True:
        status = status_of(arm, begun)
        if status["status"] in ("Succeeded", "Failed", "Canceled"):
            return status
        assert time.monotonic() < deadline, f"the import did not end: {json.dumps(status)}"
        time.sleep(0.05)
