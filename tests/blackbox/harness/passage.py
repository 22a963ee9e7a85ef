"""A way to a server that breaks when so many bytes have come back through it."""

import socket
import threading
import urllib.parse


class Passage:
    """Listens on `host`. After `limit` bytes of answers on one connection it calls `broken` and cuts all connections; later ones go
    through whole, as far as there is a server."""

    def __init__(self, address: str, limit: int, broken) -> None:
        parts = urllib.parse.urlsplit(address)
        self.to = (parts.hostname, parts.port)
        self.limit, self.broken = limit, broken
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.host = f"127.0.0.1:{self.listener.getsockname()[1]}"
        self.open: set[socket.socket] = set()
        self.lock = threading.Lock()
        self.has_broken = threading.Event()
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self.listener.accept()
            except OSError:
                return
            try:
                far = socket.create_connection(self.to, timeout=60)
            except OSError:
                near.close()
                continue
            with self.lock:
                self.open |= {near, far}
            threading.Thread(target=self._carry, args=(near, far, False), daemon=True).start()
            threading.Thread(target=self._carry, args=(far, near, True), daemon=True).start()

    def _carry(self, source: socket.socket, sink: socket.socket, counted: bool) -> None:
        came = 0
        try:
            while data := source.recv(65536):
                came += len(data)
                if counted and came > self.limit and not self.has_broken.is_set():
                    self.has_broken.set()
                    self.broken()
                    self._cut()
                    return
                sink.sendall(data)
        except OSError:
            pass
        for end in (source, sink):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def _cut(self) -> None:
        with self.lock:
            for one in self.open:
                try:
                    one.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass

    def close(self) -> None:
        self.listener.close()
        self._cut()
        with self.lock:
            for one in self.open:
                one.close()
