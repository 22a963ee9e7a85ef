"""A real image to push: a root file system from the Debian packages of this machine, in several layers, for two
architectures, as an OCI image layout (and as the archive that `docker load` reads)."""

import gzip
import hashlib
import io
import json
import os
import shutil
import subprocess
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path

from harness.content import OCI_CONFIG, OCI_INDEX, OCI_LAYER, OCI_MANIFEST, descriptor, digest_of

# Another version of this file makes another image.
CACHE = (Path(__file__).resolve().parents[2] / "build" / "clients"
         / f"image-{hashlib.sha256(Path(__file__).read_bytes()).hexdigest()[:12]}")
# Packages of few files: what is measured here is not how fast a client unpacks.
LAYERS = (("base-files", "base-passwd"), ("libc6",), ("busybox-static",))
ARCHITECTURES = ("amd64", "arm64")


@dataclass(frozen=True)
class Image:
    """`single` and `index` are digests in `layout`, where they bear these words as tags; `archive` holds `single`."""

    layout: Path
    archive: Path
    layers: tuple[Path, ...]
    single: str
    index: str
    config: str
    diff_ids: tuple[str, ...]

    def digests(self, reference: str = "single") -> set[str]:
        return layout_digests(self.layout, reference)


def debian_image() -> Image:
    """Made once and kept under build/."""
    if not (CACHE / "image.json").exists():
        CACHE.parent.mkdir(parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(dir=CACHE.parent))
        _make(draft)
        try:
            draft.rename(CACHE)
        except OSError:  # another worker was first
            shutil.rmtree(draft)
    facts = json.loads((CACHE / "image.json").read_text())
    return Image(CACHE / "layout", CACHE / "image.tar", tuple(CACHE / name for name in facts["layers"]), facts["single"],
                 facts["index"], facts["config"], tuple(facts["diff_ids"]))


def layout_digests(layout: Path, reference: str | None = None) -> set[str]:
    """The digests of all that an image consists of. Each file is hashed: one that is not what its name says fails.

    `reference` is a tag in the layout or a digest; without it the layout must hold one image only.
    """
    entries = json.loads((layout / "index.json").read_text())["manifests"]
    if reference is None:
        assert len({entry["digest"] for entry in entries}) == 1, entries
    else:
        names = "org.opencontainers.image.ref.name"
        entries = [entry for entry in entries
                   if reference in (entry["digest"], entry.get("annotations", {}).get(names, "").rpartition(":")[2])]
        assert entries, f"{layout} holds no {reference}"
    found: set[str] = set()
    waiting = [entries[0]["digest"]]
    while waiting:
        digest = waiting.pop()
        data = blob_file(layout, digest).read_bytes()
        assert digest_of(data, digest.partition(":")[0]) == digest, f"{layout}: {digest} has other bytes"
        if digest not in found:
            found.add(digest)
            waiting += children(data)
    return found


def children(manifest: bytes) -> list[str]:
    """The digests that a manifest or an index names; none for anything else."""
    if not manifest.startswith(b"{"):
        return []
    document = json.loads(manifest)
    parts = [*document.get("manifests", []), *document.get("layers", [])]
    if "layers" in document and "config" in document:
        parts.append(document["config"])
    return [part["digest"] for part in parts if isinstance(part, dict) and "digest" in part]


def blob_file(layout: Path, digest: str) -> Path:
    return layout / "blobs" / digest.replace(":", "/", 1)


