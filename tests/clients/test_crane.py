"""What crane can do beside pushing and pulling."""

import pytest

from harness import content
from images import layout_digests
from programs import Crane
from refusals import DELETE, PUSH
from sandbox import Failed


def test_index_tags_catalog_and_digest(log_in, image, new_principal, name):
    crane = log_in(Crane, new_principal("AcrPush"))
    crane.push(name)
    repository = crane.reference(name).rsplit(":", 1)[0]
    crane.run("tag", crane.reference(name), "other")
    assert crane.run("ls", repository).split() == ["1.0.0", "other"]
    assert crane.run("digest", crane.reference(name)).strip() == image.single
    assert content.digest_of(crane.run("manifest", f"{repository}:other").encode()) == image.single
    assert name.split(":")[0] in crane.run("catalog", crane.place.host).split()
    crane.run("validate", "--remote", crane.reference(name))


def test_every_architecture_is_copied(log_in, image, new_principal, name, put_image, stored):
    """From a repository to another, whose blobs are mounted instead of sent."""
    crane = log_in(Crane, new_principal("AcrPush"))
    put_image(name, "index")
    copy = name.replace(":", "/copy:")
    crane.run("copy", crane.reference(name), crane.reference(copy))
    assert stored(copy) == image.digests("index")
    layout = crane.sandbox.fresh()
    crane.run("pull", "--format=oci", crane.reference(copy), str(layout))
    assert layout_digests(layout, image.index) == image.digests("index")


def test_deleting_needs_its_own_role(log_in, image, new_principal, name, oci):
    """By tag the tag goes and the manifest stays; by digest both go."""
    pusher = log_in(Crane, new_principal("AcrPush"))
    pusher.push(name)
    repository = name.split(":")[0]
    with pytest.raises(Failed) as refusal:
        pusher.run("delete", pusher.reference(name))
    assert DELETE in refusal.value.output

    deleter = log_in(Crane, new_principal("AcrDelete"))
    deleter.run("delete", deleter.reference(name))
    assert oci.get_manifest(*name.split(":")).status == 404
    oci.get_manifest(repository, image.single).expect(200)
    deleter.run("delete", deleter.reference(f"{repository}@{image.single}"))
    assert oci.get_manifest(repository, image.single).status == 404


def test_a_copy_into_a_repository_needs_the_right_to_push(log_in, new_principal, name, oci):
    repository, tag = name.split(":")
    oci.push(repository, content.image(), tag)
    puller = log_in(Crane, new_principal("AcrPull"))
    with pytest.raises(Failed) as refusal:
        puller.run("copy", puller.reference(name), puller.reference(name.replace(":", "/copy:")))
    assert PUSH in refusal.value.output
