"""az acr import: from the same registry, from another one of this berth, from another berth, and what is refused."""

import pytest

from harness import identities
from harness.content import image, index, platform, unique
from harness.fixtures import registry_from
from harness.http_client import Http
from harness.server import Berth

DIGEST_OF_NOTHING = "sha256:" + "0" * 64


@pytest.fixture
def source(cloud, registry):
    """Another registry of this berth, with an index of two platforms as `app:1`."""
    name = unique("source")
    made = registry_from(cloud.http, cloud.owner.arm.put_registry(name).expect(200, 201).json())
    oci = made.oci(cloud.owner)
    children = [image(mark=unique()) for _ in ("amd64", "arm64")]
    for child in children:
        oci.push("app", child)
    whole = index([child.descriptor(platform=platform(kind)) for child, kind in zip(children, ("amd64", "arm64"))])
    made.digest = oci.push("app", whole, reference="1")
    made.children = [child.digest for child in children]
    yield made
    cloud.owner.arm.delete_registry(name)


def whole_index_is_there(cloud, registry, repository: str, reference: str, source) -> None:
    oci = registry.oci(cloud.owner)
    assert oci.get_manifest(repository, reference).expect(200).header("Docker-Content-Digest") == source.digest
    for child in source.children:
        manifest = oci.get_manifest(repository, child).expect(200).json()
        oci.get_blob(repository, manifest["layers"][0]["digest"]).expect(200)


def test_from_a_registry_of_the_same_berth(az, cloud, registry, source):
    """By login server, by resource id, by digest, under several names."""
    r = registry.name
    az(f"acr import -n {r} --source {source.login_server}/app:1 -t team/app:1 -t team/app:latest")
    whole_index_is_there(cloud, registry, "team/app", "1", source)
    whole_index_is_there(cloud, registry, "team/app", "latest", source)
    az(f"acr import -n {r} --source app@{source.digest} -r {source.id} -t by-id:1")
    whole_index_is_there(cloud, registry, "by-id", "1", source)
    az(f"acr import -n {r} --source app:1 -r {source.name} --repository untagged")
    whole_index_is_there(cloud, registry, "untagged", source.digest, source)


def test_a_tag_that_is_there_is_not_moved_without_force(az, cloud, registry, source):
    there = registry.oci(cloud.owner).push("app", image(), reference="1")
    words = f"acr import -n {registry.name} --source {source.login_server}/app:1 -t app:1"
    told = az.refused(words)
    assert "Conflict" in told or "already exists" in told, told
    assert registry.oci(cloud.owner).get_manifest("app", "1").header("Docker-Content-Digest") == there
    az(f"{words} --force")
    whole_index_is_there(cloud, registry, "app", "1", source)


def test_what_is_not_there_is_not_imported(az, registry, source):
    for reference in ("app:none", "none:1", f"app@{DIGEST_OF_NOTHING}"):
        az.refused(f"acr import -n {registry.name} --source {source.login_server}/{reference} -t app:1")
    assert az(f"acr repository list -n {registry.name}") == []


def test_a_pipeline_needs_the_right_to_import_and_to_read_the_source(sign_in, new_principal, cloud, registry, source):
    pipeline = new_principal("Reader", registry.id)
    az = sign_in(pipeline)
    words = f"acr import -n {registry.name} --source app:1 -r {source.id} -t app:1"
    told = az.refused(words)
    assert "importImage/action" in told and "Unauthorized" in told, told
    cloud.owner.arm.assign("Container Registry Data Importer and Data Reader", pipeline.object_id, registry.id)
    told = az.refused(words)
    assert source.name in told, told
    cloud.owner.arm.assign("AcrPull", pipeline.object_id, source.id)
    cloud.owner.arm.assign("Container Registry Data Importer and Data Reader", pipeline.object_id, source.id)
    az(words)
    whole_index_is_there(cloud, registry, "app", "1", source)


def test_a_private_address_is_not_called(az, registry):
    told = az.refused(f"acr import -n {registry.name} --source 10.0.0.1/app:1 -t app:1")
    assert "10.0.0.1" in told, told
