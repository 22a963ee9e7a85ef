"""What Azure asks of roles and assignments when they are written (azure-rbac-and-arm 1.3, 1.4 end, 1.7, 4.2)."""

import concurrent.futures
import urllib.parse
import uuid

import pytest

from harness import content
from harness.arm import AUTHORIZATION_VERSION, ROLES
from harness.http_client import Http
from harness.identities import bootstrap_owner

REGISTRIES = "Microsoft.ContainerRegistry/registries"
DATA = f"{REGISTRIES}/repositories/content/read"


@pytest.fixture
def subscription(arm):
    return arm.bootstrap.subscription_scope


@pytest.fixture
def put_role(arm, subscription):
    """put_role(guid=None, **properties) -> the answer; what came into being is deleted at the end."""
    made = []

    def put(guid=None, **properties):
        guid = guid or str(uuid.uuid4())
        made.append(guid)
        return arm.put_role(guid, {"roleName": content.unique("role"), "permissions": [{"actions": [f"{REGISTRIES}/read"]}],
                                   "assignableScopes": [subscription], **properties})

    yield put
    for guid in made:
        arm.call("DELETE", arm.role_id(guid), AUTHORIZATION_VERSION)


UNKNOWN = [f"{REGISTRIES}/pull/write", f"{REGISTRIES}/pull", f"{REGISTRIES}/pull/read/x", f"{REGISTRIES}/x*", "Microsoft.ContainerRegistry/registry/*",
           "Microsoft.Authorization/roleAssignment/write", "Microsoft.Resources/subscription/read", "Microsoft.Management/managementGroup/*", DATA,
           "read"]


@pytest.mark.parametrize("where", ["actions", "notActions"])
@pytest.mark.parametrize("action", UNKNOWN)
def test_an_operation_that_the_provider_does_not_have(put_role, action, where):
    error = put_role(permissions=[{"actions": ["*"], where: [action]}]).expect(400).json()["error"]
    assert error["code"] == "InvalidActionOrNotAction"
    assert error["message"] == f"'{action}' does not match any of the actions supported by the providers."


@pytest.mark.parametrize("where", ["dataActions", "notDataActions"])
@pytest.mark.parametrize("action", [f"{REGISTRIES}/pull/read", f"{REGISTRIES}/repositories/content", "Microsoft.Resources/*"])
def test_a_data_operation_that_the_provider_does_not_have(put_role, action, where):
    error = put_role(permissions=[{"actions": ["*"], where: [action]}]).expect(400).json()["error"]
    assert error["code"] == "InvalidDataActionOrNotDataAction" and action in error["message"]


@pytest.mark.parametrize("action", ["*", "*/read", f"{REGISTRIES}/*", f"{REGISTRIES.upper()}/READ", "Microsoft.Compute/virtualMachines/read",
                                    "Contoso.Widgets/anything/at/all/action", "Microsoft.Authorization/locks/*", "*/register/action",
                                    "Microsoft.ContainerRegistry/register/action", "Microsoft.Resources/tags/write",
                                    "Microsoft.Management/managementGroups/settings/write"])
def test_operations_that_are_accepted(put_role, action):
    [permission] = put_role(permissions=[{"actions": [action]}]).expect(201).json()["properties"]["permissions"]
    assert permission["actions"] == [action]


@pytest.mark.parametrize("scopes", [
    ["/"], [], ["/subscriptions/*"], ["{subscription}/resourceGroups/*"], ["/subscriptions"], ["subscriptions/x"], [5], [None], "{subscription}",
    ["/subscriptions/00000000-0000-0000-0000-000000000001"], ["{subscription}", "/subscriptions/00000000-0000-0000-0000-000000000001"],
    ["/providers/Microsoft.Management/managementGroups/none"], ["/providers/Microsoft.Management/managementGroups/*"],
    ["/providers/Microsoft.Management/managementGroups/{tenant}", "/providers/Microsoft.Management/managementGroups/none"],
    ["{subscription}/resourceGroups/g%d" % index for index in range(2001)]], ids=lambda scopes: str(scopes)[:60])
