"""The table of Azure's page on registry roles and permissions, with real calls; and the failures that people reported."""

import uuid
from dataclasses import dataclass

import pytest

from harness import content, oci as oci_module
from harness.arm import REGISTRY_VERSION
from harness.fixtures import Registry, registry_from
from harness.identities import Principal, new_principal as make_principal

COLUMNS = ("read through Resource Manager", "create and delete a registry", "push", "pull", "delete image data", "change policies", "sign")
TABLE = {
    "Owner": {"read through Resource Manager", "create and delete a registry", "push", "pull", "delete image data", "change policies"},
    "Contributor": {"read through Resource Manager", "create and delete a registry", "push", "pull", "delete image data", "change policies"},
    "Reader": {"read through Resource Manager", "pull"},
    "AcrPush": {"push", "pull"},
    "AcrPull": {"pull"},
    "AcrDelete": {"delete image data"},
    "AcrImageSigner": {"sign"},
    None: set(),
}


@dataclass
class Place:
    """A resource group with a registry, an image in it, and one principal for each role of the table, at the group."""

    group: str
    registry: Registry
    digest: str
    principals: dict[str | None, Principal]


@pytest.fixture(scope="module")
def place(arm, graph, http, owner):
    group = content.unique("seeds")
    arm.put_group(group).expect(200, 201)
    registry = registry_from(http, arm.put_registry(content.unique("seeds"), group).expect(200, 201).json())
    digest = registry.oci(owner).push("image", content.image(), "latest")
    principals = {}
    for role in TABLE:
        principals[role] = make_principal(graph, content.unique("seed"))
        if role is not None:
            arm.assign(role, principals[role].object_id, arm.group_path(group))
    yield Place(group, registry, digest, principals)
    arm.call("DELETE", arm.group_path(group), "2025-04-01")


def assert_forbidden(answer, principal: Principal, action: str, scope: str) -> None:
    """403 with identity, action and scope (azure-rbac-and-arm section 4.2)."""
    assert answer.status == 403, answer
    error = answer.json()["error"]
    assert error["code"] == "AuthorizationFailed", answer
    message = error["message"]
    assert f"with object id '{principal.object_id}'" in message, message
    assert principal.client_id in message or principal.display_name in message, message
    assert f"does not have authorization to perform action '{action}'".lower() in message.lower(), message
    assert f"over scope '{scope}'".lower() in message.lower(), message


def assert_challenged(answer, *actions: str) -> None:
    """401 with the challenge that clients print."""
    assert answer.status == 401, answer
    header = answer.header("WWW-Authenticate")
    assert header.startswith("Bearer realm=") and 'error="insufficient_scope"' in header, answer
    assert "UNAUTHORIZED" in oci_module.error_codes(answer)
    for action in actions:
        assert any(entry["Action"] == action for entry in answer.json()["errors"][0]["detail"]), answer


@pytest.mark.parametrize("role", TABLE)
def test_read_through_resource_manager(place, role):
    principal = place.principals[role]
    answer = principal.arm.call("GET", place.registry.id)
    if "read through Resource Manager" in TABLE[role]:
        assert answer.expect(200).json()["properties"]["loginServer"] == place.registry.login_server
    else:
        assert_forbidden(answer, principal, "Microsoft.ContainerRegistry/registries/read", place.registry.id)


@pytest.mark.parametrize("role", TABLE)
def test_create_and_delete_a_registry(place, role, arm):
    principal = place.principals[role]
    name = content.unique("made")
    path = principal.arm.registry_path(name, place.group)
    created = principal.arm.put_registry(name, place.group)
    if "create and delete a registry" in TABLE[role]:
        created.expect(200, 201)
        principal.arm.delete_registry(name, place.group).expect(200, 202, 204)
        arm.get_registry(name, place.group).expect(404)
    else:
        assert_forbidden(created, principal, "Microsoft.ContainerRegistry/registries/write", path)
        arm.get_registry(name, place.group).expect(404)
        assert_forbidden(principal.arm.delete_registry(place.registry.name, place.group), principal,
                         "Microsoft.ContainerRegistry/registries/delete", place.registry.id)
        arm.call("GET", place.registry.id).expect(200)


@pytest.mark.parametrize("mode", ["bearer", "basic"])
@pytest.mark.parametrize("role", TABLE)
def test_push(place, role, mode):
    client = place.registry.oci(place.principals[role], mode)
    name = content.unique("push")
    answer = client.start_upload(name)
    if "push" in TABLE[role]:
        answer.expect(202)
        client.push(name, content.image(), "latest")
    else:
        assert_challenged(answer, "push")
        assert_challenged(client.put_manifest(name, "latest", content.image().data), "push")


