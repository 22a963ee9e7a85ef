"""Locks that are set while an import runs."""

import time

import pytest

from harness.content import digest_of, image, unique
from harness.source_registry import wait_for
from test_import_remote import body_of, failed, nothing_came, source, target  # noqa: F401 (fixtures)

LOCKS_VERSION = "2020-05-01"
SECONDS = 60


@pytest.fixture
def lock(target):
    """lock(scope, level): ends with the test."""
    made = []

    def put(scope: str, level: str) -> None:
        path = f"{scope}/providers/Microsoft.Authorization/locks/{unique('lock')}"
        target.arm.call("PUT", path, LOCKS_VERSION, json={"properties": {"level": level}}).expect(201)
        made.append(path)

    yield put
    for path in made:
        target.arm.call("DELETE", path, LOCKS_VERSION).expect(200)


@pytest.mark.parametrize("at, level, ends", [("registry", "ReadOnly", "Failed"), ("group", "ReadOnly", "Failed"),
                                             ("registry", "CanNotDelete", "Succeeded")])
def test_a_lock_that_is_set_meanwhile(target, source, lock, at, level, ends):
    one = image(size=100_000)
    source.push(one, "1")
    reached, go_on = [], []

    def wait(handler):
        reached.append(1)
        while not go_on:
            time.sleep(0.01)
        source.answer(handler)

    source.answers[f"/v2/x/blobs/{digest_of(one.blobs[1])}"] = wait
    name = unique()
    begun = target.begin(body_of(source.host, "x:1", f"{name}:1"))
    deadline = time.monotonic() + SECONDS
    while not reached and time.monotonic() < deadline:
        time.sleep(0.01)
    lock(target.registry.id if at == "registry" else target.berth.bootstrap.group_scope, level)
    go_on.append(1)
    status = wait_for(target.arm, begun)
    if ends == "Succeeded":
        assert status["status"] == "Succeeded", status
        return
    assert "Please remove the lock" in failed(status, "ScopeLocked")
    nothing_came(target, name)
