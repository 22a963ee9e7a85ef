"""Permissions that a route asks for once it knows the body or the object: a case for each such route."""

import uuid

import pytest

from harness import content
from harness.content import digest_of
from permission_matrix import people
from permission_matrix.evaluator import Assignment, role_named
from permission_matrix.people import INNER, REPOSITORY, TAG, TOP, Person, World
from permission_matrix.route_table import REGISTRY_MODE, REPOSITORY_MODE, routes

AUTHORIZATION = "Microsoft.Authorization"


def person_with(world: World, *held: tuple[str, str]) -> Person:
    return world.new_person(*(Assignment(role_named(name), scope) for name, scope in held))


def both(world: World) -> tuple[str, str]:
    return world.places[REGISTRY_MODE].registry.id, world.places[REPOSITORY_MODE].registry.id


def mount_needs_the_source(world: World) -> None:
    """The same push mounts a blob for who may pull its source, and begins an upload for who may not."""
    place = world.places[REPOSITORY_MODE]
    digest = digest_of(place.image.blobs[0])
    condition = ("((!(ActionMatches{'Microsoft.ContainerRegistry/registries/repositories/content/read'}) AND "
                 "!(ActionMatches{'Microsoft.ContainerRegistry/registries/repositories/content/write'})) OR "
                 "(@Request[Microsoft.ContainerRegistry/registries/repositories:name] StringStartsWith 'team/'))")
    person = person_with(world)
    writer = role_named("Container Registry Repository Writer").id
    world.owner.arm.call("PUT", world.owner.arm.assignment_path(place.registry.id, str(uuid.uuid4())), "2022-04-01", json={
        "properties": {"roleDefinitionId": world.owner.arm.role_id(writer), "principalId": person.principal.object_id,
                       "principalType": "ServicePrincipal", "condition": condition, "conditionVersion": "2.0"}}).expect(201)
    oci = place.registry.oci(person.principal, "basic")
    target = f"/v2/team/{content.unique('r')}/blobs/uploads/?mount={digest}&from={REPOSITORY}"
    oci.post(target).expect(202)
    assert oci.get_blob(REPOSITORY, digest).status == 401
    people.take(world, person, "Container Registry Repository Reader", place.registry.id)
    oci.post(target).expect(201)


def import_needs_the_source(world: World) -> None:
    """Both `registries/read` at the source and the right to pull from the repository there."""
    target, source = both(world)
    path = f"{target}/importImage"
    body = {"source": {"resourceId": source, "sourceImage": f"{REPOSITORY}:{TAG}"}, "targetTags": [f"{REPOSITORY}:copy"]}
    person = person_with(world, ("Container Registry Data Importer and Data Reader", target))

    def answer():
        return person.principal.arm.call("POST", path, json=body)

    def assert_linked_refusal():
        error = answer().expect(403).json()["error"]
        assert error["code"] == "LinkedAuthorizationFailed", error
        assert source in error["message"], error

    assert_linked_refusal()
    people.take(world, person, "Container Registry Repository Reader", source)
    assert_linked_refusal()  # pull without registries/read
    reader = people.take(world, person, "Container Registry Connected Registry Reader", source)
    assert answer().status not in (401, 403)
    people.give_back(world, reader)
    assert_linked_refusal()
    other = person_with(world, ("Container Registry Data Importer and Data Reader", target),
                        ("Container Registry Connected Registry Reader", source))
    refused = other.principal.arm.call("POST", path, json=body).expect(403).json()["error"]
    assert refused["code"] == "LinkedAuthorizationFailed", refused  # registries/read without pull


def role_of(*scopes: str) -> dict:
    return {"properties": {"roleName": content.unique("role"), "assignableScopes": list(scopes),
                           "permissions": [{"actions": ["Microsoft.ContainerRegistry/registries/read"]}]}}


def role_path(scope: str, guid: str) -> str:
    return f"{scope.rstrip('/')}/providers/{AUTHORIZATION}/roleDefinitions/{guid}"


def writing_a_role_needs_all_its_scopes(world: World, through: str | None = None) -> None:
    one, other = both(world)
    person = person_with(world, ("User Access Administrator", through or one))
    guid, document = str(uuid.uuid4()), role_of(one, other)
    path = role_path(through or one, guid)
    if through is None:
        refused = person.principal.arm.call("PUT", path, "2022-04-01", json=document).expect(403).json()["error"]
        assert refused["code"] == "LinkedAuthorizationFailed" and f"'{other}'" in refused["message"], refused
        world.owner.arm.call("GET", path, "2022-04-01").expect(404)
        people.take(world, person, "User Access Administrator", other)
    person.principal.arm.call("PUT", path, "2022-04-01", json=document).expect(201)
    # Nor may who owns a part change what others use, or take scopes from it.
    half = person_with(world, ("User Access Administrator", one))
    half.principal.arm.call("PUT", role_path(one, guid), "2022-04-01", json=role_of(one)).expect(403)
    half.principal.arm.call("DELETE", role_path(one, guid), "2022-04-01").expect(403)
    person.principal.arm.call("DELETE", path, "2022-04-01").expect(200)


