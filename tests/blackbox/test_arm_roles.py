"""Role definitions and role assignments (azure-rbac-and-arm sections 0, 4.2 and 4.3)."""

import urllib.parse
import uuid

import pytest

from harness import content
from harness.arm import AUTHORIZATION_VERSION, ROLES

NULL = "00000000-0000-0000-0000-000000000000"


def definitions_path(scope: str, guid: str = "") -> str:
    return f"{scope}/providers/Microsoft.Authorization/roleDefinitions" + (f"/{guid}" if guid else "")


@pytest.fixture
def subscription(arm):
    return arm.bootstrap.subscription_scope


@pytest.fixture
def new_role(arm, subscription):
    """new_role(**properties) -> the definition's document; deleted with its assignments at the end."""
    made = []

    def make(**properties) -> dict:
        document = {"roleName": content.unique("role"), "description": "d",
                    "permissions": [{"actions": ["Microsoft.ContainerRegistry/registries/read"], "notActions": []}],
                    "assignableScopes": [subscription], **properties}
        guid = str(uuid.uuid4())
        made.append(guid)
        return arm.put_role(guid, document).expect(201).json()

    yield make
    for assignment in arm.list_assignments(subscription):
        if assignment["properties"]["roleDefinitionId"].rpartition("/")[2] in made:
            arm.unassign(assignment["id"])
    for guid in made:
        arm.call("DELETE", definitions_path(subscription, guid), AUTHORIZATION_VERSION)


# Definitions

def test_built_in_roles_are_all_there(arm, subscription):
    listed = {item["name"]: item for item in arm.list(definitions_path(subscription), AUTHORIZATION_VERSION)}
    assert len([item for item in listed.values() if item["properties"]["type"] == "BuiltInRole"]) == 34
    for name, guid in ROLES.items():
        item = listed[guid]
        assert item["properties"]["roleName"] == name
        assert item["properties"]["type"] == "BuiltInRole"
        assert item["type"] == "Microsoft.Authorization/roleDefinitions"
        assert item["id"] == f"{subscription}/providers/Microsoft.Authorization/roleDefinitions/{guid}"
        for permission in item["properties"]["permissions"]:
            assert {"actions", "notActions", "dataActions", "notDataActions"} <= set(permission)


def test_acr_roles_grant_what_azure_says(arm, subscription):
    registries = "Microsoft.ContainerRegistry/registries"
    for name, actions, data_actions in (("AcrPull", {"pull/read"}, set()), ("AcrPush", {"pull/read", "push/write"}, set()),
                                        ("AcrDelete", {"artifacts/delete"}, set()),
                                        ("AcrImageSigner", {"sign/write"}, {"trustedCollections/write"})):
        [permission] = arm.call("GET", definitions_path(subscription, ROLES[name]), AUTHORIZATION_VERSION) \
            .expect(200).json()["properties"]["permissions"]
        assert set(permission["actions"]) == {f"{registries}/{action}" for action in actions}
        assert set(permission["dataActions"]) == {f"{registries}/{action}" for action in data_actions}


@pytest.mark.parametrize("filter_text,count", [("roleName eq 'AcrPull'", 1), ("roleName eq 'acrpull'", 1), ("roleName eq 'No such role'", 0),
                                               ("type eq 'BuiltInRole'", 34)])
def test_filters_of_definitions(arm, subscription, filter_text, count):
    path = definitions_path(subscription) + "?$filter=" + urllib.parse.quote(filter_text)
    assert len(arm.list(path, AUTHORIZATION_VERSION)) == count


def test_custom_roles_are_filtered_by_their_type(arm, subscription, new_role):
    role = new_role()
    listed = arm.list(definitions_path(subscription) + "?$filter=type%20eq%20'CustomRole'", AUTHORIZATION_VERSION)
    assert role["id"] in [item["id"] for item in listed]
    assert {item["properties"]["type"] for item in listed} == {"CustomRole"}


