"""Rights as real clients meet them: repository tokens, and a registry whose mode is switched under a login."""

import pytest

from harness.content import unique
from programs import Crane, Docker, Oras, Podman, Skopeo
from refusals import refused
from sandbox import Failed

TOKENS_VERSION = "2025-11-01"


@pytest.fixture
def new_token(arm):
    """new_token(*actions) -> name and password of a repository token of the first registry with these rights."""

    def make(*actions: str) -> tuple[str, str]:
        name, registry = unique("token"), arm.bootstrap.registry_id
        scope_map, token = f"{registry}/scopeMaps/{name}", f"{registry}/tokens/{name}"
        arm.call("PUT", scope_map, TOKENS_VERSION, json={"properties": {"actions": list(actions)}}).expect(200, 201)
        arm.call("PUT", token, TOKENS_VERSION, json={"properties": {"scopeMapId": scope_map}}).expect(200, 201)
        made = arm.call("POST", f"{registry}/generateCredentials", TOKENS_VERSION, json={"tokenId": token}).expect(200).json()
        return made["username"], made["passwords"][0]["value"]

    return make


@pytest.mark.parametrize("kind", [Crane, Docker, Oras, Podman, Skopeo])
def test_a_repository_token_pushes_and_pulls_what_its_scope_map_names(open_client, ways, new_token, name, kind, put_image):
    repository = name.rsplit(":", 1)[0]
    other = name.replace(":", "/other:")
    put_image(other)
    client = open_client(kind, ways["https"].place)
    client.login(*new_token(f"repositories/{repository}/content/read", f"repositories/{repository}/content/write"))
    pushed = client.push(name)
    with pytest.raises(Failed) as pushing:
        client.push(other)
    assert client.pull(name) == pushed
    with pytest.raises(Failed) as pulling:
        client.pull(other)
    for told in (pushing, pulling):
        assert refused(told.value.output) or "denied" in told.value.output, told.value.output


def test_a_repository_token_is_told_what_it_lacks(open_client, ways, new_token, name, put_image):
    put_image(name)
    client = open_client(Skopeo, ways["https"].place)
    user, password = new_token(f"repositories/{name.rsplit(':', 1)[0]}/content/read")
    client.login(user, password)
    client.pull(name)
    with pytest.raises(Failed) as told:
        client.push(name.replace(":1.0.0", ":2.0.0"))
    assert refused(told.value.output)


@pytest.mark.parametrize("kind", [Docker, Podman, Skopeo])
def test_a_login_goes_on_when_the_mode_is_switched(log_in, new_principal, arm, name, put_image, way, kind):
    """Azure asks everybody to log in again; here clients take a new access token by themselves."""
    put_image(name)
    principal = new_principal("AcrPull")
    arm.assign("Container Registry Repository Reader", principal.object_id, arm.bootstrap.registry_id)
    client = log_in(kind, principal, way)
    before = client.pull(name)
    try:
        for mode in ("AbacRepositoryPermissions", "LegacyRegistryPermissions", "AbacRepositoryPermissions"):
            arm.patch_registry(arm.bootstrap.registry_name, properties={"roleAssignmentMode": mode}).expect(200)
            assert client.pull(name) == before, mode
    finally:
        arm.patch_registry(arm.bootstrap.registry_name,
                           properties={"roleAssignmentMode": "LegacyRegistryPermissions"}).expect(200)
