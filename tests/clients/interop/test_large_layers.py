"""A layer of a gigabyte goes in and out, and the server's memory stays small."""

import hashlib
import json
import os

from harness.content import OCI_CONFIG, OCI_MANIFEST, descriptor, digest_of
from images import blob_file
from programs import Skopeo

SIZE = 1 << 30


def random_file(path, size: int) -> str:
    """Its digest."""
    hashed = hashlib.sha256()
    with open(path, "wb") as file:
        for _ in range(size >> 20):
            piece = os.urandom(1 << 20)
            hashed.update(piece)
            file.write(piece)
    return f"sha256:{hashed.hexdigest()}"


def peak_memory(pid: int) -> int:
    """In bytes: the largest resident set that the process ever had."""
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        [line] = [line for line in file if line.startswith("VmHWM")]
    return int(line.split()[1]) * 1024


def test_a_gigabyte_in_bounded_memory(log_in, berth, new_principal, name):
    pusher = log_in(Skopeo, new_principal("AcrPush"))
    layout = pusher.sandbox.fresh()
    (layout / "blobs" / "sha256").mkdir(parents=True)
    digest = random_file(layout / "layer", SIZE)
    (layout / "layer").rename(blob_file(layout, digest))

    def keep(data: bytes, media_type: str) -> dict:
        blob_file(layout, digest_of(data)).write_bytes(data)
        return descriptor(data, media_type)

    layer = {"mediaType": "application/vnd.oci.image.layer.v1.tar", "digest": digest, "size": SIZE}
    config = {"architecture": "amd64", "os": "linux", "rootfs": {"type": "layers", "diff_ids": [digest]}}
    manifest = keep(json.dumps({"schemaVersion": 2, "mediaType": OCI_MANIFEST,
                                "config": keep(json.dumps(config).encode(), OCI_CONFIG), "layers": [layer]}).encode(),
                    OCI_MANIFEST)
    (layout / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')
    (layout / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": [
        {**manifest, "annotations": {"org.opencontainers.image.ref.name": "large"}}]}))

    pusher.run("copy", "--preserve-digests", *pusher.tls("dest-"), f"oci:{layout}:large",
               f"docker://{pusher.reference(name)}")
    puller = log_in(Skopeo, new_principal("AcrPull"))
    assert digest in puller.pull(name)
    assert peak_memory(berth.process.pid) < 256 << 20
