"""helm pushes charts; what it packs is read back byte for byte."""

from pathlib import Path

from harness.content import digest_of
from programs.client import Client


class Helm(Client):
    program = "helm"

    def prepare(self) -> None:
        folder = self.sandbox.fresh()
        self.own = {"HELM_CACHE_HOME": str(folder / "cache"), "HELM_CONFIG_HOME": str(folder / "config"),
                    "HELM_DATA_HOME": str(folder / "data"), "HELM_REGISTRY_CONFIG": str(folder / "registry.json")}

    def run(self, *words: str, input: str | None = None) -> str:
        return self.sandbox.run("helm", *words, input=input, **self.own)

    def tls(self) -> list[str]:
        return ["--plain-http"] if self.place.plain else ["--ca-file", str(self.place.ca_file)]

    def login(self, user: str, password: str) -> None:
        self.run("registry", "login", *self.tls(), "-u", user, "--password-stdin", self.place.host, input=password)

    def package(self, name: str) -> Path:
        """The chart's name and version become the last part of the repository's name and the tag."""
        chart, version = name.rpartition("/")[2].split(":")
        folder = self.sandbox.fresh()
        (folder / chart / "templates").mkdir(parents=True)
        (folder / chart / "Chart.yaml").write_text(f"apiVersion: v2\nname: {chart}\nversion: {version}\n")
        (folder / chart / "templates" / "map.yaml").write_text(
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: map}\ndata: {key: value}\n")
        self.run("package", "-d", str(folder), str(folder / chart))
        return folder / f"{chart}-{version}.tgz"

    def push(self, name: str) -> str:
        chart = self.package(name)
        self.run("push", *self.tls(), str(chart), f"oci://{self.reference(name).rpartition('/')[0]}")
        return digest_of(chart.read_bytes())

    def pull(self, name: str) -> str:
        folder = self.sandbox.fresh()
        repository, version = self.reference(name).rsplit(":", 1)
        self.run("pull", *self.tls(), "-d", str(folder), f"oci://{repository}", "--version", version)
        [chart] = folder.iterdir()
        return digest_of(chart.read_bytes())
