"""Mixed load for as long as BERTH_SOAK_MINUTES says: `script/interop --soak`. Once a minute: no error, memory flat, no loop held
up; at the end nothing is left, and `berth check` finds nothing wrong."""

import hashlib
import os
import random
import subprocess
import threading
import time

import pytest

from harness import content, identities
from harness.content import digest_of
from harness.crowd import Crowd, allow_descriptors, descriptors, open_for_requests, resident_bytes, samples, wait_for
from harness.graph import Graph
from harness.http_client import Http
from harness.oci import Oci, basic
from harness.pauses import Pauses
from harness.server import Berth, binary

MINUTES = float(os.environ.get("BERTH_SOAK_MINUTES", "0"))
MEBIBYTE = 1 << 20
GROWTH_MOST = 24 * MEBIBYTE
BLOCK_MOST = 0.005
SLOW = 150

pytestmark = [pytest.mark.skipif(MINUTES == 0, reason="script/interop --soak runs it"), pytest.mark.timeout(MINUTES * 60 + 600)]


class Soak:
    """Workers that do one thing each, over and over, until the time is over or one of them saw something wrong."""

    def __init__(self, server: Berth):
        self.server = server
        self.owner = identities.bootstrap_owner(Http(server.http), server.bootstrap)
        self.stop = threading.Event()
        self.wrong: list[str] = []
        self.done: dict[str, int] = {}
        self.pushed: list[tuple[str, str]] = []  # repository and tag, the newest last
        self.lock = threading.Lock()
        self.threads: list[threading.Thread] = []

    def oci(self, http: Http, mode: str = "bearer") -> Oci:
        return Oci(http, self.server.bootstrap.login_server, self.owner.credentials, mode)

    def start(self, name: str, work, pause: float = 0.0) -> None:
        """`work(random, http)` is one round."""

        def run() -> None:
            source, http = random.Random(name), Http(self.server.http)
            try:
                while not self.stop.is_set():
                    work(source, http)
                    with self.lock:
                        self.done[name] = self.done.get(name, 0) + 1
                    self.stop.wait(pause)
            except Exception as error:  # noqa: BLE001: whatever it is, it is what the test is for
                if not self.stop.is_set():
                    self.wrong.append(f"{name}: {error!r}")
            finally:
                http.close()

        self.threads.append(threading.Thread(target=run, name=name))
        self.threads[-1].start()

    # What the workers do

    def push(self, source: random.Random, http: Http) -> None:
        """An image of one to four layers, now and then one of some MiB; the oldest goes when there are many."""
        repository, tag = f"soak/r{source.randrange(20)}", content.unique("t")
        oci = self.oci(http)
        size = source.choice((200, 200, 5_000, 70_000, 300_000, 3 * MEBIBYTE))
        oci.push(repository, content.image(layers=source.randrange(1, 5), size=size), tag)
        with self.lock:
            self.pushed.append((repository, tag))
            gone = self.pushed.pop(0) if len(self.pushed) > 200 else None
        if gone is None:
            return
        answer = oci.head(f"/v2/{gone[0]}/manifests/{gone[1]}").expect(200)
        oci.delete(f"/v2/{gone[0]}/manifests/{answer.header('Docker-Content-Digest')}").expect(202)
        oci.head(f"/v2/{gone[0]}/manifests/{gone[1]}").expect(404)

    def pull(self, source: random.Random, http: Http) -> None:
        with self.lock:
            newest = self.pushed[-50:]  # far from those that go
        if not newest:
            return
        repository, tag = source.choice(newest)
        oci = self.oci(http)
        document = oci.get_manifest(repository, tag).expect(200).json()
        for part in (document["config"], *document["layers"]):
            data = oci.get_blob(repository, part["digest"]).expect(200).body
            assert "sha256:" + hashlib.sha256(data).hexdigest() == part["digest"], "other bytes than were asked for"

    def move_tag(self, source: random.Random, http: Http) -> None:
        """A tag that was moved is where it was moved to, at once."""
        oci = self.oci(http)
        for _ in range(20):
            manifest = source.choice(self.two)
            oci.put_manifest("soak/moving", "latest", manifest.data, manifest.media_type).expect(201)
            found = oci.head("/v2/soak/moving/manifests/latest").expect(200)
            assert found.header("Docker-Content-Digest") == manifest.digest, "an old tag"

    def tokens(self, source: random.Random, http: Http) -> None:
        oci = self.oci(http)
        oci.fetch_token(self.server.bootstrap.login_server, [f"repository:soak/r{source.randrange(20)}:pull,push"]).expect(200)
        oci.http.get("/oauth2/token?service=x", host=oci.host,
                     headers={"Authorization": basic(self.owner.client_id, "wrong")}).expect(401)
        identities.Principal.entra_token(identities.bootstrap_owner(http, self.server.bootstrap))

    def lists(self, source: random.Random, http: Http) -> None:
        oci = self.oci(http)
        oci.get("/v2/_catalog?n=100").expect(200)
        oci.get(f"/v2/soak/r{source.randrange(20)}/tags/list?n=100").expect(200, 404)
        oci.get(f"/v2/soak/moving/referrers/{self.two[0].digest}").expect(200)
        oci.get("/acr/v1/soak%2Fmoving/_manifests").expect(200, 404)

    def roles(self, _: random.Random, http: Http) -> None:
        """A right counts from its answer on, and no longer than to the answer of its end."""
        arm = identities.bootstrap_owner(http, self.server.bootstrap).arm
        reader = Oci(http, self.server.bootstrap.login_server, self.reader.credentials, "basic")
        assignment = arm.assign("AcrPull", self.reader.object_id, self.server.bootstrap.registry_id)
        reader.head("/v2/soak/moving/manifests/latest").expect(200)
        arm.unassign(assignment)
        reader.head("/v2/soak/moving/manifests/latest").expect(401)

    def vanish(self, source: random.Random, http: Http) -> None:
        """Clients that go without a word in the middle of a push and of a pull."""
        oci = self.oci(http, "basic")
        with Crowd(self.server.http, receive_buffer=4096) as crowd:
            for member in crowd.add(5):
                member.ask(self.request("POST", "/v2/soak/gone/blobs/uploads/?digest=" + content.random_digest(),
                                        os.urandom(source.choice((100, 50_000, 90_000))), length=200_000))
                crowd.trickle([member], 100_000)
            for member in crowd.add(5):
                member.ask(self.request("GET", f"/v2/soak/moving/blobs/{self.large}"))
                crowd.trickle([member], 10_000)
            time.sleep(0.05)
            crowd.leave(reset=True)
        oci.get("/v2/").expect(200)

    def slow(self, _: random.Random, __: Http) -> None:
        """Writers and readers at a byte a second for half a minute; what the writers send counts."""
        with Crowd(self.server.http) as writers, Crowd(self.server.http, receive_buffer=4096) as readers:
            writing = writers.add(SLOW)
            for index, member in enumerate(writing):
                if index % 10 == 0:
                    time.sleep(0.02)  # hundreds at the same moment would be a queue, and that is no loop held up
                data = os.urandom(100)
                member.ask(self.request("POST", f"/v2/soak/slow/blobs/uploads/?digest={digest_of(data)}", data))
                head = len(member.pending) - len(data)
                member.pending = member.pending[member.socket.send(member.pending[:head]):]
            reading = readers.add(SLOW)
            for index, member in enumerate(reading):
                if index % 10 == 0:
                    time.sleep(0.02)
                member.ask(self.request("GET", f"/v2/soak/moving/blobs/{self.large}"))
                readers.trickle([member], 10_000)
            for _ in range(30):
                assert writers.trickle(writing) == SLOW, "a slow writer was dropped"
                readers.sip(reading)
                if self.stop.wait(1):
                    break
            for index in range(0, SLOW, 10):
                assert {answer.status for answer in writers.exchange(writing[index:index + 10])} == {201}
            for index in range(0, SLOW, 10):
                readers.leave(reading[index:index + 10], reset=True)
                time.sleep(0.02)

    def request(self, method: str, path: str, body: bytes = b"", length: int | None = None) -> bytes:
        size = len(body) if length is None else length
        return (f"{method} {path} HTTP/1.1\r\nHost: {self.server.bootstrap.login_server}\r\n"
                f"Authorization: {basic(*self.owner.credentials)}\r\nContent-Length: {size}\r\n\r\n").encode() + body

    def prepare(self) -> None:
        http = Http(self.server.http)
        oci = self.oci(http)
        self.two = [content.image(), content.image()]
        for manifest in self.two:
            oci.push("soak/moving", manifest, "latest")
        self.large = oci.push_blob("soak/moving", os.urandom(8 * MEBIBYTE))
        graph = Graph(http, self.server.bootstrap, *self.owner.credentials)
        self.reader = identities.new_principal(graph, content.unique("reader"))
        http.close()


