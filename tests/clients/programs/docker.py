"""docker: the daemon in a folder of its own, without a network, and its command line."""

import json
import os
import subprocess
import time

from programs.client import Client
from sandbox import Daemon, Failed, Place, Sandbox, need


class Engine:
    def __init__(self, place: Place) -> None:
        self.sandbox = Sandbox()
        folder = self.sandbox.folder
        self.socket = f"unix://{folder}/socket"
        self.daemon = Daemon(
            self.sandbox, need("dockerd", root=True), "--data-root", folder / "data", "--exec-root", folder / "exec",
            "--host", self.socket, "--pidfile", folder / "pid", "--config-file", self.empty(folder / "daemon.json"),
            "--iptables=false", "--ip6tables=false", "--bridge=none", "--ip-forward=false", "--storage-driver=vfs",
            SSL_CERT_FILE=str(place.ca_file))
        deadline = time.monotonic() + 30
        while True:
            try:
                self.sandbox.run(need("docker"), "version", DOCKER_HOST=self.socket)
                return
            except Failed:
                assert self.daemon.running() and time.monotonic() < deadline, self.daemon.log.read_text()[-4000:]
                time.sleep(0.1)

    @staticmethod
    def empty(file: os.PathLike) -> os.PathLike:
        file.write_text("{}")
        return file

    def stop(self) -> None:
        self.daemon.stop()
        # Where mounts are private the daemon binds its folder to itself and leaves it so.
        subprocess.run(["umount", "--recursive", "--lazy", self.sandbox.folder / "data"], capture_output=True)
        self.sandbox.remove()


class Docker(Client):
    program = "docker"
    root = True

    def prepare(self) -> None:
        self.engine = self.daemons.get(Engine)
        self.names: set[str] = set()

    @property
    def explains_login(self) -> bool:
        """Refused over HTTPS it tries loopback without TLS, and tells of that only."""
        return self.place.plain

    def run(self, *words: str, input: str | None = None, **more: str) -> str:
        return self.sandbox.run("docker", *words, input=input, DOCKER_HOST=self.engine.socket, **more)

    def login(self, user: str, password: str) -> None:
        self.run("login", "-u", user, "--password-stdin", self.place.host, input=password)

    def load(self, name: str) -> None:
        if not self.names:
            self.run("load", "-q", "-i", str(self.image.archive))
        self.run("tag", "localhost/debian:single", self.reference(name))
        self.names.add(self.reference(name))

    def push(self, name: str) -> dict:
        self.load(name)
        self.run("push", "-q", self.reference(name))
        return self.inspect(name)

    def pull(self, name: str) -> dict:
        self.forget()
        self.run("pull", "-q", self.reference(name))
        self.names.add(self.reference(name))
        return self.inspect(name)

    def inspect(self, name: str) -> dict:
        found = json.loads(self.run("image", "inspect", self.reference(name)))[0]
        return {"id": found["Id"], "layers": found["RootFS"]["Layers"]}

    def forget(self) -> None:
        """Layers are kept as long as any name leads to them."""
        self.run("image", "rm", "-f", "localhost/debian:single", *self.names)
        self.names.clear()

    def close(self) -> None:
        if self.names:
            self.forget()
