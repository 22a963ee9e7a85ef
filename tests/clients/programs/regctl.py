"""regctl: a client that knows most of the distribution specification."""

from images import layout_digests
from programs.client import Client


class Regctl(Client):
    program = "regctl"
    explains_push = explains_pull = False

    def prepare(self) -> None:
        tls = ["--tls", "disabled"] if self.place.plain else ["--tls", "enabled", "--cacert", self.place.ca_file.read_text()]
        self.run("registry", "set", "--skip-check", *tls, self.place.host)

    def run(self, *words: str, input: str | None = None) -> str:
        return self.sandbox.run("regctl", *words, input=input, REGCTL_CONFIG=str(self.sandbox.folder / "regctl.json"))

    def login(self, user: str, password: str) -> None:
        self.run("registry", "login", "-u", user, "--pass-stdin", self.place.host, input=password)

    def push(self, name: str) -> set[str]:
        self.run("image", "copy", f"ocidir://{self.image.layout}:single", self.reference(name))
        return self.image.digests()

    def pull(self, name: str) -> set[str]:
        layout = self.sandbox.fresh()
        self.run("image", "copy", self.reference(name), f"ocidir://{layout}:pulled")
        return layout_digests(layout, "pulled")
