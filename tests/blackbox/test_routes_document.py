"""docs/authorization.md holds the program's own tables."""

import pathlib
import re
import subprocess

import pytest

from harness.server import binary

DOCUMENT = pathlib.Path(__file__).parents[2] / "docs" / "authorization.md"


@pytest.mark.parametrize(("mark", "flag"), [("routes", "--markdown"), ("roles", "--roles")])
def test_the_document_holds_the_programs_table(mark, flag):
    printed = subprocess.run([binary(), "routes", flag], check=True, capture_output=True, text=True).stdout
    table = DOCUMENT.read_text().split(f"<!-- {mark} -->\n")[1].split(f"<!-- /{mark} -->")[0]
    assert table == printed, f"make it anew: berth routes {flag}"


def test_links_of_the_document_lead_somewhere():
    text = DOCUMENT.read_text()
    headings = {re.sub(r"[^a-z0-9 -]", "", line.lstrip("# ").lower()).replace(" ", "-")
                for line in text.splitlines() if line.startswith("#")}
    for target in re.findall(r"\]\(([^)]+)\)", text):
        if target.startswith("#"):
            assert target[1:] in headings, target
        else:
            assert (DOCUMENT.parent / target.partition("#")[0]).exists(), target


def test_every_open_route_says_why():
    printed = subprocess.run([binary(), "routes", "--markdown"], check=True, capture_output=True, text=True).stdout
    rows = [line.split(" | ") for line in printed.splitlines()[2:]]
    assert len(rows) > 50
    for row in rows:
        needs = row[3]
        assert needs, row
        assert not needs.startswith("open:") or len(needs) > len("open: "), row