def deleting_a_role_needs_all_its_scopes(world: World, through: str | None = None) -> None:
    one, other = both(world)
    guid = str(uuid.uuid4())
    world.owner.arm.call("PUT", role_path(one, guid), "2022-04-01", json=role_of(one, other)).expect(201)
    person = person_with(world, ("User Access Administrator", through or one))
    path = role_path(through or one, guid)
    if through is None:
        refused = person.principal.arm.call("DELETE", path, "2022-04-01").expect(403).json()["error"]
        assert refused["code"] == "LinkedAuthorizationFailed" and f"'{other}'" in refused["message"], refused
        world.owner.arm.call("GET", path, "2022-04-01").expect(200)
        people.take(world, person, "User Access Administrator", other)
    person.principal.arm.call("DELETE", path, "2022-04-01").expect(200)


def enabling_a_service_principal(world: World) -> None:
    """The directory's rights are all or nothing until there are more directory roles: an Owner has none of them."""
    person = person_with(world, ("Owner", world.bootstrap.subscription_scope))
    path = f"/servicePrincipals/{world.stranger.object_id}"
    for enabled in (False, True):
        refused = person.principal.graph.call("PATCH", path, json={"accountEnabled": enabled}).expect(403).json()
        assert refused["error"]["code"] == "Authorization_RequestDenied"
        assert world.owner.graph.call("GET", path).json()["accountEnabled"] is True
    for enabled in (False, True):
        world.owner.graph.call("PATCH", path, json={"accountEnabled": enabled}).expect(204)
    attributes_of(world, person, path)


def attributes_of(world: World, person, path: str) -> None:
    """Security attributes, too: they decide what conditions on the principal allow."""
    change = {"customSecurityAttributes": {"Matrix": {"Team": "blue"}}}
    assert person.principal.graph.call("PATCH", path, json=change).expect(403).json()["error"]["code"] == "Authorization_RequestDenied"
    world.owner.graph.call("PATCH", path, json=change).expect(204)
    selected = path + "?$select=id,customSecurityAttributes"
    assert person.principal.graph.call("GET", selected).expect(403).json()["error"]["code"] == "Authorization_RequestDenied"
    assert world.owner.graph.call("GET", selected).expect(200).json()["customSecurityAttributes"]["Matrix"]["Team"] == "blue"
    world.owner.graph.call("PATCH", path, json={"customSecurityAttributes": {"Matrix": {"Team": None}}}).expect(204)


def reading_attributes_of_a_service_principal(world: World) -> None:
    attributes_of(world, person_with(world, ("Owner", world.bootstrap.subscription_scope)), f"/servicePrincipals/{world.stranger.object_id}")


def a_user(world: World) -> str:
    name = content.unique("user")
    user = world.owner.graph.call("POST", "/users", json={
        "accountEnabled": True, "displayName": name, "mailNickname": name, "userPrincipalName": f"{name}@example.org",
        "passwordProfile": {"password": "Correct-Horse-1-Battery", "forceChangePasswordNextSignIn": False}})
    return f"/users/{user.expect(201).json()['id']}"


def reading_attributes_of_a_user(world: World) -> None:
    attributes_of(world, person_with(world, ("Owner", world.bootstrap.subscription_scope)), a_user(world))


def enabling_a_user_and_changing_a_password(world: World) -> None:
    path = a_user(world)
    person = person_with(world, ("Owner", world.bootstrap.subscription_scope))
    for change in ({"accountEnabled": False}, {"accountEnabled": True},
                   {"passwordProfile": {"password": "Wrong-Horse-2-Battery"}}):
        refused = person.principal.graph.call("PATCH", path, json=change).expect(403).json()
        assert refused["error"]["code"] == "Authorization_RequestDenied"
        world.owner.graph.call("PATCH", path, json=change).expect(204)
    attributes_of(world, person, path)


def references(world: World, *ids: str) -> list[str]:
    return [world.owner.graph.reference(one)["@odata.id"] for one in ids]


