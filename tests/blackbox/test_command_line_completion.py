"""Shell completion, in the shells themselves where they are installed."""

import shutil
import subprocess

import pytest


def in_shell(shell: str, script: str) -> list[str]:
    path = shutil.which(shell)
    if path is None:
        pytest.skip(f"needs {shell}")
    flags = {"bash": ["--norc", "-c"], "zsh": ["-f", "-c"], "fish": ["--no-config", "-c"]}[shell]
    ended = subprocess.run([path, *flags, script], capture_output=True, text=True, timeout=60)
    assert ended.returncode == 0 and ended.stderr == "", ended
    return ended.stdout.split("\n")


@pytest.fixture
def completed(run):
    """completed(shell, *words): what could stand for the last word, which is begun or empty."""

    def complete(shell: str, *words: str) -> list[str]:
        file = run.folder / f"completion.{shell}"
        if not file.exists():
            file.write_text(run("completion", shell).stdout)
        typed = ["berth", *words]
        quoted = " ".join(f"'{word}'" for word in typed)
        if shell == "bash":
            script = f"source {file}; COMP_WORDS=({quoted}); COMP_CWORD={len(words)}; _berth; printf '%s\\n' \"${{COMPREPLY[@]}}\""
        elif shell == "zsh":
            script = (f"compdef() {{ : }}; compadd() {{ shift; print -l -- \"$@\" }}; _files() {{ : }}; source {file}; "
                      f"words=({quoted}); CURRENT={len(typed)}; _berth")
        else:
            script = f"source {file}; complete -C '{' '.join(typed)}'"
        found = [line.split("\t")[0] for line in in_shell(shell, script)]
        return [one for one in found if one and one.startswith(words[-1])]

    return complete


SHELLS = ["bash", "zsh", "fish"]


@pytest.mark.parametrize("shell", SHELLS)
def test_commands_options_and_choices(completed, shell):
    assert completed(shell, "role", "ass") == ["assignment"]
    assert sorted(completed(shell, "role", "assignment", "")[:4]) == ["create", "delete", "list", "show"]
    assert completed(shell, "ro") and set(completed(shell, "ro")) == {"role", "routes"}
    assert sorted(completed(shell, "registry", "list", "--output", "")) == ["json", "table", "yaml"]
    assert completed(shell, "registry", "update", "berth", "--permissions", "repo") == ["repository"]
    assert set(completed(shell, "completion", "")) >= {"bash", "zsh", "fish"}
    if shell != "fish":  # fish offers options once a dash was typed
        assert "--assignee" in completed(shell, "role", "assignment", "create", "--role", "AcrPull", "--a")


@pytest.mark.parametrize("shell", SHELLS)
def test_every_subcommand_is_offered(run, completed, shell):
    tree: dict[tuple[str, ...], set[str]] = {}
    for one in run.json("commands"):
        words = one["command"].split()[1:]
        for depth in range(len(words)):
            tree.setdefault(tuple(words[:depth]), set()).add(words[depth])
    assert len(tree) > 10
    for path, names in tree.items():
        assert names <= set(completed(shell, *path, "")), path


def test_bash_can_source_it(run):
    assert in_shell("bash", f"set -eu; source /dev/stdin <<'EOF'\n{run('completion', 'bash').stdout}\nEOF\ncomplete -p berth")[0].startswith("complete")


def test_unknown_shells_are_refused(run):
    assert "tcsh" in run.refused("completion", "tcsh", code=2)
