"""Garbage: what is collected and what is not, `berth gc`, and pushes that meet the collection."""

import os
import random
import signal
import sqlite3
import threading
import time

import pytest

from harness import content, identities
from harness.content import digest_of
from harness.http_client import Http
from harness.oci import Oci


def owner_of(server, http=None):
    return identities.bootstrap_owner(http or Http(server.http), server.bootstrap)


def oci_of(server) -> Oci:
    owner = owner_of(server)
    return Oci(owner.http, server.bootstrap.login_server, owner.credentials)


def wait_until(what, seconds=60):
    """Polls until it is true: how long a machine takes is no part of the test."""
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline, "it did not come to pass"
        time.sleep(0.05)


def files_of_blobs(server) -> list[str]:
    return [name for _, _, names in os.walk(server.data / "blobs") for name in names]


def age(server, sql: str, *values) -> None:
    """Makes rows older than they are, with the server running or stopped."""
    database = sqlite3.connect(server.data / "berth.db", timeout=30)
    database.execute(sql, values)
    database.commit()
    database.close()


TWO_DAYS = 2 * 24 * 3600 * 1_000_000


def test_dry_run_says_what_and_why_and_a_run_takes_just_that(own_berth, run):
    server = own_berth().start()
    oci = oci_of(server)
    kept, deleted = content.image(size=100_000), content.image(size=100_000)
    oci.push("app", kept, "v1")
    oci.push("app", deleted, "v2")
    lonely = content.random_blob(100)
    oci.push_blob("app", lonely)
    oci.delete(f"/v2/app/manifests/{deleted.digest}").expect(202)

    data = str(server.data)
    survey = run.json("gc", "--data", data, "--dry-run")
    assert survey["findings"] == [] and survey["waiting"] == 3, "two blobs of the image and one that nobody listed wait"
    assert survey["policy"] == {"graceSeconds": 24 * 3600, "unlistedBlobs": "collect", "untaggedManifestSeconds": None}
    assert set(run.json("gc", "--data", data)["collected"].values()) == {0}

    age(server, "update garbage_candidates set queued_at = queued_at - ?", TWO_DAYS)
    age(server, "update repository_blobs set created_at = created_at - ?", TWO_DAYS)
    survey = run.json("gc", "--data", data, "--dry-run")
    assert survey["would"] == {"manifests": 0, "links": 3, "blobs": 3, "objects": 0, "uploads": 0}
    found = {(one["what"], one["name"]): one for one in survey["findings"]}
    link = found["link", digest_of(lonely)]
    assert link["repository"] == "app" and "no manifest" in link["why"] and link["bytes"] == 100
    assert "deleted" in found["link", digest_of(deleted.blobs[1])]["why"]
    assert ("blob", digest_of(deleted.blobs[1])) in found
    table = run("gc", "--data", data, "--dry-run").stdout
    assert "WHY" in table and digest_of(lonely) in table and "A run now would take" in table
    oci.get_blob("app", digest_of(lonely)).expect(200)

    done = run.json("gc", "--data", data)
    assert done["byServer"] is True and done["collected"]["links"] == 3 and done["collected"]["blobs"] == 3
    oci.get_blob("app", digest_of(lonely)).expect(404)
    oci.get_blob("app", digest_of(deleted.blobs[1])).expect(404)
    oci.get_blob("app", digest_of(kept.blobs[1])).expect(200)
    wait_until(lambda: len(files_of_blobs(server)) == 1)
    metrics = oci.http.get("/metrics").expect(200).body.decode()
    assert "berth_collected_blobs_total 3" in metrics
    assert "collected 0 untagged manifests, 3 links, 3 blobs" in server.log
    run("check", "--data", data)


