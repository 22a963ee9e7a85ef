"""Backups of a running server: whole, of one moment, restored with everything that was in them."""

import json
import os
import shutil
import signal
import subprocess
import threading
import time

import pytest

from harness import content, identities
from harness.content import digest_of
from harness.http_client import Http
from harness.oci import Oci
from harness.server import binary


def oci_of(server, credentials=None) -> Oci:
    http = Http(server.http)
    owner = identities.bootstrap_owner(http, server.bootstrap)
    return Oci(http, server.bootstrap.login_server, credentials or owner.credentials)


def check_image(oci: Oci, repository: str, reference: str) -> None:
    manifest = oci.get_manifest(repository, reference).expect(200)
    assert digest_of(manifest.body) == manifest.header("Docker-Content-Digest")
    document = manifest.json()
    for blob in (document["config"], *document["layers"]):
        assert digest_of(oci.get_blob(repository, blob["digest"]).expect(200).body) == blob["digest"]


class Pushing(threading.Thread):
    """Pushes images and deletes old ones until it is told to end; the tags that were acknowledged."""

    def __init__(self, server, number: int):
        super().__init__()
        self.oci, self.number = oci_of(server), number
        self.stopping = threading.Event()
        self.tags: list[str] = []
        self.deleted: set[str] = set()
        self.problem: BaseException | None = None

    def run(self) -> None:
        try:
            while not self.stopping.is_set():
                image = content.image(layers=2, size=70_000 if len(self.tags) % 2 else 500)
                tag = f"v{len(self.tags)}"
                self.oci.push(f"busy/{self.number}", image, tag)
                self.tags.append(tag)
                if len(self.tags) % 3 == 0:
                    doomed = self.tags[len(self.tags) // 2]
                    self.deleted.add(doomed)
                    digest = self.oci.get_manifest(f"busy/{self.number}", doomed).header("Docker-Content-Digest")
                    if digest:
                        self.oci.delete(f"/v2/busy/{self.number}/manifests/{digest}").expect(202)
        except BaseException as problem:  # noqa: BLE001: told by the test
            self.problem = problem


@pytest.mark.parametrize("flags", [[], ["--copy"]], ids=["linked", "copied"])
def test_backup_under_pushes_restores_whole(own_berth, run, tmp_path, flags):
    # Without any grace: only the backup keeps the files of what is deleted meanwhile.
    server = own_berth("--garbage-grace-hours", "0", "--garbage-interval-seconds", "1",
                       "--garbage-unlisted-blobs", "keep").start()
    before = oci_of(server)
    before.push("before", content.image(size=100_000), "v1")
    pushers = [Pushing(server, number) for number in range(2)]
    for pusher in pushers:
        pusher.start()
    while min(len(pusher.tags) for pusher in pushers) < 6:
        assert not any(pusher.problem for pusher in pushers), [pusher.problem for pusher in pushers]
        time.sleep(0.05)
    acknowledged = [list(pusher.tags) for pusher in pushers]
    done = run.json("backup", "--data", str(server.data), str(tmp_path / "backup"), *flags)
    doomed = [set(pusher.deleted) for pusher in pushers]
    for pusher in pushers:
        pusher.stopping.set()
        pusher.join()
    assert [pusher.problem for pusher in pushers] == [None, None]
    assert done["serverWasRunning"] is True and done["missing"] == [] and done["blobs"] > 0
    assert done["linked"] == (0 if flags else done["blobs"])
    old_owner = identities.bootstrap_owner(Http(server.http), server.bootstrap).credentials
    server.kill()
    shutil.rmtree(server.data)  # nothing of it is needed any more

    told = run.json("restore", str(tmp_path / "backup"), str(tmp_path / "restored"))
    assert told["damage"] == [] and told["blobs"] == done["blobs"]
    restored = own_berth(data=tmp_path / "restored").start()
    oci = oci_of(restored, old_owner)
    check_image(oci, "before", "v1")
    for number, tags in enumerate(acknowledged):
        there = oci.tags(f"busy/{number}")
        assert set(tags) - doomed[number] <= set(there), "what was acknowledged before the backup began is in it"
        for tag in there:
            check_image(oci, f"busy/{number}", tag)
    oci.push("after", content.image(size=100_000), "v1")
    run("check", "--data", str(restored.data))
    restored.stop()


def test_backup_of_a_stopped_folder(own_berth, run, tmp_path):
    server = own_berth().start()
    oci = oci_of(server)
    oci.push("app", content.image(size=100_000), "v1")
    server.stop()
    done = run.json("backup", "--data", str(server.data), str(tmp_path / "backup"))
    assert done["serverWasRunning"] is False
    assert (tmp_path / "backup").stat().st_mode & 0o777 == 0o700
    assert (tmp_path / "backup" / "berth.db").stat().st_mode & 0o777 == 0o600
    run("restore", str(tmp_path / "backup"), str(tmp_path / "restored"))
    restored = own_berth(data=tmp_path / "restored").start()
    check_image(oci_of(restored), "app", "v1")


@pytest.fixture
def backup(own_berth, run, tmp_path):
    server = own_berth().start()
    oci_of(server).push("app", content.image(size=100_000), "v1")
    run("backup", "--data", str(server.data), str(tmp_path / "backup"), "--copy")
    server.stop()
    return tmp_path / "backup"


def test_an_interrupted_backup_is_never_taken_for_a_whole_one(own_berth, run, tmp_path):
    server = own_berth().start()
    oci = oci_of(server)
    for number in range(20):
        oci.push("app", content.image(size=300_000), f"v{number}")
    target = tmp_path / "backup"
    interrupted = 0
    for attempt in range(12):
        process = subprocess.Popen([str(binary()), "backup", "--data", str(server.data), str(target), "--copy"],
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=run.environment)
        time.sleep(0.004 * attempt)
        process.send_signal(signal.SIGKILL)
        process.wait()
        if target.exists():  # it was done before: then it is whole
            run("restore", str(target), str(tmp_path / f"restored{attempt}"))
            shutil.rmtree(target)
            continue
        interrupted += 1
        left = tmp_path / "backup.incomplete"
        if (left / "backup.json").exists():  # written when all else is there: only its name is missing
            run("restore", str(left), str(tmp_path / f"restored{attempt}"))
        elif left.exists():
            said = run.refused("restore", str(left), str(tmp_path / "never"))
            assert "interrupted" in said and not (tmp_path / "never").exists()
    assert interrupted > 0
    # What they left is in nobody's way, and the collection goes on when their hold has ended.
    run("backup", "--data", str(server.data), str(target))
    assert not (tmp_path / "backup.incomplete").exists()
    run("restore", str(target), str(tmp_path / "restored"))
    server.stop()


def damage_of(backup, how: str) -> None:
    [blob] = [path for path in (backup / "blobs").rglob("*") if path.is_file()]
    if how == "a byte of a blob":
        with open(blob, "r+b") as file:
            file.seek(50_000)
            byte = file.read(1)
            file.seek(50_000)
            file.write(bytes([byte[0] ^ 1]))
    elif how == "a blob is gone":
        blob.unlink()
    elif how == "the database":
        with open(backup / "berth.db", "r+b") as file:
            file.seek(8000)
            file.write(b"damaged")
    elif how == "no description":
        (backup / "backup.json").unlink()
    elif how == "a torn description":
        os.truncate(backup / "backup.json", 20)
    elif how == "a newer one":
        document = json.loads((backup / "backup.json").read_text())
        document["dataVersion"] += 1000
        (backup / "backup.json").write_text(json.dumps(document))


@pytest.mark.parametrize("how", ["a byte of a blob", "a blob is gone", "the database", "no description",
                                 "a torn description", "a newer one"])
def test_a_damaged_backup_is_not_restored(backup, run, tmp_path, how):
    damage_of(backup, how)
    said = run.refused("restore", str(backup), str(tmp_path / "restored"))
    assert any(word in said for word in ("damaged", "no backup", "newer")), said
    assert not (tmp_path / "restored").exists() and not (tmp_path / "restored.incomplete").exists()


def test_what_is_whole_is_restored_when_asked_for(backup, own_berth, run, tmp_path):
    damage_of(backup, "a blob is gone")
    told = run.json("restore", str(backup), str(tmp_path / "restored"), "--despite-damage")
    assert len(told["damage"]) >= 1
    restored = own_berth(data=tmp_path / "restored").start()
    oci_of(restored).get_manifest("app", "v1").expect(200)


def test_nothing_is_overwritten(backup, run, tmp_path):
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken" / "file").write_text("mine")
    assert "already" in run.refused("restore", str(backup), str(tmp_path / "taken"))
    assert (tmp_path / "taken" / "file").read_text() == "mine"
    data = tmp_path / "server0" / "data"
    assert "already" in run.refused("backup", "--data", str(data), str(backup))
    assert "cannot lie in" in run.refused("backup", "--data", str(data), str(data / "backup"), code=2)
    assert "not there" in run.refused("backup", "--data", str(data), str(tmp_path / "no" / "backup"))
