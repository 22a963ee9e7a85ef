"""Management groups, what is assigned there, and the way up: elevateAccess (api 2021-04-01)."""

import uuid

import pytest

from harness import content, identities
from harness.arm import AUTHORIZATION_VERSION, ROLES
from harness.http_client import Http
from harness.oci import Oci
from harness.server import Berth

VERSION = "2021-04-01"
COLLECTION = "/providers/Microsoft.Management/managementGroups"
ELEVATE = "/providers/Microsoft.Authorization/elevateAccess"
NULL = "00000000-0000-0000-0000-000000000000"


class Tenant:
    """A server of one's own, whose first owner has gone up to the root and down to Owner of the root group."""

    def __init__(self, server: Berth):
        self.facts = server.bootstrap
        self.http = Http(server.http)
        self.owner = identities.bootstrap_owner(self.http, self.facts)
        self.arm = self.owner.arm
        self.root_group = f"{COLLECTION}/{self.facts.tenant_id}"
        self.arm.call("POST", ELEVATE, AUTHORIZATION_VERSION).expect(200)
        self.arm.put_assignment("Owner", self.owner.object_id, self.root_group).expect(201)

    def principal(self, *roles: tuple[str, str]):
        one = identities.new_principal(self.owner.graph, content.unique("sp"))
        for role, scope in roles:
            self.arm.assign(role, one.object_id, scope)
        return one

    def put(self, name: str, parent: str | None = None, by=None, **properties):
        if parent is not None:
            properties["details"] = {"parent": {"id": parent}}
        return (by or self.owner).arm.call("PUT", f"{COLLECTION}/{name}", VERSION, json={"properties": properties})

    def group(self, parent: str | None = None) -> str:
        """The id of a new group."""
        return self.put(content.unique("mg"), parent).expect(200).json()["id"]

    def move(self, group: str, by=None):
        return (by or self.owner).arm.call("PUT", f"{group}/subscriptions/{self.facts.subscription_id}", VERSION)

    def get(self, path: str, by=None):
        return (by or self.owner).arm.call("GET", path, VERSION)


@pytest.fixture(scope="module")
def tenant(tmp_path_factory):
    server = Berth(tmp_path_factory.mktemp("tenant"))
    server.start()
    yield Tenant(server)
    server.stop()


@pytest.fixture
def at_home(tenant):
    """The subscription is in the root group again at the end."""
    yield tenant
    tenant.move(tenant.root_group).expect(200)


# elevateAccess

def test_going_up_and_down_again(own_berth):
    server = own_berth().start()
    client = Http(server.http)
    owner = identities.bootstrap_owner(client, server.bootstrap)
    stranger = identities.new_principal(owner.graph, "stranger")
    assert owner.arm.put_assignment("Reader", stranger.object_id, "/").status == 403
    error = stranger.arm.call("POST", ELEVATE, AUTHORIZATION_VERSION).expect(403).json()["error"]
    assert error["code"] and stranger.object_id in error["message"]
    assert owner.arm.list_assignments("/", "atScope()") == []
    for _ in range(2):
        answer = owner.arm.call("POST", ELEVATE, AUTHORIZATION_VERSION).expect(200)
        assert answer.body == b""
    [assignment] = owner.arm.list_assignments("", "atScope()")
    properties = assignment["properties"]
    assert properties["scope"] == "/" and properties["principalId"] == owner.object_id
    assert properties["roleDefinitionId"].endswith(ROLES["User Access Administrator"])
    assert assignment["id"] == f"/providers/Microsoft.Authorization/roleAssignments/{assignment['name']}"
    owner.arm.put_assignment("Reader", stranger.object_id, "/").expect(201)
    stranger.arm.call("GET", server.bootstrap.registry_id).expect(200)
    owner.arm.call("DELETE", assignment["id"], AUTHORIZATION_VERSION).expect(200)
    assert owner.arm.put_assignment("AcrPull", stranger.object_id, "/").status == 403
    stranger.arm.call("GET", server.bootstrap.registry_id).expect(200)
    client.close()
    server.stop()


def test_no_role_on_resources_goes_up(tenant):
    for role in ("Owner", "User Access Administrator"):
        somebody = tenant.principal((role, tenant.facts.subscription_scope))
        assert somebody.arm.call("POST", ELEVATE, AUTHORIZATION_VERSION).status == 403, role
    assert tenant.http.request("POST", f"{ELEVATE}?api-version=2022-04-01").status == 401


# The groups