def test_who_asks_whether_a_blob_is_there_keeps_it(own_berth, run):
    """As clients do before they push a manifest that lists it without sending it again."""
    server = own_berth().start()
    oci = oci_of(server)
    asked, forgotten = (oci.push_blob("app", content.random_blob(100)) for _ in range(2))
    age(server, "update garbage_candidates set queued_at = queued_at - ?", TWO_DAYS)
    age(server, "update repository_blobs set created_at = created_at - ?", TWO_DAYS)
    oci.head(f"/v2/app/blobs/{asked}").expect(200)
    assert run.json("gc", "--data", str(server.data))["collected"]["links"] == 1
    oci.head(f"/v2/app/blobs/{asked}").expect(200)
    oci.head(f"/v2/app/blobs/{forgotten}").expect(404)


def test_a_stopped_folder_is_collected_too(own_berth, run):
    server = own_berth("--garbage-grace-hours", "0").start()
    oci = oci_of(server)
    lonely = content.random_blob(100_000)
    server.stop()
    server.start()
    oci = oci_of(server)
    oci.push_blob("app", lonely)
    server.kill()
    done = run.json("gc", "--data", str(server.data))
    assert done["byServer"] is False
    assert done["policy"]["graceSeconds"] == 0, "by the policy of the server that served it last"
    assert done["collected"]["blobs"] == 1 and files_of_blobs(server) == []


def test_blobs_without_a_manifest_stay_by_policy(own_berth, run):
    server = own_berth("--garbage-grace-hours", "0", "--garbage-unlisted-blobs", "keep").start()
    oci = oci_of(server)
    digest = oci.push_blob("app", content.random_blob(50))
    assert set(run.json("gc", "--data", str(server.data))["collected"].values()) == {0}
    oci.get_blob("app", digest).expect(200)


def test_untagged_manifests_go_by_policy_alone(own_berth, run):
    server = own_berth("--garbage-grace-hours", "0").start()
    oci = oci_of(server)
    first, second = content.image(), content.image()
    oci.push("app", first, "v1")
    oci.push("app", second, "v1")
    age(server, "update untagged_manifests set untagged_at = untagged_at - ?", TWO_DAYS)
    survey = run.json("gc", "--data", str(server.data), "--dry-run")
    assert survey["untaggedManifestsKept"] == 1 and survey["would"]["manifests"] == 0
    run("gc", "--data", str(server.data))
    oci.get_manifest("app", first.digest).expect(200)
    server.stop()

    server.flags += ["--untagged-manifest-days", "1"]
    server.start()
    oci = oci_of(server)
    wait_until(lambda: run.json("gc", "--data", str(server.data), "--dry-run")["policy"]["untaggedManifestSeconds"] == 86400)
    survey = run.json("gc", "--data", str(server.data), "--dry-run")
    assert [(one["what"], one["name"]) for one in survey["findings"]] == [("manifest", first.digest)]
    assert run.json("gc", "--data", str(server.data))["collected"]["manifests"] == 1
    oci.get_manifest("app", first.digest).expect(404)
    oci.get_manifest("app", "v1").expect(200)


def keeps_untagged_for_a_day(own_berth, run):
    server = own_berth("--garbage-grace-hours", "0", "--untagged-manifest-days", "1").start()
    wait_until(lambda: run.json("gc", "--data", str(server.data), "--dry-run")["policy"]["untaggedManifestSeconds"] == 86400)
    return server, oci_of(server)


def test_who_sends_an_untagged_manifest_again_or_asks_for_it_keeps_it(own_berth, run):
    """As clients do with the children of an index before they push that."""
    server, oci = keeps_untagged_for_a_day(own_berth, run)
    sent, asked, forgotten = content.image(), content.image(), content.image()
    for image in (sent, asked, forgotten):
        oci.push("app", image)
    oci.get_manifest("app", asked.digest).expect(200)  # from memory from now on
    age(server, "update untagged_manifests set untagged_at = untagged_at - ?", TWO_DAYS)
    oci.put_manifest("app", sent.digest, sent.data).expect(201)
    oci.head(f"/v2/app/manifests/{asked.digest}").expect(200)
    assert run.json("gc", "--data", str(server.data))["collected"]["manifests"] == 1
    oci.put_manifest("app", "v1", content.index([sent.descriptor(), asked.descriptor()]).data, content.OCI_INDEX).expect(201)
    for image in (sent, asked):
        oci.get_manifest("app", image.digest).expect(200)
    oci.get_manifest("app", forgotten.digest).expect(404)


