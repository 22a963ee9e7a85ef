"""The matrix for callers that are no principals: repository tokens, the admin user and the anonymous, on every route."""

from dataclasses import dataclass, field

import pytest

from harness.oci import Oci, basic
from permission_matrix import calls
from permission_matrix.people import Place, World
from permission_matrix.route_table import MODES, Route, routes
from test_permission_matrix import check_allowed

# What each may, by the names of the route table; roles and modes are nothing to them.
ALL = {"repository/pull", "repository/push", "repository/delete", "repository/list_tags", "repository/metadata_read",
       "repository/metadata_write", "repository/untag"}
CALLERS = {
    "nobody": set(),
    "anonymous": {"repository/pull", "repository/list_tags", "repository/metadata_read", "registry/catalog"},
    "admin user": ALL | {"registry/catalog"},
    "_repositories_admin": ALL,
    "_repositories_pull": {"repository/pull", "repository/list_tags"},
    "_repositories_pull_metadata_read": {"repository/pull", "repository/list_tags", "repository/metadata_read"},
    "_repositories_push": {"repository/pull", "repository/list_tags", "repository/push", "repository/untag"},
    "_repositories_push_metadata_write": ALL - {"repository/delete"},
    "disabled": set(),
}
ON_REGISTRY = [route for route in routes() if route.on_registry]
ELSEWHERE = [route for route in routes() if route.protocol in ("resource_manager", "graph") and route.kind != "open"]


@dataclass
class Credentials:
    """For each mode: caller to user name and password."""

    of: dict[str, dict[str, tuple[str, str]]] = field(default_factory=dict)


def make(world: World, place: Place) -> dict[str, tuple[str, str]]:
    arm, registry = world.owner.arm, place.registry
    arm.patch_registry(registry.name, properties={"adminUserEnabled": True}).expect(200)
    admin = arm.call("POST", f"{registry.id}/listCredentials").expect(200).json()
    out = {"admin user": (admin["username"], admin["passwords"][0]["value"])}
    for caller in CALLERS:
        if not caller.startswith("_") and caller != "disabled":
            continue
        name = "caller" + caller.replace("_", "-")
        scope_map = caller if caller.startswith("_") else "_repositories_admin"
        document = {"properties": {"scopeMapId": f"{registry.id}/scopeMaps/{scope_map}"}}
        arm.call("PUT", f"{registry.id}/tokens/{name}", json=document).expect(200, 201)
        made = arm.call("POST", f"{registry.id}/generateCredentials",
                        json={"tokenId": f"{registry.id}/tokens/{name}", "name": "password1"}).expect(200).json()
        out[caller] = (made["username"], made["passwords"][0]["value"])
        if caller == "disabled":
            document["properties"]["status"] = "disabled"
            arm.call("PUT", f"{registry.id}/tokens/{name}", json=document).expect(200, 201)
    return out


@pytest.fixture(scope="module")
def callers(matrix):
    """Their credentials; all is undone at the end, since the matrix is shared."""
    made = Credentials({mode: make(matrix, place) for mode, place in matrix.places.items()})
    yield made
    for mode, place in matrix.places.items():
        for caller in made.of[mode]:
            if caller != "admin user":
                matrix.owner.arm.call("DELETE", f"{place.registry.id}/tokens/{made.of[mode][caller][0]}").expect(200, 202, 204)
        matrix.owner.arm.patch_registry(place.registry.name, properties={"adminUserEnabled": False}).expect(200)


def may(route: Route, caller: str) -> bool:
    if not route.permissions:  # `/v2/`: whoever proves who they are
        return caller not in ("nobody", "disabled")
    held = [one.name in CALLERS[caller] for one in route.permissions]
    return any(held) if route.kind == "any" else all(held)


def client(callers: Credentials, place: Place, caller: str) -> Oci:
    registry = place.registry
    if caller in ("nobody", "anonymous"):
        return Oci(registry.http, registry.login_server)
    return Oci(registry.http, registry.login_server, callers.of[place.mode][caller], "basic")


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("caller", CALLERS)
def test_on_the_data_plane(matrix, callers, caller, mode):
    place = matrix.places[mode]
    if caller == "anonymous":
        matrix.owner.arm.patch_registry(place.registry.name, properties={"anonymousPullEnabled": True}).expect(200)
    try:
        for route in ON_REGISTRY:
            answer = client(callers, place, caller).request(route.method, calls.path_of(route, matrix, place),
                                                            **calls.request_of(route, matrix, place))
            told = f"{route.id} in {mode} by {caller}"
            if may(route, caller):
                check_allowed(route, answer, told)
            else:
                assert answer.status == 401, f"{told}: {answer}"
                assert answer.json()["errors"][0]["code"] == "UNAUTHORIZED", f"{told}: {answer}"
    finally:
        if caller == "anonymous":
            matrix.owner.arm.patch_registry(place.registry.name, properties={"anonymousPullEnabled": False}).expect(200)


@pytest.mark.parametrize("caller", [caller for caller in CALLERS if caller not in ("nobody", "anonymous")])
def test_nowhere_else(matrix, callers, caller):
    """Neither with the password nor with the best token that it gets."""
    place = matrix.places[MODES[0]]
    registry = place.registry
    values = [basic(*callers.of[MODES[0]][caller])]
    issued = Oci(registry.http, registry.login_server, callers.of[MODES[0]][caller]).fetch_token(
        registry.login_server, ["repository:*:*", "registry:catalog:*"])
    if caller == "disabled":
        assert issued.status == 401
    else:
        values.append(f"Bearer {issued.expect(200).json()['access_token']}")
    for route in ELSEWHERE:
        for value in values:
            more = calls.request_of(route, matrix, place)
            more["headers"]["Authorization"] = value
            answer = matrix.http.request(route.method, calls.path_of(route, matrix, place), **more)
            assert answer.status == 401, f"{route.id} by {caller}: {answer}"


def test_every_permission_of_the_data_plane_is_somebodys_here():
    """A new permission has to be thought of for these callers too."""
    known = set().union(*CALLERS.values()) | {"repository/sign"}
    assert {one.name for route in ON_REGISTRY for one in (*route.permissions, *route.further)} <= known
