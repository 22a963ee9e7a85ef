"""Stored content is compared with its digests; what is damaged is quarantined, told, never served, and healed by a push."""

import os
import sqlite3
import time

import pytest

from harness import content, identities
from harness.content import digest_of
from harness.http_client import Http
from harness.oci import Oci, error_codes

FAST = ("--scrub-bytes-per-second", "1000000000", "--scrub-interval-hours", "0")


def oci_of(server) -> Oci:
    http = Http(server.http)
    owner = identities.bootstrap_owner(http, server.bootstrap)
    return Oci(http, server.bootstrap.login_server, owner.credentials)


def metric(server, name: str) -> float:
    http = Http(server.http)
    text = http.get("/metrics").expect(200).body.decode()
    http.close()
    [value] = [line.split()[1] for line in text.splitlines() if line.startswith(name + " ")]
    return float(value)


def wait_for(server, name: str, least: float, seconds: float = 90) -> None:
    deadline = time.monotonic() + seconds
    while metric(server, name) < least:
        assert time.monotonic() < deadline, f"{name} did not reach {least}:\n{server.log[-2000:]}"
        time.sleep(0.1)


def flip(path) -> None:
    with open(path, "r+b") as file:
        file.seek(1000)
        byte = file.read(1)
        file.seek(1000)
        file.write(bytes([byte[0] ^ 0x10]))


def damage(server, how: str, image) -> None:
    """With the server stopped."""
    [file] = [path for path in (server.data / "blobs").rglob("*") if path.is_file()]
    database = sqlite3.connect(server.data / "berth.db")
    stored = lambda digest: bytes([1]) + bytes.fromhex(digest.split(":")[1])  # noqa: E731
    if how == "a bit of a file":
        flip(file)
    elif how == "a file is shorter":
        os.truncate(file, 1000)
    elif how == "a file is gone":
        file.unlink()
    elif how == "a small blob":
        database.execute("update blobs set content = ? where digest = ?", (b"x" * len(image.blobs[0]), stored(digest_of(image.blobs[0]))))
    elif how == "a manifest":
        database.execute("update manifests set content = ? where digest = ?", (b"y" * len(image.data), stored(image.digest)))
    database.commit()
    database.close()


@pytest.mark.parametrize("how", ["a bit of a file", "a file is shorter", "a file is gone", "a small blob", "a manifest"])
def test_damage_is_found_quarantined_and_healed(own_berth, run, tmp_path, how):
    server = own_berth("--scrub-bytes-per-second", "0").start()
    oci = oci_of(server)
    image, other = content.image(size=200_000), content.image(size=100)
    oci.push("app", image, "v1")
    oci.push("other", other, "v1")
    server.stop()
    damage(server, how, image)

    server.flags = list(FAST)
    server.start()
    wait_for(server, "berth_quarantined", 1)
    assert metric(server, "berth_scrub_damaged_total") == 1
    assert server.log.count("is damaged: ") == 1
    oci = oci_of(server)
    if how == "a manifest":
        paths, code = ["/v2/app/manifests/v1", f"/v2/app/manifests/{image.digest}"], "MANIFEST_UNKNOWN"
        assert image.digest in server.log
    else:
        digest = digest_of(image.blobs[0 if how == "a small blob" else 1])
        paths, code = [f"/v2/app/blobs/{digest}"], "BLOB_UNKNOWN"
        assert digest in server.log
        # Whoever lists it would lose it: the push is refused, and says what to send again.
        refused = oci.put_manifest("app", "v2", image.data)
        assert refused.status in (400, 404) and error_codes(refused) == ["MANIFEST_BLOB_UNKNOWN"], refused
        oci.start_upload("other", f"?mount={digest}&from=app").expect(202)
    for path in paths:
        answer = oci.get(path).expect(404)
        assert error_codes(answer) == [code] and b"damaged" in answer.body and b"again" in answer.body
        oci.head(path).expect(404)
    oci.get_manifest("other", "v1").expect(200)
    run("check", "--data", str(server.data), code=None)

    # A backup of what is here is whole, and says what was damaged before it was made.
    run("backup", "--data", str(server.data), str(tmp_path / "backup"))
    told = run.json("restore", str(tmp_path / "backup"), str(tmp_path / "restored"))
    assert told["damage"] == [] and len(told["quarantined"]) == 1, told
    assert "push it again" in told["quarantined"][0]
    assert "Damaged already" in run("restore", str(tmp_path / "backup"), str(tmp_path / "told")).stdout

    # Clients ask with HEAD what is missing and send just that.
    oci.push("app", image, "v1")
    for path in paths:
        oci.get(path).expect(200)
    for blob in image.blobs:
        assert oci.get_blob("app", digest_of(blob)).expect(200).body == blob
    assert oci.get_manifest("app", "v1").expect(200).body == image.data
    ended = metric(server, "berth_scrubbed_total")
    wait_for(server, "berth_scrubbed_total", ended + 12)
    assert metric(server, "berth_scrub_damaged_total") == 1, "it is whole again"
    assert metric(server, "berth_quarantined") == 0
    run("check", "--data", str(server.data))
    server.stop()


def position(server):
    """Part, repository, digest, beginning and end of the round; of a stopped server."""
    database = sqlite3.connect(server.data / "berth.db")
    row = database.execute("select part, repository_id, digest, begun_at, ended_at from content_check").fetchone()
    database.close()
    return row


def test_it_goes_on_where_it_stood(own_berth):
    """Slowly, with restarts in between: no restart begins anew."""
    server = own_berth("--scrub-bytes-per-second", "0").start()
    oci = oci_of(server)
    for number in range(12):
        oci.push("app", content.image(size=90_000), f"v{number}")
    server.stop()
    server.flags = ["--scrub-bytes-per-second", "60000", "--scrub-interval-hours", "1"]  # 20 seconds for all
    steps = []
    for _ in range(3):
        server.start()
        wait_for(server, "berth_scrubbed_total", 2)
        server.stop()
        steps.append(position(server))
    assert len({step[3] for step in steps}) == 1, "one round"
    assert [step[:3] for step in steps] == sorted({step[:3] for step in steps}), "each start came further"
    assert steps[0][2], "not at the beginning"
    server.flags[1] = "1000000000"
    server.start()
    wait_for(server, "berth_scrub_round_end_seconds", 1)
    server.stop()
    *_, begun, ended = position(server)
    assert begun == steps[0][3] and ended > begun
    server.start()
    wait_for(server, "berth_scrub_round_end_seconds", 1)
    assert metric(server, "berth_scrubbed_total") == 0, "the next round is not due"
    server.stop()


def test_it_keeps_to_its_rate(own_berth):
    server = own_berth("--scrub-bytes-per-second", "0").start()
    oci = oci_of(server)
    for number in range(8):
        oci.push("app", content.image(size=500_000), f"v{number}")
    server.stop()
    server.flags = ["--scrub-bytes-per-second", "400000", "--scrub-interval-hours", "0"]
    server.start()
    began = time.monotonic()
    first = metric(server, "berth_scrubbed_bytes_total")
    time.sleep(3)
    read = metric(server, "berth_scrubbed_bytes_total") - first
    took = time.monotonic() - began
    assert 0 < read <= 400_000 * took + 600_000
    server.stop()


def test_it_can_be_turned_off(own_berth):
    server = own_berth("--scrub-bytes-per-second", "0").start()
    http = Http(server.http)
    assert "berth_scrub" not in http.get("/metrics").body.decode()
