"""docs/authorization.md holds the program's own route table."""

import pathlib
import subprocess

from harness.server import binary

DOCUMENT = pathlib.Path(__file__).parents[2] / "docs" / "authorization.md"


def test_the_document_holds_the_route_table():
    printed = subprocess.run([binary(), "routes", "--markdown"], check=True, capture_output=True, text=True).stdout
    text = DOCUMENT.read_text()
    table = text.split("<!-- routes -->\n")[1].split("<!-- /routes -->")[0]
    assert table == printed, "make it anew: berth routes --markdown"


def test_every_open_route_says_why():
    printed = subprocess.run([binary(), "routes", "--markdown"], check=True, capture_output=True, text=True).stdout
    rows = [line.split(" | ") for line in printed.splitlines()[2:]]
    assert len(rows) > 50
    for row in rows:
        needs = row[3]
        assert needs, row
        assert not needs.startswith("open:") or len(needs) > len("open: "), row
