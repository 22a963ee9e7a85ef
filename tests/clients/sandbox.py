"""Where a client runs: a folder of its own for everything that it reads and keeps, and an environment that leads there."""

import functools
import os
import shutil
import signal
import subprocess
import tempfile
import urllib.parse
from dataclasses import dataclass
from pathlib import Path

import pytest

CLIENTS = Path(__file__).resolve().parents[2] / "build" / "clients"
SEARCH = os.pathsep.join((str(CLIENTS), os.environ.get("PATH", ""), "/usr/local/sbin", "/usr/sbin", "/sbin"))
SECONDS = 120


class Failed(AssertionError):
    """A client ended with an error; `output` is what it wrote."""

    def __init__(self, command: tuple[str, ...], code: int | str, output: str):
        super().__init__(f"{' '.join(command)}\nended with {code}:\n{output[-4000:]}")
        self.output = output


@dataclass(frozen=True)
class Place:
    """Where a registry is reached: `host` is what stands before the first slash of an image's name."""

    url: str
    ca_file: Path

    @property
    def host(self) -> str:
        return urllib.parse.urlsplit(self.url).netloc

    @property
    def plain(self) -> bool:
        return self.url.startswith("http:")

    @property
    def certificates(self) -> Path:
        """A folder that holds the certificate as containers' tools want it."""
        return self.ca_file.parent


@functools.cache
def may_mount() -> bool:
    """Whether this process may have mounts of its own, as programs that unpack images need. Many containers forbid it."""
    probe = subprocess.run(["unshare", "--mount", "--propagation", "private", "true"], capture_output=True)
    return probe.returncode == 0


def need(program: str, *, root: bool = False) -> str:
    """The program's path; without it, or without the rights that it needs, the test is skipped."""
    path = shutil.which(program, path=SEARCH)
    if path is None:
        pytest.skip(f"{program} is not installed (script/bootstrap or script/clients gets it)")
    if root and (os.geteuid() != 0 or not may_mount()):
        pytest.skip(f"{program} needs root, and the right to mount, for its storage")
    return path


class Sandbox:
    """`folder` is short, since sockets are made in it."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="berth-client-"))
        self.fresh_folders = 0
        home = self.fresh("home")
        configuration = home / ".config" / "containers"
        configuration.mkdir(parents=True)
        (configuration / "policy.json").write_text('{"default": [{"type": "insecureAcceptAnything"}]}')
        (configuration / "registries.conf").write_text("")
        self.environment = {
            "PATH": SEARCH,
            "HOME": str(home),
            "TMPDIR": str(self.fresh("tmp")),
            "XDG_RUNTIME_DIR": str(self.fresh("run")),
            "XDG_CONFIG_HOME": str(home / ".config"),
            "XDG_CACHE_HOME": str(home / ".cache"),
            "DOCKER_CONFIG": str(self.fresh("docker")),
            "REGISTRY_AUTH_FILE": str(self.folder / "auth.json"),
            "CONTAINERS_REGISTRIES_CONF": str(configuration / "registries.conf"),
            "LC_ALL": "C.UTF-8",
        }

    def fresh(self, name: str = "") -> Path:
        """A new folder."""
        self.fresh_folders += 1
        path = self.folder / (name or f"f{self.fresh_folders}")
        path.mkdir()
        return path

    def run(self, *command: str | Path, input: str | None = None, seconds: float = SECONDS, **more: str) -> str:
        """What the program wrote on its standard output; `more` is added to the environment. Raises Failed."""
        words = tuple(map(str, command))
        process = subprocess.Popen(words, stdin=subprocess.PIPE if input is not None else subprocess.DEVNULL,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, errors="replace",
                                   env=self.environment | more, cwd=self.folder, start_new_session=True)
        try:
            output, complaints = process.communicate(input, timeout=seconds)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            output, complaints = process.communicate()
            raise Failed(words, f"a timeout of {seconds} s", output + complaints) from None
        if process.returncode != 0:
            raise Failed(words, process.returncode, output + complaints)
        return output

    def remove(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)
        assert not self.folder.exists(), f"{self.folder} is still in use"


class Daemon:
    """A program in the background that clients speak to; `stop` ends it and waits."""

    def __init__(self, sandbox: Sandbox, *command: str | Path, **more: str) -> None:
        self.log = sandbox.folder / f"{Path(command[0]).name}.log"
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(list(map(str, command)), stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                            env=sandbox.environment | more, cwd=sandbox.folder, start_new_session=True)

    def running(self) -> bool:
        return self.process.poll() is None

    def stop(self) -> None:
        if self.running():
            self.process.terminate()
            try:
                self.process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait()