def test_life_of_a_custom_role(arm, subscription, new_role):
    role = new_role(description="first")
    guid = role["name"]
    assert role["id"] == f"{subscription}/providers/Microsoft.Authorization/roleDefinitions/{guid}"
    properties = role["properties"]
    assert properties["type"] == "CustomRole" and properties["assignableScopes"] == [subscription]
    assert properties["permissions"] == [{"actions": ["Microsoft.ContainerRegistry/registries/read"], "notActions": [], "dataActions": [],
                                          "notDataActions": []}]
    assert properties["createdOn"] and properties["updatedOn"]
    changed = arm.put_role(guid, {"roleName": properties["roleName"], "description": "second", "permissions": properties["permissions"],
                                  "assignableScopes": [subscription]})
    assert changed.status == 201, "an update answers 201, too: SDKs know no other"
    assert arm.call("GET", role["id"], AUTHORIZATION_VERSION).expect(200).json()["properties"]["description"] == "second"
    deleted = arm.call("DELETE", role["id"], AUTHORIZATION_VERSION)
    assert deleted.status == 200, deleted
    if deleted.status == 200:
        assert deleted.json()["name"] == guid
    missing = arm.call("GET", role["id"], AUTHORIZATION_VERSION).expect(404).json()["error"]
    assert missing["code"] == "RoleDefinitionDoesNotExist" and guid in missing["message"]
    assert arm.call("DELETE", role["id"], AUTHORIZATION_VERSION).status == 204


def test_a_role_that_says_custom_itself(new_role):
    assert new_role(type="CustomRole")["properties"]["type"] == "CustomRole"


SOMETHING = [{"actions": ["Microsoft.ContainerRegistry/registries/read"]}]


@pytest.mark.parametrize("name", [" Owner", "Owner ", "Owner\u00a0", "\u200bOwner", "Owner\t", "\ufeffOwner", "\u3000"])
def test_names_that_look_like_others_are_refused(arm, name):
    refused = arm.put_role(str(uuid.uuid4()), {"roleName": name, "permissions": [{"actions": ["*/read"]}],
                                               "assignableScopes": [arm.bootstrap.subscription_scope]}).expect(400).json()["error"]
    assert "white space" in refused["message"]


def test_two_roles_of_one_name(arm, subscription, new_role):
    role = new_role()
    for name in (role["properties"]["roleName"], role["properties"]["roleName"].upper(), "AcrPull"):
        answer = arm.put_role(str(uuid.uuid4()), {"roleName": name, "permissions": [{"actions": ["*/read"]}], "assignableScopes": [subscription]})
        assert answer.status == 409, answer
        assert answer.json()["error"] == {**answer.json()["error"], "code": "RoleDefinitionWithSameNameExists",
                                          "message": "A role definition cannot be updated with a name that already exists."}


def test_a_role_in_use_cannot_be_deleted(arm, new_role, registry, new_principal):
    role = new_role()
    assignment = arm.assign(role["name"], new_principal().object_id, registry.id)
    error = arm.call("DELETE", role["id"], AUTHORIZATION_VERSION).expect(400).json()["error"]
    assert error["code"] == "RoleDefinitionHasAssignments"
    arm.unassign(assignment)
    arm.call("DELETE", role["id"], AUTHORIZATION_VERSION).expect(200, 204)


def test_built_in_roles_cannot_be_changed(arm, subscription):
    path = definitions_path(subscription, ROLES["AcrPull"])
    answer = arm.put_role(ROLES["AcrPull"], {"roleName": "AcrPull", "permissions": [{"actions": ["*"]}], "assignableScopes": [subscription]})
    assert 400 <= answer.status < 500, answer
    assert 400 <= arm.call("DELETE", path, AUTHORIZATION_VERSION).status < 500
    [permission] = arm.call("GET", path, AUTHORIZATION_VERSION).expect(200).json()["properties"]["permissions"]
    assert permission["actions"] == ["Microsoft.ContainerRegistry/registries/pull/read"]