def test_children_and_referrers_that_a_policy_passed_over_are_sound(own_berth, run, tmp_path):
    server, oci = keeps_untagged_for_a_day(own_berth, run)
    child = content.image()
    oci.push("app", child)
    index = content.index([child.descriptor()])
    oci.put_manifest("app", "v1", index.data, content.OCI_INDEX).expect(201)
    oci.push("app", content.artifact("application/vnd.example.signature", index.descriptor()))
    age(server, "update untagged_manifests set untagged_at = untagged_at - ?", TWO_DAYS)
    assert run.json("gc", "--data", str(server.data))["collected"]["manifests"] == 0
    run("check", "--data", str(server.data))
    run("backup", "--data", str(server.data), str(tmp_path / "backup"))
    assert run.json("restore", str(tmp_path / "backup"), str(tmp_path / "restored"))["damage"] == []

    oci.delete("/v2/app/manifests/v1").expect(202)
    for left in (2, 1):  # the index with its referrer, then the child that nothing lists since then
        age(server, "update untagged_manifests set untagged_at = untagged_at - ?", TWO_DAYS)
        assert run.json("gc", "--data", str(server.data))["collected"]["manifests"] == left
    run("check", "--data", str(server.data))


def test_a_locked_tag_keeps_what_it_names_and_what_that_refers_to(own_berth, run):
    server, oci = keeps_untagged_for_a_day(own_berth, run)
    image = content.image()
    oci.push("app", image)
    oci.push("app", content.artifact("application/vnd.example.signature", image.descriptor()), "signature")
    oci.patch("/acr/v1/app/_tags/signature", json={"deleteEnabled": False}).expect(200)
    age(server, "update untagged_manifests set untagged_at = untagged_at - ?", TWO_DAYS)
    assert run.json("gc", "--data", str(server.data))["collected"]["manifests"] == 0
    refused = oci.delete(f"/v2/app/manifests/{image.digest}").expect(405)
    assert "'signature'" in refused.body.decode()
    oci.get_manifest("app", image.digest).expect(200)
    oci.get_manifest("app", "signature").expect(200)
    oci.patch("/acr/v1/app/_tags/signature", json={"deleteEnabled": True}).expect(200)
    oci.delete(f"/v2/app/manifests/{image.digest}").expect(202)


def test_abandoned_uploads_go(own_berth, run):
    server = own_berth().start()
    oci = oci_of(server)
    location = oci.location(oci.start_upload("app").expect(202))
    oci.patch_upload(location, content.random_blob(200_000)).expect(202)
    uploads = list((server.data / "uploads").iterdir())
    assert uploads
    for file in uploads:
        os.utime(file, (time.time() - 3 * 86400,) * 2)
    survey = run.json("gc", "--data", str(server.data), "--dry-run")
    assert survey["would"]["uploads"] == 1 and {one["what"] for one in survey["findings"]} == {"upload"}
    assert run.json("gc", "--data", str(server.data))["collected"]["uploads"] == 1
    assert list((server.data / "uploads").iterdir()) == []


def test_refuses_what_is_no_data_folder(run, tmp_path):
    assert "holds no data of berth" in run.refused("gc", "--data", str(tmp_path))


