"""docs/control-plane.md names tests that exist."""

import ast
import re

from test_table_of_requirements import HERE

TABLE = HERE.parents[1] / "docs" / "control-plane.md"


def rows() -> list[list[str]]:
    lines = [line for line in TABLE.read_text(encoding="utf-8").splitlines() if re.match(r"\| (?!what \||---)", line)]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]


def existing_tests() -> set[str]:
    found = set()
    for file in (*HERE.glob("test_*.py"), *(HERE.parent / "clients").rglob("test_*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                found.add(f"{file.stem}::{node.name}")
    return found


def test_each_row_says_what_is_promised_and_names_tests():
    assert len(rows()) > 45
    for row in rows():
        assert len(row) == 2 and row[0], row
        assert re.fullmatch(r"`test_\w+::test_\w+`(, `test_\w+::test_\w+`)*", row[1]), row


def test_each_test_of_the_table_exists():
    assert {name for row in rows() for name in re.findall(r"`(test_\w+::test_\w+)`", row[1])} - existing_tests() == set()