@pytest.mark.parametrize("change", [
    {"roleName": None}, {"roleName": ""}, {"roleName": "x" * 513}, {"roleName": 5}, {"permissions": None}, {"permissions": "x"},
    {"permissions": [{"actions": "x"}]}, {"permissions": [{"actions": [5]}]}, {"permissions": ["x"]}, {"assignableScopes": None},
    {"assignableScopes": []}, {"assignableScopes": ["/"]}, {"assignableScopes": ["*"]}, {"assignableScopes": ["x"]}, {"assignableScopes": "x"},
    {"assignableScopes": ["/subscriptions/*"]}, {"permissions": [{"actions": ["Microsoft.ContainerRegistry/*/x/*"]}]},
    {"permissions": []}, {"permissions": [{"actions": [], "notActions": ["*"]}]}, {"permissions": [{"actions": ["*"] * 20_000}]}, {"description": "x" * 3000}, {"type": "BuiltInRole"}], ids=lambda change: str(change)[:50])
def test_definitions_that_are_refused(arm, subscription, change):
    guid = str(uuid.uuid4())
    properties = {"roleName": content.unique("role"), "permissions": [{"actions": ["*/read"]}], "assignableScopes": [subscription], **change}
    answer = arm.put_role(guid, {name: value for name, value in properties.items() if value is not None})
    assert answer.status == 400, answer
    assert answer.json()["error"]["code"]
    assert arm.call("GET", definitions_path(subscription, guid), AUTHORIZATION_VERSION).status == 404


# Assignments

def test_life_of_an_assignment(arm, registry, new_principal, subscription):
    principal = new_principal()
    guid = str(uuid.uuid4())
    created = arm.put_assignment("AcrPull", principal.object_id, registry.id, guid)
    assert created.status == 201, created
    document = created.json()
    assert document["id"] == f"{registry.id}/providers/Microsoft.Authorization/roleAssignments/{guid}"
    assert document["name"] == guid and document["type"] == "Microsoft.Authorization/roleAssignments"
    properties = document["properties"]
    assert properties["scope"] == registry.id
    assert properties["principalId"] == principal.object_id and properties["principalType"] == "ServicePrincipal"
    assert properties["createdOn"] and properties["updatedOn"]
    # az compares the two with ==.
    listed = {item["name"]: item["id"] for item in arm.list(definitions_path(subscription), AUTHORIZATION_VERSION)}
    assert properties["roleDefinitionId"] == listed[ROLES["AcrPull"]]
    assert arm.call("GET", document["id"], AUTHORIZATION_VERSION).expect(200).json() == document
    again = arm.put_assignment("AcrPull", principal.object_id, registry.id, guid)
    assert again.status == 201 and again.status == 201, "an update answers 201, too"
    deleted = arm.call("DELETE", document["id"], AUTHORIZATION_VERSION)
    assert deleted.status == 200 and deleted.json()["name"] == guid, deleted
    assert arm.call("GET", document["id"], AUTHORIZATION_VERSION).status == 404
    assert arm.call("DELETE", document["id"], AUTHORIZATION_VERSION).status == 204


def test_the_same_assignment_twice(arm, registry, new_principal):
    principal = new_principal("AcrPull", registry.id)
    answer = arm.put_assignment("AcrPull", principal.object_id, registry.id)
    assert answer.status == 409, answer
    error = answer.json()["error"]
    assert error["code"] == "RoleAssignmentExists"
    assert "role assignment already exists" in error["message"], "az looks for these words"


def test_what_an_assignment_is_cannot_change(arm, registry, new_registry, new_principal):
    principal, other = new_principal(), new_principal()
    guid = str(uuid.uuid4())
    arm.put_assignment("AcrPull", principal.object_id, registry.id, guid).expect(201)
    for answer in (arm.put_assignment("AcrPull", other.object_id, registry.id, guid), arm.put_assignment("AcrPush", principal.object_id, registry.id, guid)):
        assert answer.status == 400, answer
        assert answer.json()["error"]["code"] == "RoleAssignmentUpdateNotPermitted"
    elsewhere = arm.put_assignment("AcrPull", principal.object_id, new_registry().id, guid)
    assert elsewhere.status == 400, "the name of an assignment is unique in the tenant"
    assert arm.call("GET", arm.assignment_path(registry.id, guid), AUTHORIZATION_VERSION).json()["properties"]["principalId"] == principal.object_id


