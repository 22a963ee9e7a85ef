"""The rows about how much is stored: pages of a million, the start, memory."""

import hashlib
import sqlite3
import statistics
from pathlib import Path

from . import content, load, processes
from .measure import Claim, Contender, Figures, Row, at_most, interleaved, ratio
from .reading import CONNECTIONS
from .servers import Berth

SUBJECT = b"\x01" + hashlib.sha256(b"subject").digest()
REFERRERS = content.PREFIX + "referrers"


def _fill(file: Path, entries: int) -> None:
    """Tags, repositories and referrers beside what there is, written into the database of a stopped server."""
    database = sqlite3.connect(file, isolation_level=None)
    database.create_function("sha256", 1, lambda number: b"\x01" + hashlib.sha256(str(number).encode()).digest())
    database.execute("pragma synchronous = off")
    database.execute("begin")
    (registry, repository), = database.execute("select registry_id, id from repositories where name = ?", (content.REPOSITORY,))
    (digest,), = database.execute("select digest from tags where repository_id = ? limit 1", (repository,))
    numbers = f"with recursive n(i) as (select 1 union all select i + 1 from n where i < {entries}) "
    database.execute(numbers.replace("with", "insert into tags(repository_id, name, digest, created_at, updated_at) with", 1)
                     + "select ?, printf('filled-%07d', i), ?, 1, 1 from n", (repository, digest))
    database.execute(numbers.replace("with", "insert into repositories(registry_id, name, created_at, updated_at) with", 1)
                     + "select ?, printf('filled/%07d', i), 1, 1 from n", (registry,))
    database.execute("insert into repositories(registry_id, name, created_at, updated_at) values (?, ?, 1, 1)",
                     (registry, REFERRERS))
    (referrers,), = database.execute("select id from repositories where name = ?", (REFERRERS,))
    database.execute(
        numbers.replace("with", "insert into manifests(repository_id, digest, media_type, artifact_type, subject, image_size, "
                        "content, created_at, updated_at) with", 1)
        + "select ?, sha256(i), 'application/vnd.oci.image.manifest.v1+json', 'application/x', ?, 2, x'7b7d', 1, 1 from n",
        (referrers, SUBJECT))
    database.execute("commit")
    database.close()


def pages(program: Path, folder: Path, few: int, many: int, seconds: float, rounds: int) -> list[Row]:
    """The same pages from two servers, one with few entries and one with many; then how the latter starts."""
    servers: dict[str, Berth] = {}
    try:
        for name, entries in (("few", few), ("many", many)):
            server = Berth(program, folder / name, name=f"{entries:,} entries")
            server.start()
            content.seed(server, folder, repositories=2, tags=2)
            server.stop()
            _fill(server.data / "berth.db", entries)
            servers[name] = server
            server.start()
        rows = []
        subject = "sha256:" + SUBJECT[1:].hex()
        for title, repository, path in (
                ("Page of 100 tags, from memory", content.REPOSITORY, "/v2/{}/tags/list?n=100&last=filled-0000500"),
                ("Page of 100 of the catalog", "", "/v2/_catalog?n=100&last=filled/0000500"),
                ("First page of referrers", REFERRERS, f"/v2/{{}}/referrers/{subject}")):
            contenders = []
            for server in servers.values():
                where = path.format(repository)
                authorization = server.authorization(repository, "pull")
                status, body, _ = server.request("GET", where, authorization=authorization)
                if status != 200 or len(body) < 1000:
                    raise RuntimeError(f"GET {where} answered {status}: {body[:300]!r}")

                def run(_: int, server: Berth = server, where: str = where, authorization: str = authorization,
                        body: bytes = body) -> load.Sample:
                    return load.run(server, "fetch", "--path", where, "--digest", content.digest_of(body),
                                    authorization=authorization, connections=CONNECTIONS, seconds=seconds)
                contenders.append(Contender(server.name, run))
            figures = interleaved(contenders, rounds)
            rows.append(Row(title, figures, [at_most("of the CPU at few",
                                                     ratio(figures[servers["many"].name], figures[servers["few"].name], "cpu_us"),
                                                     1.5)]))
        starts = []
        for _ in range(5):
            servers["many"].stop()
            starts.append(servers["many"].start() * 1000)
        rows.append(Row(f"Start with {many:,} tags, repositories and referrers", {},
                        [at_most("until it takes connections", statistics.median(starts), 20, "ms")]))
        return rows
    finally:
        for server in servers.values():
            server.stop()


def memory(program: Path, folder: Path, seconds: float) -> Row:
    """At rest after a start, then with 1,000 connections that ask for manifests."""
    server = Berth(program, folder / "memory")
    try:
        server.start()
        seeded = content.seed(server, folder, repositories=2, tags=2)
        server.stop()
        server.start()
        at_rest = processes.memory_mib(server.pid)
        load.run(server, "fetch", "--path", seeded.by_tag, "--digest", content.digest_of(seeded.manifest),
                 authorization=server.authorization(content.REPOSITORY, "pull"), connections=1000, seconds=seconds)
        busy = processes.memory_mib(server.pid, "VmHWM")
    finally:
        server.stop()
    claims: list[Claim] = [at_most("at rest", at_rest, 20, "MiB"), at_most("under 1,000 busy connections", busy, 150, "MiB")]
    figures: dict[str, Figures] = {}
    return Row("Memory", figures, claims)
