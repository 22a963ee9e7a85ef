"""Roles take effect on the next request, with tokens that were issued before."""

import uuid

import pytest

from harness import content, tokens
from harness.http_client import Http
from harness.identities import bootstrap_owner, new_principal as make_principal
from harness.oci import NULL_USER, Oci


@pytest.fixture
def image(registry, owner):
    manifest = content.image()
    registry.oci(owner).push("image", manifest, "latest")
    return manifest


def access_token(registry, principal, *scopes: str) -> Oci:
    """The data plane with one token taken now, whatever the rights are."""
    token = registry.oci(principal).fetch_token(registry.login_server, scopes).expect(200).json()["access_token"]
    return Oci(registry.http, registry.login_server, token, "token")


def ways(registry, principal) -> dict[str, Oci]:
    """Every way to prove who one is, with tokens taken now."""
    entra = principal.entra_token()
    refresh = registry.oci(mode="none").post("/oauth2/exchange", form={
        "grant_type": "access_token", "service": registry.login_server, "access_token": entra}).expect(200).json()["refresh_token"]
    return {
        "access token": access_token(registry, principal, "repository:image:pull,push,delete"),
        "basic": registry.oci(principal, "basic"),
        "refresh token as password": Oci(registry.http, registry.login_server, (NULL_USER, refresh), "basic"),
    }


@pytest.mark.parametrize("level", ["registry", "group", "subscription"])
def test_given_and_taken_during_a_session(registry, image, arm, new_principal, level):
    scope = {"registry": registry.id, "group": arm.group_path(arm.bootstrap.resource_group),
             "subscription": arm.bootstrap.subscription_scope}[level]
    principal = new_principal()
    clients = ways(registry, principal)
    for _ in range(3):
        for name, client in clients.items():
            assert client.get_manifest("image", "latest").status == 401, name
        grant = arm.assign("AcrPull", principal.object_id, scope)
        for name, client in clients.items():
            assert client.get_manifest("image", "latest").status == 200, name
            assert client.start_upload("image").status == 401, name
        arm.unassign(grant)
    for name, client in clients.items():
        assert client.get_manifest("image", "latest").status == 401, name


def test_given_and_taken_in_resource_manager(registry, arm, new_principal):
    principal = new_principal()
    assert principal.arm.call("GET", registry.id).status == 403
    grant = arm.assign("Reader", principal.object_id, registry.id)
    assert principal.arm.call("GET", registry.id).status == 200
    assert principal.arm.call("PATCH", registry.id, json={"tags": {"a": "b"}}).status == 403
    arm.unassign(grant)
    assert principal.arm.call("GET", registry.id).status == 403


def test_more_rights_for_a_token_that_was_asked_for_them(registry, image, arm, new_principal):
    """The token's `access` list said pull only; what was asked for counts, and what is granted now."""
    principal = new_principal("AcrPull", registry.id)
    client = access_token(registry, principal, "repository:image:pull,push")
    _, claims = tokens.decode(client.credentials)
    assert claims["access"][0]["actions"] == ["pull"]
    assert client.start_upload("image").status == 401
    arm.assign("AcrPush", principal.object_id, registry.id)
    assert client.start_upload("image").status == 202


def test_more_rights_do_not_widen_what_was_asked(registry, image, new_principal):
    principal = new_principal("Contributor", registry.id)
    client = access_token(registry, principal, "repository:image:pull")
    client.get_manifest("image", "latest").expect(200)
    assert client.start_upload("image").status == 401
    assert client.get_manifest("other", "latest").status == 401


def test_two_roles_add_up(registry, image, arm, new_principal):
    principal = new_principal("AcrDelete", registry.id)
    client = registry.oci(principal, "basic")
    assert client.get_manifest("image", "latest").status == 401
    arm.assign("AcrPull", principal.object_id, registry.id)
    client.get_manifest("image", "latest").expect(200)
    client.delete("/v2/image/manifests/latest").expect(202)


def test_one_of_two_grants_is_taken(registry, image, arm, new_principal):
    """What another assignment still gives, stays."""
    principal = new_principal()
    first = arm.assign("AcrPull", principal.object_id, registry.id)
    arm.assign("AcrPull", principal.object_id, arm.group_path(arm.bootstrap.resource_group))
    client = registry.oci(principal, "basic")
    client.get_manifest("image", "latest").expect(200)
    arm.unassign(first)
    client.get_manifest("image", "latest").expect(200)


# Groups

def test_membership_counts_at_once(registry, image, arm, graph, new_principal):
    principal = new_principal()
    group = graph.create_group(content.unique("group"))
    arm.assign("AcrPull", group["id"], registry.id, "Group")
    clients = ways(registry, principal)
    for _ in range(2):
        for name, client in clients.items():
            assert client.get_manifest("image", "latest").status == 401, name
        graph.add_member(group["id"], principal.object_id)
        for name, client in clients.items():
            assert client.get_manifest("image", "latest").status == 200, name
        graph.remove_member(group["id"], principal.object_id)
    for name, client in clients.items():
        assert client.get_manifest("image", "latest").status == 401, name