def refused_to_an_owner_of_resources(world: World, path: str, change: dict) -> None:
    person = person_with(world, ("Owner", world.bootstrap.subscription_scope))
    refused = person.principal.graph.call("PATCH", path, json=change).expect(403).json()
    assert refused["error"]["code"] == "Authorization_RequestDenied"
    world.owner.graph.call("PATCH", path, json=change).expect(204)


def keys_and_owners_of_an_application(world: World) -> None:
    path = f"/applications/{world.stranger.application_id}"
    refused_to_an_owner_of_resources(world, path, {"keyCredentials": []})
    refused_to_an_owner_of_resources(world, path, {"owners@odata.bind": references(world, world.nobody.principal.object_id)})


def members_and_owners_of_a_group(world: World) -> None:
    path = f"/groups/{world.owner.graph.create_group(content.unique('group'))['id']}"
    someone = references(world, world.nobody.principal.object_id)
    refused_to_an_owner_of_resources(world, path, {"members@odata.bind": someone})
    refused_to_an_owner_of_resources(world, path, {"owners@odata.bind": someone})


def reading_attributes_of_oneself(world: World) -> None:
    """`/me` is for people; an application is refused before it is asked for more."""
    person = person_with(world, ("Owner", world.bootstrap.subscription_scope))
    selected = "/me?$select=id,customSecurityAttributes"
    assert person.principal.graph.call("GET", selected).expect(403).json()["error"]["code"] == "Authorization_RequestDenied"
    assert world.owner.graph.call("GET", selected).expect(400).json()["error"]["code"] == "Request_BadRequest"


def catalog_of_what_may_be_read(world: World, path: str) -> None:
    """In repository permissions, without the right to the whole catalog: the repositories that may be pulled, no others."""
    place = world.places[REPOSITORY_MODE]
    name = content.unique("team/r")
    place.registry.oci(world.owner, "basic").push(name, content.image(), TAG)
    person = person_with(world)
    condition = ("(@Request[Microsoft.ContainerRegistry/registries/repositories:name] StringStartsWith 'team/')")
    writer = role_named("Container Registry Repository Reader").id
    world.owner.arm.call("PUT", world.owner.arm.assignment_path(place.registry.id, str(uuid.uuid4())), "2022-04-01", json={
        "properties": {"roleDefinitionId": world.owner.arm.role_id(writer), "principalId": person.principal.object_id,
                       "principalType": "ServicePrincipal", "condition": condition, "conditionVersion": "2.0"}}).expect(201)
    oci = place.registry.oci(person.principal, "basic")
    shown = oci.get(path).expect(200).json()["repositories"]
    assert name in shown and all(one.startswith("team/") for one in shown), shown
    people.take(world, person, "Container Registry Repository Catalog Lister", place.registry.id)
    assert REPOSITORY in oci.get(path).expect(200).json()["repositories"]
    assert oci.get_manifest(REPOSITORY, TAG).status == 401
    place.registry.oci(world.owner, "basic").delete(f"/acr/v1/{name}").expect(202)


def moving_a_group_needs_both_ends(world: World, method: str) -> None:
    """Write at the group, at the one that it is in, and at the one that it goes to; and the right to give roles in it."""
    names = [content.unique("group") for _ in range(3)]
    here, there, moved = names
    for name, parent in ((here, TOP), (there, TOP), (moved, here)):
        people.put_management_group(world, name, parent)
    person = person_with(world, ("Contributor", people.group_scope(moved)))
    body = {"properties": {"details": {"parent": {"id": people.group_scope(there)}}}}
    if method == "PATCH":
        body = {"parentGroupId": people.group_scope(there)}

    def answer():
        return person.principal.arm.call(method, people.group_scope(moved), "2020-05-01", json=body)

    refused = answer().expect(403).json()["error"]
    assert refused["code"] == "LinkedAuthorizationFailed", refused
    assert "Microsoft.Authorization/roleAssignments/write" in refused["message"], refused
    people.take(world, person, "User Access Administrator", people.group_scope(moved))
    for scope in (here, there):
        refused = answer().expect(403).json()["error"]
        assert refused["code"] == "LinkedAuthorizationFailed" and scope in refused["message"], refused
        people.take(world, person, "Contributor", people.group_scope(scope))
    answer().expect(200, 201, 202)
    if method == "PUT":  # and a new group needs the right at the one that it comes to be in
        stranger = person_with(world, ("Contributor", people.group_scope(here)))
        made = stranger.principal.arm.call("PUT", people.group_scope(content.unique("group")), "2020-05-01", json=body)
        assert made.status == 403, made
    for name in (moved, there, here):
        world.owner.arm.call("DELETE", people.group_scope(name), "2020-05-01").expect(200, 202, 204)
        world.tree.pop(people.group_scope(name).lower())


