"""`berth check`: what it says of a sound folder and of a damaged one, and its exit status."""

import pathlib
import shutil

import pytest

from harness import content
from harness.http_client import Http
from harness.identities import bootstrap_owner
from harness.oci import Oci

DOCUMENT = pathlib.Path(__file__).parents[2] / "docs" / "reliability.md"


@pytest.fixture
def server(own_berth):
    server = own_berth().start()
    http = Http(server.http)
    oci = Oci(http, server.bootstrap.login_server, bootstrap_owner(http, server.bootstrap).credentials, "basic")
    oci.push("image", content.image(size=200_000), "latest")
    http.close()
    return server


def objects(server) -> list:
    return [path for path in (server.data / "blobs").rglob("*") if path.is_file()]


def test_a_sound_folder_in_use_and_stopped(run, server):
    for _ in range(2):
        document = run.json("check", "--data", str(server.data))
        assert document["sound"] is True and document["findings"] == []
        assert all(one["wrong"] == 0 for one in document["checks"]) and len(document["checks"]) > 20
        said = run("check", "--data", str(server.data)).stdout
        assert "blob-digests" in said and f"Nothing is wrong with {server.data}." in said
        server.stop()


def test_the_document_names_every_check(run, server):
    table = DOCUMENT.read_text().split("<!-- checks -->\n")[1].split("<!-- /checks -->")[0].splitlines()[2:]
    documented = [tuple(cell.strip(" `") for cell in line.split("|")[1:3]) for line in table]
    assert documented == [(one["name"], one["promise"]) for one in run.json("check", "--data", str(server.data))["checks"]]


def test_damage_is_told_and_the_exit_status_is_1(run, server, tmp_path):
    server.stop()
    [damaged] = objects(server)
    damaged.write_bytes(b"x" * 200_000)
    said = run("check", "--data", str(server.data), code=1).stdout
    assert "blob-digests" in said and damaged.name in said and "1 thing is wrong" in said
    # Whoever wants only sizes compared does not hear of it.
    run("check", "--quick", "--data", str(server.data))
    damaged.unlink()
    document = run.json("check", "--quick", "--data", str(server.data), code=1)
    assert document["sound"] is False
    assert [one["check"] for one in document["findings"]] == ["blob-objects"]


def test_a_database_that_is_none(run, server):
    server.stop()
    for companion in server.data.glob("berth.db-*"):
        companion.unlink()
    (server.data / "berth.db").write_bytes(b"no database at all" * 1000)
    assert "database-file" in run("check", "--data", str(server.data), code=1).stdout


def test_a_folder_without_data(run, tmp_path):
    assert "holds no data of berth" in run.refused("check", "--data", str(tmp_path))
    assert "holds no data of berth" in run.refused("check", "--data", str(tmp_path / "nowhere"))


def test_it_changes_nothing(run, server, tmp_path):
    server.kill()  # with a log that was not moved into the database
    copy = tmp_path / "copy"
    shutil.copytree(server.data, copy)
    before = {path.relative_to(copy): path.read_bytes() for path in copy.rglob("*") if path.is_file() and not path.name.endswith("-shm")}
    run("check", "--data", str(copy))
    after = {path.relative_to(copy): path.read_bytes() for path in copy.rglob("*") if path.is_file() and not path.name.endswith("-shm")}
    assert after == before
