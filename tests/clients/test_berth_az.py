"""What `berth az` prints, run as it stands there."""

import json
import os
import subprocess

import pytest

from harness.command_line import CommandLine
from sandbox import CLIENTS, SEARCH


def test_its_commands_set_up_az_and_sign_in(berth, tmp_path):
    if not (CLIENTS / "az.version").exists():
        pytest.skip("az is not installed (script/clients gets it)")
    command_line = CommandLine(tmp_path / "home")
    command_line("login", "--data", str(berth.data))
    facts = command_line.json("az", "--name", "here")
    assert any(line.startswith("export REQUESTS_CA_BUNDLE=") for line in facts["setUp"])
    script = [*facts["setUp"], facts["signIn"]["secret"], "az acr list --query [].loginServer --output json"]
    ended = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", "\n".join(script[:-1]) + " >&2\n" + script[-1]], capture_output=True, text=True, timeout=120,
        cwd=tmp_path, env={"PATH": os.pathsep.join((str(CLIENTS / "az" / "bin"), SEARCH)), "HOME": str(tmp_path), "AZURE_CONFIG_DIR": str(tmp_path / "azure"),
                           "AZURE_CORE_COLLECT_TELEMETRY": "no", "SECRET": berth.bootstrap.owner_secret})
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert berth.bootstrap.login_server in json.loads(ended.stdout)
    assert "Switched active cloud to 'here'" in ended.stderr