@pytest.mark.parametrize("mode", ["bearer", "basic"])
@pytest.mark.parametrize("role", TABLE)
def test_pull(place, role, mode, owner):
    client = place.registry.oci(place.principals[role], mode)
    manifest = client.get_manifest("image", "latest")
    if "pull" in TABLE[role]:
        layer = manifest.expect(200).json()["layers"][0]["digest"]
        client.get_blob("image", layer).expect(200)
        assert client.tags("image") == ["latest"]
        client.referrers("image", place.digest)
        assert "image" in client.get("/v2/_catalog").expect(200).json()["repositories"]
    else:
        assert_challenged(manifest, "pull")
        layer = place.registry.oci(owner).get_manifest("image", "latest").json()["layers"][0]["digest"]
        assert_challenged(client.get_blob("image", layer), "pull")
        assert client.get("/v2/image/tags/list").status == 401


@pytest.mark.parametrize("mode", ["bearer", "basic"])
@pytest.mark.parametrize("role", TABLE)
def test_delete_image_data(place, role, mode, owner):
    name = content.unique("delete")
    owning = place.registry.oci(owner)
    manifest = content.image()
    owning.push(name, manifest, "latest")
    client = place.registry.oci(place.principals[role], mode)
    answers = [client.delete(f"/v2/{name}/manifests/latest"), client.delete(f"/v2/{name}/manifests/{manifest.digest}"),
               client.delete(f"/v2/{name}/blobs/{content.digest_of(manifest.blobs[1])}")]
    if "delete image data" in TABLE[role]:
        assert [answer.status for answer in answers] == [202, 202, 202]
        assert owning.get_manifest(name, manifest.digest).status == 404
    else:
        for answer in answers:
            assert_challenged(answer, "delete")
        owning.get_manifest(name, "latest").expect(200)


@pytest.mark.parametrize("role", TABLE)
def test_change_policies(place, role):
    principal = place.principals[role]
    days = 10 + list(TABLE).index(role)
    answer = principal.arm.call("PATCH", place.registry.id, json={
        "properties": {"policies": {"retentionPolicy": {"days": days, "status": "disabled"}}}})
    if "change policies" in TABLE[role]:
        policy = answer.expect(200, 201).json()["properties"]["policies"]["retentionPolicy"]
        assert policy["days"] == days
    else:
        assert_forbidden(answer, principal, "Microsoft.ContainerRegistry/registries/write", place.registry.id)


@pytest.mark.parametrize("mode", ["bearer", "basic"])
@pytest.mark.parametrize("role", TABLE)
def test_sign(place, role, mode):
    """Content trust is retired: who may sign is told 501, who may not is refused before."""
    client = place.registry.oci(place.principals[role], mode)
    login = place.registry.login_server
    answer = client.post(f"/v2/{login}/image/_trust/tuf/", body=b"x", headers={"Content-Type": "multipart/form-data; boundary=b"})
    if "sign" in TABLE[role]:
        assert answer.status == 501, answer
        assert oci_module.error_codes(answer)
    else:
        assert answer.status == 401, answer
        assert 'error="insufficient_scope"' in answer.header("WWW-Authenticate"), answer


def test_both_halves_of_signing_are_needed(place, arm, new_principal):
    """sign/write alone, or the data action alone, does not sign."""
    halves = {"actions": ["Microsoft.ContainerRegistry/registries/sign/write"]}, \
             {"dataActions": ["Microsoft.ContainerRegistry/registries/trustedCollections/write"]}
    path = f"/v2/{place.registry.login_server}/image/_trust/tuf/"
    guids = []
    for half in halves:
        guid = str(uuid.uuid4())
        arm.put_role(guid, {"roleName": content.unique("half"), "permissions": [half],
                            "assignableScopes": [arm.bootstrap.subscription_scope]}).expect(201)
        guids.append(guid)
        principal = new_principal()
        arm.assign(guid, principal.object_id, place.registry.id)
        assert place.registry.oci(principal).post(path, body=b"x").status == 401
    both = new_principal()
    for guid in guids:
        arm.assign(guid, both.object_id, place.registry.id)
    assert place.registry.oci(both).post(path, body=b"x").status == 501


# Where the pages contradict their own tables, the tables hold

def test_reader_does_not_push(place):
    assert_challenged(place.registry.oci(place.principals["Reader"]).start_upload("image"), "push")


# A source that berth does not call: who may import is told so (400), who may not is refused before (403).
IMPORT = {"source": {"registryUri": "127.0.0.1:9", "sourceImage": "library/hello-world:latest"},
          "targetTags": ["hello-world:latest"], "mode": "NoForce"}


