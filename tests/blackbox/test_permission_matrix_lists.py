"""Lists show to each role exactly what it may read, by the same rule as reading each."""

import urllib.parse

import pytest

from permission_matrix import calls, people
from permission_matrix.evaluator import built_in_roles, covers
from permission_matrix.people import INNER, SEEN_CHILD, SEEN_TOKEN, TOP, Person, Place, World, group_scope
from permission_matrix.route_table import MODES, REGISTRY_MODE, routes

LISTS = [route for route in routes() if route.kind in ("filter", "all or filter")]


class Shown:
    """What an answer of 200 shows: `key` of each item."""

    def __init__(self, expected, key=lambda item: item["name"], items="value"):
        self.expected = expected
        self.key = key
        self.items = items


def is_near(world: World, person: Person, place: Place) -> bool:
    """A subscription is shown to everybody who holds anything at it, above it or in it."""
    scope = world.bootstrap.subscription_scope
    return any(covers(one.scope, scope, world.tree) or covers(scope, one.scope, world.tree) for one in person.assignments)


def everybody(world: World, person: Person, place: Place) -> bool:
    return True


def registries(world: World, person: Person, place: Place) -> set[str]:
    there = {world.bootstrap.registry_name: world.bootstrap.registry_id,
             **{one.registry.name: one.registry.id for one in world.places.values()}}
    return {name for name, scope in there.items() if person.may("Microsoft.ContainerRegistry/registries/read", scope)}


def resources(world: World, person: Person, place: Place) -> set[str]:
    """The ids of the registries, of the webhook in each, and of the managed identity: what has a location."""
    there = [("", world.bootstrap.registry_id)]
    for one in world.places.values():
        there += [("", one.registry.id), (f"/webhooks/{SEEN_CHILD}", one.registry.id)]
    identity = {people.identity_scope(world).lower()} if identities(world, person, place) else set()
    return identity | {(registry + below).lower() for below, registry in there
                       if person.may(f"Microsoft.ContainerRegistry/registries/{'webhooks/' if below else ''}read", registry)}


def identities(world: World, person: Person, place: Place) -> set[str]:
    """The one managed identity."""
    may = person.may("Microsoft.ManagedIdentity/userAssignedIdentities/read", people.identity_scope(world))
    return {SEEN_CHILD} if may else set()


def federated_credentials(world: World, person: Person, place: Place) -> set[str]:
    may = person.may("Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials/read", people.identity_scope(world))
    return {SEEN_CHILD} if may else set()


def groups(world: World, person: Person, place: Place) -> set[str]:
    may = person.may("Microsoft.Resources/subscriptions/resourceGroups/read", world.bootstrap.group_scope)
    return {world.bootstrap.resource_group} if may else set()


def subscriptions(world: World, person: Person, place: Place) -> set[str]:
    return {world.bootstrap.subscription_id} if is_near(world, person, place) else set()


def role_definitions(scope_of):
    def expected(world: World, person: Person, place: Place) -> set[str]:
        may = person.may("Microsoft.Authorization/roleDefinitions/read", scope_of(place))
        return {role.id for role in built_in_roles()} if may else set()

    return expected


def read_by_owner(kind: str, scope_of):
    """Of what the owner is shown, what the person may read where it is."""

    def expected(world: World, person: Person, place: Place) -> set[str]:
        every = world.owner.arm.list(f"{scope_of(place).rstrip('/')}/providers/Microsoft.Authorization/{kind}", "2022-04-01")
        return {one["name"] for one in every
                if person.may(f"Microsoft.Authorization/{kind}/read", one["properties"]["scope"])}

    return expected


def permissions(scope_of):
    def expected(world: World, person: Person, place: Place) -> set[tuple]:
        return {part for one in person.assignments if covers(one.scope, scope_of(place), world.tree)
                for part in one.role.permissions}

    return expected


def permission_key(item: dict) -> tuple:
    return tuple(tuple(item[name]) for name in ("actions", "notActions", "dataActions", "notDataActions"))


def at_place(place: Place) -> str:
    return place.registry.id


def at_root(place: Place) -> str:
    return "/"


