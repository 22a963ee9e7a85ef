"""docs/specification.md and the tests of the specification say the same."""

import ast
import re
from pathlib import Path

HERE = Path(__file__).resolve().parent
TABLE = HERE.parents[1] / "docs" / "specification.md"
LEVELS = {"MUST", "MUST NOT", "SHOULD", "SHOULD NOT", "MAY", "*next*", "table of endpoints"}


def rows() -> list[list[str]]:
    lines = [line for line in TABLE.read_text(encoding="utf-8").splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines[2:]]


def named_tests() -> set[str]:
    return {name for row in rows() for name in re.findall(r"`(test_\w+::test_\w+)`", row[3])}


def existing_tests(pattern: str) -> set[str]:
    found = set()
    for file in HERE.glob(pattern):
        for node in ast.parse(file.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                found.add(f"{file.stem}::{node.name}")
    return found


def test_each_row_has_a_section_a_requirement_a_level_and_tests():
    table = rows()
    assert len(table) > 60
    for row in table:
        assert len(row) == 4 and all(row), row
        assert {level.strip() for level in row[2].split(",")} <= LEVELS, row
        assert re.fullmatch(r"`test_\w+::test_\w+`(, `test_\w+::test_\w+`)*", row[3]), row


def test_each_test_of_the_table_exists():
    assert named_tests() - existing_tests("test_*.py") == set()


def test_each_test_of_the_specification_is_in_the_table():
    assert existing_tests("test_spec_*.py") - named_tests() == set()
