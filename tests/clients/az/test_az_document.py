"""docs/az.md speaks of every command that az acr has, and of no other."""

import re
import subprocess
from pathlib import Path

from azure_cli import Az

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
