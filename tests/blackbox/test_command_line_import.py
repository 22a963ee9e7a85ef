"""`berth import`: an image comes from another registry of the server, and what cannot come is told."""

from harness import content
from harness.oci import Oci


def tagged(registry, owner, repository: str, tag: str) -> int:
    return Oci(registry.http, registry.login_server, owner.credentials).get_manifest(repository, tag).status


def test_from_another_registry_of_the_server(signed_in, registry, first_registry, owner, repository):
    first_registry.oci(owner).push(repository, content.image(), "1")
    said = signed_in("import", f"{repository}:1", "--source-registry", first_registry.name, "--registry", registry.name).stdout
    assert f"{repository}:1" in said
    assert tagged(registry, owner, repository, "1") == 200

    again = ("import", f"{repository}:1", "--source-registry", first_registry.id, "--registry", registry.id, "--image", "copy:1", "copy:2")
    signed_in(*again)
    assert tagged(registry, owner, "copy", "1") == tagged(registry, owner, "copy", "2") == 200
    assert "copy:1" in signed_in.refused(*again)
    signed_in(*again, "--force")


def test_by_the_login_server_and_by_digest(signed_in, registry, first_registry, owner, repository):
    manifest = content.image()
    first_registry.oci(owner).push(repository, manifest, "1")
    signed_in("import", f"{first_registry.login_server}/{repository}@{manifest.digest}", "--registry", registry.name)
    assert tagged(registry, owner, repository, manifest.digest) == 200 and tagged(registry, owner, repository, "1") == 404


def test_what_cannot_come_is_told(signed_in, registry, first_registry, repository):
    assert "host/repository:tag" in signed_in.refused("import", "hello", "--registry", registry.name, code=2)
    said = signed_in.refused("import", f"{repository}:nothing", "--source-registry", first_registry.name, "--registry", registry.name)
    assert repository in said
    said = signed_in.refused("import", "127.0.0.1:1/hello:1", "--registry", registry.name)
    assert "127.0.0.1" in said
    assert registry.name + "x" in signed_in.refused("import", "hello:1", "--source-registry", registry.name + "x", "--registry", registry.name)