def test_a_principal_that_does_not_exist(arm, registry):
    stranger = str(uuid.uuid4())
    answer = arm.put_assignment("AcrPull", stranger, registry.id, principal_type=None)
    assert answer.status == 400, answer
    error = answer.json()["error"]
    assert error["code"] == "PrincipalNotFound"
    assert stranger in error["message"] or stranger.replace("-", "") in error["message"]
    # Whoever gives the type vouches for the principal: it may be on its way.
    arm.put_assignment("AcrPull", stranger, registry.id, principal_type="ServicePrincipal").expect(201)


def test_type_is_filled_in(arm, registry, new_principal, graph):
    principal, group = new_principal(), graph.create_group(content.unique("group"))
    for object_id, kind in ((principal.object_id, "ServicePrincipal"), (group["id"], "Group")):
        answer = arm.put_assignment("AcrPull", object_id, registry.id, principal_type=None)
        assert answer.expect(201).json()["properties"]["principalType"] == kind


def test_a_role_that_does_not_exist(arm, registry, new_principal):
    principal = new_principal()
    guid = str(uuid.uuid4())
    answer = arm.put_assignment(guid, principal.object_id, registry.id)
    assert answer.status == 404, answer
    error = answer.json()["error"]
    assert error["code"] == "RoleDefinitionDoesNotExist" and guid in error["message"]


def test_a_role_is_assigned_where_it_is_assignable(arm, new_role, registry, new_registry, new_principal):
    other = new_registry()
    guid = str(uuid.uuid4())
    arm.put_role(guid, {"roleName": content.unique("role"), "permissions": [{"actions": ["*"]}], "assignableScopes": [registry.id]},
                 scope=registry.id).expect(201)
    principal = new_principal()
    for scope in (other.id, arm.bootstrap.subscription_scope):
        answer = arm.put_assignment(guid, principal.object_id, scope)
        assert 400 <= answer.status < 500, answer
        assert answer.json()["error"]["code"]
    assignment = arm.put_assignment(guid, principal.object_id, registry.id).expect(201).json()
    arm.unassign(assignment["id"])
    arm.call("DELETE", definitions_path(registry.id, guid), AUTHORIZATION_VERSION).expect(200, 204)


@pytest.mark.parametrize("properties", [
    {}, {"roleDefinitionId": "x", "principalId": NULL}, {"roleDefinitionId": 5, "principalId": NULL}, {"principalId": NULL},
    {"roleDefinitionId": "{role}"}, {"roleDefinitionId": "{role}", "principalId": "not-a-guid"},
    {"roleDefinitionId": "{role}", "principalId": NULL, "principalType": "Robot"}, {"roleDefinitionId": "{role}", "principalId": ["x"]},
    {"roleDefinitionId": "{role}", "principalId": "{principal}", "description": 5},
    {"roleDefinitionId": "{role}", "principalId": "{principal}", "description": "x" * 3000},
    {"roleDefinitionId": "{role}", "principalId": "{principal}", "condition": "nonsense(", "conditionVersion": "2.0"}],
    ids=lambda properties: str(properties)[:60])
def test_assignments_that_are_refused(arm, registry, owner, properties):
    values = {"{role}": arm.role_id(ROLES["AcrPull"]), "{principal}": owner.object_id}
    filled = {name: values.get(value, value) if isinstance(value, str) else value for name, value in properties.items()}
    answer = arm.call("PUT", arm.assignment_path(registry.id, str(uuid.uuid4())), AUTHORIZATION_VERSION, json={"properties": filled})
    assert answer.status == 400, answer
    assert answer.json()["error"]["code"]


def test_at_a_scope_that_is_not_there(arm, new_principal):
    principal = new_principal()
    answer = arm.put_assignment("AcrPull", principal.object_id, arm.registry_path(content.unique("none")))
    assert answer.status == 404, answer
    answer = arm.put_assignment("AcrPull", principal.object_id, arm.group_path(content.unique("none")))
    assert answer.status == 404, answer


