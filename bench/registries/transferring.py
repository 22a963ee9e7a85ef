"""The rows about large blobs."""

import hashlib
import json
import mmap
import os
import statistics
import subprocess
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from . import content, load, processes
from .content import Seeded
from .measure import Claim, Contender, Row, at_least, at_most, interleaved, missing, ratio
from .servers import Berth, Nginx, Server

GIB = 1 << 30
PARTS = 8
REPOSITORY = "large"


@dataclass
class LargeFile:
    path: Path
    size: int
    digest: str

    @staticmethod
    def make(path: Path, size: int, seed: int) -> "LargeFile":
        done = subprocess.run([str(load.PROGRAM), "--port", "1", "make", "--file", str(path), "--size", str(size), "--seed",
                               str(seed)], check=True, capture_output=True, text=True)
        return LargeFile(path, size, done.stdout.strip())


def _forget(folder: Path, at_least_bytes: int) -> None:
    """Takes the large files below the folder out of the page cache."""
    for file in folder.rglob("*"):
        if file.is_file() and file.stat().st_size >= at_least_bytes:
            descriptor = os.open(file, os.O_RDONLY)
            os.fdatasync(descriptor)
            os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
            os.close(descriptor)


def hashing(cores: int, size: int = 256 << 20) -> load.Sample:
    """SHA-256 as the servers' libraries compute it, on so many cores at once: two that share their units are no two."""
    block = bytes(1 << 20)

    def digest() -> None:
        one = hashlib.sha256()
        for _ in range(size >> 20):
            one.update(block)

    threads = [threading.Thread(target=digest) for _ in range(cores)]
    started = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return load.Sample(size * cores, time.perf_counter() - started, 0)


def disk_writing(folder: Path, size: int = 512 << 20) -> load.Sample:
    """Written and synced, past the page cache where that is possible: filling it would be measured, too."""
    block = mmap.mmap(-1, 1 << 20)  # begins with a page, as direct writes need it
    block.write(os.urandom(1 << 20))
    path = folder / "disk"
    flags = os.O_WRONLY | os.O_CREAT
    try:
        file = os.open(path, flags | os.O_DIRECT, 0o600)
    except OSError:
        file = os.open(path, flags, 0o600)
    started = time.perf_counter()
    for _ in range(size >> 20):
        os.write(file, block)
    os.fdatasync(file)
    took = time.perf_counter() - started
    os.close(file)
    path.unlink()
    return load.Sample(size, took, 0)