def moving_a_subscription(world: World, method: str) -> None:
    """Only who owns the subscription, and may take it out of where it is, moves it."""
    there = content.unique("group")
    people.put_management_group(world, there, TOP)
    subscription = world.bootstrap.subscription_scope
    person = person_with(world, ("Contributor", people.group_scope(there if method == "PUT" else INNER)))
    group = there if method == "PUT" else INNER
    path = f"{people.group_scope(group)}/subscriptions/{world.bootstrap.subscription_id}"

    def answer():
        return person.principal.arm.call(method, path, "2020-05-01")

    try:
        refused = answer().expect(403).json()["error"]
        assert refused["code"] == "LinkedAuthorizationFailed" and subscription in refused["message"], refused
        people.take(world, person, "User Access Administrator", subscription)
        if method == "PUT":
            assert answer().status == 403  # who gives roles is not yet who may move it
            people.take(world, person, "Owner", subscription)
            refused = answer().expect(403).json()["error"]
            assert people.group_scope(INNER).lower() in refused["message"].lower(), refused
            people.take(world, person, "Contributor", people.group_scope(INNER))
        answer().expect(200, 204)
    finally:
        people.place_subscription(world)
        world.owner.arm.call("DELETE", people.group_scope(there), "2020-05-01").expect(200, 202, 204)
        world.tree.pop(people.group_scope(there).lower())


def moving_a_resource(world: World, action: str) -> None:
    """The right to write the registry both where it is and where it comes to lie."""
    arm = world.owner.arm
    source, target = content.unique("from"), content.unique("to")
    name = content.unique("moved").replace("-", "")
    for group in (source, target):
        arm.put_group(group).expect(201)
    arm.put_registry(name, source).expect(201)
    person = person_with(world, ("Contributor", arm.group_path(source)))
    body = {"resources": [arm.registry_path(name, source)], "targetResourceGroup": arm.group_path(target)}
    path = f"{arm.group_path(source)}/{action}"
    error = person.principal.arm.call("POST", path, "2024-11-01", json=body).expect(403).json()["error"]
    assert target in error["message"] and "registries/write" in error["message"], error
    people.take(world, person, "Contributor", arm.group_path(target))
    person.principal.arm.call("POST", path, "2024-11-01", json=body).expect(202, 204)
    for group in (source, target):
        arm.call("DELETE", arm.group_path(group), "2024-11-01").expect(200, 202)


def naming_an_identity(world: World, method: str, child: bool) -> None:
    """A resource gets a user-assigned identity from who may assign that."""
    arm, registry = world.owner.arm, world.places[REGISTRY_MODE].registry
    group, name = content.unique("identities"), content.unique("named").replace("-", "")
    arm.put_group(group).expect(201)
    identity = f"{arm.group_path(group)}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/{name}"
    arm.call("PUT", identity, "2024-11-30", json={"location": world.bootstrap.location}).expect(201)
    body = {"identity": {"type": "UserAssigned", "userAssignedIdentities": {identity: {}}}}
    if child:
        path = f"{registry.id}/cacheRules/{name}"
        rule = {"properties": {"sourceRepository": "docker.io/library/nginx", "targetRepository": name, "credentialSetResourceId": None}}
        if method == "PUT":
            body |= rule
        else:
            arm.call("PUT", path, json=rule).expect(201)
        place = registry.id
    else:
        path, place = arm.registry_path(name, group), arm.registry_path(name, group)
        arm.put_registry(name, group).expect(201)
        if method == "PUT":
            body |= {"location": world.bootstrap.location, "sku": {"name": "Premium"}}
    person = person_with(world, ("Contributor", place))
    error = person.principal.arm.call(method, path, json=body).expect(403).json()["error"]
    assert error["code"] == "LinkedAuthorizationFailed" and identity in error["message"], error
    people.take(world, person, "Contributor", identity)
    answer = person.principal.arm.call(method, path, json=body).expect(200, 201).json()
    assert answer["identity"]["userAssignedIdentities"][identity]["principalId"]
    if child:
        arm.call("DELETE", path).expect(204)
    arm.call("DELETE", arm.group_path(group), "2024-11-01").expect(200, 202)