def test_life_of_a_group(tenant):
    name = content.unique("mg")
    document = tenant.put(name, displayName="Shown").expect(200).json()
    assert document["id"] == f"{COLLECTION}/{name}" and document["name"] == name
    assert document["type"] == "Microsoft.Management/managementGroups"
    properties = document["properties"]
    assert properties["tenantId"] == tenant.facts.tenant_id and properties["displayName"] == "Shown"
    assert properties["details"]["parent"]["id"] == tenant.root_group
    assert tenant.get(f"{COLLECTION}/{name.upper()}").expect(200).json() == document
    child = tenant.group(document["id"])
    parent = tenant.get(child).json()["properties"]["details"]["parent"]
    assert parent == {"id": document["id"], "name": name, "displayName": "Shown"}
    expanded = tenant.get(f"{tenant.root_group}?$expand=children&$recurse=true").expect(200).json()["properties"]["children"]
    [mine] = [one for one in expanded if one["name"] == name]
    assert [one["id"] for one in mine["children"]] == [child]
    assert "children" not in tenant.get(tenant.root_group).json()["properties"]
    renamed = tenant.owner.arm.call("PATCH", document["id"], VERSION, json={"displayName": "Other"}).expect(200).json()
    assert renamed["properties"]["displayName"] == "Other"
    error = tenant.owner.arm.call("DELETE", document["id"], VERSION).expect(409).json()["error"]
    assert error["code"] and name in error["message"].lower()
    for group in (child, document["id"]):
        assert tenant.owner.arm.call("DELETE", group, VERSION).status == 204
        assert tenant.owner.arm.call("DELETE", group, VERSION).status in (204, 403)
        assert tenant.get(group).status == 404


def test_the_root_group_stays(tenant):
    document = tenant.get(tenant.root_group).expect(200).json()
    assert document["name"] == tenant.facts.tenant_id and document["properties"]["details"]["parent"] is None
    assert tenant.owner.arm.call("DELETE", tenant.root_group, VERSION).status == 409
    renamed = tenant.put(tenant.facts.tenant_id, displayName="Everything").expect(200).json()
    assert renamed["properties"]["displayName"] == "Everything"


@pytest.mark.parametrize("name,properties", [
    ("a" * 91, {}), ("a%20b", {}), ("a.", {}), ("%F0%9F%98%80", {}), ("x", {"displayName": 5}), ("x", {"displayName": ""}),
    ("x", {"displayName": "x" * 300}), ("x", {"details": "y"}), ("x", {"details": {"parent": {"id": 5}}}), ("x", {"details": {"parent": "y"}}),
    ("x", {"details": {"parent": {"id": "/subscriptions/y"}}})], ids=str)
def test_groups_that_are_refused(tenant, name, properties):
    answer = tenant.owner.arm.call("PUT", f"{COLLECTION}/{name}", VERSION, json={"properties": properties})
    assert answer.status == 400 and answer.json()["error"]["code"], answer
    assert tenant.get(f"{COLLECTION}/{name}").status in (400, 404)


def test_parents_that_there_are_not(tenant):
    assert tenant.put(content.unique("mg"), f"{COLLECTION}/none").status in (403, 404)


def test_no_group_is_in_itself(tenant):
    outer = tenant.group()
    inner = tenant.group(outer)
    for parent in (outer, inner):
        assert tenant.put(outer.rpartition("/")[2], parent).status == 400
    assert tenant.get(outer).json()["properties"]["details"]["parent"]["id"] == tenant.root_group


def test_six_levels(tenant):
    group = None
    for _ in range(6):
        group = tenant.group(group)
    error = tenant.put(content.unique("mg"), group).expect(400).json()["error"]
    assert "6" in error["message"]


