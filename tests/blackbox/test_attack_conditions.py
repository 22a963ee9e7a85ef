"""Going around a condition, a deny assignment or the mode of a registry."""

import time
import uuid

import pytest

from harness import content
from harness.arm import AUTHORIZATION_VERSION, ROLES
from harness.oci import Oci, basic
from test_attack_revocation import Hammer, hammered

READER = "b93aa761-3e63-49ed-ac28-beffa264f7ac"
WRITER = "2a1e307c-b015-4ebd-883e-5b7698a07328"
CONTRIBUTOR = "2efddaa5-3f1f-4df3-97df-af3f13818f4c"
DENY_VERSION = "2024-07-01-preview"
CONTENT = "Microsoft.ContainerRegistry/registries/repositories/content"
METADATA = "Microsoft.ContainerRegistry/registries/repositories/metadata"
EVERY = [f"{kind}/{verb}" for kind in (CONTENT, METADATA) for verb in ("read", "write", "delete")]


def named(test: str) -> str:
    """For repositories whose name passes the test, and for everything else without one."""
    asked = " AND ".join(f"!(ActionMatches{{'{action}'}})" for action in EVERY)
    return f"(({asked}) OR (@Request[Microsoft.ContainerRegistry/registries/repositories:name] {test}))"


def assign(arm, role: str, principal, scope: str, condition: str | None = None, guid: str | None = None):
    properties = {"roleDefinitionId": arm.role_id(ROLES.get(role, role)), "principalId": principal.object_id,
                  "principalType": "ServicePrincipal"}
    if condition is not None:
        properties |= {"condition": condition, "conditionVersion": "2.0"}
    return arm.call("PUT", arm.assignment_path(scope, guid or str(uuid.uuid4())), AUTHORIZATION_VERSION,
                    json={"properties": properties})


@pytest.fixture
def abac(new_registry, owner, arm):
    """A registry with repository permissions and some repositories."""
    registry = new_registry(roleAssignmentMode="AbacRepositoryPermissions")
    assign(arm, CONTRIBUTOR, owner, registry.id).expect(201)
    image = content.image()
    for name in ("team/app", "team10/app", "team", "other", "teams/app"):
        registry.oci(owner, "basic").push(name, image, "v1")
    return registry


# Conditions


@pytest.mark.parametrize(("test", "readable"), [
    ("StringStartsWithIgnoreCase 'team/'", {"team/app"}),
    ("StringStartsWith 'team'", {"team/app", "team10/app", "team", "teams/app"}),
    ("StringEqualsIgnoreCase 'TEAM'", {"team"}),
    ("StringEquals 'TEAM'", set()),
    ("StringLike 'team/*'", {"team/app"}),
    ("StringNotEquals 'other'", {"team/app", "team10/app", "team", "teams/app"}),
    ("StringEquals 'tеam'", set()),  # Cyrillic
    ("StringEquals 'team%2Fapp'", set()),
    ("ForAnyOfAnyValues:StringEquals {'team', 'other'}", {"team", "other"}),
])
def test_a_name_is_matched_as_it_is(abac, arm, new_principal, test, readable):
    principal = new_principal()
    assign(arm, READER, principal, abac.id, named(test)).expect(201)
    client = abac.oci(principal, "basic")
    for name in ("team/app", "team10/app", "team", "other", "teams/app"):
        wanted = 200 if name in readable else 401
        assert client.get_manifest(name, "v1").status == wanted, name
        assert client.get(f"/acr/v1/{name}").status == wanted, name
        assert client.get_manifest(name.replace("/", "%2F"), "v1").status == wanted, name
    shown = client.get("/v2/_catalog")
    assert set(shown.expect(200).json()["repositories"] or []) == readable


