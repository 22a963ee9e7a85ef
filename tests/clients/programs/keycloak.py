"""Keycloak as an outside OpenID provider: the distribution that BERTH_KEYCLOAK names, in a folder of its own."""

import os
import shutil
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

SECONDS = 300  # the first start of a distribution builds it
PASSWORD = "admin-of-this-test"


def distribution() -> Path:
    """The folder of Keycloak as it is unpacked; without it the test is skipped."""
    named = os.environ.get("BERTH_KEYCLOAK")
    if not named:
        pytest.skip("set BERTH_KEYCLOAK to the folder of a Keycloak distribution (keycloak-quarkus-dist of Maven Central, unpacked)")
    program = Path(named) / "bin" / "kc.sh"
    if not program.is_file():
        pytest.fail(f"BERTH_KEYCLOAK: there is no {program}")
    return Path(named)


class Keycloak:
    """Runs in development mode on a loopback port. `administer` runs a script with its `kcadm.sh` in the path."""

    def __init__(self, folder: Path) -> None:
        self.home = folder / "keycloak"
        shutil.copytree(distribution(), self.home, symlinks=True, ignore=shutil.ignore_patterns("data"))
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.address = f"http://127.0.0.1:{probe.getsockname()[1]}"
        self.log = folder / "keycloak.log"
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith(("KC_", "KEYCLOAK_", "JAVA_OPTS"))},
            "HOME": str(folder), "KC_BOOTSTRAP_ADMIN_USERNAME": "admin", "KC_BOOTSTRAP_ADMIN_PASSWORD": PASSWORD,
            "JAVA_OPTS_KC_HEAP": "-Xms64m -Xmx512m"}
        host, port = self.address.removeprefix("http://").split(":")
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen([self.home / "bin" / "kc.sh", "start-dev", f"--http-host={host}", f"--http-port={port}"],
                                            stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=self.environment, cwd=folder,
                                            start_new_session=True)

    def wait(self) -> None:
        """Until it answers."""
        end = time.monotonic() + SECONDS
        while True:
            try:
                with urllib.request.urlopen(f"{self.address}/realms/master", timeout=30):
                    return
            except (urllib.error.URLError, OSError):
                assert self.process.poll() is None and time.monotonic() < end, f"Keycloak did not start:\n{self.log.read_text()[-4000:]}"
                time.sleep(0.5)

    def issuer(self, realm: str) -> str:
        return f"{self.address}/realms/{realm}"

    def administer(self, script: str, folder: Path, **variables: str) -> str:
        """What the script says, which must end well."""
        environment = {name: value for name, value in self.environment.items() if not name.startswith("KC_")}
        ended = subprocess.run(["bash", "-euc", script], cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                               text=True, timeout=SECONDS, env=environment | variables | {
                                   "PATH": f"{self.home / 'bin'}:{environment['PATH']}", "KEYCLOAK": self.address,
                                   "KC_CLI_PASSWORD": PASSWORD, "JAVA_OPTS": "-Xmx128m"})
        assert ended.returncode == 0, ended.stdout
        return ended.stdout

    def stop(self) -> None:
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
