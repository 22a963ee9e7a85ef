"""The route table asks for what Azure asks.

The matrix proves that the program keeps to its table, this that the table is right.
"""

import re

import pytest

from permission_matrix.route_table import MODES, PARAMETER, REGISTRY_MODE, REPOSITORY_MODE, Route, routes

REGISTRY = "Microsoft.ContainerRegistry/registries/"
VERBS = {"GET": "read", "PUT": "write", "PATCH": "write", "DELETE": "delete", "POST": "action"}


def operations(route: Route, mode: str) -> list[set[str]]:
    """One set per permission; data actions end in `!`."""
    return [{one.name.removeprefix(REGISTRY) + ("!" if one.is_data_action else "") for one in permission.operations[mode]}
            for permission in route.permissions]


# The data plane: what each kind of work needs in registry permissions and in repository permissions.
PULL = ({"pull/read"}, {"repositories/content/read!"})
PUSH = ({"push/write", "pull/read"}, {"repositories/content/write!", "repositories/content/read!"})
DELETE = ({"artifacts/delete"}, {"repositories/content/delete!"})
READ_METADATA = ({"metadata/read"}, {"repositories/metadata/read!"})
WRITE_METADATA = ({"metadata/write"}, {"repositories/metadata/write!"})
CATALOG = ({"pull/read"}, {"catalog/read!"})
LIST_TAGS = ({"pull/read"}, {"repositories/metadata/read!"})
SIGN = ({"sign/write", "trustedCollections/write!"}, set())

# By method and path, first match first.
DATA_PLANE = [
    ("*", r"/v2/", []),
    ("*", r"/(v2|acr/v1)/_catalog", [CATALOG]),
    ("GET", r"/v2/.*/_trust/.*", [PULL]),
    ("*", r"/v2/.*/_trust/.*", [SIGN]),
    ("*", r"/v2/{name\.\.\.}/blobs/uploads/.*", [PUSH]),
    ("GET", r"/v2/{name\.\.\.}/(blobs|manifests|referrers)/{[a-z]+}", [PULL]),
    ("DELETE", r"/v2/{name\.\.\.}/(blobs|manifests)/{[a-z]+}", [DELETE]),
    ("PUT", r"/v2/{name\.\.\.}/manifests/{reference}", [PUSH]),
    ("GET", r"/v2/{name\.\.\.}/tags/list", [LIST_TAGS, READ_METADATA]),
    ("DELETE", r"/v2/_acr/{name\.\.\.}/tags/{tag}", [DELETE, PUSH]),
    ("DELETE", r"/v2/_acr/{name\.\.\.}/repository", [DELETE]),
    ("GET", r"/acr/v1/{name\.\.\.}(/_tags|/_manifests)?(/{[a-z]+})?", [READ_METADATA]),
    ("PATCH", r"/acr/v1/{name\.\.\.}(/_tags|/_manifests)?(/{[a-z]+})?", [WRITE_METADATA]),
    ("DELETE", r"/acr/v1/{name\.\.\.}/_tags/{tag}", [DELETE, PUSH]),
    ("DELETE", r"/acr/v1/{name\.\.\.}(/_tags|/_manifests)?(/{[a-z]+})?", [DELETE]),
]


@pytest.mark.parametrize("route", [one for one in routes() if one.on_registry], ids=lambda route: route.id)
def test_data_plane(route):
    for method, pattern, needs in DATA_PLANE:
        if method in ("*", route.method) and re.fullmatch(pattern, route.pattern):
            break
    else:
        raise AssertionError(f"{route.id}: {route.method} {route.pattern} is in no row of DATA_PLANE: what does Azure ask?")
    for index, mode in enumerate(MODES):
        assert operations(route, mode) == [need[index] for need in needs], f"{route.id} in {mode}"
    if needs:
        assert route.kind == ("any" if len(needs) > 1 else "all or filter" if needs == [CATALOG] else "all")


# Routes of Azure Resource Manager that do not follow from their path.
EXCEPTIONS = {
    "arm.registry.checkNameAvailability": "Microsoft.ContainerRegistry/checkNameAvailability/read",
    "arm.tenant.list": "Microsoft.Resources/tenants/read",
    "arm.subscription.list": "Microsoft.Resources/subscriptions/read",
    "arm.resource.list": "Microsoft.ContainerRegistry/registries/read",
    "arm.resource.listInGroup": "Microsoft.ContainerRegistry/registries/read",
    "arm.registry.listPolicies": "Microsoft.ContainerRegistry/registries/listPolicies/read",
    "arm.registry.updatePolicies": "Microsoft.ContainerRegistry/registries/updatePolicies/write",
    "arm.registry.privateLinkResources": "Microsoft.ContainerRegistry/registries/read",
    "arm.provider.list": "Microsoft.Resources/subscriptions/providers/read",
    "arm.provider.get": "Microsoft.Resources/subscriptions/providers/read",
    # Work that goes on is told to who may read what it works on.
    "arm.operation.result": "Microsoft.Resources/subscriptions/resourceGroups/read",
    "arm.operation.status": "Microsoft.Resources/subscriptions/resourceGroups/read",
    # An alias is a name of a subscription: who sees or changes that, sees or takes away the name.
    "arm.subscriptionAlias.get": "Microsoft.Resources/subscriptions/read",
    "arm.subscriptionAlias.list": "Microsoft.Resources/subscriptions/read",
    "arm.subscriptionAlias.delete": "Microsoft.Resources/subscriptions/write",
    **{f"arm.tags.{verb}{at}": f"Microsoft.Resources/tags/{VERBS[verb.upper()]}"
       for verb in ("get", "put", "patch", "delete") for at in ("", "AtRoot")},
    "arm.feature.listOfProvider": "Microsoft.Features/providers/features/read",
    "arm.feature.get": "Microsoft.Features/providers/features/read",
    "arm.feature.register": "Microsoft.Features/providers/features/register/action",
    "arm.feature.unregister": "Microsoft.Features/providers/features/unregister/action",
    "arm.activity.list": "Microsoft.Insights/eventtypes/values/read",
    # berth's own: what Azure does when an identity is assigned to a machine.
    **{f"arm.userAssignedIdentity.{verb}IdentityEndpoint{tail}": "Microsoft.ManagedIdentity/userAssignedIdentities/assign/action"
       for verb, tail in (("create", ""), ("list", "s"), ("delete", ""))},
}

