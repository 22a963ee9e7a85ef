"""Data of an earlier version, as its own program left it (data_versions/make.py), opened by this program."""

import json
import sqlite3
import tarfile
from pathlib import Path

import pytest

from harness import content, identities
from harness.http_client import Http
from harness.oci import Oci

VERSIONS = Path(__file__).with_name("data_versions")


@pytest.fixture(params=["2"])
def old(request, tmp_path, own_berth):
    """The server on that data, and what is known about it."""
    data = tmp_path / "old"
    data.mkdir(mode=0o700)
    with tarfile.open(VERSIONS / f"version-{request.param}.tar.gz") as archive:
        archive.extractall(data)  # noqa: S202: our own file
    database = sqlite3.connect(data / "berth.db")
    assert database.execute("pragma user_version").fetchone() == (int(request.param),)
    database.close()
    # However old the data is by now: nothing is collected before somebody asks, and then without a grace.
    server = own_berth("--garbage-interval-seconds", "86400", "--garbage-grace-hours", "0", data=data).start()
    yield server, json.loads((data / "facts.json").read_text())
    server.stop()


def test_everything_is_there_and_works(old, run):
    server, facts = old
    http = Http(server.http)
    owner = identities.bootstrap_owner(http, server.bootstrap)
    here = server.bootstrap.login_server
    second = f"secondone.{here.split('.', 1)[1]}"

    # The owner, with the secret of then: images, referrers, what was deleted.
    oci = Oci(http, here, owner.credentials)
    for name, digest in facts["images"].items():
        repository, tag = name.split(":")
        answer = oci.get_manifest(repository, tag).expect(200)
        assert content.digest_of(answer.body) == digest == answer.header("Docker-Content-Digest")
        for layer in answer.json().get("layers", []):
            blob = oci.get_blob(repository, layer["digest"]).expect(200).body
            assert content.digest_of(blob) == layer["digest"]
    assert oci.tags("app") == ["latest", "multi", "v1"]
    assert [one["digest"] for one in oci.referrers("app", facts["small"])] == [facts["signature"]]
    oci.get_manifest("app", facts["gone"]).expect(404)
    oci.get_blob("app", facts["neverListed"]).expect(200)

    # Roles: directly, by a group and a custom role, by a condition in the other mode.
    puller = Oci(http, here, facts["puller"])
    puller.get_manifest("app", "v1").expect(200)
    puller.start_upload("app").expect(401)
    member = Oci(http, here, facts["member"])
    member.push("from-the-member", content.image(), "v1")
    reader = Oci(http, second, facts["reader"])
    reader.get_manifest("open", "v1").expect(200)
    reader.get_manifest("closed", "v1").expect(401)
    Oci(http, second, facts["writer"]).push("closed", content.image(), "v2")

    # Passwords that berth itself gave.
    for credentials in (facts["admin"], facts["token"]):
        for mode in ("basic", "bearer"):
            Oci(http, here, credentials, mode).get_manifest("app", "v1").expect(200)
    Oci(http, here, facts["token"]).start_upload("app").expect(401)

    # What only this version has works on it.
    run("login", "--data", str(server.data))
    assert "old role" in run("role", "definition", "list").stdout
    oci.push("app", content.image(), "new")
    http.close()


def test_it_is_sound_and_stays_so(old, run):
    server, facts = old
    run("check", "--data", str(server.data))
    survey = run.json("gc", "--data", str(server.data), "--dry-run")
    assert survey["would"]["links"] >= 1, "the blob that no manifest had ever listed is found after the upgrade"
    assert facts["neverListed"] in [one["name"] for one in survey["findings"]]
    server.stop()
    database = sqlite3.connect(server.data / "berth.db")
    [version] = database.execute("pragma user_version").fetchone()
    database.close()
    assert version > 2
    server.start()
    run("check", "--data", str(server.data))