def test_assignable_scopes_that_are_refused(arm, put_role, subscription, scopes):
    def filled(text):
        return text.replace("{subscription}", subscription).replace("{tenant}", arm.bootstrap.tenant_id) if isinstance(text, str) else text

    guid = str(uuid.uuid4())
    scopes = filled(scopes) if isinstance(scopes, str) else [filled(scope) for scope in scopes]
    answer = put_role(guid, assignableScopes=scopes)
    assert answer.status == 400 and answer.json()["error"]["code"], answer
    assert arm.call("GET", arm.role_id(guid), AUTHORIZATION_VERSION).status == 404


def test_two_thousand_assignable_scopes(put_role, subscription):
    scopes = [f"{subscription}/resourceGroups/g{index}" for index in range(2000)]
    assert put_role(assignableScopes=scopes).expect(201).json()["properties"]["assignableScopes"] == scopes


def test_neither_actions_nor_data_actions(put_role):
    for permissions in ([], [{}], [{"actions": [], "dataActions": []}], [{"notActions": ["*"]}]):
        assert put_role(permissions=permissions).status == 400


@pytest.mark.parametrize("permission", [{"action": ["*"]}, {"actions": ["*"], "notaction": ["x"]}, {"actions": ["a b/read"]}, {"actions": [""]},
                                        {"actions": ["*", "*/*"]}, {"actions": {"a": 1}}, {"actions": ["*"], "dataActions": "x"}], ids=str)
def test_permissions_that_are_refused(put_role, permission):
    """A misspelled property must not widen a role in silence."""
    assert put_role(permissions=[permission]).status == 400


@pytest.mark.parametrize("unknown", ["conditon", "Condition", "principalID", "role", "expiry", ""])
def test_unknown_properties_of_an_assignment(arm, registry, new_principal, unknown):
    """A condition that is misspelled and dropped would give more than was meant."""
    guid = str(uuid.uuid4())
    properties = {"roleDefinitionId": arm.role_id(ROLES["AcrPull"]), "principalId": new_principal().object_id, unknown: "x"}
    error = arm.call("PUT", arm.assignment_path(registry.id, guid), AUTHORIZATION_VERSION, json={"properties": properties}).expect(400).json()["error"]
    assert error["code"] == "InvalidCreateRoleAssignmentRequest" and f"'{unknown}'" in error["message"]
    assert arm.call("GET", arm.assignment_path(registry.id, guid), AUTHORIZATION_VERSION).status == 404


@pytest.mark.parametrize("unknown", ["actionz", "assignableScope", "conditions", ""])
def test_unknown_properties_of_a_role(arm, put_role, unknown):
    guid = str(uuid.uuid4())
    error = put_role(guid, **{unknown: []}).expect(400).json()["error"]
    assert error["code"] == "InvalidRoleDefinition" and f"'{unknown}'" in error["message"]
    assert arm.call("GET", arm.role_id(guid), AUTHORIZATION_VERSION).status == 404


def test_what_arm_shows_may_be_sent_back(arm, put_role, registry, new_principal):
    document = put_role().expect(201).json()
    assert arm.call("PUT", document["id"], AUTHORIZATION_VERSION, json=document).status == 201
    assignment = arm.put_assignment("AcrPull", new_principal().object_id, registry.id).expect(201).json()
    assert arm.call("PUT", assignment["id"], AUTHORIZATION_VERSION, json=assignment).status == 201


def test_ids_that_are_no_guids(arm, subscription):
    for what, code in (("roleDefinitions", "InvalidRoleDefinitionId"), ("roleAssignments", "InvalidRoleAssignmentId"),
                       ("denyAssignments", "InvalidDenyAssignmentId")):
        for name in ("x", "acrpull", "00000000-0000-0000-0000-00000000000", "{00000000-0000-0000-0000-000000000000}"):
            for method in ("GET", "PUT", "DELETE"):
                answer = arm.call(method, f"{subscription}/providers/Microsoft.Authorization/{what}/{name}", AUTHORIZATION_VERSION,
                                  **({"json": {}} if method == "PUT" else {}))
                assert answer.status == 400 and answer.json()["error"]["code"] == code, answer