def test_groups_in_groups(registry, image, arm, graph, new_principal):
    principal = new_principal()
    outer, inner = graph.create_group(content.unique("outer")), graph.create_group(content.unique("inner"))
    arm.assign("AcrPull", outer["id"], registry.id, "Group")
    graph.add_member(inner["id"], principal.object_id)
    client = registry.oci(principal, "basic")
    assert client.get_manifest("image", "latest").status == 401
    graph.add_member(outer["id"], inner["id"])
    assert client.get_manifest("image", "latest").status == 200
    graph.remove_member(outer["id"], inner["id"])
    assert client.get_manifest("image", "latest").status == 401


def test_groups_that_hold_each_other(registry, image, arm, graph, new_principal):
    """A circle is no harm: either it is refused, or it ends."""
    principal = new_principal()
    one, two = graph.create_group(content.unique("one")), graph.create_group(content.unique("two"))
    arm.assign("AcrPull", one["id"], registry.id, "Group")
    graph.add_member(two["id"], principal.object_id)
    graph.add_member(one["id"], two["id"])
    answer = graph.call("POST", f"/groups/{two['id']}/members/$ref", json=graph.reference(one["id"]))
    assert answer.status == 204, answer
    assert registry.oci(principal, "basic").get_manifest("image", "latest").status == 200


def test_deleted_group(registry, image, arm, graph, new_principal):
    principal = new_principal()
    group = graph.create_group(content.unique("group"))
    arm.assign("AcrPull", group["id"], registry.id, "Group")
    graph.add_member(group["id"], principal.object_id)
    client = registry.oci(principal, "basic")
    client.get_manifest("image", "latest").expect(200)
    graph.call("DELETE", f"/groups/{group['id']}").expect(204)
    assert client.get_manifest("image", "latest").status == 401


# Custom roles

def role(arm, *actions: str, without: tuple[str, ...] = (), guid: str | None = None, name: str | None = None) -> tuple[str, str]:
    guid, name = guid or str(uuid.uuid4()), name or content.unique("role")
    arm.put_role(guid, {"roleName": name, "permissions": [{"actions": list(actions), "notActions": list(without)}],
                        "assignableScopes": [arm.bootstrap.subscription_scope]}).expect(201)
    return guid, name


PULL, PUSH = "Microsoft.ContainerRegistry/registries/pull/read", "Microsoft.ContainerRegistry/registries/push/write"


def test_changed_definition_counts_at_once(registry, image, arm, new_principal):
    guid, name = role(arm, PULL)
    principal = new_principal()
    arm.assign(guid, principal.object_id, registry.id)
    client = registry.oci(principal, "basic")
    assert (client.get_manifest("image", "latest").status, client.start_upload("image").status) == (200, 401)
    role(arm, PULL, PUSH, guid=guid, name=name)
    assert (client.get_manifest("image", "latest").status, client.start_upload("image").status) == (200, 202)
    role(arm, "Microsoft.ContainerRegistry/registries/read", guid=guid, name=name)
    assert (client.get_manifest("image", "latest").status, client.start_upload("image").status) == (401, 401)


@pytest.mark.parametrize("actions,without,pulls,pushes", [
    (("*",), (), True, True), (("*/read",), (), True, False), (("Microsoft.ContainerRegistry/*",), (), True, True),
    (("microsoft.containerregistry/REGISTRIES/pull/READ",), (), True, False), (("*",), (PUSH,), True, False),
    (("*",), ("*/write",), True, False), (("*",), ("Microsoft.ContainerRegistry/registries/*",), False, False),
    ((PUSH,), (), False, False), ((PULL, PUSH), (), True, True), (("Microsoft.ContainerRegistry/registries/p*",), (), True, True),
    (("*/registries/*/read",), (), True, False)])
def test_wildcards_and_exclusions(registry, image, arm, new_principal, actions, without, pulls, pushes):
    if sum(text.count("*") > 1 for text in actions):
        answer = arm.put_role(str(uuid.uuid4()), {"roleName": content.unique("role"), "permissions": [{"actions": list(actions)}],
                                                  "assignableScopes": [arm.bootstrap.subscription_scope]})
        assert answer.status == 400, "a custom role has at most one * in a string"
        return
    guid, _ = role(arm, *actions, without=without)
    principal = new_principal()
    arm.assign(guid, principal.object_id, registry.id)
    client = registry.oci(principal, "basic")
    assert client.get_manifest("image", "latest").status == (200 if pulls else 401)
    assert client.start_upload("image").status == (202 if pushes else 401)


