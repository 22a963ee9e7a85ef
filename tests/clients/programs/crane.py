"""crane: the command line of the Go library that many build tools use."""

import json
from pathlib import Path

from images import layout_digests
from programs.client import Client


class Crane(Client):
    program = "crane"

    def run(self, *words: str, input: str | None = None) -> str:
        where = ["--insecure"] if self.place.plain else []
        return self.sandbox.run("crane", *where, *words, input=input, SSL_CERT_FILE=str(self.place.ca_file))

    def login(self, user: str, password: str) -> None:
        self.run("auth", "login", "-u", user, "--password-stdin", self.place.host, input=password)

    def push(self, name: str) -> set[str]:
        """A layout with two names is pushed whole, as an index, so one image is taken out first."""
        self.run("push", str(self.single_layout()), self.reference(name))
        return self.image.digests()

    def single_layout(self) -> Path:
        layout = self.sandbox.fresh()
        (layout / "blobs").symlink_to(self.image.layout / "blobs")
        (layout / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')
        entries = json.loads((self.image.layout / "index.json").read_text())
        entries["manifests"] = entries["manifests"][:1]
        (layout / "index.json").write_text(json.dumps(entries))
        return layout

    def pull(self, name: str) -> set[str]:
        layout = self.sandbox.fresh()
        self.run("pull", "--format=oci", self.reference(name), str(layout))
        return layout_digests(layout)