def stolen_seconds() -> float:
    """What the machine below a virtual one gave to others, of all processors together: known to a hundredth of a second."""
    with open("/proc/stat") as file:
        return int(file.readline().split()[8]) / os.sysconf("SC_CLK_TCK")


class Blocks:
    """How long loops were held up, second by second; what was stolen in that second, and how long the whole machine stood
    still, is no fault of the server's."""

    def __init__(self, watch: Http, pauses: Pauses):
        self.watch = watch
        self.pauses = pauses
        self.stolen = stolen_seconds()
        self.seconds = self.undisturbed = 0
        self.held_up: list[float] = []  # above the limit, all of the run
        self.longest = self.longest_raw = self.longest_pause = self.stolen_in_minute = 0.0

    def look(self) -> dict[str, float]:
        found = samples(self.watch.get("/metrics").expect(200).body.decode())
        before, self.stolen = self.stolen, stolen_seconds()
        block, stolen = found["berth_loop_block_seconds"], self.stolen - before
        pause = self.pauses.longest()
        own = block - max(stolen, pause)
        self.seconds += 1
        self.undisturbed += stolen == 0
        self.stolen_in_minute += stolen
        self.longest_raw = max(self.longest_raw, block)
        self.longest_pause = max(self.longest_pause, pause)
        self.longest = max(self.longest, own)
        if own > BLOCK_MOST:
            self.held_up.append(own)
        return found

    def minute(self) -> str:
        text = (f"loops held up {self.longest * 1000:.1f} ms ({self.longest_raw * 1000:.1f} ms with what the machine took: it "
                f"stood still for up to {self.longest_pause * 1000:.1f} ms, {self.stolen_in_minute * 1000:.0f} ms were stolen)")
        self.longest = self.longest_raw = self.longest_pause = self.stolen_in_minute = 0.0
        return text