def test_a_way_around_a_name(abac, arm, new_principal, owner):
    """Mounts, imports and tokens reach no repository that the condition does not let through."""
    principal = new_principal()
    assign(arm, WRITER, principal, abac.id, named("StringStartsWith 'team/'")).expect(201)
    client = abac.oci(principal, "basic")
    digest = content.digest_of(content.random_blob())
    abac.oci(owner, "basic").push("secret", image := content.image(), "v1")
    digest = content.digest_of(image.blobs[0])
    assert client.post(f"/v2/team/app/blobs/uploads/?mount={digest}&from=secret").status == 202
    assert client.post(f"/v2/team/app/blobs/uploads/?mount={digest}").status == 202
    for reference in ("v1", image.digest):
        assert client.put_manifest("other", reference, image.data).status == 401
    for scope in ("repository:other:pull", "repository:*:*", "repository:team/app:pull repository:other:pull"):
        token = abac.oci(principal).fetch_token(abac.login_server, scope.split()).expect(200).json()["access_token"]
        bearer = Oci(abac.http, abac.login_server, token, "token")
        assert bearer.get_manifest("other", "v1").status == 401, scope
        assert bearer.delete("/v2/team/app/manifests/none").status == 401, scope
    for method, path in (("PATCH", "/acr/v1/other"), ("DELETE", "/acr/v1/other"), ("GET", "/acr/v1/other/_tags")):
        assert client.request(method, path, **({"json": {}} if method == "PATCH" else {})).status == 401, path


@pytest.mark.parametrize("condition", ["", " ", "true", "1", "()", "@Request[x:y] StringEquals 'a'", "(" * 2000 + ")" * 2000,
                                       "((!(ActionMatches{'x'})) OR", "x" * 9000, "!(ActionMatches{'a'}) AND", None],
                         ids=lambda condition: repr(condition)[:30])
def test_a_condition_that_is_none_grants_nothing(abac, arm, new_principal, condition):
    """Refused, or never true; not taken for no condition."""
    principal = new_principal()
    answer = assign(arm, READER, principal, abac.id, condition) if condition is not None else arm.call(
        "PUT", arm.assignment_path(abac.id, str(uuid.uuid4())), AUTHORIZATION_VERSION, json={"properties": {
            "roleDefinitionId": arm.role_id(READER), "principalId": principal.object_id,
            "condition": {"a": 1}, "conditionVersion": "2.0"}})
    if answer.status == 201:
        # Only text that says nothing may count as none.
        assert (condition or "").strip() == "" or abac.oci(principal, "basic").get_manifest("other", "v1").status == 401
    else:
        assert answer.status == 400, answer


def test_a_condition_of_an_old_version(abac, arm, new_principal):
    principal = new_principal()
    for version in ("1.0", "3.0", "", 2):
        answer = arm.call("PUT", arm.assignment_path(abac.id, str(uuid.uuid4())), AUTHORIZATION_VERSION, json={"properties": {
            "roleDefinitionId": arm.role_id(READER), "principalId": principal.object_id,
            "condition": named("StringEquals 'team'"), "conditionVersion": version}})
        assert answer.status == 400, (version, answer)


# Delegation


def delegated(role: str) -> str:
    """May assign, and take away, this role only."""
    return ("((!(ActionMatches{'Microsoft.Authorization/roleAssignments/write'})) OR "
            f"(@Request[Microsoft.Authorization/roleAssignments:RoleDefinitionId] ForAnyOfAnyValues:GuidEquals {{{role}}})) AND "
            "((!(ActionMatches{'Microsoft.Authorization/roleAssignments/delete'})) OR "
            f"(@Resource[Microsoft.Authorization/roleAssignments:RoleDefinitionId] ForAnyOfAnyValues:GuidEquals {{{role}}}))")


@pytest.fixture
def delegate(registry, arm, new_principal):
    principal = new_principal()
    assign(arm, "Role Based Access Control Administrator", principal, registry.id, delegated(ROLES["AcrPull"])).expect(201)
    return principal


