"""Fixtures that every folder of tests shares; they are explained in harness/fixtures.py."""

import sys

sys.dont_write_bytecode = True

pytest_plugins = ["harness.fixtures"]
