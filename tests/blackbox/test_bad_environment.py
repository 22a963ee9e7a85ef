"""Where berth cannot start or go on: an exit code that is not 0, one clear message, and nothing lost."""

import json
import os
import socket
import sqlite3
import subprocess
import time
import urllib.parse
from pathlib import Path

import pytest

from harness import content
from harness.http_client import Http
from harness.identities import bootstrap_owner
from harness.oci import Oci, error_codes
from harness.server import Berth


def owner_of(server: Berth) -> Oci:
    client = Http(server.http)
    return Oci(client, server.bootstrap.login_server, bootstrap_owner(client, server.bootstrap).credentials, "basic")


def assert_one_message(code: int, said: str, *words: str) -> None:
    """Not 0, and no more than a few lines that hold the words."""
    assert code not in (0, None) and code > 0, f"exit code {code}:\n{said}"
    lines = [line for line in said.splitlines() if line.strip()]
    assert 1 <= len(lines) <= 3, said
    for word in words:
        assert word.lower() in said.lower(), f"{word!r} is not in: {said}"


def needs_root() -> None:
    if os.geteuid() != 0:
        pytest.skip("needs root to mount a small file system")


@pytest.fixture
def small_disk(tmp_path):
    """small_disk(mebibytes) -> a folder on a file system of that size."""
    mounted: list[Path] = []

    def make(mebibytes: int, options: str = "") -> Path:
        needs_root()
        folder = tmp_path / f"disk{len(mounted)}"
        folder.mkdir()
        made = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={mebibytes}m{options}", "tmpfs", str(folder)], capture_output=True, text=True)
        if made.returncode != 0:
            pytest.skip(f"cannot mount a small file system here: {made.stderr.strip()}")
        mounted.append(folder)
        return folder

    yield make
    for folder in mounted:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def resize(folder: Path, options: str) -> None:
    subprocess.run(["mount", "-o", f"remount,{options}", str(folder)], check=True)


def test_full_disk(own_berth, small_disk):
    """What was acknowledged stays; what does not fit is refused; with room again all goes on without a restart."""
    disk = small_disk(24)
    server = own_berth(data=disk / "data").start()
    oci = owner_of(server)
    kept = content.image(size=1_000_000)
    oci.push("kept", kept, "latest")
    stored = []
    refused = None
    for _ in range(60):
        blob = content.random_blob(1_000_000)
        answer = oci.try_push_blob("full", blob)
        if answer.status != 201:
            refused = answer
            break
        stored.append(blob)
    assert refused is not None, "24 MiB held 60 MB"
    assert refused.status == 507, refused
    assert error_codes(refused)
    # Small things run out of room, too; whatever is answered 201 is there afterwards.
    small = []
    for number in range(40):
        manifest = content.image(layers=0)
        pushed = oci.try_push_blob("small", manifest.blobs[0])
        if pushed.status == 201 and oci.put_manifest("small", f"t{number}", manifest.data).status == 201:
            small.append((f"t{number}", manifest))
    assert oci.get_manifest("kept", "latest").expect(200).body == kept.data
    for blob in (*kept.blobs,):
        assert oci.get_blob("kept", content.digest_of(blob)).expect(200).body == blob
    resize(disk, "size=96m")
    after = content.image(size=1_000_000)
    oci.push("after", after, "latest")
    for blob in stored:
        assert oci.get_blob("full", content.digest_of(blob)).expect(200).body == blob
    server.restart()
    oci.http.close()
    oci = owner_of(server)
    assert oci.get_manifest("after", "latest").expect(200).body == after.data
    for tag, manifest in small:
        assert oci.get_manifest("small", tag).expect(200).body == manifest.data
    for blob in stored:
        assert oci.get_blob("full", content.digest_of(blob)).expect(200).body == blob
    oci.http.close()
    server.stop()


def test_full_disk_at_the_start(own_berth, small_disk):
    disk = small_disk(1)
    with open(disk / "filler", "wb", buffering=0) as filler:
        try:
            while True:
                filler.write(b"x" * 4096)
        except OSError:
            pass
    code, said = own_berth(data=disk / "data").run_to_end()
    assert code > 0, said
    assert "space" in said.lower() or "full" in said.lower() or str(disk / "data") in said, said


def test_read_only_folder(own_berth, small_disk, tmp_path):
    if os.geteuid() == 0:
        disk = small_disk(4)
        resize(disk, "ro")
        data = disk / "data"
    else:
        disk = tmp_path / "locked"
        disk.mkdir()
        disk.chmod(0o500)
        data = disk / "data"
    code, said = own_berth(data=data).run_to_end()
    assert_one_message(code, said, str(data))


def test_folder_that_turned_read_only(own_berth, small_disk):
    disk = small_disk(24)
    server = own_berth(data=disk / "data").start()
    oci = owner_of(server)
    kept = content.image()
    oci.push("kept", kept, "latest")
    oci.http.close()
    server.stop()
    resize(disk, "ro")
    code, said = own_berth(data=disk / "data").run_to_end()
    assert_one_message(code, said, str(disk / "data"))
    resize(disk, "rw")
    server = own_berth(data=disk / "data").start()
    oci = owner_of(server)
    assert oci.get_manifest("kept", "latest").expect(200).body == kept.data
    oci.http.close()
    server.stop()


def test_data_that_is_a_file(own_berth, tmp_path):
    file = tmp_path / "file"
    file.write_text("not a folder")
    code, said = own_berth(data=file).run_to_end()
    assert_one_message(code, said, str(file))
    assert file.read_text() == "not a folder"


