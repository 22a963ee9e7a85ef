"""Principals that hold one role and nothing else, and the registries they try their luck at."""

import uuid
from dataclasses import dataclass, field

from harness import content, identities
from harness.arm import AUTHORIZATION_VERSION
from harness.fixtures import Registry, registry_from
from harness.http_client import Http, Response
from harness.identities import Principal
from harness.oci import Oci, basic
from harness.server import Berth
from permission_matrix.evaluator import Assignment, built_in_roles, is_allowed, role_named
from permission_matrix.route_table import MODES, REPOSITORY_MODE, Permission, Route

REPOSITORY = "matrix/app"
TAG = "v1"
TOP, INNER = "matrixtop", "matrixinner"
SEEN_TOKEN = "matrixtoken"
SEEN_CHILD = "matrixseen"
# One of each in each registry, for those who look for one.
SEEN_CHILDREN = {
    "webhooks": {"location": "westeurope", "properties": {"serviceUri": "https://hooks.example/", "actions": ["push"]}},
    "cacheRules": {"properties": {"sourceRepository": "docker.io/library/nginx", "targetRepository": "matrix/cached"}},
    "credentialSets": {"properties": {"loginServer": "docker.io", "authCredentials": [
        {"name": "Credential1", "usernameSecretIdentifier": "https://vault.example/secrets/user",
         "passwordSecretIdentifier": "https://vault.example/secrets/password"}]}},
}


@dataclass
class Place:
    """One registry with something in it."""

    mode: str
    registry: Registry
    image: content.Manifest


@dataclass
class Person:
    principal: Principal
    assignments: tuple[Assignment, ...]
    tree: dict[str, str]
    """Which management group each subscription and management group is in."""

    @property
    def held(self) -> str:
        return ", ".join(f"{one.role.name} at {one.scope}" for one in self.assignments) or "nothing"

    def holds(self, permission: Permission, mode: str, scope: str) -> bool:
        if permission.directory:
            return False
        operations = permission.operations[mode]
        return bool(operations) and all(is_allowed(self.assignments, one.name, one.is_data_action, scope, self.tree)
                                        for one in operations)

    def may(self, operation: str, scope: str, is_data_action: bool = False) -> bool:
        return is_allowed(self.assignments, operation, is_data_action, scope, self.tree)

    def send(self, route: Route, place: Place, path: str, **more) -> Response:
        """As whom the route's protocol wants it."""
        principal = self.principal
        headers = dict(more.pop("headers", {}))
        if route.protocol == "registry":
            headers["Authorization"] = basic(*principal.credentials)
            return principal.http.request(route.method, path, host=place.registry.login_server, headers=headers, **more)
        token = principal.graph.token if route.protocol == "graph" else principal.arm.token
        headers["Authorization"] = f"Bearer {token}"
        return principal.http.request(route.method, path, headers=headers, **more)


@dataclass
class World:
    berth: Berth
    http: Http
    owner: Principal
    places: dict[str, Place] = field(default_factory=dict)
    nobody: Person = None
    """Holds nothing at all."""
    stranger: Principal = None
    """The one that assignments made by the tests are for."""
    seen_assignment: str = ""
    """An assignment at the subscription, for those who look for one."""
    people: list[Person] = field(default_factory=list)
    tree: dict[str, str] = field(default_factory=dict)

    @property
    def bootstrap(self):
        return self.berth.bootstrap

    def new_person(self, *assignments: Assignment) -> Person:
        name = f"matrix {assignments[0].role.name if assignments else 'nobody'} {len(self.people)}"
        principal = identities.new_principal(self.owner.graph, name)
        for one in assignments:
            self.owner.arm.assign(one.role.id, principal.object_id, one.scope)
        return Person(principal, assignments, self.tree)


def group_scope(name: str) -> str:
    return f"/providers/Microsoft.Management/managementGroups/{name}"


def give_all_to_owner(world: World) -> None:
    """The first owner administers the directory, and takes the resources as a Global Administrator does."""
    arm = world.owner.arm
    arm.call("POST", "/providers/Microsoft.Authorization/elevateAccess", "2016-07-01").expect(200)
    arm.assign("Owner", world.owner.object_id, "/")


def put_management_group(world: World, name: str, parent: str) -> None:
    """`parent` is the name of another one."""
    world.owner.arm.call("PUT", group_scope(name), "2020-05-01", json={"properties": {
        "details": {"parent": {"id": group_scope(parent)}}}}).expect(200, 201, 202)
    world.tree[group_scope(name).lower()] = group_scope(parent).lower()


