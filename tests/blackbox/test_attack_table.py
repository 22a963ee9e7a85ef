"""docs/attacks.md and the tests of attacks say the same."""

import re

from test_table_of_requirements import HERE, existing_tests

TABLE = HERE.parents[1] / "docs" / "attacks.md"


def rows() -> list[list[str]]:
    lines = [line for line in TABLE.read_text(encoding="utf-8").splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines[2:]]


def named_tests() -> set[str]:
    return {name for row in rows() for name in re.findall(r"`(test_\w+::test_\w+)`", row[-1])}


def test_each_row_says_what_holds_and_names_tests():
    assert len(rows()) > 25
    for row in rows():
        assert len(row) == 4 and row[0] and row[2], row
        assert re.fullmatch(r"`test_\w+::test_\w+`(, `test_\w+::test_\w+`)*", row[3]), row


def test_each_test_of_the_table_exists():
    assert named_tests() - existing_tests("test_*.py") == set()


def test_each_attack_is_in_the_table():
    mine = {name for name in existing_tests("test_attack_*.py") if not name.startswith(("test_attack_table::",
                                                                                        "test_attack_rights_that_end::"))}
    assert mine - named_tests() == set()
