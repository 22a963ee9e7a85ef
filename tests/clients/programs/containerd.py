"""containerd through `ctr`, as a cluster's nodes pull. A daemon of its own, in its own folder."""

import tarfile
import time

from harness.content import unique
from programs.client import Client
from sandbox import Daemon, Place, Sandbox, need


class Engine:
    def __init__(self, place: Place) -> None:
        self.sandbox = Sandbox()
        folder = self.sandbox.folder
        self.socket = folder / "socket"
        (folder / "config.toml").write_text(f"""version = 2
root = "{folder}/root"
state = "{folder}/state"
disabled_plugins = ["io.containerd.grpc.v1.cri", "io.containerd.snapshotter.v1.aufs",
  "io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.devmapper", "io.containerd.snapshotter.v1.zfs"]
[grpc]
  address = "{self.socket}"
""")
        self.daemon = Daemon(self.sandbox, need("containerd", root=True), "--config", folder / "config.toml")
        deadline = time.monotonic() + 20
        while not self.socket.exists():
            assert self.daemon.running() and time.monotonic() < deadline, self.daemon.log.read_text()
            time.sleep(0.05)

    def stop(self) -> None:
        self.daemon.stop()
        self.sandbox.remove()


class Containerd(Client):
    program = "ctr"
    root = True
    # It shows the word in the challenge, "insufficient_scope", and hides the message.
    explains_push = explains_pull = False

    def prepare(self) -> None:
        self.engine = self.daemons.get(Engine)
        self.namespace = unique()
        self.user: list[str] = []

    def run(self, *words: str) -> str:
        return self.sandbox.run("ctr", "--address", self.engine.socket, "--namespace", self.namespace, *words)

    def remote(self) -> list[str]:
        if self.place.plain:
            return ["--plain-http", *self.user]
        # Without such a file it speaks plain HTTP to each loopback address.
        hosts = self.sandbox.folder / "hosts"
        file = hosts / self.place.host / "hosts.toml"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f'server = "{self.place.url}"\n[host."{self.place.url}"]\nca = "{self.place.ca_file}"\n')
        return ["--hosts-dir", str(hosts), *self.user]

    def login(self, user: str, password: str) -> None:
        self.user = ["--user", f"{user}:{password}"]

    def push(self, name: str) -> set[str]:
        archive = self.sandbox.fresh() / "image.tar"
        with tarfile.open(archive, "w") as tar:
            tar.add(self.image.layout, "")
        self.run("image", "import", "--no-unpack", "--all-platforms", "--snapshotter", "native", "--base-name", "local",
                 str(archive))
        self.run("image", "push", *self.remote(), self.reference(name), "local:single")
        return self.image.digests()

    def pull(self, name: str) -> set[str]:
        self.forget()
        self.namespace += "-again"
        self.run("image", "pull", *self.remote(), "--snapshotter", "native", self.reference(name))
        return set(self.run("content", "ls", "-q").split())

    def forget(self) -> None:
        for image in self.run("image", "ls", "-q").split():
            self.run("image", "rm", "--sync", image)

    def close(self) -> None:
        self.forget()
