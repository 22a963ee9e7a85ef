"""Fixtures that several modules share and that are no part of the harness."""

import pytest

from harness.command_line import CommandLine
from harness.server import Berth


@pytest.fixture
def run(tmp_path) -> CommandLine:
    """The command line, with nobody signed in."""
    return CommandLine(tmp_path / "home")


@pytest.fixture
def signed_in(run, berth) -> CommandLine:
    """The command line, signed in as the Owner of the shared server."""
    run("login", "--data", str(berth.data))
    return run


@pytest.fixture(scope="session")
def matrix(tmp_path_factory):
    """The world of the permission matrix (permission_matrix/people.py): leave it as you find it."""
    from permission_matrix import people

    with Berth(tmp_path_factory.mktemp("matrix")) as berth:
        yield people.build(berth)