# What a registry is asked with GET.
ASKED_WITH_GET = ("listUsages", "listPolicies", "privateLinkResources")
# Lists of several types, each decided by its own right to read; of the first one here, and of others.
OF_SEVERAL_TYPES = {"arm.resource.list", "arm.resource.listInGroup", "arm.operation.result", "arm.operation.status"}

# Decided in the directory, which no role on resources reaches.
OF_DIRECTORY = {"arm.elevateAccess"}


def operation_of(route: Route) -> str:
    """GET reads, PUT and PATCH write, DELETE deletes, POST is an action of its name (azure-rbac-and-arm 1.3)."""
    if route.id in EXCEPTIONS:
        return EXCEPTIONS[route.id]
    path = PARAMETER.sub("{}", route.pattern)
    _, found, provider = path.rpartition("/providers/")
    if not found:
        provider = "Microsoft.Resources" + path
    literals = [part for part in provider.split("/") if part and part != "{}"]
    verb = VERBS[route.method]
    return "/".join(literals) + "/" + verb


def scope_of(route: Route) -> str:
    """Where it is decided: at the resource, or for lists and extension resources at what they hang on."""
    path = route.pattern.replace("...}", "}")
    if "/managementGroups/" in path:  # what is in a group is decided at the group
        return "/".join(path.split("/")[:5])
    for extension in ("Microsoft.Authorization", "Microsoft.Resources/tags", "Microsoft.Insights", "Microsoft.Features",
                      "Microsoft.Subscription/aliases"):
        before, found, _ = path.partition(f"/providers/{extension}/")
        if found or path.endswith(f"/providers/{extension}"):
            return before.removesuffix(f"/providers/{extension}") or "/"
    return path.partition("/tagNames")[0]


ARM = [one for one in routes() if one.protocol == "resource_manager" and one.kind != "open" and one.id not in OF_DIRECTORY]


@pytest.mark.parametrize("route", ARM, ids=lambda route: route.id)
def test_resource_manager(route):
    if route.id == "arm.provider.unregister":
        assert {one.name for one in route.permissions} == {"Microsoft.ContainerRegistry/unregister/action"}
        return
    if route.id == "arm.provider.register":  # each provider's own operation, by the provider of the path
        assert {one.name for one in route.permissions} == {"Microsoft.ContainerRegistry/register/action",
                                                           "Microsoft.Insights/register/action",
                                                           "Microsoft.ManagedIdentity/register/action",
                                                           "Microsoft.Subscription/register/action",
                                                           "Microsoft.Management/register/action"}
        return
    wanted = operation_of(route).lower()
    for mode in (REGISTRY_MODE, REPOSITORY_MODE):
        named = [one.name.lower() for permission in route.permissions for one in permission.operations[mode]]
        if route.id in OF_SEVERAL_TYPES:
            assert wanted in named and all(one.endswith("/read") for one in named), f"{route.id}: {named}"
        else:
            assert named == [wanted], f"{route.id}: {route.method} {route.pattern}"
        assert not any(one.is_data_action for permission in route.permissions for one in permission.operations[mode])
    own = scope_of(route)
    if route.kind == "filter":
        assert own.startswith(route.scope.rstrip("/")), f"{route.id} is decided at {route.scope}"
    elif route.method == "POST" or route.id.endswith(ASKED_WITH_GET):
        assert route.scope in (own, own.rpartition("/")[0], own.partition("/providers/")[0]), f"{route.id}: {route.scope}"
    else:
        assert route.scope == own, f"{route.id}: decided at {route.scope}"


def test_directory_routes_need_directory_permissions_only():
    graph = [one for one in routes() if one.protocol == "graph" or one.id in OF_DIRECTORY]
    assert len(graph) > 20
    for route in graph:
        assert route.kind in ("all", "any") and route.permissions, route.id
        assert all(one.directory for one in (*route.permissions, *route.further)), route.id


def test_no_route_but_those_of_the_table_is_open():
    """Whoever adds an open route thinks of it here too."""
    assert {one.id for one in routes() if one.kind == "open"} == {
        "oauth2.exchange", "oauth2.token.post", "oauth2.token.get", "arm.metadata.get", "token.v2", "token.v1", "token.adfs",
        "openid.v2", "openid.v1", "openid.adfs", "openid.adfs.tenant.v2", "openid.adfs.tenant.v1", "keys.directory",
        "keys.tenant", "keys.adfs", "keys.registry", "berth.live", "berth.ready", "berth.metrics",
        "token.v2.preflight", "token.v1.preflight", "token.adfs.preflight", "authorize.v2", "authorize.v1", "authorize.adfs",
        "signin.password", "signin.continue", "signin.other", "signin.provider", "signin.provider.answer",
        "device.page", "device.code", "device.answer", "devicecode.v2", "devicecode.v1", "devicecode.adfs", "logout.v2", "logout.v1", "logout.adfs",
        "userrealm.get", "identity.token", "identity.token.imds"}
