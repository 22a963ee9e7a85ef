"""Shows what was measured, on the terminal and in docs/performance.md."""

import os
import platform
import re
import subprocess
from pathlib import Path

from .measure import Row

CHECKOUT = Path(__file__).resolve().parents[2]
DOCUMENT = CHECKOUT / "docs" / "performance.md"
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


def write(text: str) -> None:
    document = DOCUMENT.read_text()
    before, _, rest = document.partition(BEGIN)
    _, _, after = rest.partition(END)
    DOCUMENT.write_text(f"{before}{BEGIN}\n{text}{END}{after}")