def an_alias_needs_its_subscription(world: World) -> None:
    arm = world.owner.arm
    person = person_with(world, ("Contributor", "/"))
    subscription = world.bootstrap.subscription_scope
    denial = f"{subscription}/providers/Microsoft.Authorization/denyAssignments/{uuid.uuid4()}"
    arm.call("PUT", denial, "2024-07-01-preview", json={"properties": {
        "denyAssignmentName": content.unique("alias"),
        "permissions": [{"actions": ["Microsoft.Resources/subscriptions/write"]}],
        "principals": [{"id": person.principal.object_id, "type": "ServicePrincipal"}]}}).expect(201)
    alias = f"/providers/Microsoft.Subscription/aliases/{content.unique('alias')}"
    body = {"properties": {"subscriptionId": world.bootstrap.subscription_id}}
    person.principal.arm.call("PUT", alias, "2021-10-01", json=body).expect(403)
    arm.call("DELETE", denial, "2024-07-01-preview").expect(200)
    person.principal.arm.call("PUT", alias, "2021-10-01", json=body).expect(201)
    person.principal.arm.call("DELETE", alias, "2021-10-01").expect(200)


def tag_names_of_what_may_be_read(world: World) -> None:
    arm = world.owner.arm
    role, tag, name = str(uuid.uuid4()), content.unique("tag"), content.unique("tagged").replace("-", "")
    subscription = world.bootstrap.subscription_scope
    arm.put_registry(name, tags={tag: "1"}).expect(201)
    arm.put_role(role, {"roleName": content.unique("tags"), "assignableScopes": [subscription],
                        "permissions": [{"actions": ["Microsoft.Resources/subscriptions/tagNames/read"]}]}).expect(201)
    person = person_with(world)
    assignment = arm.assign(role, person.principal.object_id, subscription)

    def seen() -> set[str]:
        return {one["tagName"] for one in person.principal.arm.list(f"{subscription}/tagNames", "2024-11-01")}

    assert tag not in seen()
    people.take(world, person, "Reader", arm.registry_path(name))
    assert tag in seen()
    arm.unassign(assignment)
    arm.call("DELETE", arm.role_id(role), "2022-04-01").expect(200)
    arm.delete_registry(name).expect(200)


CASES = {
    "arm.registry.put": lambda world: naming_an_identity(world, "PUT", False),
    "arm.registry.patch": lambda world: naming_an_identity(world, "PATCH", False),
    "arm.cacheRule.put": lambda world: naming_an_identity(world, "PUT", True),
    "arm.cacheRule.patch": lambda world: naming_an_identity(world, "PATCH", True),
    "arm.resource.move": lambda world: moving_a_resource(world, "moveResources"),
    "arm.resource.validateMove": lambda world: moving_a_resource(world, "validateMoveResources"),
    "arm.subscriptionAlias.put": an_alias_needs_its_subscription,
    "arm.tagName.list": tag_names_of_what_may_be_read,
    "catalog.list": lambda world: catalog_of_what_may_be_read(world, "/v2/_catalog"),
    "acr.catalog": lambda world: catalog_of_what_may_be_read(world, "/acr/v1/_catalog"),
    "arm.managementGroup.put": lambda world: moving_a_group_needs_both_ends(world, "PUT"),
    "arm.managementGroup.patch": lambda world: moving_a_group_needs_both_ends(world, "PATCH"),
    "arm.managementGroup.subscription.put": lambda world: moving_a_subscription(world, "PUT"),
    "arm.managementGroup.subscription.delete": lambda world: moving_a_subscription(world, "DELETE"),
    "upload.start": mount_needs_the_source,
    "arm.registry.importImage": import_needs_the_source,
    "arm.roleDefinition.put": writing_a_role_needs_all_its_scopes,
    "arm.roleDefinition.putAtRoot": lambda world: writing_a_role_needs_all_its_scopes(world, "/"),
    "arm.roleDefinition.delete": deleting_a_role_needs_all_its_scopes,
    "arm.roleDefinition.deleteAtRoot": lambda world: deleting_a_role_needs_all_its_scopes(world, "/"),
    "graph.servicePrincipal.get": reading_attributes_of_a_service_principal,
    "graph.user.get": reading_attributes_of_a_user,
    "graph.me.get": reading_attributes_of_oneself,
    "graph.application.update": keys_and_owners_of_an_application,
    "graph.group.update": members_and_owners_of_a_group,
    "graph.servicePrincipal.update": enabling_a_service_principal,
    "graph.user.update": enabling_a_user_and_changing_a_password,
}

FURTHER = [route.id for route in routes() if route.further]


def test_each_route_with_further_permissions_has_a_case():
    assert set(FURTHER) == set(CASES)


@pytest.mark.parametrize("route_id", sorted(CASES))
def test_further_permissions(matrix, route_id):
    CASES[route_id](matrix)