def test_an_exclusion_is_no_denial(registry, image, arm, new_principal):
    """notActions subtract within one definition; another assignment may still give it."""
    guid, _ = role(arm, "*", without=(PULL,))
    principal = new_principal("AcrPull", registry.id)
    arm.assign(guid, principal.object_id, registry.id)
    registry.oci(principal, "basic").get_manifest("image", "latest").expect(200)


def test_actions_never_grant_data_actions(registry, image, arm, new_principal):
    guid = str(uuid.uuid4())
    arm.put_role(guid, {"roleName": content.unique("role"), "permissions": [{"actions": [], "dataActions": ["*"]}],
                        "assignableScopes": [arm.bootstrap.subscription_scope]}).expect(201)
    principal = new_principal()
    arm.assign(guid, principal.object_id, registry.id)
    assert registry.oci(principal, "basic").get_manifest("image", "latest").status == 401
    assert principal.arm.call("GET", registry.id).status == 403


# What hung on a thing ends with it

def test_a_registry_made_anew_starts_with_nothing(new_registry, arm, owner, new_principal):
    registry = new_registry()
    registry.oci(owner).push("image", content.image(), "latest")
    principal = new_principal("AcrPush", registry.id)
    client = access_token(registry, principal, "repository:image:pull,push")
    owning = access_token(registry, owner, "repository:image:pull,push")
    upload = owning.location(owning.start_upload("image").expect(202))
    arm.delete_registry(registry.name).expect(200, 202, 204)
    again = new_registry(registry.name)
    assert again.login_server == registry.login_server
    assert client.get_manifest("image", "latest").status == 401
    assert owning.get_manifest("image", "latest").status == 401, "a token of the old registry"
    assert again.oci(principal, "basic").get_manifest("image", "latest").status == 401, "an assignment of the old registry"
    fresh = again.oci(owner, "basic")
    assert fresh.get_manifest("image", "latest").status == 404
    assert fresh.get("/v2/_catalog").expect(200).json()["repositories"] == []
    assert fresh.get(upload).status == 404
    assert arm.list_assignments(again.id, "atScope()") == [] or all(
        item["properties"]["principalId"] != principal.object_id for item in arm.list_assignments(again.id, "atScope()"))


def test_a_deleted_principal_is_nobody(registry, image, arm, graph, new_principal):
    principal = new_principal("AcrPull", registry.id)
    clients = ways(registry, principal)
    for client in clients.values():
        client.get_manifest("image", "latest").expect(200)
    graph.call("DELETE", f"/servicePrincipals/{principal.object_id}").expect(204)
    for name, client in clients.items():
        assert client.get_manifest("image", "latest").status == 401, name
    again = graph.create_service_principal(principal.client_id)
    assert again["id"] != principal.object_id
    principal.object_id = again["id"]
    assert registry.oci(principal, "basic").get_manifest("image", "latest").status == 401, "the new one has the old one's role"


def test_a_disabled_principal_is_refused_at_once(registry, image, graph, new_principal):
    principal = new_principal("AcrPull", registry.id)
    clients = ways(registry, principal)
    principal.arm.token
    for client in clients.values():
        client.get_manifest("image", "latest").expect(200)
    graph.call("PATCH", f"/servicePrincipals/{principal.object_id}", json={"accountEnabled": False}).expect(204)
    for name, client in clients.items():
        assert client.get_manifest("image", "latest").status == 401, name
    assert principal.arm.call("GET", registry.id).status == 401
    graph.call("PATCH", f"/servicePrincipals/{principal.object_id}", json={"accountEnabled": True}).expect(204)
    clients["basic"].get_manifest("image", "latest").expect(200)


# Secrets: what was made with one ends with it, whatever it was made into

