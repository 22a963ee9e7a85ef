"""What one client pushes, the others pull."""

import json

import pytest

from harness import content
from programs import Buildah, Containerd, Crane, Docker, Oras, Podman, Regctl

DIGESTS = (Containerd, Crane, Oras, Regctl)
LAYERS = (Buildah, Docker, Podman)


@pytest.mark.parametrize("kind", LAYERS, ids=lambda kind: kind.__name__)
def test_an_index(kind, log_in, put_image, new_principal, image, name):
    """Each takes what is for this machine."""
    put_image(name, "index")
    pulled = log_in(kind, new_principal("AcrPull")).pull(name)
    assert pulled["id"].removeprefix("sha256:") == image.config.removeprefix("sha256:")
    assert tuple(pulled["layers"]) == image.diff_ids


@pytest.mark.parametrize("kind", DIGESTS, ids=lambda kind: kind.__name__)
def test_an_image_that_docker_pushed(kind, log_in, owner, new_principal, name, oci, stored):
    """Docker's own types: they come back with the same bytes."""
    log_in(Docker, owner).push(name)
    answer = oci.get_manifest(*name.split(":"), headers={"Accept": "*/*"}).expect(200)
    assert answer.header("Content-Type") == content.DOCKER_MANIFEST
    assert log_in(kind, new_principal("AcrPull")).pull(name) == stored(name)


def test_docker_mounts_what_it_pushed_elsewhere(log_in, owner, name, stored):
    """Into a second repository its layers are not sent again."""
    docker = log_in(Docker, owner)
    docker.push(name)
    copy = name.replace(":", "/copy:")
    docker.run("tag", docker.reference(name), docker.reference(copy))
    docker.names.add(docker.reference(copy))
    assert "Mounted from" in docker.run("push", docker.reference(copy))
    assert stored(copy) == stored(name)


def test_docker_builds_on_a_private_image(log_in, put_image, new_principal, name):
    """`FROM` an image of the registry: the daemon pulls it with the credentials of its command line."""
    put_image(name)
    docker = log_in(Docker, new_principal("AcrPush"))
    folder = docker.sandbox.fresh()
    (folder / "file").write_text("built")
    (folder / "Dockerfile").write_text(f"FROM {docker.reference(name)}\nCOPY file /file\n")
    built = name.replace(":", "/built:")
    docker.names |= {docker.reference(name), docker.reference(built)}
    docker.run("build", "-q", "-t", docker.reference(built), str(folder), DOCKER_BUILDKIT="0")
    docker.run("push", "-q", docker.reference(built))
    pushed = docker.inspect(built)
    assert docker.pull(built) == pushed


def test_podman_pushes_a_manifest_list(log_in, put_image, new_principal, image, name, oci):
    """Two images of the registry become one index of it."""
    put_image(name, "index")
    podman = log_in(Podman, new_principal("AcrPush"))
    repository = name.split(":")[0]
    podman.run("manifest", "create", "list")
    for manifest in json.loads(oci.get_manifest(*name.split(":")).expect(200).body)["manifests"]:
        podman.run("manifest", "add", *podman.tls(), "list", f"docker://{podman.reference(repository)}@{manifest['digest']}")
    podman.run("manifest", "push", "--all", *podman.tls(), "list", f"docker://{podman.reference(repository)}:list")
    listed = oci.get_manifest(repository, "list").expect(200).json()
    assert {entry["platform"]["architecture"] for entry in listed["manifests"]} == {"amd64", "arm64"}
    assert image.single in {entry["digest"] for entry in listed["manifests"]}


def test_containerd_pulls_every_architecture(log_in, put_image, new_principal, image, name):
    put_image(name, "index")
    node = log_in(Containerd, new_principal("AcrPull"))
    node.run("content", "fetch", *node.remote(), "--all-platforms", node.reference(name))
    assert set(node.run("content", "ls", "-q").split()) == image.digests("index")