def test_a_built_in_role_cannot_be_put_or_deleted(arm, subscription):
    for scope in (subscription, arm.bootstrap.group_scope):
        body = {"properties": {"roleName": "mine", "permissions": [{"actions": ["*"]}], "assignableScopes": [scope]}}
        path = f"{scope}/providers/Microsoft.Authorization/roleDefinitions/{ROLES['Reader']}"
        assert arm.call("PUT", path, AUTHORIZATION_VERSION, json=body).status == 409
        assert arm.call("DELETE", path, AUTHORIZATION_VERSION).status == 409
    assert arm.call("GET", arm.role_id(ROLES["Reader"]), AUTHORIZATION_VERSION).json()["properties"]["roleName"] == "Reader"


def test_a_role_does_not_leave_a_scope_where_it_is_assigned(arm, put_role, registry, new_registry, new_principal, subscription):
    other, guid, name = new_registry(), str(uuid.uuid4()), content.unique("role")
    put_role(guid, roleName=name).expect(201)
    assignment = arm.assign(guid, new_principal().object_id, registry.id)
    error = put_role(guid, roleName=name, assignableScopes=[other.id]).expect(400).json()["error"]
    assert error["code"] == "RoleDefinitionHasAssignments" and registry.id in error["message"]
    assert arm.call("GET", arm.role_id(guid), AUTHORIZATION_VERSION).json()["properties"]["assignableScopes"] == [subscription]
    put_role(guid, roleName=name, assignableScopes=[other.id, registry.id]).expect(201)
    arm.unassign(assignment)
    put_role(guid, roleName=name, assignableScopes=[other.id]).expect(201)


def test_the_right_is_needed_at_every_assignable_scope_old_and_new(arm, put_role, registry, new_registry, new_principal):
    other = new_registry()
    local, guid, name = new_principal("Owner", registry.id), str(uuid.uuid4()), content.unique("role")
    body = {"roleName": name, "permissions": [{"actions": ["*/read"]}]}
    answer = local.arm.put_role(guid, {**body, "assignableScopes": [registry.id, other.id]}, scope=registry.id)
    error = answer.expect(403).json()["error"]
    assert error["code"] == "LinkedAuthorizationFailed" and other.id in error["message"]
    assert "'Microsoft.Authorization/roleDefinitions/write'" in error["message"]
    local.arm.put_role(guid, {**body, "assignableScopes": [registry.id]}, scope=registry.id).expect(201)
    # Somebody with more rights widens it: now it is out of reach, also for taking the other scope away again.
    put_role(guid, **body, assignableScopes=[registry.id, other.id]).expect(201)
    for scopes in ([registry.id], [registry.id, other.id]):
        assert local.arm.put_role(guid, {**body, "assignableScopes": scopes}, scope=registry.id).status == 403
    path = f"{registry.id}/providers/Microsoft.Authorization/roleDefinitions/{guid}"
    assert local.arm.call("DELETE", path, AUTHORIZATION_VERSION).status == 403