def test_a_removed_secret_ends_all_that_was_made_with_it(registry, image, arm, graph, new_principal):
    principal = new_principal("AcrPull", registry.id)
    arm.assign("Reader", principal.object_id, registry.id)
    second = graph.add_password(principal.application_id)
    first_key = next(one["keyId"] for one in graph.call("GET", f"/applications/{principal.application_id}").expect(200)
                     .json()["passwordCredentials"] if one["keyId"] != second["keyId"])
    old = ways(registry, principal)
    directory = principal.entra_token()
    by_exchange = old["refresh token as password"].credentials[1]
    renewed = registry.oci(mode="none").post("/oauth2/token", form={
        "grant_type": "refresh_token", "service": registry.login_server, "scope": "repository:image:pull",
        "refresh_token": by_exchange}).expect(200).json()["access_token"]
    old["access token of the refresh token"] = Oci(registry.http, registry.login_server, renewed, "token")
    principal.secret = second["secretText"]
    new = ways(registry, principal)
    for client in (*old.values(), *new.values()):
        client.get_manifest("image", "latest").expect(200)
    arm_call = {"headers": {"Authorization": f"Bearer {directory}"}}
    path = f"{registry.id}?api-version=2025-11-01"
    assert registry.http.get(path, **arm_call).status == 200

    graph.remove_password(principal.application_id, first_key)
    for name, client in old.items():
        assert client.get_manifest("image", "latest").status == 401, name
    for name, client in new.items():
        assert client.get_manifest("image", "latest").status == 200, name
    refused = registry.http.get(path, **arm_call)
    assert refused.status == 401 and refused.json()["error"]["code"] == "InvalidAuthenticationToken", refused
    for form in ({"grant_type": "refresh_token", "refresh_token": by_exchange, "scope": "repository:image:pull"},):
        registry.oci(mode="none").post("/oauth2/token", form={"service": registry.login_server, **form}).expect(401)
    registry.oci(mode="none").post("/oauth2/exchange", form={
        "grant_type": "access_token", "service": registry.login_server, "access_token": directory}).expect(401)


def test_a_regenerated_admin_password_ends_what_was_made_with_it(registry, image, arm):
    arm.patch_registry(registry.name, properties={"adminUserEnabled": True}).expect(200)
    shown = arm.call("POST", f"{registry.id}/listCredentials").expect(200).json()
    clients = {}
    for one in shown["passwords"]:
        admin = Oci(registry.http, registry.login_server, (shown["username"], one["value"]), "basic")
        token = admin.fetch_token(registry.login_server, ["repository:image:pull,push"]).expect(200).json()["access_token"]
        clients[one["name"]] = (admin, Oci(registry.http, registry.login_server, token, "token"))
    for pair in clients.values():
        for client in pair:
            client.get_manifest("image", "latest").expect(200)
    arm.call("POST", f"{registry.id}/regenerateCredential", json={"name": "password"}).expect(200)
    assert [client.get_manifest("image", "latest").status for client in clients["password"]] == [401, 401]
    assert [client.get_manifest("image", "latest").status for client in clients["password2"]] == [200, 200]
    arm.patch_registry(registry.name, properties={"adminUserEnabled": False}).expect(200)
    assert [client.get_manifest("image", "latest").status for client in clients["password2"]] == [401, 401]
    arm.patch_registry(registry.name, properties={"adminUserEnabled": True}).expect(200)
    assert [client.get_manifest("image", "latest").status for client in clients["password2"]] == [200, 200]


def test_anonymous_tokens_end_with_anonymous_pull(registry, image, arm):
    arm.patch_registry(registry.name, properties={"anonymousPullEnabled": True}).expect(200)
    token = registry.oci(mode="none").fetch_token(registry.login_server, ["repository:image:pull"]).expect(200).json()
    client = Oci(registry.http, registry.login_server, token["access_token"], "token")
    client.get_manifest("image", "latest").expect(200)
    arm.patch_registry(registry.name, properties={"anonymousPullEnabled": False}).expect(200)
    assert client.get_manifest("image", "latest").status == 401


def test_a_deny_assignment_counts_at_once(registry, image, arm, new_principal):
    principal = new_principal("Contributor", registry.id)
    clients = ways(registry, principal)
    path = f"{registry.id}/providers/Microsoft.Authorization/denyAssignments/{uuid.uuid4()}"
    for _ in range(2):
        for name, client in clients.items():
            assert client.start_upload("image").status == 202, name
        arm.call("PUT", path, "2024-07-01-preview", json={"properties": {
            "denyAssignmentName": "freeze", "permissions": [{"actions": [PUSH], "notActions": []}],
            "principals": [{"id": principal.object_id, "type": "ServicePrincipal"}]}}).expect(200, 201)
        for name, client in clients.items():
            assert client.get_manifest("image", "latest").status == 200, name
            answer = client.start_upload("image").expect(401)
            assert "because of the deny assignment with name 'freeze'" in answer.json()["errors"][0]["message"], name
        arm.call("DELETE", path, "2024-07-01-preview").expect(200, 204)


def test_rights_are_there_after_a_restart(own_berth):
    server = own_berth().start()
    client = Http(server.http)
    facts = server.bootstrap
    owner = bootstrap_owner(client, facts)
    puller = make_principal(owner.graph, "puller")
    owner.arm.assign("AcrPull", puller.object_id, facts.registry_id)
    Oci(client, facts.login_server, owner.credentials).push("image", content.image(), "latest")
    client.close()
    server.restart()
    client = Http(server.http)
    # Another port, and the login server's name may carry it.
    again = Oci(client, server.bootstrap.login_server, puller.credentials)
    again.get_manifest("image", "latest").expect(200)
    assert again.start_upload("image").status == 401
    client.close()
    server.stop()
