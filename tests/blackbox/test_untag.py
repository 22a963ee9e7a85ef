"""Taking a tag away is a right of those who push as well as of those who delete."""

import pytest

from harness import content
from harness.oci import Oci

LEGACY, ABAC = "LegacyRegistryPermissions", "AbacRepositoryPermissions"
PULL, PUSH, DELETE = "AcrPull", "AcrPush", "AcrDelete"
READER, WRITER, CONTRIBUTOR = (f"Container Registry Repository {kind}" for kind in ("Reader", "Writer", "Contributor"))


def filled(new_registry, owner, arm, mode):
    registry = new_registry(roleAssignmentMode=mode)
    if mode == ABAC:
        arm.assign(CONTRIBUTOR, owner.object_id, registry.id)
    registry.oci(owner, "basic").push("image", content.image(), "latest")
    return registry


@pytest.mark.parametrize("mode,role,status", [
    (LEGACY, PULL, 401), (LEGACY, PUSH, 202), (LEGACY, DELETE, 202), (LEGACY, WRITER, 401), (ABAC, READER, 401), (ABAC, WRITER, 202),
    (ABAC, CONTRIBUTOR, 202), (ABAC, PUSH, 401)])
def test_by_role(new_registry, new_principal, owner, arm, mode, role, status):
    registry = filled(new_registry, owner, arm, mode)
    principal = new_principal(role, registry.id)
    for client in (registry.oci(principal, "basic"), registry.oci(principal)):
        assert client.delete("/acr/v1/image/_tags/latest").status == status
        registry.oci(owner, "basic").push("image", content.image(), "latest")


@pytest.mark.parametrize("actions,status", [("delete", 202), ("push,pull", 202), ("push", 202), ("pull", 401), ("metadata_write", 401)])
def test_a_token_was_asked_for_one_of_both(new_registry, new_principal, owner, arm, actions, status):
    """`az acr repository untag` asks for `delete`, whatever its owner may."""
    registry = filled(new_registry, owner, arm, LEGACY)
    principal = new_principal(PUSH, registry.id)
    token = registry.oci(principal).fetch_token(registry.login_server, [f"repository:image:{actions}"]).expect(200).json()
    client = Oci(registry.http, registry.login_server, token["access_token"], "token")
    assert client.delete("/acr/v1/image/_tags/latest").status == status


def test_who_pushes_deletes_no_manifest(new_registry, new_principal, owner, arm):
    registry = filled(new_registry, owner, arm, LEGACY)
    client = registry.oci(new_principal(PUSH, registry.id), "basic")
    digest = client.get_manifest("image", "latest").expect(200).header("Docker-Content-Digest")
    for path in ("/v2/image/manifests/latest", f"/v2/image/manifests/{digest}", "/acr/v1/image"):
        assert client.delete(path).status == 401, path
    client.delete("/acr/v1/image/_tags/latest").expect(202)
    client.get_manifest("image", digest).expect(200)


def test_locked_against_untagging(new_registry, new_principal, owner, arm):
    registry = filled(new_registry, owner, arm, LEGACY)
    client = registry.oci(new_principal(PUSH, registry.id), "basic")
    for lock in ({"deleteEnabled": False}, {"writeEnabled": False}):
        registry.oci(owner, "basic").patch("/acr/v1/image/_tags/latest", json=lock).expect(200)
        assert client.delete("/acr/v1/image/_tags/latest").status == 405
        registry.oci(owner, "basic").patch("/acr/v1/image/_tags/latest", json={key: True for key in lock}).expect(200)
    client.delete("/acr/v1/image/_tags/latest").expect(202)
