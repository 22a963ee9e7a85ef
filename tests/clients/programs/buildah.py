"""buildah builds an image from nothing with the same storage as podman."""

import json

from programs.client import Client


class Buildah(Client):
    program = "buildah"
    root = True

    def prepare(self) -> None:
        self.store = self.sandbox.fresh()
        self.built = ""

    def run(self, *words: str, input: str | None = None) -> str:
        return self.sandbox.run("buildah", "--root", self.store / "root", "--runroot", self.store / "run",
                                "--storage-driver", "vfs", *words, input=input)

    def tls(self) -> list[str]:
        return ["--tls-verify=false"] if self.place.plain else ["--cert-dir", str(self.place.certificates)]

    def login(self, user: str, password: str) -> None:
        self.run("login", *self.tls(), "-u", user, "--password-stdin", self.place.host, input=password)

    def build(self, name: str) -> None:
        """An image of two layers, the second made by a command that runs in the first."""
        if self.built:
            self.run("tag", self.built, self.reference(name))
            return
        container = self.run("from", "scratch").strip()
        self.run("add", "-q", container, *map(str, self.image.layers), "/")
        self.run("commit", "-q", "--rm", container, "localhost/base")
        container = self.run("from", "localhost/base").strip()
        self.run("run", "--isolation", "chroot", container, "/bin/busybox", "touch", "/built")
        self.built = self.run("commit", "-q", "--rm", container, self.reference(name)).strip()

    def push(self, name: str) -> dict:
        self.build(name)
        self.run("push", "-q", *self.tls(), self.reference(name))
        return self.inspect(name)

    def pull(self, name: str) -> dict:
        self.store = self.sandbox.fresh()
        self.run("pull", "-q", *self.tls(), self.reference(name))
        return self.inspect(name)

    def inspect(self, name: str) -> dict:
        found = json.loads(self.run("inspect", "--type", "image", self.reference(name)))
        return {"id": found["FromImageID"], "layers": found["OCIv1"]["rootfs"]["diff_ids"]}
