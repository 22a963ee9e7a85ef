"""What must neither end a process nor hold it up: SIGTERM in the middle of upkeep, signals meant for another, a log that
nobody reads."""

import json
import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.parse

import pytest

from harness import content
from harness.http_client import Http
from harness.identities import bootstrap_owner
from harness.oci import Oci
from harness.server import Berth, binary, environment

SECONDS = 60


def wait_until(what, seconds=SECONDS):
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline, "it did not come to pass"
        time.sleep(0.01)


def test_sigterm_while_records_are_forgotten(own_berth):
    """The end waits for the piece that is being forgotten, and the next start goes on with the rest."""
    server = own_berth().start()
    server.stop()
    database = sqlite3.connect(server.data / "berth.db", timeout=SECONDS)
    database.execute("delete from events")
    in_the_middle = 0
    for _ in range(3):
        database.execute("with recursive n(i) as (select 1 union all select i + 1 from n where i < 600000) "
                         "insert into events(at, actor, kind, detail) select i, 'somebody', 'old', '{}' from n")
        database.commit()
        said = len(server.log)
        server.start()
        wait_until(lambda: "events whose time was over" in server.log[said:])
        server.stop()
        in_the_middle += database.execute("select count(*) from events where kind = 'old'").fetchone()[0] > 0
        assert "drained; every request has finished" in server.log[said:]
    assert in_the_middle > 0, "all was forgotten before SIGTERM: the test needs more events"
    database.close()


@pytest.fixture
def stopped(own_berth) -> Berth:
    server = own_berth().start()
    http = Http(server.http)
    owner = bootstrap_owner(http, server.bootstrap)
    Oci(http, server.bootstrap.login_server, owner.credentials).push("app", content.image(), "v1")
    http.close()
    server.stop()
    return server


def holder_of(server: Berth) -> str:
    return (server.data / "lock").read_text()


def test_the_lock_file_says_who_is_a_server(stopped, run):
    assert holder_of(stopped).endswith(" server\n")
    run("gc", "--data", str(stopped.data))
    assert re.fullmatch(r"[0-9]+\n", holder_of(stopped)), "a command takes the server's word out"
    stopped.start()
    assert holder_of(stopped) == f"{stopped.process.pid} server\n"
    assert run.json("gc", "--data", str(stopped.data))["byServer"] is True
    stopped.stop()


def test_gc_does_not_end_an_offline_backup(stopped, run, tmp_path):
    secrets = stopped.data / "bootstrap.json"
    document = secrets.read_bytes()
    secrets.unlink()
    os.mkfifo(secrets, 0o600)  # the backup waits here, with the lock, until somebody writes
    data = str(stopped.data)
    backup = subprocess.Popen([str(binary()), "backup", "--data", data, str(tmp_path / "backup")], stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True, env=run.environment)
    try:
        wait_until(lambda: (tmp_path / "backup.incomplete" / "keys").exists() or backup.poll() is not None)
        said = run.refused("gc", "--data", data)
        assert f"(process {backup.pid})" in said and "another command" in said, said
        assert "Another process is filling" in run.refused("backup", "--data", data, str(tmp_path / "backup"))
        backup.send_signal(signal.SIGUSR1)  # as an earlier berth's gc would
        time.sleep(0.2)
        assert backup.poll() is None, "the backup was ended by a signal for servers"
        with open(secrets, "wb") as file:
            file.write(document)
        said = backup.communicate(timeout=SECONDS)
        assert backup.returncode == 0, said
    finally:
        backup.kill()
        backup.communicate()
    assert (tmp_path / "backup" / "bootstrap.json").read_bytes() == document
    run("restore", str(tmp_path / "backup"), str(tmp_path / "restored"))


def test_gc_signals_no_holder_that_is_no_server(stopped, run):
    """Whatever holds the lock and does not ignore the signal."""
    holder = subprocess.Popen([sys.executable, "-c",
                               "import fcntl, os, sys, time\n"
                               "file = open(sys.argv[1], 'r+')\n"
                               "fcntl.flock(file, fcntl.LOCK_EX)\n"
                               "file.truncate(0)\n"
                               "file.write(f'{os.getpid()}\\n')\n"
                               "file.flush()\n"
                               "print('locked', flush=True)\n"
                               "time.sleep(600)", str(stopped.data / "lock")], stdout=subprocess.PIPE, text=True)
    try:
        assert holder.stdout.readline() == "locked\n"
        said = run.refused("gc", "--data", str(stopped.data))
        assert str(holder.pid) in said and "Nothing was collected" in said, said
        assert run.json("gc", "--data", str(stopped.data), "--dry-run")["findings"] == [], "to look harms nobody"
        time.sleep(0.1)
        assert holder.poll() is None
    finally:
        holder.kill()
        holder.communicate()


class Unread(Berth):
    """Its standard error is a pipe that nobody reads until the test does."""

    def launch(self) -> subprocess.Popen:
        self.reader, writer = os.pipe()
        try:
            self.process = subprocess.Popen(self.command(), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=writer,
                                            env=environment(), cwd=self.folder)
        finally:
            os.close(writer)
        return self.process


def ask_with_method(server: Berth, method: str) -> socket.socket:
    address = urllib.parse.urlsplit(server.http)
    connection = socket.create_connection((address.hostname, address.port), timeout=SECONDS)
    connection.sendall(f"{method} /v2/ HTTP/1.1\r\nHost: {server.bootstrap.login_server}\r\n\r\n".encode())
    return connection


def test_a_log_that_nobody_reads_holds_nobody_up(tmp_path):
    server = Unread(tmp_path / "server")
    server.start()
    try:
        asked = [ask_with_method(server, "A" * length) for length in (9_000, 11_500, 14_000, 16_500, 19_000)]
        for connection in asked:
            assert connection.recv(100).startswith(b"HTTP/1.1 "), "a long method is refused, but answered"
            connection.close()
        for _ in range(600):  # lines of some 250 bytes: more than a pipe of 64 KiB has room for
            client = Http(server.http)
            client.get("/berth/v1/ready").expect(200)
            client.close()
        os.set_blocking(server.reader, False)
        log = b""
        while True:
            try:
                log += os.read(server.reader, 1 << 20)
            except BlockingIOError:
                break
        lines = [json.loads(line) for line in log.splitlines()]
        methods = {line["method"] for line in lines if line.get("event") == "request"}
        assert "A" * 32 in methods and max(map(len, methods)) == 32, "as much of a method as tells what it was"
        server.stop()
    finally:
        server.kill()
        os.close(server.reader)
