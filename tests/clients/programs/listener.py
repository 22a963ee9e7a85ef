"""What az runs while it waits for a browser: takes one form."""

import http.server
import queue
import threading
import urllib.parse


class Listener:
    """`came` gets the fields of every form that is posted to `address`."""

    def __init__(self) -> None:
        self.came: queue.Queue = queue.Queue()
        came = self.came

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                came.put(dict(urllib.parse.parse_qsl(body)))
                self.send_response(200)
                self.send_header("Content-Type", "text/html")
                self.end_headers()
                self.wfile.write(b"<p id=done>You can close this window</p>")

            def log_message(self, *arguments):
                pass

        # A browser opens connections ahead of what it may ask; one thread would wait for the first of them.
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.block_on_close = False
        self.address = f"http://localhost:{self.server.server_port}"

    def __enter__(self) -> "Listener":
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_) -> None:
        self.server.shutdown()
        self.server.server_close()
