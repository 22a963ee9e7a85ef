"""Deny assignments: `…/denyAssignments/{guid}`, api 2024-07-01-preview, and what they do."""

import urllib.parse
import uuid

import pytest

from harness import content

VERSION = "2024-07-01-preview"
EVERYONE = {"id": "00000000-0000-0000-0000-000000000000", "type": "SystemDefined"}
WRITE = "Microsoft.ContainerRegistry/registries/write"
PUSH = "Microsoft.ContainerRegistry/registries/push/write"


def path_of(scope: str, guid: str = "") -> str:
    return f"{scope.rstrip('/')}/providers/Microsoft.Authorization/denyAssignments" + (f"/{guid}" if guid else "")


def target(principal) -> dict:
    return {"id": principal.object_id, "type": "ServicePrincipal"}


@pytest.fixture
def deny(arm):
    """deny(scope, *actions, **properties) -> the answer; deleted at the end."""
    made = []

    def put(scope, *actions, guid=None, by=None, **properties):
        guid = guid or str(uuid.uuid4())
        made.append(path_of(scope, guid))
        body = {"denyAssignmentName": content.unique("deny"), "permissions": [{"actions": list(actions)}], **properties}
        return (by or arm).call("PUT", path_of(scope, guid), VERSION, json={"properties": body})

    yield put
    for path in made:
        arm.call("DELETE", path, VERSION)


def test_life_of_a_deny_assignment(arm, owner, registry, new_principal, deny):
    principal, guid = new_principal(), str(uuid.uuid4())
    created = deny(registry.id, WRITE, guid=guid, principals=[target(principal)], description="why", denyAssignmentName="no writing").expect(201)
    document = created.json()
    assert document["id"] == path_of(registry.id, guid) and document["name"] == guid
    assert document["type"] == "Microsoft.Authorization/denyAssignments"
    properties = document["properties"]
    assert properties["createdOn"] and properties["updatedOn"] and properties["createdBy"] == owner.object_id
    assert {name: properties[name] for name in ("denyAssignmentName", "description", "scope", "doNotApplyToChildScopes", "principals",
                                                "excludePrincipals", "isSystemProtected")} == {
        "denyAssignmentName": "no writing", "description": "why", "scope": registry.id, "doNotApplyToChildScopes": False,
        "principals": [target(principal)], "excludePrincipals": [], "isSystemProtected": False}
    assert properties["permissions"] == [{"actions": [WRITE], "notActions": [], "dataActions": [], "notDataActions": []}]
    assert arm.call("GET", document["id"], VERSION).expect(200).json() == document
    changed = deny(registry.id, PUSH, guid=guid, principals=[target(principal)], denyAssignmentName="no writing").expect(200).json()["properties"]
    assert changed["permissions"][0]["actions"] == [PUSH] and changed["createdOn"] == properties["createdOn"]
    assert arm.call("DELETE", document["id"], VERSION).expect(200).json()["name"] == guid
    assert arm.call("DELETE", document["id"], VERSION).status == 204
    error = arm.call("GET", document["id"], VERSION).expect(404).json()["error"]
    assert error["code"] == "DenyAssignmentNotFound"


def test_denied_at_once_and_only_what_is_named(arm, registry, new_principal, deny):
    principal = new_principal("Contributor", registry.id)
    principal.arm.patch_registry(registry.name, tags={"a": "b"}).expect(200)
    document = deny(registry.id, WRITE, principals=[target(principal)], denyAssignmentName="frozen").expect(201).json()
    error = principal.arm.patch_registry(registry.name, tags={"a": "c"}).expect(403).json()["error"]
    assert error["code"] == "DenyAssignmentAuthorizationFailed"
    for words in ("'frozen'", document["name"], registry.id, WRITE):
        assert words in error["message"], error
    principal.arm.get_registry(registry.name).expect(200)
    registry.oci(principal).push("image", content.image(), "latest")
    # No role helps.
    owning = arm.assign("Owner", principal.object_id, registry.id)
    principal.arm.patch_registry(registry.name, tags={"a": "c"}).expect(403)
    arm.unassign(owning)
    arm.call("DELETE", document["id"], VERSION).expect(200)
    principal.arm.patch_registry(registry.name, tags={"a": "c"}).expect(200)


