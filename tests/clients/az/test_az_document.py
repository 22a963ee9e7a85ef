"""docs/az.md speaks of every command that az acr has, and of no other; and its session goes as it is shown."""

import re
import subprocess
import urllib.parse
from pathlib import Path

from azure_cli import Az
from sandbox import need

DOCUMENT = Path(__file__).resolve().parents[3] / "docs" / "az.md"
STATES = {"works", "not yet", "does not apply"}

# Asks az itself: its table of commands is not to be had in another way.
COMMANDS = """
import sys
from azure.cli.core import get_default_cli
cli = get_default_cli()
sys.argv = ["az"]
cli.invocation = cli.invocation_cls(cli_ctx=cli, parser_cls=cli.parser_cls, commands_loader_cls=cli.commands_loader_cls,
                                    help_cls=cli.help_cls)
loader = cli.invocation.commands_loader
loader.load_command_table(["acr"])
print("\\n".join(name for name in loader.command_table if name.startswith("acr ")))
"""


def documented() -> list[str]:
    found = []
    for line in DOCUMENT.read_text(encoding="utf-8").splitlines():
        if row := re.fullmatch(r"\| `(acr[^`]*)` ([^|]+) \| ([^|]+) \|(.*)\|", line):
            assert row[3] in STATES, line
            found += [f"{row[1]} {command.strip()}" for command in row[2].split(",")]
    return found


def test_every_command_has_a_row(cloud, fresh_az):
    az: Az = fresh_az()
    # az is a script next to the Python that runs it
    listed = subprocess.run([az.program.parent / "python", "-c", COMMANDS], capture_output=True, text=True, env=az.environment,
                            check=True).stdout.split("\n")
    commands = documented()
    assert sorted(commands) == sorted(name for name in listed if name)
    assert len(commands) == len(set(commands)) > 100


# What differs from run to run.
MASKS = ((r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "GUID"), (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", "TIME"), (r"localhost:\d+", "localhost:PORT"),
         (r"-{3,}", "---"), (r"[ \t]+", " "))


def masked(text: str) -> str:
    for pattern, word in MASKS:
        text = re.sub(pattern, word, text)
    return text.strip()


def session() -> list[tuple[str, str]]:
    """The commands of the page's session, each with what it prints."""
    text = DOCUMENT.read_text(encoding="utf-8").partition("## From nothing to a pipeline")[2]
    blocks = re.findall(r"```console\n(.*?)```", text, re.S)
    found = []
    for part in re.split(r"^\$ ", "\n".join(blocks), flags=re.M)[1:]:
        lines = part.rstrip().split("\n")
        end = 1
        if "<<EOF" in lines[0]:
            end = lines.index("EOF") + 1
        while lines[end - 1].endswith(("\\", "|")):
            end += 1
        found.append(("\n".join(lines[:end]), "\n".join(lines[end:])))
    return found


def test_the_session_is_as_it_is_shown(own_berth, fresh_az, image, sandbox):
    need("skopeo")
    server = own_berth("--domain", "azurecr.localhost").start()
    port = urllib.parse.urlsplit(server.https).port
    place = sandbox.folder / "session"
    place.mkdir()
    (place / "berth-data").symlink_to(server.data)
    sandbox.run("skopeo", "copy", "-q", f"oci:{image.layout}:single", f"oci:{place}/hello:latest")
    commands = session()
    assert len(commands) > 15
    script = "".join(f"echo '@@@'\n{command}\n" for command, _ in commands).replace("localhost:5443", f"localhost:{port}")
    az: Az = fresh_az()
    variables = sandbox.environment | az.environment | {"AZURE_CONFIG_DIR": str(place / "owner"), "PATH": f"{az.program.parent}:{az.environment['PATH']}"}
    ended = subprocess.run(["bash", "-c", script], cwd=place, env=variables, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                           stderr=subprocess.STDOUT, text=True, timeout=280)
    said = ended.stdout.split("@@@\n")[1:]
    assert [masked(text) for text in said] == [masked(text) for _, text in commands]
