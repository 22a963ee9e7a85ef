"""Many connections at once from one thread: each sends what it has, as fast or as slowly as it is told, and keeps its answer."""

import os
import resource
import selectors
import socket
import struct
import time
import urllib.parse
from dataclasses import dataclass, field
from pathlib import Path

RECEIVED_MOST = 1 << 16


def allow_descriptors() -> int:
    """Raises the limit of this process, which its children take over, and returns it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard


def resident_bytes(pid: int, line: str = "VmRSS") -> int:
    """Of a process; `VmHWM` for the most that it ever was."""
    for text in Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines():
        if text.startswith(line + ":"):
            return int(text.split()[1]) * 1024
    raise AssertionError(f"no {line}")


def descriptors(pid: int) -> int:
    return len(os.listdir(f"/proc/{pid}/fd"))


def open_for_requests(pid: int) -> list[str]:
    """What a process has open beside its database, whose readers stay: connections, blobs, uploads and what is always there."""
    found = []
    for name in os.listdir(f"/proc/{pid}/fd"):
        try:
            target = os.readlink(f"/proc/{pid}/fd/{name}")
        except FileNotFoundError:
            continue
        if "/berth.db" not in target:
            found.append(target)
    return sorted(found)


def cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def samples(text: str) -> dict[str, float]:
    """What /metrics says, by name with labels."""
    lines = (line for line in text.splitlines() if line and not line.startswith("#"))
    return {line.rpartition(" ")[0]: float(line.rpartition(" ")[2]) for line in lines}


def wait_for(true, seconds: float = 30.0, what: str = "") -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
        time.sleep(0.05)


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes


def parse_answer(data: bytes) -> Answer | None:
    """None while it is not whole."""
    head, end, body = data.partition(b"\r\n\r\n")
    if not end:
        return None
    lines = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
    status = int(lines[0].split()[1])
    length = 0 if status == 204 else int(headers.get("content-length", "0"))
    return Answer(status, headers, body[:length]) if len(body) >= length else None


@dataclass(eq=False)
class Member:
    """One connection. `pending` is what it sends; `step` bytes at a time when it is slow, else all that the socket takes."""

    socket: socket.socket
    pending: memoryview = field(default_factory=lambda: memoryview(b""))
    received: bytearray = field(default_factory=bytearray)
    answer: Answer | None = None
    closed: bool = False

    def ask(self, data: bytes) -> None:
        self.pending, self.answer = memoryview(data), None
        self.received.clear()


class Crowd:
    """Connections to one listener (`http://host:port`)."""

    def __init__(self, base: str, receive_buffer: int = 0):
        parts = urllib.parse.urlsplit(base)
        self.address = (parts.hostname, parts.port)
        self.receive_buffer = receive_buffer
        self.selector = selectors.DefaultSelector()
        self.members: list[Member] = []

    def add(self, count: int) -> list[Member]:
        """Connects so many more, a batch at a time, so that the listener's queue is long enough."""
        made = []
        while len(made) < count:
            for _ in range(min(100, count - len(made))):
                one = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
                if self.receive_buffer:
                    one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, self.receive_buffer)
                one.settimeout(60)
                one.connect(self.address)
                one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                one.setblocking(False)
                made.append(Member(one))
        for member in made:
            self.selector.register(member.socket, selectors.EVENT_READ, member)
        self.members += made
        return made

    def exchange(self, members: list[Member], seconds: float = 120.0) -> list[Answer | None]:
        """Lets each send what it has and receive its answer; None where the connection ended without one."""
        deadline = time.monotonic() + seconds
        waiting = set(members)
        for member in members:
            self.selector.modify(member.socket, selectors.EVENT_READ | selectors.EVENT_WRITE, member)
        while waiting:
            assert time.monotonic() < deadline, f"{len(waiting)} of {len(members)} have no answer after {seconds} s"
            for key, events in self.selector.select(1.0):
                member = key.data
                if member not in waiting:
                    continue
                if events & selectors.EVENT_WRITE:
                    self._send(member)
                if events & selectors.EVENT_READ:
                    self._receive(member)
                if member.answer is not None or member.closed:
                    waiting.discard(member)
                    self.selector.modify(member.socket, selectors.EVENT_READ, member)
        return [member.answer for member in members]

    def _send(self, member: Member) -> None:
        try:
            member.pending = member.pending[member.socket.send(member.pending[:RECEIVED_MOST]):]
        except BlockingIOError:
            return
        except OSError:
            member.closed = True
        if not member.pending:
            self.selector.modify(member.socket, selectors.EVENT_READ, member)

    @staticmethod
    def _receive(member: Member) -> None:
        try:
            data = member.socket.recv(RECEIVED_MOST)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            member.closed = True
        member.received += data
        member.answer = parse_answer(bytes(member.received))

    @staticmethod
    def trickle(members: list[Member], count: int = 1) -> int:
        """Each sends so many bytes of what it has; how many could."""
        sent = 0
        for member in members:
            try:
                member.pending = member.pending[member.socket.send(member.pending[:count]):]
                sent += 1
            except OSError:
                member.closed = True
        return sent

    @staticmethod
    def sip(members: list[Member], count: int = 1) -> int:
        """Each takes so many bytes from its socket; how many could."""
        taken = 0
        for member in members:
            try:
                taken += 1 if member.socket.recv(count) else 0
            except OSError:
                pass
        return taken

    def leave(self, members: list[Member] | None = None, reset: bool = False) -> None:
        """Closes; with `reset` as a machine that vanishes: no goodbye, and what was on its way is refused."""
        for member in list(self.members if members is None else members):
            self.selector.unregister(member.socket)
            if reset:
                member.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            member.socket.close()
            self.members.remove(member)

    def __enter__(self) -> "Crowd":
        return self

    def __exit__(self, *_) -> None:
        self.leave()
        self.selector.close()
