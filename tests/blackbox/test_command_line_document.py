"""docs/command-line.md holds the program's own help; every example in it parses."""

import pathlib
import re
import shlex

DOCUMENT = pathlib.Path(__file__).parents[2] / "docs" / "command-line.md"


def test_the_document_holds_every_command(run):
    table = DOCUMENT.read_text().split("<!-- commands -->\n")[1].split("<!-- /commands -->")[0]
    assert table == run("commands", "--markdown").stdout, "make it anew: berth commands --markdown"


def test_examples_are_commands(run):
    """With nobody signed in each is refused for that, never for its words (status 2)."""
    shown = DOCUMENT.read_text()
    examples = [line.strip().lstrip("$ ") for block in re.findall(r"```\n(.*?)```", shown, re.S) for line in block.splitlines()]
    examples = [line for line in examples if line.startswith("berth ")]
    assert len(examples) > 50
    for line in examples:
        words = shlex.split(re.split(r" [<>|] ", line)[0])[1:]
        if words[0] == "serve" or "<(" in line:
            continue
        ended = run(*words, code=None, text="{}")
        parsed = ended.returncode != 2 or any(reason in ended.stderr for reason in ("say --yes", "no secret", "'Name'"))
        assert parsed, f"{line}\n{ended.stderr}"
