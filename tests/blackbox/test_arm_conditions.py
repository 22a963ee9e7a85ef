"""Conditions of role assignments and of the permissions of a role, as they are written (azure-rbac-and-arm 1.5) and at work."""

import uuid

import pytest

from harness import content
from harness.arm import AUTHORIZATION_VERSION, ROLES

NAME = "@Request[Microsoft.ContainerRegistry/registries/repositories:name]"
READ = "Microsoft.ContainerRegistry/registries/repositories/content/read"
READER = "Container Registry Repository Reader"
WRITER = "2a1e307c-b015-4ebd-883e-5b7698a07328"  # Container Registry Repository Writer


def only(*names: str) -> str:
    """What Azure's portal writes: other actions pass, reading only these repositories."""
    wanted = " OR ".join(f"{NAME} StringEqualsIgnoreCase '{name}'" for name in names)
    return f"((!(ActionMatches{{'{READ}'}})) OR ({wanted}))"


def put(arm, scope, principal_id, condition, version="2.0", role=READER, guid=None):
    properties = {"roleDefinitionId": arm.role_id(ROLES[role]), "principalId": principal_id, "principalType": "ServicePrincipal",
                  "condition": condition, "conditionVersion": version}
    return arm.call("PUT", arm.assignment_path(scope, guid or str(uuid.uuid4())), AUTHORIZATION_VERSION, json={"properties": properties})


@pytest.fixture
def abac_registry(new_registry, new_principal):
    """A registry with repository permissions, the images `one` and `two` in it."""
    registry = new_registry(roleAssignmentMode="AbacRepositoryPermissions")
    writer = new_principal(WRITER, registry.id)
    for name in ("one", "two"):
        registry.oci(writer).push(name, content.image(), "latest")
    return registry


def test_a_condition_is_shown_as_it_was_written(arm, registry, new_principal):
    principal = new_principal()
    document = put(arm, registry.id, principal.object_id, only("one")).expect(201).json()
    assert document["properties"]["condition"] == only("one") and document["properties"]["conditionVersion"] == "2.0"
    assert arm.call("GET", document["id"], AUTHORIZATION_VERSION).expect(200).json() == document
    [listed] = arm.list_assignments(registry.id, f"principalId eq '{principal.object_id}'")
    assert listed == document


def test_without_a_condition_there_is_no_version(arm, registry, new_principal):
    properties = arm.put_assignment("AcrPull", new_principal().object_id, registry.id).expect(201).json()["properties"]
    assert properties["condition"] is None and properties["conditionVersion"] is None


def test_a_changed_condition_counts_for_the_next_request(arm, abac_registry, new_principal):
    principal, guid = new_principal(), str(uuid.uuid4())
    created = put(arm, abac_registry.id, principal.object_id, only("one"), guid=guid).expect(201).json()["properties"]
    clients = [abac_registry.oci(principal, "basic"), abac_registry.oci(principal)]

    def pulled(client):
        return tuple(client.get_manifest(name, "latest").status for name in ("one", "two"))

    assert [pulled(client) for client in clients] == [(200, 401), (200, 401)]
    changed = put(arm, abac_registry.id, principal.object_id, only("two"), guid=guid).expect(201).json()["properties"]
    assert changed["condition"] == only("two") and changed["createdOn"] == created["createdOn"]
    assert [pulled(client) for client in clients] == [(401, 200), (401, 200)]
    put(arm, abac_registry.id, principal.object_id, only("one", "two"), guid=guid).expect(201)
    assert [pulled(client) for client in clients] == [(200, 200), (200, 200)]
    arm.put_assignment(READER, principal.object_id, abac_registry.id, guid).expect(201)
    document = arm.call("GET", arm.assignment_path(abac_registry.id, guid), AUTHORIZATION_VERSION).json()
    assert document["properties"]["condition"] is None, "a PUT without a condition takes it away"


BROKEN = ["nonsense(", "(", ")", "((" + only("x"), f"{NAME} StringEquals", f"{NAME} StringNearly 'x'", f"{NAME} StringEquals 'x", "AND", "@",
          f"@Nowhere[a:b] StringEquals 'x'", f"{NAME} StringEquals 'x' {NAME} StringEquals 'y'", "ActionMatches{'x'", "ActionMatches{x}", "'x'",
          "\x00", "(" * 2000 + only("x") + ")" * 2000, "x" * 9000, only("x" * 8200)]