def test_who_may_make_and_move_groups(tenant):
    outer, other = tenant.group(), tenant.group()
    local = tenant.principal(("Owner", outer))
    mine = tenant.put(content.unique("mg"), outer, by=local).expect(200).json()["id"]
    assert tenant.put(content.unique("mg"), other, by=local).status == 403
    assert tenant.put(content.unique("mg"), by=local).status == 403, "in the root group"
    refused = tenant.put(mine.rpartition("/")[2], other, by=local).expect(403).json()["error"]
    assert refused["code"] == "LinkedAuthorizationFailed" and other in refused["message"]
    assert local.arm.call("PATCH", mine, VERSION, json={"parentGroupId": other}).status == 403
    tenant.arm.assign("Owner", local.object_id, other)
    moved = local.arm.call("PATCH", mine, VERSION, json={"parentGroupId": other}).expect(200).json()
    assert moved["properties"]["details"]["parent"]["id"] == other
    # Moving a group gives those above it rights in it: a Contributor does not lift themselves so.
    contributor = tenant.principal(("Contributor", mine), ("Owner", outer))
    for answer in (tenant.put(mine.rpartition("/")[2], outer, by=contributor),
                   contributor.arm.call("PATCH", mine, VERSION, json={"parentGroupId": outer})):
        error = answer.expect(403).json()["error"]
        assert error["code"] == "LinkedAuthorizationFailed" and "Microsoft.Authorization/roleAssignments/write" in error["message"]
    nobody = tenant.principal(("AcrPull", outer))
    for method, path, body in (("GET", outer, None), ("PUT", outer, {}), ("PATCH", outer, {}), ("DELETE", outer, None),
                               ("GET", f"{outer}/descendants", None), ("GET", f"{COLLECTION}/none", None), ("PUT", f"{COLLECTION}/none", {})):
        assert nobody.arm.call(method, path, VERSION, **({"json": body} if body is not None else {})).status == 403, (method, path)


def test_lists_show_what_may_be_read(at_home):
    outer = at_home.group()
    inner = at_home.group(outer)
    at_home.move(inner).expect(200)
    reader = at_home.principal(("Reader", outer))
    assert [item["id"] for item in reader.arm.list(COLLECTION, VERSION)] == sorted([outer, inner], key=str.lower)
    assert {item["id"] for item in at_home.arm.list(COLLECTION, VERSION)} >= {at_home.root_group, outer, inner}
    assert at_home.principal().arm.list(COLLECTION, VERSION) == []
    descendants = reader.arm.list(f"{outer}/descendants", VERSION)
    assert [(item["id"], item["type"], item["properties"]["parent"]["id"]) for item in descendants] == [
        (inner, "Microsoft.Management/managementGroups", outer), (at_home.facts.subscription_scope, "/subscriptions", inner)]
    assert [item["name"] for item in reader.arm.list(f"{inner}/subscriptions", VERSION)] == [at_home.facts.subscription_id]
    assert reader.arm.list(f"{outer}/subscriptions", VERSION) == []


# Subscriptions in groups

def test_a_subscription_in_a_group(at_home):
    group = at_home.group()
    document = at_home.move(group).expect(200).json()
    assert document["id"] == f"{group}/subscriptions/{at_home.facts.subscription_id}"
    assert document["properties"]["parent"] == {"id": group}
    assert at_home.get(document["id"]).expect(200).json() == document
    assert at_home.get(f"{at_home.root_group}/subscriptions/{at_home.facts.subscription_id}").status == 404
    assert at_home.owner.arm.call("DELETE", group, VERSION).status == 409
    at_home.move(group).expect(200)
    assert at_home.owner.arm.call("DELETE", document["id"], VERSION).status == 200
    assert at_home.owner.arm.call("DELETE", document["id"], VERSION).status == 204
    at_home.get(f"{at_home.root_group}/subscriptions/{at_home.facts.subscription_id}").expect(200)
    assert at_home.owner.arm.call("PUT", f"{group}/subscriptions/{NULL}", VERSION).status == 404
    assert at_home.move(f"{COLLECTION}/none").status in (403, 404)


def test_who_may_move_a_subscription(at_home):
    """The right at both ends, and on the subscription what an Owner has."""
    here, there = at_home.group(), at_home.group()
    at_home.move(here).expect(200)
    somebody = at_home.principal(("Owner", there))
    for role, scope, status in ((None, None, 403), ("Contributor", at_home.facts.subscription_scope, 403),
                                ("Owner", at_home.facts.subscription_scope, 403), ("Owner", here, 200)):
        if role:
            at_home.arm.assign(role, somebody.object_id, scope)
        answer = at_home.move(there, by=somebody)
        assert answer.status == status, (role, answer)
        if status == 403:
            assert answer.json()["error"]["code"] == "LinkedAuthorizationFailed"


def test_the_root_group_asks_nothing_of_who_comes_from_it_or_goes_to_it(at_home):
    group = at_home.group()
    somebody = at_home.principal(("Owner", group), ("Owner", at_home.facts.subscription_scope))
    document = at_home.move(group, by=somebody).expect(200).json()
    somebody.arm.call("DELETE", document["id"], VERSION).expect(200)
    at_home.get(f"{at_home.root_group}/subscriptions/{at_home.facts.subscription_id}").expect(200)
    assert at_home.move(at_home.root_group, by=somebody).status == 403, "putting it there takes the right there"


