"""Managed identities of registries: system-assigned ones are made and end with them."""

import pytest


def patch(arm, registry, **identity):
    return arm.call("PATCH", registry.id, json={"identity": identity})


def test_system_assigned(arm, registry, graph):
    assert "identity" not in arm.get_registry(registry.name).json()
    identity = patch(arm, registry, type="systemassigned").expect(200).json()["identity"]
    assert identity["type"] == "SystemAssigned" and identity["tenantId"] == arm.bootstrap.tenant_id
    path = f"/servicePrincipals/{identity['principalId']}"
    assert graph.call("GET", path).expect(200).json()["displayName"] == registry.name
    # Roles can be given to it at once.
    arm.assign("AcrPull", identity["principalId"], registry.id)
    assert patch(arm, registry, type="SystemAssigned").expect(200).json()["identity"] == identity, "it stays the same"
    assert arm.patch_registry(registry.name, tags={"a": "b"}).expect(200).json()["identity"] == identity
    assert "identity" not in patch(arm, registry, type="None").expect(200).json()
    assert graph.call("GET", path).status == 404


def test_ends_with_the_registry(arm, new_registry, graph):
    registry = new_registry()
    principal = patch(arm, registry, type="SystemAssigned").expect(200).json()["identity"]["principalId"]
    arm.delete_registry(registry.name).expect(200)
    assert graph.call("GET", f"/servicePrincipals/{principal}").status == 404
    new_registry(registry.name)
    again = patch(arm, registry, type="SystemAssigned").expect(200).json()["identity"]["principalId"]
    assert again != principal, "a name made anew starts with nothing"


@pytest.mark.parametrize("identity", [
    {}, {"type": 5}, {"type": "Admin"}, {"type": "None, SystemAssigned"}, {"type": "SystemAssigned,"}, {"type": "UserAssigned"},
    {"type": "UserAssigned", "userAssignedIdentities": []}, {"type": "UserAssigned", "userAssignedIdentities": {"x": {}}},
    {"type": "UserAssigned", "userAssignedIdentities": {
        "/subscriptions/0c0ffee0-0000-4000-8000-00000000dead/resourceGroups/g/providers/Microsoft.ManagedIdentity/"
        "userAssignedIdentities/absent": {}}}], ids=lambda one: str(one)[:70])
def test_identities_that_are_none(arm, registry, identity):
    answer = arm.call("PATCH", registry.id, json={"identity": identity})
    # Of a subscription that nobody has rights in it is not told whether it is there.
    wanted = (403, "LinkedAuthorization") if "absent" in str(identity) else (400, "dentity")
    assert answer.status == wanted[0] and wanted[1] in answer.json()["error"]["code"], answer
    assert "identity" not in arm.get_registry(registry.name).json()


def test_user_assigned(arm, registry):
    version = "2023-01-31"
    path = f"{arm.group_path(arm.bootstrap.resource_group)}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/{registry.name}"
    made = arm.call("PUT", path, version, json={"location": arm.bootstrap.location}).expect(200, 201).json()
    shown = {"principalId": made["properties"]["principalId"], "clientId": made["properties"]["clientId"]}
    identity = patch(arm, registry, type="UserAssigned", userAssignedIdentities={path.upper(): {}}).expect(200).json()["identity"]
    assert identity == {"type": "UserAssigned", "userAssignedIdentities": {made["id"]: shown}}
    both = patch(arm, registry, type="SystemAssigned, UserAssigned").expect(200).json()["identity"]
    assert both["userAssignedIdentities"] == {made["id"]: shown} and both["principalId"] != shown["principalId"]
    # Null takes one away, and a type that names none is refused.
    assert patch(arm, registry, type="UserAssigned", userAssignedIdentities={path: None}).status == 400
    left = patch(arm, registry, type="SystemAssigned", userAssignedIdentities={path: None}).expect(200).json()["identity"]
    assert left["type"] == "SystemAssigned" and "userAssignedIdentities" not in left
    other = arm.call("PATCH", registry.id, json={"identity": {"type": "UserAssigned", "userAssignedIdentities": {registry.id: {}}}})
    assert other.status == 400, "a registry is no identity"
    arm.call("DELETE", path, version).expect(200, 204)