def pushes(berth: Berth, peers: list[Server], folder: Path, size: int, rounds: int) -> list[Row]:
    peaks: dict[str, list[float]] = {}
    made: dict[str, list[str]] = {}  # the words for the load program, of the last turn

    def words_of(name: str, turn: int) -> list[str]:
        """Other bytes each turn, the same for everybody: who has them already has less to do."""
        if f"{name} {turn}" not in made:
            made.clear()
            if name == "whole":
                whole = LargeFile.make(folder / "push", size, turn)
                words = ["--file", str(whole.path), "--size", str(size), "--digest", whole.digest]
            else:
                parts = [LargeFile.make(folder / f"part-{i}", size // PARTS, 1000 + turn * PARTS + i) for i in range(PARTS)]
                words = ["--file", str(folder / "part"), "--size", str(size // PARTS),
                         "--digests", *[part.digest for part in parts]]
            os.sync()
            made[f"{name} {turn}"] = words
        return made[f"{name} {turn}"]

    def run(server: Server, name: str, turn: int) -> load.Sample:
        words = words_of(name, turn)
        processes.forget_peak(server.pid)
        before = processes.memory_mib(server.pid)
        sample = load.transfer(server, "push", "--path", REPOSITORY, *words, size=size,
                               authorization=server.authorization(REPOSITORY, "pull,push"))
        peaks.setdefault(f"{server.name} {name}", []).append(processes.memory_mib(server.pid, "VmHWM") - before)
        return sample

    out = []
    cores = min(2, os.cpu_count() or 1)
    for title, name, many in ((f"{size >> 20:,} MiB push", "whole", 1),
                              (f"{PARTS} × {size // PARTS >> 20} MiB push at once", "parts", cores)):
        figures = interleaved([Contender(server.name, lambda turn, server=server, name=name: run(server, name, turn))
                               for server in (berth, *peers)]
                              + [Contender("SHA-256", lambda _, many=many: hashing(many)),
                                 Contender("disk", lambda _: disk_writing(folder))], rounds, synced=True)
        limit = min(figures["SHA-256"], figures["disk"], key=lambda one: one.rate)
        peak = {server.name: statistics.median(peaks[f"{server.name} {name}"]) for server in (berth, *peers)}
        out.append(Row(title, figures, [
            at_least("of the smaller of SHA-256 and the disk", ratio(figures[berth.name], limit, "rate"), 0.8),
            at_most("memory that it took", peak[berth.name], 32, "MiB")],
            unit="bytes", notes={server: f"{memory:.0f} MiB more memory" for server, memory in peak.items()}))
    for file in (folder / "push", *(folder / f"part-{i}" for i in range(PARTS))):
        file.unlink()
    return out


def pulls(berth: Berth, peers: list[Server], nginx: Nginx | None, seeded: dict[str, Seeded], folder: Path, size: int,
          rounds: int) -> list[Row]:
    large = LargeFile.make(folder / "pull", size, 7)
    path = f"/v2/{REPOSITORY}/blobs/{large.digest}"
    for server in (berth, *peers):
        load.call(server.port, *load.authorized(content.writing(server)), "push", "--path", REPOSITORY, "--file",
                  str(large.path), "--size", str(size), "--digest", large.digest)
        load.call(server.port, *load.authorized(content.writing(server)), "pull", "--path", path, "--size",
                  str(size), "--digest", large.digest, "--verify")
    contenders = [(server, path) for server in (berth, *peers)]
    if nginx is not None:
        large.path.rename(nginx.data / "large")
        contenders.append((nginx, "/large"))
    else:
        large.path.unlink()

    def pulling(server: Server, where: str, *words: str, port: int | None = None, cold: bool = False) -> Contender:
        authorization = server.authorization(REPOSITORY, "pull")

        def run(_: int) -> load.Sample:
            if cold:
                _forget(server.data, size)
            return load.transfer(server, "pull", "--path", where, "--size", str(size), *words, size=size,
                                 authorization=authorization, port=port)
        return Contender(server.name, run)

    def beside_nginx(figures, cpu: bool) -> list[Claim]:
        if nginx is None:
            return [missing("of nginx's speed", "≥ 0.9 ×", "nginx is not here")]
        claims = [at_least("of nginx's speed", ratio(figures[berth.name], figures[nginx.name], "rate"), 0.9)]
        if cpu:
            claims.append(at_most("of nginx's CPU", ratio(figures[berth.name], figures[nginx.name], "cpu_us"), 1.1))
        return claims

    plain = interleaved([pulling(*one) for one in contenders], rounds)
    out = [Row(f"{size >> 20:,} MiB pull, plain", plain, beside_nginx(plain, True), unit="bytes")]

    latencies: list[float] = []

    def with_others(contender: Contender) -> Contender:
        # Everybody sends beside the same other work; what counts of that is how berth did it while berth sent.
        def run(turn: int) -> load.Sample:
            others: list[float] = []
            thread = threading.Thread(target=lambda: others.append(other_requests(berth, seeded[berth.name])))
            thread.start()
            time.sleep(0.3)
            sample = contender.run(turn)
            thread.join()
            if contender.name == berth.name:
                latencies.extend(others)
            return sample
        return Contender(contender.name, run)
    cold = [with_others(pulling(*one, cold=True)) for one in contenders]
    figures = interleaved(cold, rounds)
    others = statistics.median(latencies) / 1000
    out.append(Row(f"{size >> 20:,} MiB pull, plain, cold cache; manifests are asked for meanwhile", figures,
                   [*beside_nginx(figures, False), at_most("p99 of other requests meanwhile", others, 5, "ms")], unit="bytes"))

    if nginx is not None:
        encrypted = interleaved([pulling(server, where, "--tls", port=server.https_port)
                                 for server, where in contenders if isinstance(server, (Berth, Nginx))], rounds)
        out.append(Row(f"{size >> 20:,} MiB pull over TLS", encrypted, beside_nginx(encrypted, False), unit="bytes"))
    return out


def other_requests(berth: Berth, seeded: Seeded) -> float:
    """Two clients that ask for manifests for two seconds; the 99th percentile in microseconds."""
    outcome = json.loads(load.call(berth.port, "--connections", "2", "--seconds", "2", "--authorization",
                                   berth.authorization(content.REPOSITORY, "pull"), "fetch", "--path", seeded.by_tag,
                                   "--digest", content.digest_of(seeded.manifest)))
    return outcome["p99_us"]
