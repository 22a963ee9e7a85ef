"""Ways from a lesser right to a greater one, each of which has worked somewhere."""

import threading
import urllib.parse
import uuid

import pytest

from harness import content, identities
from harness.arm import AUTHORIZATION_VERSION, RESOURCES_VERSION, ROLES
from harness.http_client import Http
from harness.oci import Oci

OWNER = ROLES["Owner"]


@pytest.fixture
def contributor(arm, new_principal):
    return new_principal("Contributor", arm.bootstrap.subscription_scope)


@pytest.fixture
def holds_no_more(arm, graph):
    """holds_no_more(principal): the roles that it has now are those that it was given, alone and through groups."""

    def check(principal, *roles: str) -> None:
        found = arm.list_assignments(arm.bootstrap.subscription_scope, f"assignedTo('{principal.object_id}')")
        names = sorted(one["properties"]["roleDefinitionId"].rpartition("/")[2] for one in found)
        assert names == sorted(ROLES[role] for role in roles), found
        path = arm.assignment_path(arm.bootstrap.subscription_scope, uuid.uuid4())
        answer = principal.arm.call("PUT", path, AUTHORIZATION_VERSION, json=assignment(arm, principal))
        assert answer.status == 403, answer

    return check


def assignment(arm, principal, role: str = OWNER, **more) -> dict:
    return {"properties": {"roleDefinitionId": arm.role_id(role), "principalId": principal.object_id,
                           "principalType": "ServicePrincipal", **more}}


# A Contributor reaching for Owner


@pytest.mark.parametrize("role", ["Owner", "AcrPull", "User Access Administrator"])
def test_contributor_gives_no_roles(arm, registry, contributor, holds_no_more, role):
    for scope in (registry.id, arm.bootstrap.group_scope, arm.bootstrap.subscription_scope, "/"):
        answer = contributor.arm.put_assignment(role, contributor.object_id, scope)
        assert answer.status == 403, answer
        assert answer.json()["error"]["code"] == "AuthorizationFailed"
    holds_no_more(contributor, "Contributor")


def test_contributor_changes_no_role_that_it_holds(arm, registry, contributor, holds_no_more):
    guid = str(uuid.uuid4())
    document = {"roleName": content.unique("role"), "permissions": [{"actions": ["*/read"]}],
                "assignableScopes": [arm.bootstrap.subscription_scope]}
    arm.put_role(guid, document).expect(201)
    given = arm.assign(guid, contributor.object_id, arm.bootstrap.subscription_scope)
    wider = {**document, "permissions": [{"actions": ["*"]}]}
    assert contributor.arm.put_role(guid, wider).status == 403
    assert contributor.arm.put_role(str(uuid.uuid4()), wider).status == 403
    arm.unassign(given)
    holds_no_more(contributor, "Contributor")


def test_contributor_through_a_group(arm, graph, contributor, holds_no_more):
    group = graph.create_group(content.unique("owners"))
    given = arm.assign("Owner", group["id"], arm.bootstrap.subscription_scope, "Group")
    for path in (f"/groups/{group['id']}/members/$ref", f"/groups/{group['id']}/owners/$ref"):
        answer = contributor.graph.call("POST", path, json=graph.reference(contributor.object_id))
        assert answer.status in (403, 404), answer
    member = f"https://graph.microsoft.com/v1.0/directoryObjects/{contributor.object_id}"
    assert contributor.graph.call("PATCH", f"/groups/{group['id']}", json={"members@odata.bind": [member]}).status == 403
    holds_no_more(contributor, "Contributor")
    arm.unassign(given)


def test_contributor_through_an_applications_secret(arm, graph, owner, contributor, http, berth):
    """Neither a new secret for who holds more, nor any way to learn the one that it has."""
    applications = graph.call("GET", "/applications?$filter=" + urllib.parse.quote(f"appId eq '{owner.client_id}'"))
    application = applications.expect(200).json()["value"][0]["id"]
    for path in (f"/applications/{application}", f"/servicePrincipals/{owner.object_id}"):
        for action, body in (("addPassword", {"passwordCredential": {"displayName": "mine"}}), ("addKey", {})):
            assert contributor.graph.call("POST", f"{path}/{action}", json=body).status in (403, 404)
        assert contributor.graph.call("PATCH", path, json={"passwordCredentials": []}).status == 403
        assert contributor.graph.call("GET", path).status == 403


