"""Shows what was measured, on the terminal and in docs/performance.md."""

import os
import platform
import re
import subprocess
from pathlib import Path

from .measure import Row

CHECKOUT = Path(__file__).resolve().parents[2]
DOCUMENT = CHECKOUT / "docs" / "performance.md"
README = CHECKOUT / "README.md"
BEGIN, END = "<!-- registries: begin -->", "<!-- registries: end -->"


def _machine() -> str:
    cpu = re.search(r"^model name\s*:\s*(.+)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    memory = re.search(r"^MemTotal:\s+(\d+)", Path("/proc/meminfo").read_text(), re.MULTILINE)
    system = re.search(r'^PRETTY_NAME="(.+)"$', Path("/etc/os-release").read_text(), re.MULTILINE)
    return (f"{os.cpu_count()} × {cpu.group(1).strip() if cpu else platform.machine()}, "
            f"{int(memory.group(1)) / (1 << 20):.0f} GiB, {system.group(1) if system else platform.system()}, "
            f"Linux {platform.release().split('-')[0]}")


def _commit() -> str:
    done = subprocess.run(["git", "-C", str(CHECKOUT), "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False)
    return done.stdout.strip() or "none"


def _figure(row: Row, name: str) -> tuple[str, str]:
    found = row.figures[name]
    if row.unit == "bytes":
        return f"{found.rate / 1e6:,.0f} MB/s", f"{found.cpu_us * (1 << 30) / 1e6:.2f} s/GiB"
    return f"{found.rate:,.0f}/s", f"{found.cpu_us:,.1f} µs"


def _holds(claim) -> str:
    return {True: "yes", False: "**no**", None: "not measured"}[claim.holds]


def markdown(rows: list[Row], peers: list[str], load_average: float) -> str:
    out = [f"Measured at commit {_commit()} on {_machine()}; load average at the start {load_average:.1f}. "
           f"Beside berth: {', '.join(peers)}.", "",
           "| work | what | measured | target | holds |", "| --- | --- | --- | --- | --- |"]
    for row in rows:
        for claim in row.claims:
            out.append(f"| {row.title} | {claim.what} | {claim.measured} | {claim.target} | {_holds(claim)} |")
    out += ["", "The figures behind it: the middle of all rounds, CPU of the server alone.", "",
            "| work | who | rate | CPU each | |", "| --- | --- | --- | --- | --- |"]
    for row in rows:
        for name in row.figures:
            rate, cpu = _figure(row, name)
            out.append(f"| {row.title} | {name} | {rate} | {cpu} | {row.notes.get(name, '')} |")
        for name, note in row.notes.items():
            if name not in row.figures:
                out.append(f"| {row.title} | {name} | | | {note} |")
    return "\n".join(out) + "\n"


def terminal(row: Row) -> str:
    out = [row.title]
    for name in row.figures:
        rate, cpu = _figure(row, name)
        out.append(f"  {name:58} {rate:>14} {cpu:>14}  {row.notes.get(name, '')}".rstrip())
    for name, note in row.notes.items():
        if name not in row.figures:
            out.append(f"  {name}: {note}")
    for claim in row.claims:
        out.append(f"    {claim.what}: {claim.measured} (target {claim.target}): {_holds(claim).replace('*', '')}")
    return "\n".join(out)


# What the README shows: a row, and whether its measure is the server's CPU or the rate.
SHOWN = (("Manifest by tag", "cpu"), ("tags/list of 1,000", "cpu"), ("Small image push, 1 connection", "rate"),
         ("New tags on one manifest, 32 connections", "rate"), ("1,024 MiB pull, plain", "rate"))
SHOWN_SERVERS = ("olareg", "distribution", "docker-registry", "nginx")


def short(rows: list[Row]) -> str:
    """Five lines, those of them that were measured."""
    by_title = {row.title: row for row in rows}
    out = ["Measured side by side in one run; berth with tokens, every request decided, durable, the others without authentication",
           "(`script/bench registries`, [docs/performance.md](docs/performance.md)):", "",
           "| | berth | " + " | ".join(SHOWN_SERVERS) + " |", "| --- | --- |" + " --- |" * len(SHOWN_SERVERS)]
    for title, measure in SHOWN:
        if title not in by_title:
            continue
        row = by_title[title]
        mine = next(name for name in row.figures if name in ("berth", "berth, bearer token"))
        cells = [_figure(row, name)[measure == "cpu"] if name in row.figures else "" for name in (mine, *SHOWN_SERVERS)]
        what = title + (", server CPU" if measure == "cpu" else "")
        out.append("| " + " | ".join([what, *cells]) + " |")
    return "\n".join(out) + "\n"


def _between_marks(file: Path, text: str) -> None:
    before, begin, rest = file.read_text().partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise RuntimeError(f"{file} has no place for the table: {BEGIN} and {END}")
    file.write_text(f"{before}{BEGIN}\n{text}{END}{after}")


def write(rows: list[Row], peers: list[str], load_average: float) -> None:
    """Into docs/performance.md all of it, into the README five lines."""
    _between_marks(DOCUMENT, markdown(rows, peers, load_average))
    _between_marks(README, short(rows))
