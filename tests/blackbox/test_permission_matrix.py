"""Every route × every built-in role × both modes of a registry: allowed and refused as Azure's rule says."""

import re

import pytest

from permission_matrix import calls, people
from permission_matrix.evaluator import built_in_roles, covers, role_named
from permission_matrix.route_table import MODES, REPOSITORY_MODE, Permission, Route, routes

DECIDED = [route for route in routes() if route.kind not in ("filter", "open")]
OF_ROLES = [(route, mode) for route in DECIDED for mode in MODES
            if not any(one.directory for one in route.permissions)
            # The catalog: in repository permissions everybody is answered (test_permission_matrix_lists).
            and not (route.kind == "all or filter" and mode == REPOSITORY_MODE)]
OF_DIRECTORY = [route for route in DECIDED if route.permissions and all(one.directory for one in route.permissions)]
SMALLEST = re.compile(r"The smallest built-in role that grants it there is '([^']+)'")


def by_id(value: Route | str) -> str:
    return value if isinstance(value, str) else value.id


def missing_permission(route: Route, person: people.Person, mode: str, scope: str) -> Permission | None:
    """The one that the refusal has to name; none when the call is allowed."""
    lacks = [one for one in route.permissions if not person.holds(one, mode, scope)]
    if route.kind == "any":
        return route.permissions[0] if len(lacks) == len(route.permissions) else None
    return lacks[0] if lacks else None


def check_allowed(route: Route, answer, told: str) -> None:
    statuses = calls.call_of(route).statuses
    if statuses:
        assert answer.status in statuses, f"{told}: expected {statuses}: {answer}"
    else:
        assert answer.status not in (401, 403) and (answer.status < 500 or answer.status == 501), f"{told}: {answer}"


def refusal(route: Route, answer, told: str) -> str:
    """The message of a refusal, whose status, code and form are those of its protocol."""
    if route.on_registry:
        assert answer.status == 401, f"{told}: {answer}"
        assert 'error="insufficient_scope"' in answer.header("WWW-Authenticate"), f"{told}: {answer}"
        error = answer.json()["errors"][0]
        assert error["code"] == "UNAUTHORIZED", f"{told}: {answer}"
        return error["message"]
    assert answer.status == 403, f"{told}: {answer}"
    error = answer.json()["error"]
    assert error["code"] == "AuthorizationFailed", f"{told}: {answer}"
    return error["message"]


def check_refused(route: Route, permission: Permission, person: people.Person, mode: str, scope: str, answer,
                  told: str) -> str | None:
    """The smallest role that the refusal names, if a role can help."""
    message = refusal(route, answer, told)
    operations = permission.operations[mode]
    if not operations:
        assert "no role grants it" in message, f"{told}: {message}"
        return None
    principal = person.principal
    assert f"'{principal.display_name}' with object id '{principal.object_id}'" in message, f"{told}: {message}"
    assert f"over scope '{scope}'" in message, f"{told}: {message}"
    for one in operations:
        lacking = not person.may(one.name, scope, one.is_data_action)
        assert (f"'{one.name}'" in message) == lacking, f"{told}: {one.name}: {message}"
    enough = [role for role in built_in_roles() if all(role.grants(one.name, one.is_data_action) for one in operations)]
    named = SMALLEST.search(message)
    if not enough:
        assert named is None and "No built-in role grants it" in message, f"{told}: {message}"
        return None
    assert named, f"{told}: {message}"
    assert named[1] in [role.name for role in enough], f"{told}: does not grant it: {message}"
    about = [role for role in enough if any(role.is_about(one.name) for one in operations)] or enough
    smaller = [role.name for role in about if role.granted() < role_named(named[1]).granted()]
    assert smaller == [], f"{told}: {smaller} would do: {message}"
    return named[1]


@pytest.mark.parametrize(("route", "mode"), OF_ROLES, ids=by_id)
def test_each_role(matrix, route, mode):
    place = matrix.places[mode]
    path, scope = calls.path_of(route, matrix, place), calls.scope_of(route, matrix, place)
    allowed = refused = 0
    for person in matrix.people:
        told = f"{route.id} in {mode} by {person.held}"
        answer = person.send(route, place, path, **calls.request_of(route, matrix, place))
        missing = missing_permission(route, person, mode, scope)
        if missing is None:
            check_allowed(route, answer, told)
            allowed += 1
        else:
            check_refused(route, missing, person, mode, scope, answer, told)
            refused += 1
    assert refused > 0
    assert allowed > 0 or nobody_can(route, mode, scope)


