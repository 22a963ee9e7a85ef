"""What several modules of black-box tests share and that costs a server of its own."""

import pytest

from harness.server import Berth


@pytest.fixture(scope="session")
def matrix(tmp_path_factory):
    """The world of the permission matrix (permission_matrix/people.py): leave it as you find it."""
    from permission_matrix import people

    with Berth(tmp_path_factory.mktemp("matrix")) as berth:
        yield people.build(berth)
