"""Directory rights are their own: a role on resources opens nothing in Graph, and Graph is no way around the roles."""

import uuid

import pytest

from harness import content
from harness.identities import new_principal as make_principal


def assert_denied(answer) -> None:
    assert answer.status == 403, answer
    error = answer.json()["error"]
    assert error["code"] == "Authorization_RequestDenied", answer
    assert error["message"]


@pytest.fixture(params=["Owner", "Contributor", "User Access Administrator", None])
def outsider(request, arm, new_principal):
    """Mighty on resources, nobody in the directory."""
    return new_principal(request.param, arm.bootstrap.subscription_scope)


def test_no_applications_and_no_principals(outsider, graph):
    application = graph.create_application(content.unique("app"))
    assert_denied(outsider.graph.call("POST", "/applications", json={"displayName": content.unique("app")}))
    assert_denied(outsider.graph.call("POST", "/servicePrincipals", json={"appId": application["appId"]}))
    assert_denied(outsider.graph.call("PATCH", f"/applications/{application['id']}", json={"displayName": "x"}))
    assert_denied(outsider.graph.call("DELETE", f"/applications/{application['id']}"))


def test_no_new_secret_for_the_owners_application(outsider, graph, owner):
    """The shortest way to become somebody else."""
    application = graph.call("GET", f"/applications?$filter=appId%20eq%20'{owner.client_id}'").expect(200).json()["value"][0]
    for path in (f"/applications/{application['id']}/addPassword", f"/servicePrincipals/{owner.object_id}/addPassword"):
        assert_denied(outsider.graph.call("POST", path, json={"passwordCredential": {"displayName": "mine"}}))
    for path in (f"/applications/{application['id']}/removePassword", f"/servicePrincipals/{owner.object_id}/removePassword"):
        assert_denied(outsider.graph.call("POST", path, json={"keyId": "00000000-0000-0000-0000-000000000000"}))
    assert_denied(outsider.graph.call("DELETE", f"/servicePrincipals/{owner.object_id}"))
    assert_denied(outsider.graph.call("PATCH", f"/servicePrincipals/{owner.object_id}", json={"accountEnabled": False}))


def test_no_way_into_a_group_that_holds_owner(outsider, graph, arm, registry):
    group = graph.create_group(content.unique("owners"))
    arm.assign("Owner", group["id"], registry.id, "Group")
    assert_denied(outsider.graph.call("POST", f"/groups/{group['id']}/members/$ref", json=graph.reference(outsider.object_id)))
    assert_denied(outsider.graph.call("PATCH", f"/groups/{group['id']}",
                                      json={"members@odata.bind": [graph.reference(outsider.object_id)["@odata.id"]]}))
    assert_denied(outsider.graph.call("DELETE", f"/groups/{group['id']}"))
    assert_denied(outsider.graph.call("POST", "/groups", json={"displayName": "x", "mailEnabled": False, "mailNickname": "x",
                                                               "securityEnabled": True}))
    members = graph.call("GET", f"/groups/{group['id']}/members").expect(200).json()["value"]
    assert members == []


def test_not_even_for_oneself(outsider):
    """A principal that only its administrator may give secrets to."""
    assert_denied(outsider.graph.call("POST", f"/servicePrincipals/{outsider.object_id}/addPassword",
                                      json={"passwordCredential": {"displayName": "mine"}}))


def test_decision_comes_before_existence(outsider):
    missing = "00000000-0000-4000-8000-000000000000"
    assert_denied(outsider.graph.call("POST", f"/applications/{missing}/addPassword", json={}))
    assert_denied(outsider.graph.call("DELETE", f"/groups/{missing}"))


def test_the_owner_of_the_first_start_administers_the_directory(graph):
    principal = make_principal(graph, content.unique("made"))
    group = graph.create_group(content.unique("group"))
    graph.add_member(group["id"], principal.object_id)
    members = graph.call("GET", f"/groups/{group['id']}/members").expect(200).json()["value"]
    assert [member["id"] for member in members] == [principal.object_id]


def test_an_arm_token_is_none_for_graph_and_the_other_way_round(http, berth, owner):
    assert http.get("/v1.0/applications", headers={"Authorization": f"Bearer {owner.arm.token}"}).status == 401
    answer = http.get(f"{berth.bootstrap.registry_id}?api-version=2025-11-01", headers={"Authorization": f"Bearer {owner.graph.token}"})
    assert answer.status == 401


@pytest.mark.parametrize("role,grants", [("Contributor", False), ("Reader", False), ("AcrPush", False), ("Owner", True),
                                         ("User Access Administrator", True), ("Role Based Access Control Administrator", True)])
def test_who_may_grant(arm, registry, new_principal, role, grants):
    principal, other = new_principal(role, registry.id), new_principal()
    answer = principal.arm.put_assignment("AcrPull", other.object_id, registry.id)
    if grants:
        answer.expect(201)
        principal.arm.unassign(answer.json()["id"])
    else:
        error = answer.expect(403).json()["error"]
        assert error["code"] == "AuthorizationFailed"
        assert "Microsoft.Authorization/roleAssignments/write" in error["message"]
    # And nobody grants above where the role was given.
    above = principal.arm.put_assignment("AcrPull", other.object_id, arm.bootstrap.subscription_scope)
    assert above.status == 403, above


def test_who_may_define_roles(arm, registry, new_principal):
    contributor = new_principal("Contributor", arm.bootstrap.subscription_scope)
    properties = {"roleName": content.unique("role"), "permissions": [{"actions": ["*"]}], "assignableScopes": [arm.bootstrap.subscription_scope]}
    answer = contributor.arm.put_role(str(uuid.uuid4()), properties)
    assert answer.status == 403 and "Microsoft.Authorization/roleDefinitions/write" in answer.json()["error"]["message"], answer
    # The right is needed at every assignable scope, not only where the request is made.
    local = new_principal("Owner", registry.id)
    answer = local.arm.put_role(str(uuid.uuid4()), properties, scope=registry.id)
    assert answer.status == 403, answer