def test_pushing_is_denied_on_the_data_plane(registry, new_principal, deny):
    principal = new_principal("AcrPush", registry.id)
    client = registry.oci(principal, "basic")
    client.start_upload("image").expect(202)
    deny(registry.id, PUSH, principals=[target(principal)]).expect(201)
    assert client.start_upload("image").status == 401


def test_everyone_but(registry, owner, new_principal, graph, deny):
    principal, excluded, member = (new_principal("Contributor", registry.id) for _ in range(3))
    group = graph.create_group(content.unique("team"))
    graph.add_member(group["id"], member.object_id)
    deny(registry.id, WRITE, principals=[EVERYONE],
         excludePrincipals=[target(excluded), target(owner), {"id": group["id"], "type": "Group"}]).expect(201)
    assert [one.arm.patch_registry(registry.name, tags={}).status for one in (principal, excluded, member)] == [403, 200, 200]
    graph.remove_member(group["id"], member.object_id)
    assert member.arm.patch_registry(registry.name, tags={}).status == 403


def test_below_the_scope_unless_it_says_not(arm, registry, new_principal, deny):
    principal = new_principal("Contributor", registry.id)
    group, guid, name = arm.bootstrap.group_scope, str(uuid.uuid4()), content.unique("deny")
    deny(group, WRITE, guid=guid, denyAssignmentName=name, principals=[target(principal)]).expect(201)
    assert principal.arm.patch_registry(registry.name, tags={}).status == 403
    deny(group, WRITE, guid=guid, denyAssignmentName=name, principals=[target(principal)], doNotApplyToChildScopes=True).expect(200)
    assert principal.arm.patch_registry(registry.name, tags={}).status == 200


BAD = [{"principals": []}, {"principals": None}, {"principals": [EVERYONE]}, {"principals": [EVERYONE], "excludePrincipals": []},
       {"principals": [{"id": "x", "type": "User"}]}, {"principals": "x"}, {"principals": [5]}, {"denyAssignmentName": ""},
       {"denyAssignmentName": 5}, {"denyAssignmentName": None}, {"permissions": []}, {"permissions": [{"actions": []}]}, {"permissions": "x"},
       {"permissions": [{"actions": ["*/write"], "dataActions": ["*"]}]}, {"permissions": [{"actions": ["*/read"]}]},
       {"permissions": [{"actions": ["Microsoft.ContainerRegistry/registries/pull/read"]}]},
       {"permissions": [{"actions": ["Microsoft.ContainerRegistry/registry/write"]}]}, {"permissions": [{"actions": ["*/*"]}]},
       {"doNotApplyToChildScopes": "x"}, {"isSystemProtected": True}, {"description": ["x"]}]


@pytest.mark.parametrize("change", BAD, ids=lambda change: str(change)[:70])
def test_deny_assignments_that_are_refused(arm, registry, new_principal, deny, change):
    guid = str(uuid.uuid4())
    properties = {"principals": [target(new_principal())], **change}
    error = deny(registry.id, WRITE, guid=guid, **properties).expect(400).json()["error"]
    assert error["code"] in ("InvalidCreateDenyAssignmentRequest", "InvalidActionOrNotAction"), error
    assert arm.call("GET", path_of(registry.id, guid), VERSION).status == 404


def test_no_group_is_denied(registry, graph, deny):
    group = graph.create_group(content.unique("team"))["id"]
    error = deny(registry.id, WRITE, principals=[{"id": group, "type": "Group"}]).expect(400).json()["error"]
    assert error["code"] == "InvalidCreateDenyAssignmentRequest" and "group" in error["message"]
    assert deny(registry.id, WRITE, principals=[{"id": group, "type": "User"}]).expect(400).json()["error"]["code"] == "UnmatchedPrincipalType"
    assert deny(registry.id, WRITE, principals=[{"id": group}]).status == 400


def test_names_are_unique_in_a_scope(arm, registry, new_principal, deny):
    principal, name = new_principal(), content.unique("deny")
    deny(registry.id, WRITE, denyAssignmentName=name, principals=[target(principal)]).expect(201)
    assert deny(registry.id, WRITE, denyAssignmentName=name.upper(), principals=[target(principal)]).status == 409
    deny(arm.bootstrap.group_scope, WRITE, denyAssignmentName=name, principals=[target(principal)]).expect(201)


