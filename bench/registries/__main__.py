"""The side-by-side run: see `script/bench registries --help`."""

import argparse
import concurrent.futures
import os
import shutil
import sys
import tempfile
from pathlib import Path

from . import content, footprint, load, peers, reading, table, transferring, writing
from .measure import Row
from .servers import BareBeast, Berth, Distribution, Nginx, Olareg, Server, Zot

ROWS = ("reading", "lists", "tokens", "images", "tags", "pulls", "pushes", "pages", "memory")
GIB_FREE = 12


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="script/bench registries", description="berth beside other registries, in one run")
    parser.add_argument("--berth", type=Path, required=True, help=argparse.SUPPRESS)
    parser.add_argument("--programs", type=Path, required=True, help=argparse.SUPPRESS)
    parser.add_argument("--compare", type=Path, metavar="OLD_BINARY",
                        help="only two builds of berth, side by side: this one and an earlier one")
    parser.add_argument("--rows", nargs="+", choices=ROWS, default=list(ROWS), help="only these rows")
    parser.add_argument("--without", nargs="+", default=[], metavar="PEER",
                        choices=("docker-registry", "distribution", "olareg", "zot"), help="leave these out")
    parser.add_argument("--seconds", type=float, default=1.2, help="of one measurement (%(default)s)")
    parser.add_argument("--rounds", type=int, default=5, help="how often each is measured (%(default)s)")
    parser.add_argument("--quick", action="store_true", help="less of everything: to see that it runs")
    parser.add_argument("--write", action="store_true", help="put the table into docs/performance.md and README.md")
    return parser.parse_args()


def found_peers(folder: Path, without: list[str]) -> list[Server]:
    known = {
        "docker-registry": (peers.docker_registry, lambda *place: Distribution(*place, "docker-registry")),
        "distribution": (peers.distribution, lambda *place: Distribution(*place, "distribution")),
        "olareg": (peers.olareg, Olareg),
        "zot": (peers.zot, Zot),
    }
    out = []
    for name, (find, make) in known.items():
        if name in without:
            continue
        if program := find():
            out.append(make(program, folder / name))
    return out


class Run:
    """Servers that live for the whole run, and the rows that they are measured by."""

    def __init__(self, options: argparse.Namespace, folder: Path):
        self.options = options
        self.folder = folder
        self.servers: list[Server] = []
        self.rows: list[Row] = []
        quick = options.quick
        self.seconds = 0.3 if quick else options.seconds
        self.rounds = 1 if quick else options.rounds
        self.large = (64 << 20) if quick else transferring.GIB
        self.entries = 20_000 if quick else 1_000_000

    def start(self, server: Server) -> Server:
        self.servers.append(server)
        server.start()
        return server

    def stop(self) -> None:
        for server in self.servers:
            server.stop()

    def wants(self, *rows: str) -> bool:
        return any(row in self.options.rows for row in rows)

    def add(self, *rows: Row) -> None:
        for row in rows:
            print(table.terminal(row), flush=True)
            self.rows.append(row)

    def measure(self) -> None:
        berth = Berth(self.options.berth, self.folder / "berth")
        self.start(berth)
        others = [self.start(server) for server in found_peers(self.folder, self.options.without)]
        print("seeding", ", ".join(server.name for server in (berth, *others)), flush=True)
        with concurrent.futures.ThreadPoolExecutor() as pool:
            seeds = pool.map(lambda server: content.seed(server, self.folder), (berth, *others))
        seeded = dict(zip([server.name for server in (berth, *others)], seeds))
        if self.wants("reading"):
            crowded = Berth(self.options.berth, self.folder / "crowded", name="crowded berth")
            self.start(crowded)
            seeded[crowded.name] = content.seed(crowded, self.folder, repositories=2, tags=2)
            content.assign_roles(crowded, *((40, 50) if self.options.quick else (4000, 5000)))
            bare = BareBeast(self.options.programs / "bare_beast", self.folder / "bare")
            bare.answer_as(seeded[berth.name].manifest_headers, seeded[berth.name].manifest)
            self.start(bare)
            self.add(*reading.small_answers(berth, crowded, others, bare, seeded, self.seconds, self.rounds))
            crowded.stop()
            bare.stop()
        if self.wants("lists"):
            self.add(*reading.lists(berth, others, self.seconds, self.rounds))
        if self.wants("tokens"):
            self.add(reading.tokens(berth, self.seconds, self.rounds))
        if self.wants("images"):
            self.add(*writing.images(berth, others, self.folder, self.seconds, self.rounds))
        if self.wants("tags"):
            self.add(*writing.tags(berth, others, seeded, self.folder, self.seconds, self.rounds))
        few = min(3, self.rounds)
        if self.wants("pulls"):
            nginx = None
            if program := peers.nginx():
                nginx = Nginx(program, self.folder / "nginx")
                self.start(nginx)
            self.add(*transferring.pulls(berth, others, nginx, seeded, self.folder, self.large, self.rounds))
        if self.wants("pushes"):
            self.add(*transferring.pushes(berth, others, self.folder, self.large, few))
        self.stop()
        if self.wants("pages"):
            self.add(*footprint.pages(self.options.berth, self.folder / "pages", 1000, self.entries, self.seconds, self.rounds))
        if self.wants("memory"):
            self.add(footprint.memory(self.options.berth, self.folder / "memory", self.seconds))

    def compare(self) -> None:
        """Both builds do the reading and writing of small things; what is worse by more than a tenth is said."""
        new = Berth(self.options.berth, self.folder / "new", name="new")
        old = Berth(self.options.compare, self.folder / "old", name="old")
        for server in (old, new):
            self.start(server)
        seeded = {server.name: content.seed(server, self.folder) for server in (old, new)}
        rows = reading.compared(old, new, seeded, self.seconds, self.rounds)
        rows += writing.images(new, [old], self.folder, self.seconds, self.rounds)
        rows += writing.tags(new, [old], seeded, self.folder, self.seconds, self.rounds)
        for row in rows:
            row.claims = [reading.no_worse(row, old.name, new.name)]
        self.add(*rows)


def main() -> int:
    options = arguments()
    load_average = os.getloadavg()[0]
    folder = Path(tempfile.mkdtemp(prefix="berth-bench-"))
    options.berth, options.programs = options.berth.resolve(), options.programs.resolve()
    options.compare = options.compare and options.compare.resolve()
    load.PROGRAM = options.programs / "load"
    run = Run(options, folder)
    try:
        if shutil.disk_usage(folder).free < GIB_FREE << 30 and not options.quick:
            print(f"script/bench: {folder} has less than {GIB_FREE} GiB free; set TMPDIR to a folder with more", file=sys.stderr)
            return 1
        if options.compare:
            run.compare()
        else:
            run.measure()
            if options.write:
                table.write(run.rows, [s.name for s in run.servers if "berth" not in s.name], load_average)
    finally:
        run.stop()
        shutil.rmtree(folder, ignore_errors=True)
    return 1 if any(claim.holds is False for row in run.rows for claim in row.claims) and options.compare else 0


sys.exit(main())
