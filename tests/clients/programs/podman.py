"""podman, with its storage in the sandbox. Nothing is run in a container."""

import json

from programs.client import Client


class Podman(Client):
    program = "podman"
    root = True

    def prepare(self) -> None:
        self.store = self.sandbox.fresh()
        self.loaded = False

    def run(self, *words: str, input: str | None = None) -> str:
        return self.sandbox.run(
            self.program, "--root", self.store / "root", "--runroot", self.store / "run", "--tmpdir", self.store / "tmp",
            "--storage-driver", "vfs", "--cgroup-manager", "cgroupfs", "--events-backend", "file", *words, input=input)

    def tls(self) -> list[str]:
        return ["--tls-verify=false"] if self.place.plain else ["--cert-dir", str(self.place.certificates)]

    def login(self, user: str, password: str) -> None:
        self.run("login", *self.tls(), "-u", user, "--password-stdin", self.place.host, input=password)

    def load(self, name: str) -> None:
        if not self.loaded:
            self.run("load", "-q", "-i", str(self.image.archive))
        self.loaded = True
        self.run("tag", "localhost/debian:single", self.reference(name))

    def push(self, name: str) -> dict:
        self.load(name)
        self.run("push", "-q", *self.tls(), self.reference(name))
        return self.inspect(name)

    def pull(self, name: str) -> dict:
        self.store = self.sandbox.fresh()
        self.run("pull", "-q", *self.tls(), self.reference(name))
        return self.inspect(name)

    def inspect(self, name: str) -> dict:
        """The id, which is the digest of the configuration, and the digests of the unpacked layers."""
        found = json.loads(self.run("image", "inspect", self.reference(name)))[0]
        return {"id": found["Id"], "layers": found["RootFS"]["Layers"]}