def test_where_there_is_nothing(arm, new_principal, deny):
    principal = new_principal()
    for scope in (arm.registry_path("none00"), arm.group_path("none")):
        assert deny(scope, WRITE, principals=[target(principal)]).status == 404


def test_it_belongs_to_one_scope(arm, registry, new_registry, new_principal, deny):
    other, guid, principal = new_registry(), str(uuid.uuid4()), new_principal()
    deny(registry.id, WRITE, guid=guid, principals=[target(principal)]).expect(201)
    assert deny(other.id, WRITE, guid=guid, principals=[target(principal)]).status == 409
    assert arm.call("GET", path_of(other.id, guid), VERSION).status == 404
    assert arm.call("DELETE", path_of(other.id, guid), VERSION).status == 204
    arm.call("GET", path_of(registry.id, guid), VERSION).expect(200)


def test_who_may(arm, registry, new_principal, deny):
    """Contributor's notActions take Microsoft.Authorization/*/write and /delete away; Reader reads."""
    victim = new_principal()
    document = deny(registry.id, WRITE, principals=[target(victim)]).expect(201).json()
    for role, reads, writes in (("Owner", 200, 201), ("User Access Administrator", 200, 201), ("Contributor", 200, 403), ("Reader", 200, 403),
                                ("Role Based Access Control Administrator", 200, 403), ("AcrPull", 403, 403)):
        somebody = new_principal(role, registry.id)
        assert somebody.arm.call("GET", document["id"], VERSION).status == reads, role
        assert deny(registry.id, WRITE, by=somebody.arm, principals=[target(victim)]).status == writes, role
        assert (somebody.arm.call("DELETE", path_of(registry.id, str(uuid.uuid4())), VERSION).status == 204) == (writes == 201), role


def test_lists_and_filters(arm, registry, new_principal, graph, deny):
    principal, other = new_principal(), new_principal()
    group = graph.create_group(content.unique("team"))
    ids = {}
    for label, scope, principals, more in (
            ("above", arm.bootstrap.group_scope, [target(principal)], {}), ("at", registry.id, [target(principal)], {}),
            ("other", registry.id, [target(other)], {}), ("everyone", registry.id, [EVERYONE], {"excludePrincipals": [{"id": group["id"], "type": "Group"}]})):
        action = "Microsoft.ContainerRegistry/registries/tasks/write"
        ids[label] = deny(scope, action, principals=principals, denyAssignmentName=label + registry.name, **more).expect(201).json()["name"]
    labels = {guid: label for label, guid in ids.items()}

    def listed(scope, text=None, by=None):
        path = path_of(scope) + ("?$filter=" + urllib.parse.quote(text) if text else "")
        return {labels[item["name"]] for item in (by or arm).list(path, VERSION) if item["name"] in labels}

    assert listed(registry.id) == {"above", "at", "other", "everyone"}
    assert listed(arm.bootstrap.subscription_scope) == {"above", "at", "other", "everyone"}
    assert listed(arm.bootstrap.group_scope, "atScope()") == {"above"}
    assert listed(registry.id, f"principalId eq '{principal.object_id}'") == {"above", "at"}
    assert listed(registry.id, f"atScope() and assignedTo('{other.object_id}')") == {"other", "everyone"}
    assert listed(registry.id, f"denyAssignmentName eq 'AT{registry.name}'") == {"at"}
    assert listed(registry.id, by=new_principal("Reader", registry.id).arm) == {"at", "other", "everyone"}, "not those above"
    assert listed(registry.id, by=new_principal("AcrPull", registry.id).arm) == set()
    for broken in ("nonsense", "principalId eq 'x'", "assignedTo()", "scope eq 'x'"):
        assert arm.call("GET", path_of(registry.id) + "?$filter=" + urllib.parse.quote(broken), VERSION).status == 400, broken


def test_deleted_with_its_registry(arm, new_registry, new_principal, deny):
    registry, principal, guid = new_registry(), new_principal(), str(uuid.uuid4())
    deny(registry.id, WRITE, guid=guid, principals=[target(principal)]).expect(201)
    arm.delete_registry(registry.name).expect(200, 202, 204)
    new_registry(registry.name)
    assert arm.call("GET", path_of(registry.id, guid), VERSION).status == 404