def test_one_name_for_one_role(arm, put_role, http):
    """Concurrent PUTs of one name: one comes into being."""
    name = content.unique("role")
    guids = [str(uuid.uuid4()) for _ in range(8)]
    arm.token

    def put(guid):
        client = Http(http.base)
        try:
            path = arm.role_id(guid) + f"?api-version={AUTHORIZATION_VERSION}"
            body = {"properties": {"roleName": name, "permissions": [{"actions": ["*/read"]}], "assignableScopes": [arm.bootstrap.subscription_scope]}}
            return client.request("PUT", path, json=body, headers={"Authorization": f"Bearer {arm.token}"})
        finally:
            client.close()

    with concurrent.futures.ThreadPoolExecutor(len(guids)) as pool:
        answers = list(pool.map(put, guids))
    assert sorted(answer.status for answer in answers) == [201] + [409] * 7
    assert {answer.json()["error"]["code"] for answer in answers if answer.status == 409} == {"RoleDefinitionWithSameNameExists"}
    listed = [item for item in arm.list(f"{arm.bootstrap.subscription_scope}/providers/Microsoft.Authorization/roleDefinitions"
                                        f"?$filter=roleName%20eq%20'{name}'", AUTHORIZATION_VERSION)]
    assert len(listed) == 1
    arm.call("DELETE", listed[0]["id"], AUTHORIZATION_VERSION).expect(200)


def test_one_assignment_of_one_role_to_one_principal(arm, registry, new_principal, http):
    principal = new_principal()
    arm.token

    def put(_):
        client = Http(http.base)
        try:
            path = arm.assignment_path(registry.id, str(uuid.uuid4())) + f"?api-version={AUTHORIZATION_VERSION}"
            body = {"properties": {"roleDefinitionId": arm.role_id(ROLES["AcrPull"]), "principalId": principal.object_id}}
            return client.request("PUT", path, json=body, headers={"Authorization": f"Bearer {arm.token}"})
        finally:
            client.close()

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(put, range(8)))
    assert sorted(answer.status for answer in answers) == [201] + [409] * 7
    assert len(arm.list_assignments(registry.id, f"principalId eq '{principal.object_id}'")) == 1


# Injections

@pytest.mark.parametrize("text", ["principalId eq '' or '1' eq '1'", "atScope() or true", "principalId eq 'x' union select 1", "roleName eq 'a'' or 1=1--",
                                  "atScope();drop table role_assignments", "principalId eq \"x\"", "atScope() and atScope() and nothing()",
                                  "(" * 2000, "a" * 5000, "assignedTo('x' 'y')", "\x00"], ids=lambda text: repr(text[:30]))
def test_filters_with_injections(arm, registry, text):
    for what in ("roleAssignments", "denyAssignments", "roleDefinitions"):
        path = f"{registry.id}/providers/Microsoft.Authorization/{what}?$filter={urllib.parse.quote(text)}"
        answer = arm.call("GET", path, AUTHORIZATION_VERSION)
        if answer.status == 200:
            assert what == "roleDefinitions" and answer.json()["value"] == [], answer
        else:
            assert answer.status == 400 and answer.json()["error"]["code"], answer


# The last administrator, and principals that are gone

def test_the_last_administrator_of_a_subscription_stays(own_berth):
    server = own_berth().start()
    client = Http(server.http)
    owner = bootstrap_owner(client, server.bootstrap)
    scope = server.bootstrap.subscription_scope
    [assignment] = owner.arm.list_assignments(scope, "atScope()")
    refused = owner.arm.call("DELETE", assignment["id"], AUTHORIZATION_VERSION)
    assert 400 <= refused.status < 500 and refused.status != 403, refused
    assert refused.json()["error"]["code"] == "CannotDeleteLastRbacAdminAssignment"
    assert owner.arm.list_assignments(scope, "atScope()") == [assignment]
    client.close()
    server.stop()


def test_assignments_of_a_deleted_principal_are_listed_and_removable(arm, graph, registry, new_principal):
    principal = new_principal("AcrPull", registry.id)
    graph.call("DELETE", f"/servicePrincipals/{principal.object_id}").expect(204)
    [listed] = arm.list_assignments(registry.id, f"principalId eq '{principal.object_id}'")
    assert listed["properties"]["principalId"] == principal.object_id
    assert arm.call("GET", listed["id"], AUTHORIZATION_VERSION).expect(200).json() == listed
    arm.call("DELETE", listed["id"], AUTHORIZATION_VERSION).expect(200)
    assert arm.list_assignments(registry.id, f"principalId eq '{principal.object_id}'") == []
