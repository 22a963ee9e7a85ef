"""What a second look at rights found: each of these went through once."""

import uuid

import pytest

from harness import identities
from harness.arm import ROLES
from harness.http_client import Http
from harness.oci import Oci


@pytest.fixture
def repository_token(registry, arm):
    """The id of a token that may do everything in the registry, and its two passwords."""
    path = f"{registry.id}/tokens/reviewed"
    arm.call("PUT", path, json={"properties": {"scopeMapId": f"{registry.id}/scopeMaps/_repositories_admin"}}).expect(201)
    made = arm.call("POST", f"{registry.id}/generateCredentials", json={"tokenId": path}).expect(200).json()
    return path, {one["name"]: one["value"] for one in made["passwords"]}


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
def test_a_password_taken_out_of_a_token(registry, arm, repository_token, method):
    """A write of the token that leaves a password out removes it: what was remembered of it counts no more."""
    path, passwords = repository_token
    removed, kept = (Oci(registry.http, registry.login_server, ("reviewed", passwords[name]), "basic")
                     for name in ("password1", "password2"))
    fetched = Oci(registry.http, registry.login_server, ("reviewed", passwords["password1"])).fetch_token(
        registry.login_server, ["repository:app:pull"]).expect(200).json()["access_token"]
    bearer = Oci(registry.http, registry.login_server, fetched, "token")
    for client in (removed, kept, bearer):
        assert client.get_manifest("app", "v1").status == 404

    properties = {"scopeMapId": f"{registry.id}/scopeMaps/_repositories_admin",
                  "credentials": {"passwords": [{"name": "password2"}]}}
    answer = arm.call(method, path, json={"properties": properties}).expect(200).json()
    assert [one["name"] for one in answer["properties"]["credentials"]["passwords"]] == ["password2"]
    assert removed.get_manifest("app", "v1").status == 401
    assert bearer.get_manifest("app", "v1").status == 401
    assert kept.get_manifest("app", "v1").status == 404


REQUESTED = "@Request[Microsoft.Authorization/roleAssignments:RoleDefinitionId]"
PRIVILEGED = ", ".join(ROLES[role] for role in ("Owner", "User Access Administrator",
                                                "Role Based Access Control Administrator"))
GROUPS = "/providers/Microsoft.Management/managementGroups"
GROUPS_VERSION = "2023-04-01"


@pytest.mark.parametrize("test", [
    f"NOT ({REQUESTED} ForAnyOfAnyValues:GuidEquals {{{PRIVILEGED}}})",
    f"{REQUESTED} ForAnyOfAllValues:GuidNotEquals {{{PRIVILEGED}}}",
    f"NOT Exists {REQUESTED}",
], ids=["not", "not-equals", "not-exists"])
def test_a_delegate_moves_a_subscription_to_where_it_is_owner(own_berth, test):
    """A move gives every role of the new place: "any role but Owner" must not hold because a move names no role."""
    server = own_berth()
    server.start()
    owner = identities.bootstrap_owner(Http(server.http), server.bootstrap)
    arm, subscription = owner.arm, server.bootstrap.subscription_scope
    arm.call("POST", "/providers/Microsoft.Authorization/elevateAccess", "2016-07-01").expect(200)
    arm.assign("Owner", owner.object_id, "/")
    arm.call("PUT", f"{GROUPS}/mine", GROUPS_VERSION, json={"properties": {}}).expect(200)
    delegate = identities.new_principal(owner.graph, "delegate")
    arm.assign("Owner", delegate.object_id, f"{GROUPS}/mine")
    arm.assign("Contributor", delegate.object_id, subscription)
    write = "Microsoft.Authorization/roleAssignments/write"
    given = arm.assign("Role Based Access Control Administrator", delegate.object_id, subscription,
                       condition=f"((!(ActionMatches{{'{write}'}})) OR ({test}))")
    move = f"{GROUPS}/mine/subscriptions/{subscription.rsplit('/', 1)[-1]}"

    refused = delegate.arm.call("PUT", move, GROUPS_VERSION)
    assert refused.status == 403 and refused.json()["error"]["code"] == "LinkedAuthorizationFailed", refused
    assert given.rsplit("/", 1)[-1] in refused.json()["error"]["message"], refused
    assert delegate.arm.put_assignment("Owner", delegate.object_id, subscription).status == 403

    # Without a condition, who gives every role there may move it.
    arm.unassign(given)
    arm.assign("Role Based Access Control Administrator", delegate.object_id, subscription)
    delegate.arm.call("PUT", move, GROUPS_VERSION).expect(200)


def test_a_deny_assignment_that_nobody_could_delete_any_more(own_berth, run):
    """Everybody is denied but a principal that is gone: not even an Owner of the tenant gets out, who owns the folder does."""
    server = own_berth()
    server.start()
    owner = identities.bootstrap_owner(Http(server.http), server.bootstrap)
    excluded = identities.new_principal(owner.graph, "excluded")
    version = "2024-07-01-preview"
    path = f"{server.bootstrap.subscription_scope}/providers/Microsoft.Authorization/denyAssignments/{uuid.uuid4()}"
    owner.arm.call("PUT", path, version, json={"properties": {
        "denyAssignmentName": "everybody", "permissions": [{"actions": ["*"], "notActions": []}],
        "principals": [{"id": str(uuid.UUID(int=0)), "type": "SystemDefined"}],
        "excludePrincipals": [{"id": excluded.object_id, "type": "ServicePrincipal"}]}}).expect(201)
    owner.graph.call("DELETE", f"/servicePrincipals/{excluded.object_id}").expect(204)
    owner.arm.call("POST", "/providers/Microsoft.Authorization/elevateAccess", "2016-07-01").expect(200)
    assert owner.arm.call("DELETE", path, version).status == 403

    server.stop()
    steps = " ".join(run.json("recover", "--data", str(server.data))["steps"])
    assert "Excluded the Owner from 1 deny assignment" in steps
    server.start()
    recovered = identities.bootstrap_owner(Http(server.http), server.bootstrap)
    shown = recovered.arm.call("GET", path, version).expect(200).json()["properties"]
    assert [one["id"] for one in shown["excludePrincipals"]] == [excluded.object_id, recovered.object_id]
    recovered.arm.call("DELETE", path, version).expect(200)
