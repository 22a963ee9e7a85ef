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
from permission_matrix import route_table
from permission_matrix.evaluator import Assignment, Role, built_in_roles, is_allowed
from permission_matrix.route_table import MODES, REPOSITORY_MODE, Permission, Route

REPOSITORY = "matrix/app"
TAG = "v1"


@dataclass
class Place:
    """One registry with something in it."""

    mode: str
    registry: Registry
    image: content.Manifest


@dataclass
class Person:
    principal: Principal
    assignments: tuple[Assignment, ...] = ()

    @property
    def role(self) -> Role | None:
        return self.assignments[0].role if self.assignments else None

    @property
    def held(self) -> str:
        return ", ".join(f"{one.role.name} at {one.scope}" for one in self.assignments) or "nothing"

    def holds(self, permission: Permission, mode: str, scope: str) -> bool:
        if permission.directory:
            return False
        operations = permission.operations[mode]
        return bool(operations) and all(is_allowed(self.assignments, one.name, one.is_data_action, scope)
                                        for one in operations)

    def may(self, operation: str, scope: str, is_data_action: bool = False) -> bool:
        return is_allowed(self.assignments, operation, is_data_action, scope)

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

    @property
    def bootstrap(self):
        return self.berth.bootstrap

    def new_person(self, *assignments: Assignment) -> Person:
        name = f"matrix {assignments[0].role.name if assignments else 'nobody'} {len(self.people)}"
        principal = identities.new_principal(self.owner.graph, name)
        for one in assignments:
            self.owner.arm.assign(one.role.id, principal.object_id, one.scope)
        return Person(principal, assignments)


def build(berth: Berth) -> World:
    http = Http(berth.http)
    facts = berth.bootstrap
    world = World(berth, http, identities.bootstrap_owner(http, facts))
    arm = world.owner.arm
    if any(route.id == "arm.elevateAccess" for route in route_table.routes()):
        arm.call("POST", "/providers/Microsoft.Authorization/elevateAccess", "2016-07-01").expect(200)

    for mode in MODES:
        name = content.unique("legacy" if mode != REPOSITORY_MODE else "abac")
        document = arm.put_registry(name, roleAssignmentMode=mode).expect(200, 201).json()
        world.places[mode] = Place(mode, registry_from(http, document), content.image())
    # In repository permissions an Owner has no rights on content.
    for role in ("2efddaa5-3f1f-4df3-97df-af3f13818f4c", "bfdb9389-c9a5-478a-bb2f-ba9ca092c3c7"):
        arm.assign(role, world.owner.object_id, world.places[REPOSITORY_MODE].registry.id)
    for place in world.places.values():
        Oci(http, place.registry.login_server, world.owner.credentials, "basic").push(REPOSITORY, place.image, TAG)

    world.stranger = identities.new_principal(world.owner.graph, "matrix stranger")
    world.seen_assignment = str(uuid.uuid4())
    arm.put_assignment("AcrPull", world.stranger.object_id, facts.subscription_scope, world.seen_assignment).expect(201)
    world.nobody = world.new_person()
    scopes = [facts.subscription_scope, *(place.registry.id for place in world.places.values())]
    if any(route.id == "arm.elevateAccess" for route in route_table.routes()):
        scopes.append("/")
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