def names(items: list[dict]) -> set[str]:
    return {item["name"] for item in items}


def test_filters_of_assignments(arm, registry, new_principal, graph, subscription):
    principal, other = new_principal(), new_principal()
    group = graph.create_group(content.unique("group"))
    graph.add_member(group["id"], principal.object_id)
    ids = {}
    for label, object_id, scope, kind in (("above", principal.object_id, subscription, "ServicePrincipal"),
                                          ("at", principal.object_id, registry.id, "ServicePrincipal"),
                                          ("group", group["id"], registry.id, "Group"),
                                          ("other", other.object_id, registry.id, "ServicePrincipal")):
        ids[label] = arm.assign("AcrPull", object_id, scope, kind).rpartition("/")[2]
    resource_group = arm.group_path(arm.bootstrap.resource_group)
    try:
        assert names(arm.list_assignments(resource_group)) >= set(ids.values()), "no filter: at, above and below"
        at_scope = names(arm.list_assignments(resource_group, "atScope()"))
        assert ids["above"] in at_scope and ids["at"] not in at_scope, "atScope(): at and above, not below"
        assert names(arm.list_assignments(registry.id, "atScope()")) >= set(ids.values())
        assert names(arm.list_assignments(subscription, f"principalId eq '{principal.object_id}'")) == {ids["above"], ids["at"]}
        assert names(arm.list_assignments(subscription, f"assignedTo('{principal.object_id}')")) == {ids["above"], ids["at"], ids["group"]}
        assert names(arm.list_assignments(resource_group, f"atScope() and assignedTo('{principal.object_id}')")) == {ids["above"]}
        assert names(arm.list_assignments(registry.id, f"principalId eq '{other.object_id}'")) == {ids["other"]}
        for broken in ("nonsense", "principalId eq", "principalId eq 'x", "atScope(", "roleName eq 'x'"):
            answer = arm.call("GET", f"{registry.id}/providers/Microsoft.Authorization/roleAssignments?$filter={urllib.parse.quote(broken)}",
                              AUTHORIZATION_VERSION)
            assert answer.status == 400 and answer.json()["error"]["code"], answer
    finally:
        arm.unassign(f"{subscription}/providers/Microsoft.Authorization/roleAssignments/{ids['above']}")


def test_filter_as_clients_encode_it(arm, registry, new_principal):
    principal = new_principal("AcrPull", registry.id)
    base = f"{registry.id}/providers/Microsoft.Authorization/roleAssignments?$filter="
    for text in ("atScope()", "atScope%28%29", f"atScope%28%29%20and%20assignedTo%28%27{principal.object_id}%27%29",
                 f"atScope()+and+assignedTo('{principal.object_id}')", f"principalId+eq+'{principal.object_id}'"):
        listed = arm.list(base + text, AUTHORIZATION_VERSION)
        assert principal.object_id in [item["properties"]["principalId"] for item in listed], text


def test_reader_sees_assignments_and_acr_roles_do_not(registry, new_principal):
    path = f"{registry.id}/providers/Microsoft.Authorization/roleAssignments"
    new_principal("Reader", registry.id).arm.call("GET", path, AUTHORIZATION_VERSION).expect(200)
    answer = new_principal("AcrPush", registry.id).arm.call("GET", path, AUTHORIZATION_VERSION)
    assert answer.expect(200).json()["value"] == []


def test_scope_is_a_name_and_not_the_beginning_of_one(arm, new_principal, http):
    """/…/rg1 does not cover /…/rg10."""
    short = content.unique("rg")
    long = short + "0"
    for group in (short, long):
        arm.put_group(group).expect(201)
    registry = arm.put_registry(content.unique("reg"), long).expect(200, 201).json()
    principal = new_principal("Contributor", arm.group_path(short))
    assert principal.arm.call("GET", registry["id"]).status == 403
    arm.assign("Reader", principal.object_id, arm.group_path(long.upper()))
    principal.arm.call("GET", registry["id"]).expect(200)
    for group in (short, long):
        arm.call("DELETE", arm.group_path(group), "2025-04-01").expect(200, 202)
