"""Another time of day for a server: libfaketime stands before the C library's clock."""

from pathlib import Path

import pytest

from harness.server import is_sanitized


def shifted(offset: str) -> dict[str, str]:
    """Variables for a server that lives `offset` away ("-2d", "+31d"); skips the test where libfaketime is missing."""
    if is_sanitized():
        pytest.skip("libfaketime and a sanitizer do not go together")
    libraries = sorted(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"))
    if not libraries:
        pytest.skip("needs libfaketime (Debian: libfaketime) to let time go by")
    return {"LD_PRELOAD": str(libraries[0]), "FAKETIME": offset, "FAKETIME_DONT_FAKE_MONOTONIC": "1"}
