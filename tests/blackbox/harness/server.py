"""One berth server in a folder of its own."""

import functools
import mmap
import os
import signal
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path

from harness.bootstrap import Bootstrap

CHECKOUT = Path(__file__).resolve().parents[3]
CANDIDATES = ("build/release/berth", "build/dev/berth", "build/dev/src/app/berth")
START_SECONDS = 30.0
STOP_SECONDS = 30.0


def binary() -> Path:
    """The program under test; an error says where it was looked for."""
    named = os.environ.get("BERTH_BINARY")
    if named:
        return Path(named).resolve()
    for candidate in CANDIDATES:
        path = CHECKOUT / candidate
        if path.is_file():
            return path
    raise FileNotFoundError(f"no berth binary: set BERTH_BINARY or build one of {', '.join(CANDIDATES)}")


@functools.cache
def is_sanitized() -> bool:
    """Whether the program was built with a sanitizer: it needs more memory then and cannot stand beside libfaketime."""
    with open(binary(), "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        return content.find(b"__asan_init") >= 0 or content.find(b"__tsan_init") >= 0


def environment() -> dict[str, str]:
    """The environment of this process without any setting that the program would read."""
    return {name: value for name, value in os.environ.items() if not name.startswith("BERTH_")}


class Berth:
    """`folder` holds the data folder and the log; nothing outside it is written.

    `prefix` is put before the program (as in `nice`), `flags` after `berth serve` and its addresses. Failed logins are
    not limited unless `flags` or `limits_logins` say so: many tests of one server try what is wrong within a minute.
    """

    def __init__(self, folder: Path, *flags: str, prefix: tuple[str, ...] = (), variables: dict[str, str] | None = None,
                 data: Path | None = None, http: str = "127.0.0.1:0", https: str = "127.0.0.1:0",
                 limits_logins: bool = False):
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.data = data if data is not None else self.folder / "data"
        self.flags = list(flags)
        self.prefix = list(prefix)
        self.variables = ({} if limits_logins else {"BERTH_FAILED_LOGINS_PER_MINUTE": "0"}) | (variables or {})
        self.http_address = http
        self.https_address = https
        self.process: subprocess.Popen | None = None
        self._bootstrap: Bootstrap | None = None

    @property
    def log_file(self) -> Path:
        return self.folder / "berth.log"

    @property
    def log(self) -> str:
        """Everything that the program wrote on both its outputs, all starts together."""
        return self.log_file.read_text(encoding="utf-8", errors="replace") if self.log_file.exists() else ""

    @property
    def bootstrap(self) -> Bootstrap:
        assert self._bootstrap is not None, "the server was never started"
        return self._bootstrap

    @property
    def http(self) -> str:
        return self.bootstrap.http

    @property
    def https(self) -> str:
        return self.bootstrap.https

    def command(self) -> list[str]:
        return [*self.prefix, str(binary()), "serve", "--data", str(self.data),
                "--http", self.http_address, "--https", self.https_address, *self.flags]

    def launch(self) -> subprocess.Popen:
        """Starts the process and returns at once."""
        assert self.process is None or self.process.poll() is not None, "already running"
        with open(self.log_file, "ab") as log:
            self.process = subprocess.Popen(self.command(), stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                            env={**environment(), **self.variables}, cwd=self.folder)
        return self.process

    def start(self) -> "Berth":
        """Starts the process and returns when it serves."""
        file = self.data / "bootstrap.json"
        before = file.stat().st_mtime_ns if file.exists() else None
        process = self.launch()
        deadline = time.monotonic() + START_SECONDS
        while True:
            if process.poll() is not None:
                raise AssertionError(f"berth ended with {process.returncode} at its start:\n{self.log[-4000:]}")
            if file.exists() and file.stat().st_mtime_ns != before and self._ready(file):
                return self
            if time.monotonic() > deadline:
                self.kill()
                raise AssertionError(f"berth did not serve within {START_SECONDS} s:\n{self.log[-4000:]}")
            time.sleep(0.005)

    def _ready(self, file: Path) -> bool:
        try:
            bootstrap = Bootstrap.read(file)
            with urllib.request.urlopen(f"{bootstrap.http}/berth/v1/ready", timeout=5) as answer:
                if answer.status != 200:
                    return False
        except (ValueError, KeyError, urllib.error.URLError, OSError):
            return False
        self._bootstrap = bootstrap
        return True

    def send(self, number: int) -> None:
        self.process.send_signal(number)

    def wait(self, seconds: float = STOP_SECONDS) -> int:
        try:
            return self.process.wait(timeout=seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"berth did not end within {seconds} s:\n{self.log[-4000:]}") from None

    def stop(self) -> None:
        """SIGTERM; the exit has to be clean."""
        if self.process is None:
            return
        if self.process.poll() is None:
            self.send(signal.SIGTERM)
        code = self.wait()
        self.process = None
        assert code == 0, f"berth ended with {code}:\n{self.log[-4000:]}"

    def kill(self) -> None:
        """SIGKILL: no chance to tidy up."""
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.process = None

    def restart(self) -> "Berth":
        self.stop()
        return self.start()

    def run_to_end(self, seconds: float = 15.0) -> tuple[int, str]:
        """For starts that must fail: exit code and what was written."""
        already = len(self.log)
        self.launch()
        code = self.wait(seconds)
        self.process = None
        return code, self.log[already:]

    def __enter__(self) -> "Berth":
        return self.start()

    def __exit__(self, kind, error, trace) -> None:
        if error is None:
            self.stop()
        else:
            self.kill()