def test_data_below_a_file(own_berth, tmp_path):
    file = tmp_path / "file"
    file.write_text("not a folder")
    code, said = own_berth(data=file / "data").run_to_end()
    assert_one_message(code, said, str(file / "data"))


@pytest.mark.parametrize("listener", ["http", "https"])
@pytest.mark.parametrize("family", [socket.AF_INET, socket.AF_INET6])
def test_port_in_use(own_berth, listener, family):
    with socket.socket(family) as taken:
        taken.bind(("127.0.0.1" if family == socket.AF_INET else "::1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        server = own_berth(**{listener: f"127.0.0.1:{port}"})
        code, said = server.run_to_end()
    assert_one_message(code, said, str(port))


def test_port_in_use_by_another_berth(berth, own_berth):
    port = urllib.parse.urlsplit(berth.http).port
    code, said = own_berth(http=f"127.0.0.1:{port}").run_to_end()
    assert_one_message(code, said, str(port))


def test_two_servers_on_one_folder(own_berth):
    first = own_berth().start()
    before = (first.data / "bootstrap.json").read_bytes()
    second = own_berth(data=first.data)
    code, said = second.run_to_end()
    assert_one_message(code, said, str(first.data))
    assert (first.data / "bootstrap.json").read_bytes() == before, "the second server has written"
    oci = owner_of(first)
    oci.push("still", content.image(), "latest")
    oci.http.close()
    first.stop()
    # A lock that a killed server leaves behind stops nobody.
    first.start()
    first.kill()
    first.start()
    first.stop()


def databases(data: Path) -> list[Path]:
    found = []
    for file in data.rglob("*"):
        if file.is_file():
            with open(file, "rb") as stream:
                if stream.read(16) == b"SQLite format 3\x00":
                    found.append(file)
    return found


def test_data_of_a_newer_version(own_berth):
    server = own_berth().start()
    oci = owner_of(server)
    manifest = content.image()
    oci.push("kept", manifest, "latest")
    oci.http.close()
    server.stop()
    [file] = databases(server.data)
    with sqlite3.connect(file) as database:
        [version] = database.execute("pragma user_version").fetchone()
        assert version > 0, "the data's version is expected in the database's user_version"
        database.execute(f"pragma user_version = {version + 1000}")
    database.close()
    code, said = own_berth(data=server.data).run_to_end()
    assert_one_message(code, said, str(version + 1000))
    with sqlite3.connect(file) as database:
        assert database.execute("pragma user_version").fetchone() == (version + 1000,)
        database.execute(f"pragma user_version = {version}")
    database.close()
    server.start()
    oci = owner_of(server)
    assert oci.get_manifest("kept", "latest").expect(200).body == manifest.data
    oci.http.close()
    server.stop()


def test_database_that_is_none(own_berth):
    server = own_berth().start()
    server.stop()
    [file] = databases(server.data)
    for companion in server.data.glob(file.name + "-*"):
        companion.unlink()
    file.write_bytes(b"this is no database, but long enough to look at" * 100)
    code, said = own_berth(data=server.data).run_to_end()
    assert_one_message(code, said, "database")


@pytest.mark.parametrize("harm", ["lost", "broken"])
def test_bootstrap_file_that_is_lost_or_broken(own_berth, harm):
    """Its secret cannot be told again, and the start says so; the data is unharmed, and the secret itself goes on working."""
    server = own_berth().start()
    before = server.bootstrap
    oci = owner_of(server)
    manifest = content.image()
    oci.push("kept", manifest, "latest")
    oci.http.close()
    server.stop()
    file = server.data / "bootstrap.json"
    if harm == "lost":
        file.unlink()
    else:
        file.write_bytes(file.read_bytes()[:-50])
    server.launch()
    deadline = time.monotonic() + 15
    while "berth recover --data" not in server.log:
        assert time.monotonic() < deadline and server.process.poll() is None, server.log
        time.sleep(0.02)
    document = json.loads(file.read_text())
    assert document["owner"]["clientId"] == before.owner_client_id and not document["owner"].get("clientSecret")
    client = Http(document["http"])
    oci = Oci(client, document["loginServer"], (before.owner_client_id, before.owner_secret), "basic")
    assert oci.get_manifest("kept", "latest").expect(200).body == manifest.data
    client.close()
    server.stop()


@pytest.mark.parametrize("flags", [("--no-such-flag",), ("--http", "nonsense"), ("--http", "127.0.0.1:99999"), ("--http", "127.0.0.1:-1")])
def test_flags_that_are_none(own_berth, flags):
    code, said = own_berth(*flags).run_to_end()
    assert code > 0, said
    assert flags[-1].lstrip("-") in said or flags[0].lstrip("-") in said, said


def test_plain_http_off_loopback_has_to_be_asked_for(own_berth):
    code, said = own_berth(http="0.0.0.0:0").run_to_end()
    assert_one_message(code, said, "http")


def test_killed_at_any_moment_nothing_acknowledged_is_lost(own_berth):
    server = own_berth().start()
    oci = owner_of(server)
    pushed = []
    for number in range(10):
        manifest = content.image(size=120_000)
        oci.push(f"r{number}", manifest, "latest")
        pushed.append((f"r{number}", manifest))
        if number % 3 == 2:
            location = oci.location(oci.start_upload("half").expect(202))
            oci.patch_upload(location, content.random_blob(200_000), 0)
            server.kill()
            oci.http.close()
            server.start()
            oci = owner_of(server)
            for name, known in pushed:
                assert oci.get_manifest(name, "latest").expect(200).body == known.data
                for blob in known.blobs:
                    assert oci.get_blob(name, content.digest_of(blob)).expect(200).body == blob
    oci.http.close()
    server.stop()
