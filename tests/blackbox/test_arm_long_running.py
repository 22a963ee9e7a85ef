"""Work that goes on after its answer: ARM's body style, and how long ended operations can be polled. The other two styles are
in test_import.py and test_arm_groups.py, and clients poll all three in tests/clients."""

import re
import shutil
import sqlite3
import subprocess
import time

import pytest

from harness import content
from harness.arm import RESOURCES_VERSION
from harness.clock import shifted
from harness.http_client import Http
from harness.identities import bootstrap_owner

SECONDS = 60


def poll(arm, name: str) -> tuple[list[str], dict]:
    """Polls a registry to its end: the states that were seen, and its properties then."""
    seen = []
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        answer = arm.get_registry(name).expect(200)
        properties = answer.json()["properties"]
        if not seen or seen[-1] != properties["provisioningState"]:
            seen.append(properties["provisioningState"])
        if properties["provisioningState"] in ("Succeeded", "Failed", "Canceled"):
            assert answer.header("Retry-After") is None, "there is nothing to wait for"
            return seen, properties
        assert answer.header("Retry-After") == "1"
        time.sleep(0.02)
    raise AssertionError(f"still {seen} after {SECONDS} s")


class Server:
    """A server of its own and its Owner."""

    def __init__(self, berth):
        self.berth = berth
        self.open()

    def open(self):
        self.http = Http(self.berth.http)
        self.arm = bootstrap_owner(self.http, self.berth.bootstrap).arm

    def restart(self, change=None, kill: bool = False):
        self.http.close()
        if kill:
            self.berth.kill()
        else:
            self.berth.stop()
        if change is not None:
            change()
        self.berth.start()
        self.open()

    def database(self, *statements: str) -> list:
        """Runs SQL while the server is down; the rows of the last one."""
        with sqlite3.connect(self.berth.data / "berth.db") as connection:
            rows = []
            for statement in statements:
                rows = connection.execute(statement).fetchall()
        connection.close()
        return rows


@pytest.fixture
def server(own_berth):
    def make(*flags: str, **settings) -> Server:
        return Server(own_berth(*flags, **settings).start())

    return make


def make_certificate(folder, *names: str) -> None:
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", "/CN=own",
         "-addext", "subjectAltName=" + ",".join(f"DNS:{name}" for name in names), "-keyout", str(folder / "own.key"),
         "-out", str(folder / "own.pem")], check=True, capture_output=True)


def test_a_new_registry_is_polled_by_its_body(arm):
    name = content.unique("reg")
    made = arm.put_registry(name).expect(201)
    assert made.json()["properties"]["provisioningState"] == "Creating" and made.header("Retry-After") == "1"
    assert made.header("Location") is None and made.header("Azure-AsyncOperation") is None
    seen, properties = poll(arm, name)
    assert seen[-1] == "Succeeded" and set(seen) <= {"Creating", "Succeeded"} and "status" not in properties
    again = arm.put_registry(name).expect(200)
    assert again.json()["properties"]["provisioningState"] == "Succeeded" and again.header("Retry-After") is None
    changed = arm.patch_registry(name, tags={"a": "b"}).expect(200)
    assert changed.json()["properties"]["provisioningState"] == "Succeeded"
    listed = arm.list(f"{arm.bootstrap.subscription_scope}/resources?$filter=name%20eq%20'{name}'&$expand=provisioningState",
                      RESOURCES_VERSION)
    assert [one["provisioningState"] for one in listed] == ["Succeeded"]
    arm.delete_registry(name).expect(200)


def test_a_registry_can_be_deleted_while_it_is_made(arm):
    name = content.unique("reg")
    arm.put_registry(name).expect(201)
    arm.delete_registry(name).expect(200)
    assert arm.get_registry(name).status == 404
    arm.put_registry(name).expect(201)
    assert poll(arm, name)[0][-1] == "Succeeded"
    arm.delete_registry(name).expect(200)


def test_a_certificate_that_is_not_for_a_new_registry_fails_it(server, tmp_path):
    """The failure says what to do, is there after a restart, and ends when the registry is updated after that was done."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl makes the certificate")
    make_certificate(tmp_path, "registry.example.com")
    place = server("--domain", "registry.example.com", "--tls-certificate", str(tmp_path / "own.pem"), "--tls-key",
                   str(tmp_path / "own.key"))
    assert place.arm.put_registry("team1").expect(201).json()["properties"]["provisioningState"] == "Creating"

    def check_failure():
        seen, properties = poll(place.arm, "team1")
        assert seen[-1] == "Failed"
        status = properties["status"]
        assert status["displayStatus"] == "Failed" and re.fullmatch(r"\d{4}-.*Z", status["timestamp"])
        for word in ("--tls-certificate", "'team1.registry.example.com'", "*.registry.example.com", "SIGHUP"):
            assert word in status["message"], status

    check_failure()
    place.restart()
    check_failure()

    def new_certificate():
        make_certificate(tmp_path, "registry.example.com", "*.registry.example.com")

    place.restart(new_certificate)
    assert poll(place.arm, "team1")[0] == ["Failed"], "until somebody asks again"
    assert place.arm.patch_registry("team1", tags={}).expect(200).json()["properties"]["provisioningState"] == "Updating"
    seen, properties = poll(place.arm, "team1")
    assert seen[-1] == "Succeeded" and "status" not in properties
    place.http.close()
    place.berth.stop()


def test_what_goes_on_survives_a_restart(server):
    """As after a crash between the answer and the end of the work."""
    place = server()
    place.arm.put_registry("team1").expect(201)
    poll(place.arm, "team1")

    def put_back():
        rows = place.database(
            "update operations set status = 'Accepted', ended_at = null where kind = 'registry.prepare'",
            "update resources set properties = json_set(properties, '$.provisioningState', 'Creating') where name = 'team1'",
            "select count(*) from operations where kind = 'registry.prepare' and ended_at is null")
        assert rows == [(1,)]

    place.restart(put_back)
    assert poll(place.arm, "team1")[0][-1] == "Succeeded"
    place.http.close()
    place.berth.stop()
    assert place.database("select status from operations where kind = 'registry.prepare'") == [("Succeeded",)]


def test_ended_operations_and_old_events_are_forgotten(own_berth):
    """An operation can be polled for a week, an event be read for ninety days."""
    berth = own_berth(variables=shifted("-100d"))
    place = Server(berth.start())

    def delete_a_group(name: str) -> str:
        place.arm.put_group(name).expect(201)
        return place.arm.call("DELETE", place.arm.group_path(name), RESOURCES_VERSION).expect(202).header("Location")

    def ask(location: str):
        path = location[location.index("/subscriptions/"):]
        return place.http.get(path, headers={"Authorization": f"Bearer {place.arm.token}"})

    old = delete_a_group("old")
    ask(old).expect(200)
    berth.variables = shifted("-6d")
    place.restart()
    recent = delete_a_group("recent")
    berth.variables = {}
    place.restart()
    deadline = time.monotonic() + SECONDS
    while (answer := ask(old)).status != 404 and time.monotonic() < deadline:
        time.sleep(0.05)
    assert "7 days after their end" in answer.expect(404).json()["error"]["message"]
    ask(recent).expect(200)
    place.http.close()
    berth.stop()
    kept = place.database("select count(*), min(at) from events")[0]
    assert kept[0] > 0 and kept[1] > (time.time() - 90 * 86400) * 1e6
    assert "operations and" in berth.log and "whose time was over" in berth.log
