"""Things to push: blobs, manifests, indexes, artifacts."""

import hashlib
import json
import os
import uuid
from dataclasses import dataclass

OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
OCI_INDEX = "application/vnd.oci.image.index.v1+json"
OCI_CONFIG = "application/vnd.oci.image.config.v1+json"
OCI_LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"
OCI_EMPTY = "application/vnd.oci.empty.v1+json"
DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
DOCKER_LIST = "application/vnd.docker.distribution.manifest.list.v2+json"
DOCKER_CONFIG = "application/vnd.docker.container.image.v1+json"
DOCKER_LAYER = "application/vnd.docker.image.rootfs.diff.tar.gzip"
HELM_CONFIG = "application/vnd.cncf.helm.config.v1+json"
HELM_CHART = "application/vnd.cncf.helm.chart.content.v1.tar+gzip"

EMPTY_BLOB = b"{}"


def digest_of(data: bytes, algorithm: str = "sha256") -> str:
    return f"{algorithm}:{hashlib.new(algorithm, data).hexdigest()}"


def random_blob(size: int = 200) -> bytes:
    return os.urandom(size)


def random_digest(algorithm: str = "sha256") -> str:
    """A digest of nothing that exists."""
    return digest_of(os.urandom(32), algorithm)


def unique(prefix: str = "t") -> str:
    """A name that nobody else uses: letters and digits, at most 40 characters."""
    return prefix + uuid.uuid4().hex[:16]


def descriptor(data: bytes, media_type: str, algorithm: str = "sha256", **more) -> dict:
    return {"mediaType": media_type, "digest": digest_of(data, algorithm), "size": len(data), **more}


def encode(document: dict) -> bytes:
    return json.dumps(document, indent=1).encode()


@dataclass(frozen=True)
class Manifest:
    media_type: str
    data: bytes
    blobs: tuple[bytes, ...] = ()

    @property
    def digest(self) -> str:
        return digest_of(self.data)

    def descriptor(self, **more) -> dict:
        return descriptor(self.data, self.media_type, **more)

    @property
    def document(self) -> dict:
        return json.loads(self.data)


def image(*, layers: int = 1, size: int = 200, media_type: str = OCI_MANIFEST, config_type: str | None = None,
          layer_type: str | None = None, annotations: dict | None = None, artifact_type: str | None = None,
          subject: dict | None = None, algorithm: str = "sha256", mark: str | None = None) -> Manifest:
    """An image that nobody has pushed yet; its blobs go with it."""
    docker = media_type == DOCKER_MANIFEST
    config = json.dumps({"architecture": "amd64", "os": "linux", "config": {"Labels": {"mark": mark or unique()}},
                         "rootfs": {"type": "layers", "diff_ids": []}}).encode()
    blobs = [random_blob(size) for _ in range(layers)]
    document: dict = {"schemaVersion": 2, "mediaType": media_type}
    if artifact_type is not None:
        document["artifactType"] = artifact_type
    document["config"] = descriptor(config, config_type or (DOCKER_CONFIG if docker else OCI_CONFIG), algorithm)
    document["layers"] = [descriptor(blob, layer_type or (DOCKER_LAYER if docker else OCI_LAYER), algorithm)
                          for blob in blobs]
    if subject is not None:
        document["subject"] = subject
    if annotations is not None:
        document["annotations"] = annotations
    return Manifest(media_type, encode(document), (config, *blobs))


def artifact(artifact_type: str | None, subject: dict | None = None, annotations: dict | None = None,
             config_type: str = OCI_EMPTY) -> Manifest:
    """An artifact without an image's config (OCI image specification, guidelines for artifacts)."""
    document: dict = {"schemaVersion": 2, "mediaType": OCI_MANIFEST}
    if artifact_type is not None:
        document["artifactType"] = artifact_type
    payload = random_blob(64)
    document["config"] = descriptor(EMPTY_BLOB, config_type)
    document["layers"] = [descriptor(payload, "application/octet-stream")]
    if subject is not None:
        document["subject"] = subject
    if annotations is not None:
        document["annotations"] = annotations
    return Manifest(OCI_MANIFEST, encode(document), (EMPTY_BLOB, payload))


def index(children: list[dict], *, media_type: str = OCI_INDEX, annotations: dict | None = None,
          artifact_type: str | None = None, subject: dict | None = None) -> Manifest:
    document: dict = {"schemaVersion": 2, "mediaType": media_type}
    if artifact_type is not None:
        document["artifactType"] = artifact_type
    document["manifests"] = children
    if subject is not None:
        document["subject"] = subject
    document["annotations"] = {"mark": unique(), **(annotations or {})}
    return Manifest(media_type, encode(document))


def build_cache(*, layers: int = 2, size: int = 200, media_type: str = OCI_INDEX, blobs: tuple[bytes, ...] = ()) -> Manifest:
    """What `buildx --cache-to type=registry` pushes: an index whose entries are layers and their description, no manifests."""
    config = json.dumps({"layers": [], "records": [], "mark": unique()}).encode()
    blobs = (*(blobs or [random_blob(size) for _ in range(layers)]), config)
    layer = DOCKER_LAYER if media_type == DOCKER_LIST else OCI_LAYER
    kinds = [*(layer for _ in blobs[:-1]), "application/vnd.buildkit.cacheconfig.v0"]
    children = [descriptor(blob, kind, annotations={"buildkit/createdat": "2026-01-01T00:00:00Z"}) for blob, kind in zip(blobs, kinds)]
    return Manifest(media_type, encode({"schemaVersion": 2, "mediaType": media_type, "manifests": children}), blobs)


def platform(architecture: str, os_name: str = "linux") -> dict:
    return {"platform": {"architecture": architecture, "os": os_name}}