def test_roles_at_a_group_count_in_all_that_is_in_it(at_home):
    outer = at_home.group()
    inner = at_home.group(outer)
    principal = at_home.principal(("Reader", outer))
    registry = at_home.facts.registry_id
    assert principal.arm.call("GET", registry).status == 403
    assert principal.arm.call("GET", "/subscriptions", "2022-12-01").json()["value"] == []
    at_home.move(inner).expect(200)
    principal.arm.call("GET", registry).expect(200)
    assert [one["subscriptionId"] for one in principal.arm.call("GET", "/subscriptions", "2022-12-01").json()["value"]] == [
        at_home.facts.subscription_id]
    assert [item["properties"]["scope"] for item in principal.arm.list_assignments(registry, f"principalId eq '{principal.object_id}'")] == [outer]
    # A pull through the group two levels up, at once, and not any more at once.
    Oci(at_home.http, at_home.facts.login_server, at_home.owner.credentials).push("image", content.image(), "latest")
    client = Oci(at_home.http, at_home.facts.login_server, principal.credentials)
    client.get_manifest("image", "latest").expect(200)
    moved = at_home.owner.arm.call("PATCH", inner, VERSION, json={"parentGroupId": at_home.root_group}).expect(200)
    assert moved.json()["properties"]["details"]["parent"]["id"] == at_home.root_group
    assert client.get_manifest("image", "latest").status == 401
    assert principal.arm.call("GET", registry).status == 403


def test_a_custom_role_of_a_group(at_home):
    group = at_home.group()
    at_home.move(group).expect(200)
    guid, principal = str(uuid.uuid4()), at_home.principal()
    body = {"roleName": content.unique("role"), "permissions": [{"actions": ["*/read"]}], "assignableScopes": [group]}
    document = at_home.arm.put_role(guid, body, scope=group).expect(201).json()
    assert document["id"] == f"/providers/Microsoft.Authorization/roleDefinitions/{guid}"
    at_home.arm.assign(guid, principal.object_id, at_home.facts.registry_id)
    at_home.arm.assign(guid, principal.object_id, group)
    assert at_home.arm.put_assignment(guid, principal.object_id, at_home.root_group).status == 400
    shown = at_home.arm.list(f"{at_home.facts.registry_id}/providers/Microsoft.Authorization/roleDefinitions?$filter=type%20eq%20'CustomRole'",
                             AUTHORIZATION_VERSION)
    assert guid in [item["name"] for item in shown]
    with_data = {**body, "permissions": [{"actions": ["*/read"], "dataActions": ["*"]}]}
    assert at_home.arm.put_role(guid, with_data, scope=group).status == 400
    # A built-in role with data actions may be assigned at a group.
    at_home.arm.assign("Container Registry Repository Reader", principal.object_id, group)


def test_denied_at_a_group(at_home):
    group = at_home.group()
    principal = at_home.principal(("Contributor", at_home.facts.registry_id))
    path = f"{group}/providers/Microsoft.Authorization/denyAssignments/{uuid.uuid4()}"
    at_home.arm.call("PUT", path, "2024-07-01-preview", json={"properties": {
        "denyAssignmentName": "frozen", "permissions": [{"actions": ["Microsoft.ContainerRegistry/registries/write"]}],
        "principals": [{"id": principal.object_id, "type": "ServicePrincipal"}]}}).expect(201)
    principal.arm.patch_registry(at_home.facts.registry_name, tags={}).expect(200)
    at_home.move(group).expect(200)
    assert principal.arm.patch_registry(at_home.facts.registry_name, tags={}).status == 403


def test_assignments_end_with_their_group(tenant):
    name = content.unique("mg")
    group = tenant.put(name).expect(200).json()["id"]
    principal = tenant.principal(("Reader", group))
    principal.arm.call("GET", group, VERSION).expect(200)
    tenant.owner.arm.call("DELETE", group, VERSION).expect(204)
    tenant.put(name).expect(200)
    assert principal.arm.call("GET", group, VERSION).status == 403
    assert tenant.arm.put_assignment("Reader", principal.object_id, f"{COLLECTION}/none").status in (403, 404)


def test_the_callers_permissions_at_a_group(tenant):
    group = tenant.group()
    principal = tenant.principal(("Reader", group))
    [permission] = principal.arm.list(f"{group}/providers/Microsoft.Authorization/permissions", AUTHORIZATION_VERSION)
    assert permission["actions"] == ["*/read"]
    assert tenant.principal().arm.list(f"{group}/providers/Microsoft.Authorization/permissions", AUTHORIZATION_VERSION) == []