def nobody_can(route: Route, mode: str, scope: str) -> bool:
    """Signing is no right in repository permissions."""
    return any(not one.operations[mode] for one in route.permissions)


@pytest.mark.parametrize(("route", "mode"), OF_ROLES, ids=by_id)
def test_the_role_that_a_refusal_names_is_enough(matrix, route, mode):
    place = matrix.places[mode]
    path, scope = calls.path_of(route, matrix, place), calls.scope_of(route, matrix, place)
    person = matrix.nobody

    def call():
        return person.send(route, place, path, **calls.request_of(route, matrix, place))

    given = []
    # One role may bring the next permission to light, where a route needs several.
    for _ in route.permissions:
        missing = missing_permission(route, person, mode, scope)
        named = check_refused(route, missing, person, mode, scope, call(), route.id)
        if named is None:
            assert nobody_can(route, mode, scope)
            return
        given.append(people.take(matrix, person, named, nearest_that_exists(route, matrix, place, scope)))
        answer = call()
        if answer.status not in (401, 403):
            break
    check_allowed(route, answer, f"{route.id} in {mode} after {len(given)} roles as advised")
    for assignment in given:
        people.give_back(matrix, assignment)
    assert call().status == (401 if route.on_registry else 403)


def nearest_that_exists(route: Route, world: people.World, place: people.Place, scope: str) -> str:
    """Roles cannot be assigned at what is not there, and harmless calls are for such things."""
    if calls.ABSENT_NAME not in scope:
        return scope
    return place.registry.id if covers(place.registry.id, scope) else world.bootstrap.subscription_scope


@pytest.mark.parametrize("route", OF_DIRECTORY, ids=by_id)
def test_no_role_on_resources_is_worth_anything_in_the_directory(matrix, route):
    place = matrix.places[REPOSITORY_MODE]
    path = calls.path_of(route, matrix, place)
    for person in matrix.people:
        answer = person.send(route, place, path, **calls.request_of(route, matrix, place))
        told = f"{route.id} by {person.held}: {answer}"
        assert answer.status == 403, told
        error = answer.json()["error"]
        assert error["code"] == "Authorization_RequestDenied", told
        assert f"'{person.principal.display_name}' with object id '{person.principal.object_id}'" in error["message"], told
        assert any(one.name in error["message"] for one in route.permissions), told
        assert "Owner included, do not grant it" in error["message"], told


@pytest.mark.parametrize("route", [one for one in routes() if one.kind != "open"], ids=by_id)
def test_nobody_gets_past_without_credentials(matrix, route):
    place = matrix.places[MODES[0]]
    host = place.registry.login_server if route.on_registry else None
    more = calls.request_of(route, matrix, place)
    answer = matrix.http.request(route.method, calls.path_of(route, matrix, place), host=host, **more)
    assert answer.status == 401, answer
    assert answer.header("WWW-Authenticate"), answer


@pytest.mark.parametrize("route", [one for one in routes() if one.kind == "open"], ids=by_id)
def test_open_routes_say_why_and_ask_for_nothing(matrix, route):
    assert len(route.why) > 20 and route.permissions == () and route.further == ()
    place = matrix.places[MODES[0]]
    host = place.registry.login_server if route.protocol == "registry_token" else None
    answer = matrix.http.request(route.method, calls.path_of(route, matrix, place), host=host)
    if statuses := calls.call_of(route).statuses:
        assert answer.status in statuses, answer
    elif route.method == "GET" and route.id != "oauth2.token.get":
        assert answer.status == 200, answer
    else:
        assert answer.status in (400, 401), answer  # it takes credentials, and none came


def test_there_are_routes_of_every_kind():
    assert {route.kind for route in routes()} == {"all", "any", "deferred", "all or filter", "filter", "open"}
    assert len(OF_ROLES) > 120 and len(OF_DIRECTORY) > 25 and len(built_in_roles()) == 34