def place_subscription(world: World) -> None:
    """The subscription in the inner one of two management groups, where the matrix wants it."""
    facts = world.bootstrap
    world.owner.arm.call("PUT", f"{group_scope(INNER)}/subscriptions/{facts.subscription_id}", "2020-05-01").expect(200)
    world.tree[facts.subscription_scope.lower()] = group_scope(INNER).lower()


def put_deny_assignment(world: World, scope: str) -> None:
    """One that hits nobody who is asked about, to be seen in lists."""
    world.owner.arm.call("PUT", f"{scope.rstrip('/')}/providers/Microsoft.Authorization/denyAssignments/{uuid.uuid4()}",
                         "2024-07-01-preview", json={"properties": {
                             "denyAssignmentName": content.unique("deny"),
                             "permissions": [{"actions": ["Microsoft.ContainerRegistry/registries/delete"]}],
                             "principals": [{"id": world.stranger.object_id, "type": "ServicePrincipal"}]}}).expect(201)


def new_place(world: World, mode: str) -> Place:
    name = content.unique("legacy" if mode != REPOSITORY_MODE else "abac")
    document = world.owner.arm.put_registry(name, roleAssignmentMode=mode).expect(200, 201).json()
    place = Place(mode, registry_from(world.http, document), content.image())
    if mode == REPOSITORY_MODE:  # where an Owner has no rights on content
        for role in ("Container Registry Repository Contributor", "Container Registry Repository Catalog Lister"):
            world.owner.arm.assign(role_named(role).id, world.owner.object_id, place.registry.id)
    Oci(world.http, place.registry.login_server, world.owner.credentials, "basic").push(REPOSITORY, place.image, TAG)
    world.owner.arm.call("PUT", f"{place.registry.id}/tokens/{SEEN_TOKEN}", json={"properties": {
        "scopeMapId": f"{place.registry.id}/scopeMaps/_repositories_pull"}}).expect(200, 201)
    for kind, document in SEEN_CHILDREN.items():
        world.owner.arm.call("PUT", f"{place.registry.id}/{kind}/{SEEN_CHILD}", json=document).expect(200, 201)
    return place


def identity_scope(world: World) -> str:
    """The one managed identity there is."""
    return f"{world.bootstrap.group_scope}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/{SEEN_CHILD}"


def build(berth: Berth) -> World:
    http = Http(berth.http)
    facts = berth.bootstrap
    world = World(berth, http, identities.bootstrap_owner(http, facts))
    give_all_to_owner(world)
    world.tree[group_scope(facts.tenant_id).lower()] = "/"
    put_management_group(world, TOP, facts.tenant_id)
    put_management_group(world, INNER, TOP)
    place_subscription(world)
    world.places.update((mode, new_place(world, mode)) for mode in MODES)

    arm = world.owner.arm
    identity = identity_scope(world)
    arm.call("PUT", identity, "2024-11-30", json={"location": facts.location}).expect(200, 201)
    arm.call("PUT", f"{identity}/federatedIdentityCredentials/{SEEN_CHILD}", "2024-11-30", json={"properties": {
        "issuer": "https://issuer.example", "subject": "x", "audiences": ["y"]}}).expect(200, 201)
    world.stranger = identities.new_principal(world.owner.graph, "matrix stranger")
    world.seen_assignment = str(uuid.uuid4())
    world.owner.arm.put_assignment("AcrPull", world.stranger.object_id, facts.subscription_scope,
                                   world.seen_assignment).expect(201)
    scopes = ["/", group_scope(TOP), facts.subscription_scope, *(place.registry.id for place in world.places.values())]
    for scope in scopes:
        put_deny_assignment(world, scope)
    world.nobody = world.new_person()
    for role in built_in_roles():
        for scope in scopes:
            world.people.append(world.new_person(Assignment(role, scope)))
    return world


def take(world: World, person: Person, role_name: str, scope: str) -> str:
    """Gives the person a role by its name; the assignment's id."""
    role = next(one for one in built_in_roles() if one.name == role_name)
    return world.owner.arm.put_assignment(role.id, person.principal.object_id, scope).expect(201).json()["id"]


def give_back(world: World, assignment_id: str) -> None:
    world.owner.arm.call("DELETE", assignment_id, AUTHORIZATION_VERSION).expect(200)