def test_a_delegate_assigns_what_it_was_let(registry, arm, delegate, new_principal):
    other = new_principal()
    given = assign(delegate.arm, "AcrPull", other, registry.id).expect(201).json()["id"]
    delegate.arm.call("DELETE", given, AUTHORIZATION_VERSION).expect(200)
    for role in ("AcrPush", "Owner", "Role Based Access Control Administrator", "Reader"):
        refused = assign(delegate.arm, role, other, registry.id)
        assert refused.status == 403 and refused.json()["error"]["code"] == "AuthorizationFailed", refused
        assert assign(delegate.arm, role, delegate, registry.id).status == 403
    assert [one["properties"]["roleDefinitionId"].rpartition("/")[2]
            for one in arm.list_assignments(registry.id, f"assignedTo('{other.object_id}')")] == []


def test_a_delegate_does_not_take_away_or_change_others(registry, arm, delegate, new_principal):
    other = new_principal()
    guid = str(uuid.uuid4())
    assign(arm, "AcrPush", other, registry.id, guid=guid).expect(201)
    path = arm.assignment_path(registry.id, guid)
    assert delegate.arm.call("DELETE", path, AUTHORIZATION_VERSION).status == 403
    # Its own assignment, without the condition.
    own = arm.list_assignments(registry.id, f"principalId eq '{delegate.object_id}'")[0]
    properties = {key: own["properties"][key] for key in ("roleDefinitionId", "principalId", "principalType")}
    for extra in ({}, {"condition": None}, {"condition": delegated(ROLES["Owner"]), "conditionVersion": "2.0"}):
        answer = delegate.arm.call("PUT", own["id"], AUTHORIZATION_VERSION, json={"properties": {**properties, **extra}})
        assert answer.status == 403, answer
    assert delegate.arm.call("DELETE", own["id"], AUTHORIZATION_VERSION).status == 403
    # An assignment that it may write, over one that it may not.
    answer = assign(delegate.arm, "AcrPull", other, registry.id, guid=guid)
    assert 400 <= answer.status < 500, answer
    kept = arm.call("GET", path, AUTHORIZATION_VERSION).expect(200).json()["properties"]
    assert kept["roleDefinitionId"].endswith(ROLES["AcrPush"])


def test_a_delegate_reaches_no_other_scope(registry, arm, delegate, new_registry):
    for scope in (new_registry().id, arm.bootstrap.group_scope, arm.bootstrap.subscription_scope, "/"):
        assert assign(delegate.arm, "AcrPull", delegate, scope).status == 403


def test_a_delegates_principal_types_are_those_of_the_directory(registry, arm, delegate, new_principal):
    """What kind of principal it is says the directory, not who asks."""
    for_users = new_principal()
    condition = ("(!(ActionMatches{'Microsoft.Authorization/roleAssignments/write'})) OR "
                 "(@Request[Microsoft.Authorization/roleAssignments:PrincipalType] StringEqualsIgnoreCase 'User')")
    assign(arm, "Role Based Access Control Administrator", for_users, registry.id, condition).expect(201)
    service = new_principal()
    for kind in ("User", "user", "ServicePrincipal", "Group", None):
        properties = {"roleDefinitionId": arm.role_id(ROLES["Owner"]), "principalId": service.object_id}
        if kind is not None:
            properties["principalType"] = kind
        answer = for_users.arm.call("PUT", arm.assignment_path(registry.id, str(uuid.uuid4())), AUTHORIZATION_VERSION,
                                    json={"properties": properties})
        assert answer.status in (400, 403), (kind, answer)


