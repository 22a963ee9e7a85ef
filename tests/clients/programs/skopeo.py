"""skopeo copies images between stores without a daemon and keeps their bytes."""

from images import layout_digests
from programs.client import Client


class Skopeo(Client):
    program = "skopeo"

    def tls(self, side: str = "") -> list[str]:
        """Options of the `side` ("src-", "dest-" or the only one)."""
        if self.place.plain:
            return [f"--{side}tls-verify=false"]
        return [f"--{side}cert-dir={self.place.certificates}"]

    def run(self, *words: str) -> str:
        return self.sandbox.run("skopeo", *words)

    def login(self, user: str, password: str) -> None:
        self.sandbox.run("skopeo", "login", *self.tls(), "-u", user, "--password-stdin", self.place.host, input=password)

    def push(self, name: str, reference: str = "single") -> set[str]:
        self.run("copy", "--all", "--preserve-digests", *self.tls("dest-"), f"oci:{self.image.layout}:{reference}",
                 f"docker://{self.reference(name)}")
        return self.image.digests(reference)

    def pull(self, name: str) -> set[str]:
        layout = self.sandbox.fresh()
        self.run("copy", "--all", "--preserve-digests", *self.tls("src-"), f"docker://{self.reference(name)}",
                 f"oci:{layout}:pulled")
        return layout_digests(layout, "pulled")