@pytest.mark.parametrize("role,allowed", [("AcrPush", False), ("AcrPull", False), ("Reader", False), ("AcrDelete", False), (None, False),
                                          ("AcrImageSigner", False), ("Contributor", True), ("Owner", True)])
def test_import(place, role, allowed):
    principal = place.principals[role]
    answer = principal.arm.call("POST", place.registry.id + "/importImage", json=IMPORT)
    if allowed:
        assert answer.status == 400 and "--allow-outbound" in answer.json()["error"]["message"], answer
    else:
        assert_forbidden(answer, principal, "Microsoft.ContainerRegistry/registries/importImage/action", place.registry.id)


def test_import_by_the_role_that_the_answer_names(place, new_principal):
    principal = new_principal("Container Registry Data Importer and Data Reader", place.registry.id)
    assert principal.arm.call("POST", place.registry.id + "/importImage", json=IMPORT).status == 400
    client = place.registry.oci(principal)
    client.get_manifest("image", "latest").expect(200)
    assert "image" in client.get("/v2/_catalog").expect(200).json()["repositories"]
    assert_challenged(client.start_upload("image"), "push")


def test_import_asks_for_the_source_too(place, new_registry, new_principal, arm):
    """A right to import here is none to read there (azure-rbac-and-arm section 4.2)."""
    source = new_registry()
    principal = new_principal("Container Registry Data Importer and Data Reader", place.registry.id)
    body = {"source": {"resourceId": source.id, "sourceImage": "library/hello-world:latest"}, "targetTags": ["hello-world:latest"]}
    error = principal.arm.call("POST", place.registry.id + "/importImage", json=body).expect(403).json()["error"]
    assert error["code"] == "LinkedAuthorizationFailed"
    assert principal.object_id in error["message"] and source.id.lower() in error["message"].lower()
    arm.assign("Reader", principal.object_id, source.id)
    assert principal.arm.call("POST", place.registry.id + "/importImage", json=body).status == 202


# The failures that people reported

def test_wrong_principal_with_the_same_display_name(place, graph, arm):
    name = content.unique("pipeline")
    right, wrong = make_principal(graph, name), make_principal(graph, name)
    arm.assign("AcrPush", right.object_id, place.registry.id)
    place.registry.oci(right).push(content.unique("push"), content.image(), "latest")
    assert_challenged(place.registry.oci(wrong).start_upload("image"), "push")
    answer = wrong.arm.call("POST", place.registry.id + "/importImage", json=IMPORT)
    assert_forbidden(answer, wrong, "Microsoft.ContainerRegistry/registries/importImage/action", place.registry.id)
    assert right.object_id not in answer.body.decode()


def test_role_on_another_registry(place, new_registry, new_principal):
    other = new_registry()
    principal = new_principal("Contributor", other.id)
    principal.arm.call("GET", other.id).expect(200)
    assert_forbidden(principal.arm.call("GET", place.registry.id), principal, "Microsoft.ContainerRegistry/registries/read", place.registry.id)
    assert_challenged(place.registry.oci(principal).get_manifest("image", "latest"), "pull")
    other.oci(principal).push("image", content.image(), "latest")


def test_missing_registry_is_403_for_who_may_not_look(place):
    """Authorization comes before existence."""
    principal = place.principals["AcrPull"]
    path = principal.arm.registry_path(content.unique("none"), place.group)
    assert_forbidden(principal.arm.call("GET", path), principal, "Microsoft.ContainerRegistry/registries/read", path)
    assert place.principals["Reader"].arm.call("GET", path).status == 404


def test_refusal_on_the_data_plane_says_who_lacks_what_where(place):
    principal = place.principals["AcrPull"]
    text = place.registry.oci(principal).start_upload("image").expect(401).body.decode()
    assert principal.object_id in text
    assert "Microsoft.ContainerRegistry/registries/push/write" in text
    assert place.registry.id.lower() in text.lower()


def test_lists_show_what_the_caller_may_read(place, new_registry, new_principal, arm):
    """Invariant: the same decision as for reading each; an empty list and not 403 where there is nothing."""
    other = new_registry()
    path = arm.bootstrap.subscription_scope + "/providers/Microsoft.ContainerRegistry/registries"
    one = new_principal("Reader", other.id)
    assert [item["name"] for item in one.arm.list(path, REGISTRY_VERSION)] == [other.name]
    nobody = place.principals[None]
    answer = nobody.arm.call("GET", path)
    assert answer.expect(200).json()["value"] == []
    names = [item["name"] for item in place.principals["Reader"].arm.list(arm.group_path(place.group)
                                                                          + "/providers/Microsoft.ContainerRegistry/registries")]
    assert names == [place.registry.name]