def _make(folder: Path) -> None:
    layout = folder / "layout"
    (layout / "blobs" / "sha256").mkdir(parents=True)

    def keep(data: bytes, media_type: str) -> dict:
        blob_file(layout, digest_of(data)).write_bytes(data)
        return descriptor(data, media_type)

    tars = [_package_layer(packages) for packages in LAYERS]
    layers = [keep(gzip.compress(tar, 6, mtime=0), OCI_LAYER) for tar in tars]
    manifests, configs = [], []
    for architecture in ARCHITECTURES:
        own = _tar_file("etc/architecture", architecture.encode())
        diff_ids = [digest_of(tar) for tar in (*tars, own)]
        config = {
            "architecture": architecture, "os": "linux", "created": "2026-01-01T00:00:00Z",
            "config": {"Env": ["PATH=/usr/sbin:/usr/bin:/sbin:/bin"], "Cmd": ["/bin/busybox", "sh"]},
            "rootfs": {"type": "layers", "diff_ids": diff_ids},
            "history": [{"created": "2026-01-01T00:00:00Z", "created_by": name}
                        for name in (*(" ".join(packages) for packages in LAYERS), "architecture")],
        }
        configs.append((config, own))
        manifest = {
            "schemaVersion": 2, "mediaType": OCI_MANIFEST, "config": keep(json.dumps(config).encode(), OCI_CONFIG),
            "layers": [*layers, keep(gzip.compress(own, 6, mtime=0), OCI_LAYER)],
        }
        manifests.append({**keep(json.dumps(manifest).encode(), OCI_MANIFEST),
                          "platform": {"architecture": architecture, "os": "linux"}})
    index = keep(json.dumps({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": manifests}).encode(), OCI_INDEX)

    def tagged(entry: dict, tag: str) -> dict:
        return {**entry, "annotations": {"org.opencontainers.image.ref.name": tag}}

    (layout / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')
    (layout / "index.json").write_text(json.dumps({
        "schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": [tagged(manifests[0], "single"), tagged(index, "index")]}))

    config, own = configs[0]
    files = [folder / f"layer{number}.tar" for number in range(len(tars) + 1)]
    for file, tar in zip(files, (*tars, own)):
        file.write_bytes(tar)
    _docker_archive(folder / "image.tar", json.dumps(config).encode(), files)
    (folder / "image.json").write_text(json.dumps({
        "single": manifests[0]["digest"], "index": index["digest"], "config": digest_of(json.dumps(config).encode()),
        "diff_ids": config["rootfs"]["diff_ids"], "layers": [file.name for file in files]}))


def _package_layer(packages: tuple[str, ...]) -> bytes:
    """The installed files of Debian packages as an uncompressed tar, the same bytes whenever it is made."""
    listed = subprocess.run(["dpkg-query", "--listfiles", *packages], check=True, capture_output=True, text=True).stdout
    buffer, packed = io.BytesIO(), set()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for name in sorted({line for line in listed.splitlines() if line.startswith("/")} - {"/."}):
            if not os.path.lexists(name):
                continue
            real = os.path.join(os.path.realpath(os.path.dirname(name)), os.path.basename(name))
            entry = archive.gettarinfo(name, real.lstrip("/"))
            if entry is None or entry.name in packed or not (entry.isfile() or entry.isdir() or entry.issym()):
                continue
            packed.add(entry.name)
            entry.mtime, entry.uid, entry.gid, entry.uname, entry.gname = 0, 0, 0, "", ""
            if entry.isfile():
                with open(name, "rb") as file:
                    archive.addfile(entry, file)
            else:
                archive.addfile(entry)
    return buffer.getvalue()


def _tar_file(name: str, data: bytes) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        entry = tarfile.TarInfo(name)
        entry.size = len(data)
        archive.addfile(entry, io.BytesIO(data))
    return buffer.getvalue()


def _docker_archive(file: Path, config: bytes, layers: list[Path]) -> None:
    name = hashlib.sha256(config).hexdigest() + ".json"
    listing = json.dumps([{"Config": name, "RepoTags": ["localhost/debian:single"],
                           "Layers": [layer.name for layer in layers]}]).encode()
    with tarfile.open(file, "w") as archive:
        for member, data in ((name, config), ("manifest.json", listing)):
            entry = tarfile.TarInfo(member)
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
        for layer in layers:
            archive.add(layer, layer.name)
