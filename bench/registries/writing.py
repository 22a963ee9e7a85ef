"""The rows about pushing small things durably."""

import statistics
from pathlib import Path

from . import content, load, processes
from .content import Seeded
from .measure import Claim, Contender, Figures, Row, at_least, at_most, interleaved, missing, ratio
from .servers import Berth, Server

COUNTED = 20  # operations whose syncs are counted


def _authorization(server: Server, repository: str) -> str:
    return server.authorization(repository, "pull,push")


def _row(title: str, unit: str, servers: list[Server], run, rounds: int) -> Row:
    """`run(server, name of the run, connections)` gives a sample; the syncs are counted in a run of their own."""
    figures = interleaved([Contender(server.name, lambda turn, server=server: run(server, f"round{turn}", None))
                           for server in servers], rounds, synced=True)
    return Row(title, figures, [], unit=unit)


def _count_syncs(server: Server, folder: Path, run) -> float | None:
    """For one operation: the middle of some runs, since now and then a server also tidies up what many have left."""
    counts = []
    for turn in range(3):
        with processes.SyncCounter(server.pid, folder) as counter:
            run(server, f"syncs{turn}", COUNTED)
        counts.append(counter.count)
    return None if None in counts else statistics.median(counts) / COUNTED


def _against(figures: dict[str, Figures], peer: str, berth: str, times: float) -> Claim:
    what = f"of {peer}'s rate"
    if peer not in figures:
        return missing(what, f"≥ {times:.3g} ×", f"{peer} is not here")
    return at_least(what, ratio(figures[berth], figures[peer], "rate"), times)


def images(berth: Berth, peers: list[Server], folder: Path, seconds: float, rounds: int) -> list[Row]:
    out = []
    for connections in (1, 64):
        def run(server: Server, name: str, operations: int | None, connections: int = connections) -> load.Sample:
            return load.run(server, "images", "--run", f"{name}-{connections}", "--prefix", f"images{connections}/",
                            authorization=_authorization(server, "images1/push-0") if connections == 1
                            else content.writing(server), connections=connections,
                            seconds=seconds if operations is None else load.LONGEST_SECONDS, operations=operations)
        row = _row(f"Small image push, {connections} connection{'s' if connections > 1 else ''}", "images", [berth, *peers], run,
                   rounds)
        row.claims = [_against(row.figures, "distribution", berth.name, 10), _against(row.figures, "olareg", berth.name, 1.5)]
        if connections == 1:
            syncs = {server.name: _count_syncs(server, folder, run) for server in (berth, *peers)}
            row.notes = {name: f"{count:.3g} syncs each" for name, count in syncs.items() if count is not None}
            if syncs[berth.name] is None:
                row.claims.append(missing("syncs for an image", "≤ 3", "strace is not here"))
            else:
                row.claims.append(at_most("syncs for an image", syncs[berth.name], 3, ""))
        out.append(row)
    return out


def tags(berth: Berth, peers: list[Server], seeded: dict[str, Seeded], folder: Path, seconds: float, rounds: int) -> list[Row]:
    out = []
    for connections, targets in ((1, {"distribution": 5, "olareg": 2}), (32, {"distribution": 20})):
        def run(server: Server, name: str, operations: int | None, connections: int = connections) -> load.Sample:
            return load.run(server, "tags", "--run", f"{name}-{connections}", "--repository", content.TAGGED, "--manifest",
                            str(seeded[server.name].manifest_file),
                            authorization=_authorization(server, content.TAGGED),
                            connections=connections, seconds=seconds,
                            operations=operations if operations is not None else 1000 * max(1, connections // 8))
        row = _row(f"New tags on one manifest, {connections} connection{'s' if connections > 1 else ''}", "tags",
                   [berth, *peers], run, rounds)
        row.claims = [_against(row.figures, peer, berth.name, times) for peer, times in targets.items()]
        if connections == 1:
            syncs = {server.name: _count_syncs(server, folder, run) for server in (berth, *peers)}
            row.notes = {name: f"{count:.3g} syncs each" for name, count in syncs.items() if count is not None}
        out.append(row)
    return out
