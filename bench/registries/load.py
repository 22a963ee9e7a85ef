"""Runs the load program (bench/load) against one server."""

import json
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from . import processes
from .servers import Server

PROGRAM = Path()  # set by who starts the run
LONGEST_SECONDS = 300


@dataclass
class Sample:
    """What one run came to; `cpu` is the server's, in seconds."""

    operations: int
    seconds: float
    cpu: float
    p50_us: float = 0
    p99_us: float = 0

    @property
    def rate(self) -> float:
        return self.operations / self.seconds

    @property
    def cpu_us(self) -> float:
        return self.cpu / max(self.operations, 1) * 1e6


def call(port: int, *words: str) -> str:
    done = subprocess.run([str(PROGRAM), "--port", str(port), *words], capture_output=True, text=True, timeout=LONGEST_SECONDS,
                          check=False)
    if done.returncode != 0:
        raise RuntimeError(done.stderr.strip())
    return done.stdout


def authorized(authorization: str) -> list[str]:
    return ["--authorization", authorization] if authorization else []


def run(server: Server, *words: str, authorization: str = "", connections: int = 1, seconds: float = LONGEST_SECONDS,
        operations: int | None = None) -> Sample:
    """One run of `fetch`, `images` or `tags`. The words are those of the load program."""
    options = ["--connections", str(connections), "--seconds", str(seconds)]
    if operations is not None:
        options += ["--operations", str(operations)]
    options += authorized(authorization)
    before = processes.cpu_seconds(server.pid)
    try:
        outcome = json.loads(call(server.port, *options, *words))
    except RuntimeError as error:
        raise RuntimeError(f"{server.name}: {error}") from None
    cpu = processes.cpu_seconds(server.pid) - before
    return Sample(outcome["operations"], outcome["seconds"], cpu, outcome["p50_us"], outcome["p99_us"])


def transfer(server: Server, *words: str, authorization: str = "", size: int, port: int | None = None) -> Sample:
    """One `pull` or `push`: operations are bytes."""
    options = authorized(authorization)
    before = processes.cpu_seconds(server.pid)
    try:
        outcome = json.loads(call(port or server.port, *options, *words))
    except RuntimeError as error:
        raise RuntimeError(f"{server.name}: {error}") from None
    time.sleep(0.02)
    return Sample(size, outcome["seconds"], processes.cpu_seconds(server.pid) - before)
