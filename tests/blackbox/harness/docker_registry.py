"""Debian's docker-registry (CNCF distribution) as a source of images."""

import shutil
import socket
import subprocess
import time
from pathlib import Path

import pytest

from harness.http_client import Http
from harness.oci import Oci

SECONDS = 30
CREDENTIALS = ("puller", "pull-from-me-1")
# bcrypt of the password, the only form that it takes
HTPASSWD = "puller:$2b$04$shAsuV88CvwZoWc.oLIxJO.tIRzuQXBg/tnOMbw5Ip5qQgQtgL2Xq\n"


class DockerRegistry:
    """On a loopback port that stays its own over restarts. `locked`: only who has CREDENTIALS gets in."""

    def __init__(self, folder: Path, locked: bool = False) -> None:
        self.program = shutil.which("docker-registry")
        if self.program is None:
            pytest.skip("docker-registry is not installed; script/bootstrap test installs it")
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.credentials = CREDENTIALS if locked else None
        self.settings = folder / "registry.yml"
        text = f"version: 0.1\nlog: {{level: error}}\nstorage: {{filesystem: {{rootdirectory: {folder}/registry}}}}\nhttp: {{addr: {self.host}}}\n"
        if locked:
            (folder / "htpasswd").write_text(HTPASSWD)
            text += f"auth: {{htpasswd: {{realm: source, path: {folder}/htpasswd}}}}\n"
        self.settings.write_text(text)
        self.process: subprocess.Popen | None = None

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def oci(self) -> Oci:
        return Oci(Http(f"http://{self.host}"), None, self.credentials, "basic" if self.credentials else "none")

    def start(self) -> "DockerRegistry":
        self.process = subprocess.Popen([self.program, "serve", str(self.settings)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        client = Http(f"http://{self.host}")
        deadline = time.monotonic() + SECONDS
        while True:
            try:
                assert client.get("/v2/").status in (200, 401)
                break
            except (AssertionError, OSError):
                assert time.monotonic() < deadline and self.process.poll() is None, "docker-registry did not start"
                time.sleep(0.05)
        client.close()
        return self

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def __enter__(self) -> "DockerRegistry":
        return self.start()

    def __exit__(self, *_) -> None:
        self.kill()