def test_mixed_load(tmp_path):
    allow_descriptors()
    # The clients are on the same machine. A loop that waits for a processor tells nothing of the server, nor does one that
    # waits for a lock whose holder waits for a processor.
    first = ("chrt", "--rr", "1") if os.geteuid() == 0 else ()
    with (Berth(tmp_path / "server", "--log-level", "warning", "--failed-logins-per-minute", "1000000", prefix=first) as server,
          Pauses() as pauses):
        soak, watch, pid = Soak(server), Http(server.http), server.process.pid
        soak.prepare()
        idle_open = len(open_for_requests(pid)) + 1  # the watcher
        for number in range(3):
            soak.start(f"push {number}", soak.push, 0.01)
            soak.start(f"pull {number}", soak.pull)
        for name, pause in (("move_tag", 0.05), ("tokens", 0.02), ("lists", 0.02), ("roles", 0.2), ("vanish", 0.5), ("slow", 1)):
            soak.start(name, getattr(soak, name), pause)

        end, minute, memory, blocks = time.monotonic() + MINUTES * 60, 0, [], Blocks(watch, pauses)
        try:
            while time.monotonic() < end and not soak.wrong:
                until = min(time.monotonic() + 60, end)
                while time.monotonic() < until and not soak.wrong:
                    time.sleep(1)
                    found = blocks.look()
                minute += 1
                faults = {name: value for name, value in found.items() if 'status="5xx"' in name}
                memory.append(resident_bytes(pid))
                print(f"minute {minute}: {memory[-1] / MEBIBYTE:.1f} MiB, {blocks.minute()}, {descriptors(pid)} descriptors, "
                      f"{sum(value for name, value in found.items() if name.startswith('berth_requests_total')):.0f} requests, "
                      f"{dict(sorted(soak.done.items()))}", flush=True)
                assert not faults, faults
        finally:
            soak.stop.set()
            for thread in soak.threads:
                thread.join()
        assert not soak.wrong, "\n".join(soak.wrong)
        # What was deleted is still in flux in the first tenth.
        settled = memory[max(len(memory) // 10, min(1, len(memory) - 1)):]
        assert max(settled) - settled[0] < GROWTH_MOST, [f"{value / MEBIBYTE:.1f}" for value in memory]
        wait_for(lambda: samples(watch.get("/metrics").body.decode())["berth_connections_open"] == 1, what="connections are left")
        wait_for(lambda: len(open_for_requests(pid)) <= idle_open, what=f"files are left open: {open_for_requests(pid)}")
        wait_for(lambda: not os.listdir(server.data / "uploads"), what="uploads are left")
        assert '"level":"error"' not in server.log, server.log[-2000:]
        watch.close()
    checked = subprocess.run([str(binary()), "check", "--data", str(server.data)], capture_output=True, text=True)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    # At the end, so that all else is known by then.
    assert blocks.undisturbed > blocks.seconds / 2, (
        f"only in {blocks.undisturbed} of {blocks.seconds} seconds nothing was stolen: loops cannot be judged on this machine")
    late = [f"{value * 1000:.1f} ms" for value in blocks.held_up]
    assert not late, f"loops were held up in {len(late)} of {blocks.seconds} seconds: {late}"