@pytest.mark.parametrize("role_id", [
    "/subscriptions/{subscription}/providers/Microsoft.Authorization/roleDefinitions/{allowed}/../{owner}",
    "/subscriptions/{subscription}/providers/Microsoft.Authorization/roleDefinitions/{owner}/{allowed}",
    "/providers/Microsoft.Authorization/roleDefinitions/{owner}",
    "{owner}", "{OWNER}", "{owner}#{allowed}", "{owner}?{allowed}", " {owner}",
    "/SUBSCRIPTIONS/{subscription}/PROVIDERS/MICROSOFT.AUTHORIZATION/ROLEDEFINITIONS/{OWNER}",
    "/subscriptions/{subscription}/providers/Microsoft.Authorization/roleDefinitions/{{{owner}}}",
])
def test_a_delegate_names_another_role_in_another_way(registry, arm, delegate, role_id):
    text = role_id.format(subscription=arm.bootstrap.subscription_id, owner=ROLES["Owner"], OWNER=ROLES["Owner"].upper(),
                          allowed=ROLES["AcrPull"])
    answer = delegate.arm.call("PUT", arm.assignment_path(registry.id, str(uuid.uuid4())), AUTHORIZATION_VERSION, json={
        "properties": {"roleDefinitionId": text, "principalId": delegate.object_id, "principalType": "ServicePrincipal"}})
    assert answer.status in (400, 403, 404), answer
    held = arm.list_assignments(registry.id, f"assignedTo('{delegate.object_id}')")
    assert not [one for one in held if one["properties"]["roleDefinitionId"].lower().endswith(ROLES["Owner"])]


# Deny assignments


def deny(arm, scope: str, principals: list, actions: list[str], guid: str | None = None, **more):
    guid = guid or str(uuid.uuid4())
    return arm.call("PUT", f"{scope.rstrip('/')}/providers/Microsoft.Authorization/denyAssignments/{guid}", DENY_VERSION, json={
        "properties": {"denyAssignmentName": content.unique("deny"), "permissions": [{"actions": actions}],
                       "principals": principals, **more}})


def of(principal) -> dict:
    return {"id": principal.object_id, "type": "ServicePrincipal"}


def test_a_denied_principal_is_denied_whatever_it_holds(registry, arm, graph, new_principal):
    """Owner, through a group, at every scope, with a condition: nothing outweighs a deny assignment."""
    principal = new_principal("Owner", arm.bootstrap.subscription_scope)
    principal.arm.call("PATCH", registry.id, json={"tags": {"a": "b"}}).expect(200)
    made = deny(arm, registry.id, [of(principal)], ["Microsoft.ContainerRegistry/registries/write"]).expect(201).json()
    refused = principal.arm.call("PATCH", registry.id, json={"tags": {"a": "c"}})
    assert refused.status == 403 and made["properties"]["denyAssignmentName"] in refused.json()["error"]["message"], refused
    arm.assign("Contributor", principal.object_id, registry.id)
    group = graph.create_group(content.unique("group"))
    graph.add_member(group["id"], principal.object_id)
    arm.assign("Owner", group["id"], registry.id, "Group")
    assert principal.arm.call("PATCH", registry.id, json={"tags": {"a": "c"}}).status == 403
    assert principal.arm.call("PATCH", registry.id.upper(), json={"tags": {"a": "c"}}).status == 403
    assert principal.arm.call("GET", registry.id).status == 200
    arm.call("DELETE", made["id"], DENY_VERSION).expect(200)
    principal.arm.call("PATCH", registry.id, json={"tags": {"a": "c"}}).expect(200)


def test_a_deny_assignment_through_another_scope(registry, new_registry, arm, new_principal):
    """Who may write them at one registry neither moves nor removes those of another by their id (IDOR)."""
    other = new_registry()
    guid, victim = str(uuid.uuid4()), new_principal("Contributor", other.id)
    deny(arm, other.id, [of(victim)], ["Microsoft.ContainerRegistry/registries/write"], guid).expect(201)
    part = new_principal("User Access Administrator", registry.id)
    mine, theirs = (f"{one.id}/providers/Microsoft.Authorization/denyAssignments/{guid}" for one in (registry, other))
    assert part.arm.call("DELETE", mine, DENY_VERSION).status in (204, 404)
    assert 400 <= deny(part.arm, registry.id, [of(part)], ["Microsoft.ContainerRegistry/registries/write"], guid).status < 500
    assert part.arm.call("DELETE", theirs, DENY_VERSION).status == 403
    arm.call("GET", theirs, DENY_VERSION).expect(200)
    assert victim.arm.call("PATCH", other.id, json={"tags": {}}).status == 403