def repositories(world: World, person: Person, place: Place) -> set[str] | None:
    """The whole catalog for those with the right to it; the others are refused in registry permissions, and shown what they
    may read in repository permissions."""
    prefix = "Microsoft.ContainerRegistry/registries/"
    every = set(place.registry.oci(world.owner, "basic").get("/v2/_catalog").expect(200).json()["repositories"])
    assert calls.REPOSITORY in every
    if place.mode == REGISTRY_MODE:
        return every if person.may(prefix + "pull/read", place.registry.id) else None
    may = any(person.may(prefix + name, place.registry.id, True) for name in ("catalog/read", "repositories/content/read"))
    return every if may else set()


def children(kind: str, every: set[str]):
    """What each registry has: the scope maps of the system, and one token."""

    def expected(world: World, person: Person, place: Place) -> set[str]:
        return every if person.may(f"Microsoft.ContainerRegistry/registries/{kind}/read", place.registry.id) else set()

    return expected


def management_groups(world: World, person: Person, place: Place) -> set[str]:
    return {name for name in (world.bootstrap.tenant_id, TOP, INNER)
            if person.may("Microsoft.Management/managementGroups/read", group_scope(name))}


def writes_group(world: World, person: Person, place: Place) -> bool:
    return person.may("Microsoft.Management/managementGroups/write", group_scope(INNER))


def locks(scope_of):
    """The lock on a token of each registry, of which those at, above and below the scope are listed."""

    def expected(world: World, person: Person, place: Place) -> set[str]:
        out = set()
        for one in world.places.values():
            token = f"{one.registry.id}/tokens/{SEEN_TOKEN}"
            lock = f"{token}/providers/Microsoft.Authorization/locks/matrixlock"
            world.owner.arm.call("PUT", lock, "2016-09-01", json={"properties": {"level": "CanNotDelete"}}).expect(200, 201)
            near = covers(scope_of(place), token, world.tree)
            if near and person.may("Microsoft.Authorization/locks/read", token):
                out.add(lock.lower())
        return out

    return expected


def polls(world: World, person: Person, place: Place) -> bool:
    group = f"{world.bootstrap.subscription_scope}/resourceGroups/{calls.ENDED_GROUP}"
    return person.may("Microsoft.Resources/subscriptions/resourceGroups/read", group)


def aliases(world: World, person: Person, place: Place) -> set[str]:
    calls.call_of_id("arm.subscriptionAlias.get").parameters["alias"](world, place)
    may = person.may("Microsoft.Resources/subscriptions/read", world.bootstrap.subscription_scope)
    return {calls.ALIAS} if may else set()


def registers(world: World, person: Person, place: Place) -> bool:
    return person.may("Microsoft.ContainerRegistry/register/action", world.bootstrap.subscription_scope)


def unregisters(world: World, person: Person, place: Place) -> int:
    """Nobody does; who could in Azure is told so."""
    return 409 if person.may("Microsoft.ContainerRegistry/unregister/action", world.bootstrap.subscription_scope) else 403


SYSTEM_SCOPE_MAPS = {"_repositories_admin", "_repositories_pull", "_repositories_pull_metadata_read", "_repositories_push",
                     "_repositories_push_metadata_write"}


def name_of(item):
    return item


