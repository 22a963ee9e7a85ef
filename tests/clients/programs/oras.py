"""oras: artifacts of any kind, and what refers to them."""

from images import layout_digests
from programs.client import Client


class Oras(Client):
    program = "oras"

    def tls(self, side: str = "") -> list[str]:
        if self.place.plain:
            return [f"--{side}plain-http"]
        return [f"--{side}plain-http=false", f"--{side}ca-file", str(self.place.ca_file)]

    def run(self, *words: str, input: str | None = None) -> str:
        return self.sandbox.run("oras", *words, input=input)

    def login(self, user: str, password: str) -> None:
        self.run("login", *self.tls(), "-u", user, "--password-stdin", self.place.host, input=password)

    def push(self, name: str) -> set[str]:
        self.run("copy", "--no-tty", "--from-oci-layout", *self.tls("to-"), f"{self.image.layout}:single",
                 self.reference(name))
        return self.image.digests()

    def pull(self, name: str) -> set[str]:
        layout = self.sandbox.fresh()
        self.run("copy", "--no-tty", *self.tls("from-"), "--to-oci-layout", self.reference(name), f"{layout}:pulled")
        return layout_digests(layout, "pulled")