def test_a_contributor_denies_nobody(registry, arm, new_principal, owner):
    contributor = new_principal("Contributor", registry.id)
    assert deny(contributor.arm, registry.id, [of(owner)], ["Microsoft.ContainerRegistry/registries/write"]).status == 403
    arm.call("PATCH", registry.id, json={"tags": {}}).expect(200)


# Concurrent revocation and use


def test_a_condition_that_is_narrowed(http, abac, arm, new_principal):
    principal, guid = new_principal(), str(uuid.uuid4())
    value = basic(*principal.credentials)
    for _ in range(5):
        assign(arm, READER, principal, abac.id, named("StringEquals 'team'"), guid).expect(200, 201)
        token = abac.oci(principal).fetch_token(abac.login_server, ["repository:team:pull"]).expect(200).json()["access_token"]
        requests = [lambda client, one=one: client.get("/v2/team/manifests/v1", host=abac.login_server,
                                                       headers={"Authorization": one}).status
                    for one in (value, f"Bearer {token}")]
        with Hammer(http.base, requests) as hammer:
            assign(arm, READER, principal, abac.id, named("StringEquals 'nothing'"), guid).expect(200, 201)
            hammer.check_nothing_since(time.monotonic())


def test_a_deny_assignment_that_is_made(http, registry, owner, arm, new_principal):
    registry.oci(owner).push("image", content.image(), "latest")
    principal = new_principal("AcrPull", registry.id)
    request = lambda client, value=basic(*principal.credentials): client.get(  # noqa: E731
        "/v2/image/tags/list", host=registry.login_server, headers={"Authorization": value}).status
    patcher = new_principal("Contributor", registry.id)
    token = patcher.arm.token
    patch = lambda client: client.patch(f"{registry.id}?api-version=2025-11-01", json={"tags": {}},  # noqa: E731
                                        headers={"Authorization": f"Bearer {token}"}).status
    for _ in range(3):
        with Hammer(http.base, [patch]) as hammer:
            made = deny(arm, registry.id, [of(patcher)], ["Microsoft.ContainerRegistry/registries/*"]).expect(201).json()["id"]
            hammer.check_nothing_since(time.monotonic())
        assert request(http) == 200, "another principal was hit"
        arm.call("DELETE", made, DENY_VERSION).expect(200)


def test_the_mode(http, registry, owner, arm, new_principal):
    """Switched while it is used: what the other mode ignores ends, and tokens of before are not valid again afterwards."""
    registry.oci(owner).push("image", content.image(), "latest")
    principal = new_principal("AcrPull", registry.id)
    token = registry.oci(principal).fetch_token(registry.login_server, ["repository:image:pull"]).expect(200).json()
    values = [basic(*principal.credentials), f"Bearer {token['access_token']}"]
    requests = [lambda client, one=one: client.get("/v2/image/manifests/latest", host=registry.login_server,
                                                   headers={"Authorization": one}).status for one in values]
    with Hammer(http.base, requests) as hammer:
        arm.patch_registry(registry.name, properties={"roleAssignmentMode": "AbacRepositoryPermissions"}).expect(200)
        hammer.check_nothing_since(time.monotonic())
    arm.patch_registry(registry.name, properties={"roleAssignmentMode": "LegacyRegistryPermissions"}).expect(200)
    assert requests[0](http) == 200
    assert requests[1](http) == 401
    registry.oci(principal).get_manifest("image", "latest").expect(200)


def test_a_deleted_conditional_assignment(http, new_registry, owner, arm, new_principal):
    """The same hammer as for others, for one with a condition on Resource Manager's side too."""
    registry = new_registry()
    registry.oci(owner).push("image", content.image(), "latest")
    principal = new_principal()
    condition = "(!(ActionMatches{'Microsoft.ContainerRegistry/registries/write'}))"
    given = assign(arm, "Reader", principal, registry.id, condition).expect(201).json()["id"]
    hammered(http, registry, principal, lambda: arm.unassign(given))