@pytest.mark.parametrize("condition", BROKEN, ids=lambda text: repr(text[:30]))
def test_conditions_that_are_refused(arm, registry, new_principal, condition):
    principal, guid = new_principal(), str(uuid.uuid4())
    error = put(arm, registry.id, principal.object_id, condition, guid=guid).expect(400).json()["error"]
    assert error["message"].startswith("The given role assignment condition is invalid. "), error
    assert len(error["message"]) > len("The given role assignment condition is invalid. ") + 20, "where and what"
    assert arm.call("GET", arm.assignment_path(registry.id, guid), AUTHORIZATION_VERSION).status == 404


def test_two_thousand_parentheses_in_eight_kilobytes_are_answered_at_once(arm, registry, new_principal):
    text = "(" * 1000 + only("x") + ")" * 1000
    assert len(text) < 8192
    answer = put(arm, registry.id, new_principal().object_id, text)
    assert answer.status in (201, 400), answer
    if answer.status == 400:
        assert answer.json()["error"]["message"].startswith("The given role assignment condition is invalid. ")


@pytest.mark.parametrize("version", ["1.0", "2", "", None, "3.0", 2.0, ["2.0"]], ids=repr)
def test_versions_that_are_refused(arm, registry, new_principal, version):
    error = put(arm, registry.id, new_principal().object_id, only("x"), version).expect(400).json()["error"]
    assert error["message"].startswith("The given role assignment condition is invalid. ") and "2.0" in error["message"]


@pytest.mark.parametrize("condition", [5, True, ["x"], {"a": "b"}], ids=repr)
def test_conditions_of_another_type(arm, registry, new_principal, condition):
    error = put(arm, registry.id, new_principal().object_id, condition).expect(400).json()["error"]
    assert error["message"].startswith("The given role assignment condition is invalid. ")


def test_a_bad_update_changes_nothing(arm, registry, new_principal):
    principal, guid = new_principal(), str(uuid.uuid4())
    before = put(arm, registry.id, principal.object_id, only("one"), guid=guid).expect(201).json()
    put(arm, registry.id, principal.object_id, "nonsense(", guid=guid).expect(400)
    put(arm, registry.id, principal.object_id, only("two"), "1.0", guid=guid).expect(400)
    assert arm.call("GET", before["id"], AUTHORIZATION_VERSION).json() == before


# In a role definition

def role_with(condition, version="2.0", **more):
    return {"roleName": content.unique("role"), "assignableScopes": [], **more,
            "permissions": [{"actions": [], "dataActions": [READ], "condition": condition, "conditionVersion": version}]}


def test_a_condition_in_a_role(arm, abac_registry, new_principal):
    guid = str(uuid.uuid4())
    scopes = [arm.bootstrap.subscription_scope]
    name = content.unique("role")
    [permission] = arm.put_role(guid, role_with(only("one"), assignableScopes=scopes, roleName=name)).expect(201).json()["properties"]["permissions"]
    assert permission["condition"] == only("one") and permission["conditionVersion"] == "2.0"
    principal = new_principal()
    assignment = arm.assign(guid, principal.object_id, abac_registry.id)
    client = abac_registry.oci(principal, "basic")
    assert [client.get_manifest(image, "latest").status for image in ("one", "two")] == [200, 401]
    arm.put_role(guid, role_with(only("two"), assignableScopes=scopes, roleName=name)).expect(201)
    assert [client.get_manifest(image, "latest").status for image in ("one", "two")] == [401, 200]
    # The assignment's own condition narrows further.
    arm.unassign(assignment)
    properties = {"roleDefinitionId": arm.role_id(guid), "principalId": principal.object_id, "condition": only("one"), "conditionVersion": "2.0"}
    path = arm.assignment_path(abac_registry.id, str(uuid.uuid4()))
    arm.call("PUT", path, AUTHORIZATION_VERSION, json={"properties": properties}).expect(201)
    assert [client.get_manifest(image, "latest").status for image in ("one", "two")] == [401, 401]
    arm.call("DELETE", path, AUTHORIZATION_VERSION).expect(200)
    arm.call("DELETE", arm.role_id(guid), AUTHORIZATION_VERSION).expect(200)


@pytest.mark.parametrize("condition,version", [("nonsense(", "2.0"), (only("x"), "1.0"), (5, "2.0"), (None, "2.0")], ids=repr)
def test_conditions_in_a_role_that_are_refused(arm, condition, version):
    guid = str(uuid.uuid4())
    answer = arm.put_role(guid, role_with(condition, version, assignableScopes=[arm.bootstrap.subscription_scope]))
    assert answer.status == 400 and "ondition" in answer.json()["error"]["message"], answer
    assert arm.call("GET", arm.role_id(guid), AUTHORIZATION_VERSION).status == 404
