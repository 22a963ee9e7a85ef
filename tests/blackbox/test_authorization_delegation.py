"""Whoever may write role assignments may give any role that can be assigned there, unless a condition restricts it
(azure-rbac-and-arm 1.5: delegation attributes; the condition sees what is asked for on writing, what is there on deleting)."""

import uuid

import pytest

from harness.arm import AUTHORIZATION_VERSION, ROLES

ASSIGNMENTS = "Microsoft.Authorization/roleAssignments"
ADMINISTRATOR = "Role Based Access Control Administrator"


def delegation(test_of_request: str, test_of_resource: str) -> str:
    """The shape that Azure's portal writes."""
    return (f"((!(ActionMatches{{'{ASSIGNMENTS}/write'}})) OR ({test_of_request})) AND "
            f"((!(ActionMatches{{'{ASSIGNMENTS}/delete'}})) OR ({test_of_resource}))")


def roles_only(*roles: str) -> str:
    guids = ", ".join(ROLES[role] for role in roles)
    return delegation(f"@Request[{ASSIGNMENTS}:RoleDefinitionId] ForAnyOfAnyValues:GuidEquals {{{guids}}}",
                      f"@Resource[{ASSIGNMENTS}:RoleDefinitionId] ForAnyOfAnyValues:GuidEquals {{{guids}}}")


def groups_only() -> str:
    return delegation(f"@Request[{ASSIGNMENTS}:PrincipalType] StringEqualsIgnoreCase 'Group'",
                      f"@Resource[{ASSIGNMENTS}:PrincipalType] StringEqualsIgnoreCase 'Group'")


@pytest.fixture
def delegate(arm, registry, new_principal):
    """delegate(condition, role) -> a principal who may give roles on the registry under the condition."""

    def make(condition, role=ADMINISTRATOR):
        principal = new_principal()
        properties = {"roleDefinitionId": arm.role_id(ROLES[role]), "principalId": principal.object_id, "principalType": "ServicePrincipal",
                      "condition": condition, "conditionVersion": "2.0"}
        principal.assignment = arm.assignment_path(registry.id, str(uuid.uuid4()))
        arm.call("PUT", principal.assignment, AUTHORIZATION_VERSION, json={"properties": properties}).expect(201)
        return principal

    return make


def refusal(answer) -> dict:
    error = answer.expect(403).json()["error"]
    assert error["code"] == "AuthorizationFailed", error
    assert "does not have authorization or an ABAC condition not fulfilled to perform action" in error["message"], error
    return error


def test_without_a_condition_any_role_can_be_given(registry, new_principal):
    """Also one that the giver lacks, and Owner to themselves."""
    for role in ("Owner", "User Access Administrator", ADMINISTRATOR):
        giver = new_principal(role, registry.id)
        giver.arm.put_assignment("AcrDelete", new_principal().object_id, registry.id).expect(201)
        giver.arm.put_assignment("Owner", giver.object_id, registry.id).expect(409 if role == "Owner" else 201)


def test_only_these_roles(arm, registry, new_principal, delegate):
    giver, other = delegate(roles_only("AcrPull", "AcrPush")), new_principal()
    given = giver.arm.put_assignment("AcrPull", other.object_id, registry.id).expect(201).json()
    giver.arm.put_assignment("AcrPush", other.object_id, registry.id).expect(201)
    for role in ("AcrDelete", "Owner", ADMINISTRATOR):
        error = refusal(giver.arm.put_assignment(role, other.object_id, registry.id))
        assert f"'{ASSIGNMENTS}/write'" in error["message"] and giver.object_id in error["message"]
    refusal(giver.arm.put_assignment("Owner", giver.object_id, registry.id))
    # What is there counts on deleting.
    giver.arm.call("DELETE", given["id"], AUTHORIZATION_VERSION).expect(200)
    theirs = arm.assign("AcrDelete", other.object_id, registry.id)
    error = refusal(giver.arm.call("DELETE", theirs, AUTHORIZATION_VERSION))
    assert f"'{ASSIGNMENTS}/delete'" in error["message"]
    arm.call("GET", theirs, AUTHORIZATION_VERSION).expect(200)
    # Nobody lifts their own condition.
    refusal(giver.arm.call("DELETE", giver.assignment, AUTHORIZATION_VERSION))
    refusal(giver.arm.put_assignment(ADMINISTRATOR, giver.object_id, registry.id, giver.assignment.rpartition("/")[2]))


def test_reading_needs_no_condition(registry, delegate):
    giver = delegate(roles_only("AcrPull"))
    assert len(giver.arm.list_assignments(registry.id, f"principalId eq '{giver.object_id}'")) == 1
    giver.arm.call("GET", giver.assignment, AUTHORIZATION_VERSION).expect(200)


def test_only_this_kind_of_principal(registry, new_principal, graph, delegate):
    giver = delegate(groups_only())
    group = graph.create_group("delegated")["id"]
    giver.arm.put_assignment("AcrPull", group, registry.id, principal_type="Group").expect(201)
    for declared in ("ServicePrincipal", None):
        refusal(giver.arm.put_assignment("AcrPull", new_principal().object_id, registry.id, principal_type=declared))
    # The directory says what somebody is, not the request.
    assert giver.arm.put_assignment("AcrPull", new_principal().object_id, registry.id, principal_type="Group").status in (400, 403)


def test_only_this_principal(registry, new_principal, delegate):
    chosen, other = new_principal(), new_principal()
    giver = delegate(delegation(f"@Request[{ASSIGNMENTS}:PrincipalId] GuidEquals {chosen.object_id}",
                                f"@Resource[{ASSIGNMENTS}:PrincipalId] GuidEquals {chosen.object_id}"))
    given = giver.arm.put_assignment("AcrPull", chosen.object_id, registry.id).expect(201).json()
    refusal(giver.arm.put_assignment("AcrPull", other.object_id, registry.id))
    giver.arm.call("DELETE", given["id"], AUTHORIZATION_VERSION).expect(200)


def test_a_changed_delegation_counts_for_the_next_request(arm, registry, new_principal, delegate):
    giver, other = delegate(roles_only("AcrPull")), new_principal()
    refusal(giver.arm.put_assignment("AcrPush", other.object_id, registry.id))
    body = {"properties": {"roleDefinitionId": arm.role_id(ROLES[ADMINISTRATOR]), "principalId": giver.object_id,
                           "condition": roles_only("AcrPush"), "conditionVersion": "2.0"}}
    arm.call("PUT", giver.assignment, AUTHORIZATION_VERSION, json=body).expect(201)
    giver.arm.put_assignment("AcrPush", other.object_id, registry.id).expect(201)
    refusal(giver.arm.put_assignment("AcrPull", other.object_id, registry.id))


def test_nothing_is_learned_under_a_condition_that_does_not_hold(registry, delegate):
    """Refused before the role, the principal and the names in the body are looked up."""
    giver = delegate(roles_only("AcrPull"))
    nowhere = str(uuid.uuid4())
    refusal(giver.arm.put_assignment(nowhere, nowhere, registry.id))
    refusal(giver.arm.call("DELETE", giver.arm.assignment_path(registry.id, nowhere), AUTHORIZATION_VERSION))