class Pusher(threading.Thread):
    """Pushes small and large blobs, mounts them, lists them in a manifest, checks that each acknowledged image is whole, and
    deletes it again, so that the next round meets its own garbage."""

    BLOBS = [bytes([number]) * (90_000 if number % 2 else 90) for number in range(6)]
    CONFIG = b"{}"

    def __init__(self, server, number: int, until: float):
        super().__init__()
        self.oci = oci_of(server)
        self.number, self.until = number, until
        self.acknowledged = self.refused = self.mounted = 0
        self.problems: list[str] = []

    def bring(self, repository: str, blob: bytes, turn: int) -> None:
        """As clients do: is it there? Else mount it from where it may be, else send it."""
        digest = digest_of(blob)
        if turn % 3 == 0 and self.oci.head(f"/v2/{repository}/blobs/{digest}").status == 200:
            return
        if turn % 3 == 1:
            answer = self.oci.start_upload(repository, f"?mount={digest}&from=race/{(self.number + 1) % 3}")
            if answer.status == 201:
                self.mounted += 1
                return
        self.oci.try_push_blob(repository, blob)

    def run(self) -> None:
        repository = f"race/{self.number}"
        turn = 0
        try:
            while time.monotonic() < self.until and not self.problems:
                turn += 1
                blobs = [self.BLOBS[(turn + offset) % len(self.BLOBS)] for offset in range(2)]
                for blob in (self.CONFIG, *blobs):
                    self.bring(repository, blob, turn)
                manifest = content.encode({
                    "schemaVersion": 2, "mediaType": content.OCI_MANIFEST,
                    "config": content.descriptor(self.CONFIG, content.OCI_EMPTY),
                    "layers": [content.descriptor(blob, content.OCI_LAYER) for blob in blobs],
                    "annotations": {"turn": f"{self.number} {turn % 7}"}})
                answer = self.oci.put_manifest(repository, "v1", manifest)
                if answer.status == 404 or answer.status == 400 and b"MANIFEST_BLOB_UNKNOWN" in answer.body:
                    self.refused += 1  # collected before anything referred to it: the client is told, and sends it again
                    continue
                answer.expect(201)
                self.acknowledged += 1
                for blob in (self.CONFIG, *blobs):
                    got = self.oci.get_blob(repository, digest_of(blob))
                    if got.status != 200 or got.body != blob:
                        self.problems.append(f"turn {turn}: {got}")
                self.oci.delete(f"/v2/{repository}/manifests/{digest_of(manifest)}").expect(202)
        except Exception as problem:  # noqa: BLE001: told by the test
            self.problems.append(repr(problem))


@pytest.mark.parametrize("unlisted", ["collect", "keep"])
def test_no_acknowledged_push_loses_a_blob_to_the_collection(own_berth, run, unlisted):
    """Without any grace and with a run after the other, so that everything that can meet does."""
    server = own_berth("--garbage-grace-hours", "0", "--garbage-unlisted-blobs", unlisted).start()
    seconds = float(os.environ.get("BERTH_RACE_SECONDS", "10"))
    until = time.monotonic() + seconds
    pushers = [Pusher(server, number, until) for number in range(3)]
    for pusher in pushers:
        pusher.start()
    runs = 0
    while any(pusher.is_alive() for pusher in pushers):
        server.send(signal.SIGUSR1)  # what `berth gc` sends
        runs += 1
        time.sleep(random.choice((0.0, 0.02, 0.5)))  # some pushes meet several runs, some none
    for pusher in pushers:
        pusher.join()
    assert [problem for pusher in pushers for problem in pusher.problems] == []
    assert sum(pusher.acknowledged for pusher in pushers) > 0
    metrics = {line.split()[0]: float(line.split()[1]) for line in Http(server.http).get("/metrics").body.decode().splitlines()
               if line.startswith("berth_collected")}
    assert metrics["berth_collected_blobs_total"] > 0 and metrics["berth_collected_objects_total"] >= 0
    print(f"{sum(p.acknowledged for p in pushers)} pushes acknowledged, {sum(p.refused for p in pushers)} refused, "
          f"{sum(p.mounted for p in pushers)} mounts, {runs} runs asked for, {metrics}")
    run("check", "--data", str(server.data))
    server.stop()