def test_contributor_through_a_federated_credential(graph, owner, contributor, http, berth):
    application = graph.call("GET", "/applications?$filter=" + urllib.parse.quote(f"appId eq '{owner.client_id}'"))
    application = application.expect(200).json()["value"][0]["id"]
    answer = contributor.graph.call("POST", f"/applications/{application}/federatedIdentityCredentials", json={
        "name": "mine", "issuer": "https://issuer.example.org", "subject": "me", "audiences": ["api://AzureADTokenExchange"]})
    assert answer.status in (403, 404), answer
    # A token of one's own is no assertion for somebody else.
    answer = http.post(f"/{berth.bootstrap.tenant_id}/oauth2/v2.0/token", form={
        "grant_type": "client_credentials", "client_id": owner.client_id, "scope": "https://management.azure.com/.default",
        "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        "client_assertion": contributor.arm.token})
    assert answer.status in (400, 401) and "access_token" not in answer.json(), answer


@pytest.mark.parametrize("scope", ["subscription", "group"])
def test_contributor_through_a_deployment(arm, contributor, holds_no_more, scope):
    """A deployment does nothing that who deploys may not do."""
    target = {"subscription": arm.bootstrap.subscription_scope, "group": arm.bootstrap.group_scope}[scope]
    before = {one["id"] for one in arm.list_assignments(arm.bootstrap.subscription_scope)}
    template = {"$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
                "contentVersion": "1.0.0.0", "resources": [{
                    "type": "Microsoft.Authorization/roleAssignments", "apiVersion": "2022-04-01", "name": str(uuid.uuid4()),
                    "properties": assignment(arm, contributor)["properties"]}]}
    answer = contributor.arm.call("PUT", f"{target}/providers/Microsoft.Resources/deployments/mine", RESOURCES_VERSION,
                                  json={"location": "westeurope", "properties": {"mode": "Incremental", "template": template}})
    assert 400 <= answer.status < 500, answer
    assert {one["id"] for one in arm.list_assignments(arm.bootstrap.subscription_scope)} == before
    holds_no_more(contributor, "Contributor")


def test_contributor_through_a_managed_identity(arm, contributor, registry, holds_no_more):
    """An identity that one makes, or hangs on a registry, has no rights of its own."""
    before = {one["id"] for one in arm.list_assignments(arm.bootstrap.subscription_scope)}
    path = f"{arm.bootstrap.group_scope}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/mine"
    contributor.arm.call("PUT", path, "2023-01-31", json={"location": arm.bootstrap.location}).expect(201)
    contributor.arm.call("PATCH", registry.id, json={"identity": {"type": "SystemAssigned"}}).expect(200)
    assert {one["id"] for one in arm.list_assignments(arm.bootstrap.subscription_scope)} == before
    holds_no_more(contributor, "Contributor")


def test_contributor_through_elevation(arm, contributor, new_principal, holds_no_more):
    """`elevateAccess` is for the directory's administrator, not for an Owner."""
    for principal in (contributor, new_principal("Owner", arm.bootstrap.subscription_scope)):
        answer = principal.arm.call("POST", "/providers/Microsoft.Authorization/elevateAccess", "2016-07-01")
        assert answer.status in (403, 404), answer
    holds_no_more(contributor, "Contributor")


def test_user_access_administrator_of_a_part_gives_nothing_above_it(arm, registry, new_registry, new_principal):
    part = new_principal("User Access Administrator", registry.id)
    other = new_registry()
    for scope in (arm.bootstrap.group_scope, arm.bootstrap.subscription_scope, "/", other.id):
        assert part.arm.put_assignment("AcrPull", part.object_id, scope).status == 403
    part.arm.put_assignment("AcrPull", part.object_id, registry.id).expect(201)


# Mass assignment to admin (Harbor CVE-2019-16097): only writable properties are written


def test_fields_of_an_assignment_that_are_not_the_callers(arm, registry, new_principal):
    """The scope is the path's, and who wrote it is who called."""
    part = new_principal("User Access Administrator", registry.id)
    guid = str(uuid.uuid4())
    document = assignment(arm, part, ROLES["AcrPull"], createdBy=arm.bootstrap.owner_object_id,
                          updatedBy=arm.bootstrap.owner_object_id, scope="/")
    document |= {"id": arm.assignment_path("/", guid), "name": str(uuid.uuid4())}
    answer = part.arm.call("PUT", arm.assignment_path(registry.id, guid), AUTHORIZATION_VERSION, json=document)
    if answer.status == 201:
        shown = arm.call("GET", arm.assignment_path(registry.id, guid), AUTHORIZATION_VERSION).expect(200).json()
        assert shown["name"] == guid and shown["properties"]["scope"].lower() == registry.id.lower()
        assert shown["properties"]["createdBy"] == part.object_id == shown["properties"]["updatedBy"]
    else:
        assert answer.status == 400, answer
    assert part.arm.call("GET", arm.bootstrap.subscription_scope + "/resourceGroups", RESOURCES_VERSION).json()["value"] == []


def test_fields_of_a_role_that_are_not_the_callers(arm, new_principal, registry):
    part = new_principal("User Access Administrator", registry.id)
    guid = str(uuid.uuid4())
    document = {"roleName": content.unique("role"), "type": "BuiltInRole", "permissions": [{"actions": ["*"]}],
                "assignableScopes": [registry.id], "createdBy": arm.bootstrap.owner_object_id}
    answer = part.arm.put_role(guid, document, registry.id)
    if answer.status == 201:
        shown = answer.json()["properties"]
        assert shown["type"] == "CustomRole" and shown["createdBy"] == part.object_id
        assert [scope.lower() for scope in shown["assignableScopes"]] == [registry.id.lower()]
    else:
        assert answer.status == 400, answer


def test_fields_of_a_registry_that_are_not_the_callers(arm, contributor, new_registry):
    registry = new_registry()
    before = arm.get_registry(registry.name).expect(200).json()
    answer = contributor.arm.call("PATCH", registry.id, json={
        "id": "/subscriptions/x", "name": "other", "type": "other", "properties": {
            "loginServer": "evil.example.org", "creationDate": "2001-01-01T00:00:00Z", "provisioningState": "Failed"}})
    assert answer.status in (200, 400), answer
    after = arm.get_registry(registry.name).expect(200).json()
    for name in ("id", "name", "type"):
        assert after[name] == before[name]
    for name in ("loginServer", "creationDate", "provisioningState"):
        assert after["properties"][name] == before["properties"][name]


ADMINISTRATOR = {"globalAdministrator": True, "isGlobalAdministrator": True, "global_administrator": True,
                 "directoryRoles": ["Global Administrator"], "roles": ["Global Administrator"], "memberOf": ["Owners"]}


def test_new_objects_of_the_directory_are_no_administrators(arm, graph, owner, http, berth):
    """Whatever is written into them, and with whatever ids."""
    application = graph.call("POST", "/applications", json={
        "displayName": content.unique("app"), "id": str(uuid.uuid4()), "appId": owner.client_id, **ADMINISTRATOR})
    assert application.status in (201, 400), application
    application = application.json() if application.status == 201 else graph.create_application(content.unique("app"))
    assert application["appId"] != owner.client_id
    principal = graph.call("POST", "/servicePrincipals", json={
        "appId": application["appId"], "id": owner.object_id, **ADMINISTRATOR})
    assert principal.status in (201, 400), principal
    principal = principal.json() if principal.status == 201 else graph.create_service_principal(application["appId"])
    assert principal["id"] != owner.object_id
    graph.call("PATCH", f"/servicePrincipals/{principal['id']}", json=ADMINISTRATOR)
    secret = graph.add_password(application["id"])["secretText"]
    made = identities.Principal(http, berth.bootstrap, application["appId"], principal["id"], secret, "made")
    assert made.graph.call("GET", "/groups").status == 403
    assert made.arm.call("GET", berth.bootstrap.registry_id).status == 403


# Identity by name: privilege comes from ids, never from a name (Harbor c0800603, `scanner-*`)


@pytest.mark.parametrize("name", ["berth-owner", "Owner", "Global Administrator", "00000000-0000-0000-0000-000000000000",
                                  "admin", "system", "_repositories_admin", "BERTH-OWNER", "bеrth-owner", "berth-owner\u200b"])
def test_a_name_gives_no_right(graph, arm, registry, name):
    """The last two look like the first owner's name and are not it."""
    principal = identities.new_principal(graph, name)
    assert principal.arm.call("GET", registry.id).status == 403
    assert principal.graph.call("GET", "/applications").status == 403
    assert registry.oci(principal, "basic").get("/v2/a/tags/list").status == 401


def test_the_name_of_a_registrys_admin_user(graph, arm, registry, owner):
    """Its user name is the registry's: a service principal that is called so, is not it."""
    registry.oci(owner).push("image", content.image(), "latest")
    arm.patch_registry(registry.name, properties={"adminUserEnabled": True}).expect(200)
    principal = identities.new_principal(graph, registry.name)
    for user in (registry.name, principal.client_id):
        answer = Oci(registry.http, registry.login_server, (user, principal.secret), "basic").get_manifest("image", "latest")
        assert answer.status == 401


def test_a_group_of_the_same_name_has_other_rights(arm, graph, registry, owner, new_principal):
    """Also one that is made after the first was deleted: nothing hangs on a name."""
    registry.oci(owner).push("image", content.image(), "latest")
    name = content.unique("group")
    first = graph.create_group(name)
    arm.assign("AcrPull", first["id"], registry.id, "Group")
    principal = new_principal()
    client = registry.oci(principal, "basic")
    second = graph.create_group(name)
    graph.add_member(second["id"], principal.object_id)
    assert client.get_manifest("image", "latest").status == 401
    graph.call("DELETE", f"/groups/{first['id']}").expect(204)
    graph.add_member(graph.create_group(name)["id"], principal.object_id)
    assert client.get_manifest("image", "latest").status == 401


def test_a_principal_made_anew_under_its_name_starts_with_nothing(arm, graph, registry, owner, new_principal):
    """Name reuse after deletion (Harbor 89e1c4ba, 8b822331): assignments hang on the id."""
    registry.oci(owner).push("image", content.image(), "latest")
    name = content.unique("ci")
    first = new_principal("AcrPull", registry.id, name)
    assert registry.oci(first, "basic").get_manifest("image", "latest").status == 200
    graph.call("DELETE", f"/servicePrincipals/{first.object_id}").expect(204)
    again = graph.create_service_principal(first.client_id)
    assert again["id"] != first.object_id
    secret = graph.add_password(first.application_id)["secretText"]
    second = identities.Principal(first.http, first.bootstrap, first.client_id, again["id"], secret, name)
    for principal in (first, second):
        assert registry.oci(principal, "basic").get_manifest("image", "latest").status == 401
    assert second.arm.call("GET", registry.id).status == 403


# Roles by name


@pytest.mark.parametrize("name", ["Owner", "owner", "AcrPull", "ACRPULL"])
def test_a_role_does_not_take_a_built_in_roles_name(arm, name):
    document = {"roleName": name, "permissions": [{"actions": ["*"]}], "assignableScopes": [arm.bootstrap.subscription_scope]}
    error = arm.put_role(str(uuid.uuid4()), document).expect(409).json()["error"]
    assert error["code"] == "RoleDefinitionWithSameNameExists"
    # Nor later.
    guid = str(uuid.uuid4())
    arm.put_role(guid, {**document, "roleName": content.unique("role")}).expect(201)
    arm.put_role(guid, document).expect(409)


@pytest.mark.parametrize("name", ["Оwner", "Owner ", "Ｏwner"])
def test_a_role_that_looks_like_a_built_in_one_grants_its_own_actions_only(arm, registry, new_principal, name):
    """Cyrillic, a space at the end, full width: refused, or a role of its own."""
    guid = str(uuid.uuid4())
    answer = arm.put_role(guid, {"roleName": name, "permissions": [
        {"actions": ["Microsoft.ContainerRegistry/registries/operationStatuses/read"]}],
        "assignableScopes": [arm.bootstrap.subscription_scope]})
    if answer.status != 201:
        assert answer.status in (400, 409), answer
        return
    principal = new_principal()
    arm.assign(guid, principal.object_id, registry.id)
    assert principal.arm.call("GET", registry.id).status == 403
    assert principal.arm.put_assignment("Owner", principal.object_id, registry.id).status == 403
    for one in arm.list_assignments(registry.id, f"assignedTo('{principal.object_id}')"):
        arm.unassign(one["id"])
    arm.call("DELETE", arm.role_id(guid), AUTHORIZATION_VERSION).expect(200)


def test_a_built_in_role_cannot_be_replaced(arm, registry, new_principal):
    """Neither in place nor by a custom role with its id at another scope."""
    principal = new_principal("AcrPull", registry.id)
    document = {"roleName": content.unique("role"), "permissions": [{"actions": ["*"]}],
                "assignableScopes": [arm.bootstrap.subscription_scope]}
    for scope in (registry.id, arm.bootstrap.subscription_scope):
        assert 400 <= arm.put_role(ROLES["AcrPull"], {**document, "assignableScopes": [scope]}, scope).status < 500
        path = f"{scope}/providers/Microsoft.Authorization/roleDefinitions/{ROLES['AcrPull']}"
        assert 400 <= arm.call("DELETE", path, AUTHORIZATION_VERSION).status < 500
    assert principal.arm.call("GET", registry.id).status == 403
    assert arm.call("GET", arm.role_id(ROLES["AcrPull"]), AUTHORIZATION_VERSION).json()["properties"]["roleName"] == "AcrPull"


# Scopes


def test_a_group_is_not_the_one_whose_name_begins_alike(arm, http, new_principal):
    """`rg1` and `rg10`, in the control plane and on the data plane; without regard to case."""
    base = content.unique("rg")
    registries = {}
    for name in (f"{base}1", f"{base}10"):
        arm.put_group(name).expect(200, 201)
        registries[name] = arm.put_registry(content.unique("reg"), name).expect(200, 201).json()
    principal = new_principal()
    arm.assign("Contributor", principal.object_id, arm.group_path(f"{base}1").upper().replace("/SUBSCRIPTIONS", "/subscriptions")
               .replace("/RESOURCEGROUPS", "/resourceGroups"))
    mine, other = registries[f"{base}1"], registries[f"{base}10"]
    assert principal.arm.call("GET", mine["id"]).status == 200
    assert principal.arm.call("GET", mine["id"].upper()).status == 200
    for method, path in (("GET", other["id"]), ("PATCH", other["id"]), ("DELETE", other["id"]),
                         ("GET", arm.group_path(f"{base}10")), ("DELETE", arm.group_path(f"{base}10"))):
        assert principal.arm.call(method, path, json={} if method == "PATCH" else None).status == 403, (method, path)
    listed = principal.arm.list(f"{arm.bootstrap.subscription_scope}/providers/Microsoft.ContainerRegistry/registries")
    assert [one["name"] for one in listed] == [mine["name"]]
    for document, status in ((mine, 200), (other, 401)):
        host = document["properties"]["loginServer"]
        assert Oci(http, host, principal.credentials, "basic").get("/v2/_catalog").status == status


@pytest.mark.parametrize("path", [
    "{one}/../{other_name}/providers/Microsoft.ContainerRegistry/registries/{registry}",
    "{one}/%2e%2e/{other_name}/providers/Microsoft.ContainerRegistry/registries/{registry}",
    "{one}%2F..%2F{other_name}/providers/Microsoft.ContainerRegistry/registries/{registry}",
    "{one}%2f..%2f{other_name}/providers/Microsoft.ContainerRegistry/registries/{registry}",
    "{one}/providers/Microsoft.ContainerRegistry/registries/mine/../../../../{other_name}/providers/"
    "Microsoft.ContainerRegistry/registries/{registry}",
    "{one}\\..\\{other_name}/providers/Microsoft.ContainerRegistry/registries/{registry}",
    "{one}%5c..%5c{other_name}/providers/Microsoft.ContainerRegistry/registries/{registry}",
    "{one};/../{other_name}/providers/Microsoft.ContainerRegistry/registries/{registry}",
    "{one}%00/../{other_name}/providers/Microsoft.ContainerRegistry/registries/{registry}",
    "{one}/providers/Microsoft.ContainerRegistry/registries/{registry}",
    "{one}/providers/Microsoft.ContainerRegistry/registries/x%2F..%2F..%2F..%2F..%2F{other_name}%2Fproviders%2F"
    "Microsoft.ContainerRegistry%2Fregistries%2F{registry}",
])
def test_paths_that_lead_out_of_ones_group(arm, http, new_principal, path):
    """The scope that is decided at is the one that is acted on."""
    base = content.unique("rg")
    for name in (f"{base}1", f"{base}10"):
        arm.put_group(name).expect(200, 201)
    registry = arm.put_registry(content.unique("reg"), f"{base}10").expect(200, 201).json()
    principal = new_principal("Owner", arm.group_path(f"{base}1"))
    target = path.format(one=arm.group_path(f"{base}1"), other_name=f"{base}10", registry=registry["name"])
    for method, body in (("GET", None), ("PATCH", {"tags": {"by": "attack"}}), ("DELETE", None)):
        answer = principal.arm.call(method, target, json=body)
        assert answer.status in (204, 400, 403, 404), f"{method} {target}: {answer}"
    after = arm.call("GET", registry["id"]).expect(200).json()
    assert after.get("tags", {}) == {}


@pytest.mark.parametrize("look_alike", ["\u212a", "\u0131", "\u017f", "\uff4b", "К"])
def test_names_of_groups_that_look_alike(arm, new_principal, look_alike):
    """Letters that become ASCII ones when case is folded (Kelvin sign, dotless i, long s), and others that look so."""
    plain = {"\u212a": "k", "\u0131": "i", "\u017f": "s", "\uff4b": "k", "К": "K"}[look_alike]
    base = content.unique("rg")
    arm.put_group(base + plain).expect(201)
    answer = arm.call("PUT", arm.group_path(urllib.parse.quote(base + look_alike)), RESOURCES_VERSION,
                      json={"location": arm.bootstrap.location})
    if answer.status != 201:
        assert answer.status == 400, answer
        return
    principal = new_principal("Reader", arm.group_path(urllib.parse.quote(base + look_alike)))
    assert principal.arm.call("GET", arm.group_path(base + plain), RESOURCES_VERSION).status == 403


# Groups


def test_a_group_that_contains_itself(arm, graph, registry, owner, new_principal):
    """Directly, and through three others: every decision ends, and nobody gets in by it."""
    registry.oci(owner).push("image", content.image(), "latest")
    groups = [graph.create_group(content.unique(f"circle{i}")) for i in range(4)]
    for one, other in zip(groups, [*groups[1:], groups[0]], strict=True):
        graph.add_member(one["id"], other["id"])
    itself = graph.call("POST", f"/groups/{groups[0]['id']}/members/$ref", json=graph.reference(groups[0]["id"]))
    assert itself.status in (204, 400), itself
    arm.assign("AcrPull", groups[2]["id"], registry.id, "Group")
    inside, outside = new_principal(), new_principal()
    graph.add_member(groups[0]["id"], inside.object_id)
    assert registry.oci(inside, "basic").get_manifest("image", "latest").status == 200
    assert registry.oci(outside, "basic").get_manifest("image", "latest").status == 401
    graph.remove_member(groups[0]["id"], inside.object_id)
    assert registry.oci(inside, "basic").get_manifest("image", "latest").status == 401


@pytest.mark.parametrize("principal_id", ["00000000-0000-0000-0000-000000000000", "ffffffff-ffff-ffff-ffff-ffffffffffff",
                                          "*", "everyone", ""])
def test_nobody_in_particular_holds_no_role(arm, registry, owner, new_principal, principal_id):
    """The id that means everyone in a deny assignment does not mean it in a role assignment."""
    registry.oci(owner).push("image", content.image(), "latest")
    for kind in ("ServicePrincipal", "Group", "User", "SystemDefined", "Everyone"):
        answer = arm.call("PUT", arm.assignment_path(registry.id, str(uuid.uuid4())), AUTHORIZATION_VERSION, json={"properties": {
            "roleDefinitionId": arm.role_id(ROLES["Reader"]), "principalId": principal_id, "principalType": kind}})
        assert answer.status in (201, 400, 409), answer
    somebody = new_principal()
    assert somebody.arm.call("GET", registry.id).status == 403
    assert registry.oci(somebody, "basic").get_manifest("image", "latest").status == 401
    assert registry.oci(mode="none").get_manifest("image", "latest").status == 401


# Who is left


def test_two_owners_who_remove_each_other(own_berth):
    """At the same moment: one of the two assignments stays, each time."""
    server = own_berth().start()
    http = Http(server.http)
    first = identities.bootstrap_owner(http, server.bootstrap)
    scope = server.bootstrap.subscription_scope
    second = identities.new_principal(first.graph, "second")
    for _ in range(8):
        standing = first.arm.list_assignments(scope, f"principalId eq '{first.object_id}'")
        if not standing:
            first, second = second, first
            standing = first.arm.list_assignments(scope, f"principalId eq '{first.object_id}'")
        mine = standing[0]["id"]
        theirs = first.arm.assign("Owner", second.object_id, scope)
        answers: dict[str, int] = {}
        ready = threading.Barrier(2)

        def remove(who, target, answers=answers, ready=ready):
            client = Http(server.http)
            token = who.arm.token
            ready.wait()
            answers[target] = client.delete(f"{target}?api-version={AUTHORIZATION_VERSION}",
                                            headers={"Authorization": f"Bearer {token}"}).status
            client.close()

        threads = [threading.Thread(target=remove, args=pair) for pair in ((first, theirs), (second, mine))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        left = [one for who in (first, second) for one in
                (who.arm.list(f"{scope}/providers/Microsoft.Authorization/roleAssignments", AUTHORIZATION_VERSION)
                 if who.arm.call("GET", server.bootstrap.registry_id).status == 200 else [])
                if one["properties"]["principalId"] == who.object_id]
        assert len(left) >= 1, f"nobody administers the subscription any more: {answers}"


# Rights that nobody gave


def test_a_repository_gives_its_maker_nothing(registry, owner, new_principal, arm):
    """Pull grants admin (Quay CVE-2025-4374): a repository that comes to be by a push has no owner."""
    maker, reader = new_principal(), new_principal("AcrPull", registry.id)
    given = arm.assign("AcrPush", maker.object_id, registry.id)
    client = registry.oci(maker, "basic")
    image = content.image()
    client.push("new/repository", image, "v1")
    for method, path, body in (("DELETE", "/v2/new/repository/manifests/v1", None),
                               ("DELETE", f"/v2/new/repository/blobs/{content.digest_of(image.blobs[0])}", None),
                               ("DELETE", "/acr/v1/new/repository", None),
                               ("PATCH", "/acr/v1/new/repository", {"deleteEnabled": False}),
                               ("PATCH", "/acr/v1/new/repository/_tags/v1", {"writeEnabled": False})):
        for who in (client, registry.oci(reader, "basic")):
            assert who.request(method, path, **({"json": body} if body else {})).status == 401, (method, path)
    arm.unassign(given)
    assert client.get_manifest("new/repository", "v1").status == 401
    assert client.start_upload("new/repository").status == 401


@pytest.mark.parametrize("tag", ["latest", "v1"])
def test_no_tag_is_special(registry, owner, new_principal, tag):
    """Action inferred wrongly (zot CVE-2026-31801): a reader neither makes a tag nor moves one, and a lock holds for all."""
    first, second = content.image(), content.image()
    oci = registry.oci(owner)
    oci.push("image", first, tag)
    oci.push("image", second)
    reader = registry.oci(new_principal("AcrPull", registry.id), "basic")
    for reference in (tag, "new", second.digest):
        assert reader.put_manifest("image", reference, second.data).status == 401
    oci.patch(f"/acr/v1/image/_tags/{tag}", json={"writeEnabled": False}).expect(200)
    pusher = registry.oci(new_principal("AcrPush", registry.id), "basic")
    for client in (oci, pusher):
        assert client.put_manifest("image", tag, second.data).status == 405
    assert oci.get_manifest("image", tag).body == first.data