# A function says whether the route answers at all (else 403), or with which status; Shown says with what.
CASES = {
    "version.get": everybody,
    "arm.tenant.list": everybody,
    "arm.subscription.list": Shown(subscriptions, lambda item: item["subscriptionId"]),
    "arm.subscription.get": is_near,
    "arm.location.list": is_near,
    "arm.provider.list": is_near,
    "arm.provider.get": is_near,
    "arm.provider.register": registers,
    "arm.provider.unregister": unregisters,
    "arm.resource.list": Shown(resources, lambda item: item["id"].lower()),
    "arm.resource.listInGroup": Shown(resources, lambda item: item["id"].lower()),
    "arm.resourceGroup.list": Shown(groups),
    "arm.registry.list": Shown(registries),
    "arm.registry.listInSubscription": Shown(registries),
    "arm.roleDefinition.list": Shown(role_definitions(at_place)),
    "arm.roleDefinition.listAtRoot": Shown(role_definitions(at_root)),
    "arm.roleAssignment.list": Shown(read_by_owner("roleAssignments", at_place)),
    "arm.roleAssignment.listAtRoot": Shown(read_by_owner("roleAssignments", at_root)),
    "arm.permission.list": Shown(permissions(at_place), permission_key),
    "arm.permission.listAtRoot": Shown(permissions(at_root), permission_key),
    "arm.denyAssignment.list": Shown(read_by_owner("denyAssignments", at_place)),
    "arm.denyAssignment.listAtRoot": Shown(read_by_owner("denyAssignments", at_root)),
    # Facts of Azure's public API, the same for all.
    "arm.providerOperation.list": everybody,
    "arm.providerOperation.get": everybody,
    "arm.scopeMap.list": Shown(children("scopeMaps", SYSTEM_SCOPE_MAPS)),
    "arm.token.list": Shown(children("tokens", {SEEN_TOKEN})),
    "arm.webhook.list": Shown(children("webhooks", {SEEN_CHILD})),
    "arm.cacheRule.list": Shown(children("cacheRules", {SEEN_CHILD})),
    "arm.credentialSet.list": Shown(children("credentialSets", {SEEN_CHILD})),
    "arm.userAssignedIdentity.list": Shown(identities),
    "arm.userAssignedIdentity.listInSubscription": Shown(identities),
    "arm.federatedIdentityCredential.list": Shown(federated_credentials),
    # Empty for all.
    **{f"arm.{one}.list": everybody for one in calls.NOT_OFFERED},
    "arm.lock.list": Shown(locks(at_place), lambda item: item["id"].lower()),
    "arm.lock.listAtRoot": Shown(locks(at_root), lambda item: item["id"].lower()),
    "arm.operation.result": polls,
    "arm.operation.status": polls,
    "arm.subscriptionAlias.list": Shown(aliases),
    "arm.subscriptionAlias.get": lambda world, person, place: 200 if aliases(world, person, place) else 404,
    "arm.subscriptionAlias.delete": lambda world, person, place: 204,  # there is none of that name
    "arm.managementGroup.list": Shown(management_groups),
    "arm.managementGroup.put": writes_group,
    "catalog.list": Shown(repositories, name_of, "repositories"),
    "acr.catalog": Shown(repositories, name_of, "repositories"),
}


def pages(world: World, person: Person, route, place: Place, path: str, items: str) -> list:
    answer = person.send(route, place, path, **calls.request_of(route, world, place)).expect(200).json()
    out = list(answer[items] or [])
    while answer.get("nextLink"):
        parts = urllib.parse.urlsplit(answer["nextLink"])
        answer = person.send(route, place, f"{parts.path}?{parts.query}").expect(200).json()
        out += answer[items]
    return out


def test_each_list_has_a_case():
    assert {route.id for route in LISTS} - set(CASES) == set()


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("route", LISTS, ids=lambda route: route.id)
def test_each_role_is_shown_what_it_may_read(matrix, route, mode):
    place = matrix.places[mode]
    path, case = calls.path_of(route, matrix, place), CASES[route.id]
    seen = set()
    for person in [matrix.nobody, *matrix.people]:
        told = f"{route.id} in {mode} by {person.held}"
        if not isinstance(case, Shown):
            answer = person.send(route, place, path, **calls.request_of(route, matrix, place))
            wanted = case(matrix, person, place)
            allowed = {True: (200, 204), False: (403,)}.get(wanted, (wanted,))
            assert answer.status in allowed, f"{told}: {answer}"
            continue
        expected = case.expected(matrix, person, place)
        if expected is None:
            assert person.send(route, place, path).status == 401, told
            seen.add(None)
            continue
        shown = [case.key(item) for item in pages(matrix, person, route, place, path, case.items)]
        assert len(shown) == len(set(shown)), f"{told}: twice the same: {shown}"
        assert set(shown) == expected, told
        seen.add(frozenset(expected))
    # Somebody sees something and somebody sees less.
    assert not isinstance(case, Shown) or len(seen) > 1, route.id
