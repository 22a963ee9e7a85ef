"""The Azure CLI as a person or a pipeline runs it, with a configuration folder of its own."""

import json
import os
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from sandbox import CLIENTS, SEARCH, Failed

SECONDS = 120


def program() -> Path:
    """The az under test: BERTH_AZ, else the one of script/clients; without any the test is skipped."""
    named = os.environ.get("BERTH_AZ")
    path = Path(named) if named else CLIENTS / "az" / "bin" / "az"
    if not path.is_file():
        pytest.skip(f"az is not at {path} (script/clients gets it; BERTH_AZ names another one)")
    return path


class Az:
    """az("acr show -n x") runs one command. What az keeps (clouds, tokens, accounts) lies in `folder`."""

    def __init__(self, folder: Path, ca_file: str, template: "Az | None" = None) -> None:
        self.folder = Path(folder)
        self.program = program()
        self.work = self.folder / "work"
        self.work.mkdir(parents=True)
        if template is not None:
            for name in ("clouds.config", "config"):
                shutil.copy(template.folder / name, self.folder / name)
        self.environment = {
            "PATH": SEARCH,
            "HOME": str(self.work),
            "LC_ALL": "C.UTF-8",
            "AZURE_CONFIG_DIR": str(self.folder),
            "AZURE_CORE_COLLECT_TELEMETRY": "no",
            "AZURE_CORE_SURVEY_MESSAGE": "no",
            "AZURE_CORE_NO_COLOR": "yes",
            "AZURE_EXTENSION_USE_DYNAMIC_INSTALL": "no",
            "REQUESTS_CA_BUNDLE": ca_file,
            "DOCKER_CONFIG": str(self.work / "docker"),
        }

    def start(self, command: str, **more: str) -> subprocess.Popen:
        """Starts a command whose end is waited for elsewhere; both its outputs are one."""
        return subprocess.Popen([str(self.program), *shlex.split(command)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.STDOUT, text=True, env=self.environment | more, cwd=self.work)

    def run(self, command: str, **more: str) -> subprocess.CompletedProcess:
        words = [str(self.program), *shlex.split(command)]
        try:
            return subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=SECONDS,
                                  env=self.environment | more, cwd=self.work)
        except subprocess.TimeoutExpired as error:
            raise Failed(("az", command), f"a timeout of {SECONDS} s", str(error.output) + str(error.stderr)) from None

    def __call__(self, command: str, **more: str):
        """What the command printed, read as JSON (None when it printed nothing); `more` is added to the environment."""
        ended = self.run(command if " -o " in command else f"{command} -o json", **more)
        if ended.returncode != 0:
            raise Failed(("az", command), ended.returncode, ended.stdout + ended.stderr)
        if " -o " in command:
            return ended.stdout
        return json.loads(ended.stdout) if ended.stdout.strip() else None

    def refused(self, command: str, **more: str) -> str:
        """What az said when it failed, as it must."""
        ended = self.run(command, **more)
        assert ended.returncode != 0, f"az {command}\nended well:\n{ended.stdout}{ended.stderr}"
        assert "Traceback" not in ended.stderr, f"az {command}\n{ended.stderr}"
        return ended.stderr
