"""A disk that fills up: reads go on, writes are refused with 507 in the error shape of their protocol, and with room again
all goes on without a restart."""

import os
import subprocess
import uuid

import pytest

from harness import content
from harness.http_client import Http
from harness.identities import bootstrap_owner
from harness.oci import Oci, error_codes
from harness.server import binary, environment

AZURE_CLI = "04b07795-8ddb-461a-bbee-02f9e1bf7b46"


@pytest.fixture
def small_disk(tmp_path):
    if os.geteuid() != 0:
        pytest.skip("needs root to mount a small file system")
    folder = tmp_path / "disk"
    folder.mkdir()
    made = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", str(folder)], capture_output=True, text=True)
    if made.returncode != 0:
        pytest.skip(f"cannot mount a small file system here: {made.stderr.strip()}")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def fill(folder) -> None:
    with open(folder / "filler", "wb", buffering=0) as filler:
        for size in (1 << 20, 4096, 1):
            try:
                while True:
                    filler.write(b"x" * size)
            except OSError:
                pass


def is_arm_error(answer) -> bool:
    error = answer.json()["error"]
    return bool(error["code"]) and bool(error["message"])


def test_each_protocol_says_that_the_disk_is_full(own_berth, small_disk):
    server = own_berth("--garbage-interval-seconds", "3600", data=small_disk / "data").start()
    facts = server.bootstrap
    http = Http(server.http)
    owner = bootstrap_owner(http, facts)
    oci = Oci(http, facts.login_server, owner.credentials, "basic")
    kept = content.image(size=500_000)
    oci.push("kept", kept, "latest")
    large, small = content.random_blob(300_000), content.random_blob(200)
    arm_token, graph_token = owner.entra_token(), owner.graph.token
    assert arm_token and graph_token

    assignment = str(uuid.uuid4())

    def writes() -> dict:
        """Each write as a call; the statuses that say it was done."""
        return {
            "large blob": (lambda: oci.try_push_blob("new", large), (201,)),
            "small blob": (lambda: oci.try_push_blob("new", small), (201,)),
            "manifest": (lambda: oci.put_manifest("kept", "next", kept.data), (201,)),
            "acr": (lambda: oci.patch("/acr/v1/kept", json={"listEnabled": True}), (200,)),
            "arm": (lambda: owner.arm.put_registry("fullregistry"), (200, 201)),
            "assignment": (lambda: owner.arm.put_assignment("AcrPull", owner.object_id, facts.registry_id, assignment), (201,)),
            "sign-in": (lambda: http.post(f"/{facts.tenant_id}/oauth2/v2.0/devicecode",
                                          form={"client_id": AZURE_CLI, "scope": "https://management.azure.com/.default"}), (200,)),
            "graph": (lambda: owner.graph.call("POST", "/applications", json={"displayName": "full"}), (201,)),
        }

    def reads() -> None:
        assert oci.get_manifest("kept", "latest").expect(200).body == kept.data
        for blob in kept.blobs:
            assert oci.get_blob("kept", content.digest_of(blob)).expect(200).body == blob
        assert "latest" in oci.tags("kept")
        owner.arm.call("GET", facts.registry_id).expect(200)
        owner.graph.call("GET", "/applications").expect(200)
        # Tokens are made of keys, not of rows: signing in goes on.
        assert owner.entra_token()
        bearer = Oci(http, facts.login_server, owner.credentials)
        assert bearer.get_manifest("kept", "latest").expect(200).body == kept.data

    # Small writes still fit into what the database's log has: use that up, too.
    fill(small_disk)
    for _ in range(200):
        if oci.try_push_blob("filler", content.random_blob(60_000)).status == 507:
            break
    else:
        raise AssertionError("the disk does not get full")

    for name, (write, _) in writes().items():
        answer = write()
        assert answer.status == 507, f"{name}: {answer}"
        if name in ("large blob", "small blob", "manifest", "acr"):
            assert error_codes(answer), answer
        elif name == "sign-in":
            assert answer.json()["error"] and answer.json()["error_description"], answer
        else:
            assert is_arm_error(answer), answer
        reads()
    ended = subprocess.run([str(binary()), "check", "--data", str(server.data)], capture_output=True, text=True, env=environment())
    assert ended.returncode == 0, ended.stdout + ended.stderr

    (small_disk / "filler").unlink()
    for name, (write, done) in writes().items():
        assert write().status in done, name
    reads()
    http.close()
    server.stop()
    ended = subprocess.run([str(binary()), "check", "--data", str(server.data)], capture_output=True, text=True, env=environment())
    assert ended.returncode == 0, ended.stdout + ended.stderr

