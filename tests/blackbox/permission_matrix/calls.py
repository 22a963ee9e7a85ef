"""How to call each route so that it does no harm and is answered in earnest.

A path is filled from the parameters' names, and a body is empty JSON, which ARM and Graph refuse with 400 after the
decision. CALLS says what is special, above all what a caller with the right is answered.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from harness import content
from harness.content import digest_of
from permission_matrix.people import INNER, REPOSITORY, SEEN_CHILD, SEEN_TOKEN, TAG, TOP, Place, World
from permission_matrix.route_table import PARAMETER, Route

ABSENT = "0c0ffee0-0000-4000-8000-00000000dead"
ABSENT_NAME = "matrixabsent"
ABSENT_DIGEST = digest_of(b"not here")
READER = "acdd72a7-3385-48ef-bd42-f606fba81ae7"

Fill = Callable[[World, Place], str]

PARAMETERS: dict[str, Fill] = {
    "name": lambda world, place: REPOSITORY,
    "reference": lambda world, place: TAG,
    "tag": lambda world, place: TAG,
    "digest": lambda world, place: place.image.digest,
    "session": lambda world, place: ABSENT,
    "login": lambda world, place: place.registry.login_server,
    "role": lambda world, place: "root.json",
    "subscription": lambda world, place: world.bootstrap.subscription_id,
    "group": lambda world, place: world.bootstrap.resource_group,
    "registries": lambda world, place: place.registry.name,
    "scope": lambda world, place: place.registry.id.lstrip("/"),
    "provider": lambda world, place: "Microsoft.ContainerRegistry",
    "id": lambda world, place: ABSENT,
    "member": lambda world, place: ABSENT,
    "credential": lambda world, place: ABSENT,
    "operation": lambda world, place: ABSENT,
    "location": lambda world, place: world.bootstrap.location,
    "lock": lambda world, place: ABSENT_NAME,
    "alias": lambda world, place: ABSENT_NAME,
    "tenant": lambda world, place: world.bootstrap.tenant_id,
    "feature": lambda world, place: ABSENT_NAME,
    "tagName": lambda world, place: "azure.matrix",  # a reserved name: refused after the decision
    "tagValue": lambda world, place: ABSENT_NAME,
}


@dataclass(frozen=True)
class Call:
    """`statuses`: what a caller with the right is answered; without, anything that is neither a refusal nor a failure."""

    statuses: tuple[int, ...] = ()
    parameters: dict[str, Fill] = field(default_factory=dict)
    query: str = ""
    json: Callable[[World, Place], object] | None = None
    body: Callable[[World, Place], bytes] | None = None
    headers: dict[str, str] = field(default_factory=dict)


def _assignment(world: World, place: Place) -> dict:
    return {"properties": {"roleDefinitionId": world.owner.arm.role_id("7f951dda-4ed3-4680-a7ca-43fe172d538d"),
                           "principalId": world.stranger.object_id, "principalType": "ServicePrincipal"}}


def _registry(world: World, place: Place) -> dict:
    return {"location": world.bootstrap.location, "sku": {"name": "Premium"},
            "properties": {"roleAssignmentMode": place.mode}}


def _absent(*names: str) -> dict[str, Fill]:
    return {name: lambda world, place: ABSENT_NAME for name in names}


def _seen(kind: str) -> dict[str, Fill]:
    return {kind: lambda world, place: SEEN_CHILD}


# Types that there are none of.
NOT_OFFERED = ("replication", "privateEndpointConnection", "connectedRegistry", "exportPipeline", "importPipeline", "pipelineRun",
               "task", "taskRun", "agentPool", "run")

_OPERATIONS: dict[int, str] = {}
ENDED_GROUP = "matrixgone"
ALIAS = "matrixalias"


def _operation(world: World, place: Place) -> str:
    """An operation that has ended: the deletion of a group that held nothing."""
    arm = world.owner.arm
    if id(world) not in _OPERATIONS:
        arm.put_group(ENDED_GROUP).expect(200, 201)
        answer = arm.call("DELETE", arm.group_path(ENDED_GROUP), "2025-04-01").expect(202)
        _OPERATIONS[id(world)] = answer.header("Location").split("?")[0].rsplit("/", 1)[1]
    return _OPERATIONS[id(world)]


def _alias(world: World, place: Place) -> str:
    """An alias of the subscription that everybody has something in."""
    world.owner.arm.call("PUT", f"/providers/Microsoft.Subscription/aliases/{ALIAS}", "2021-10-01", json={
        "properties": {"subscriptionId": world.bootstrap.subscription_id}}).expect(200, 201)
    return ALIAS


CALLS: dict[str, Call] = {
    "authorize.v2": Call((400,)), "authorize.v1": Call((400,)), "authorize.adfs": Call((400,)),  # no client is named
    "signin.provider": Call((404,)), "signin.provider.answer": Call((404,)),  # this server hands nobody over
    "userrealm.get": Call((200,), {"name": lambda world, place: "ada@example.org"}),
    "token.v2.preflight": Call((204,)), "token.v1.preflight": Call((204,)), "token.adfs.preflight": Call((204,)),
    "manifest.get": Call((200,)),
    "manifest.put": Call((201,), {"reference": lambda world, place: "again"}, body=lambda world, place: place.image.data,
                         headers={"Content-Type": content.OCI_MANIFEST}),
    "manifest.delete": Call((404,), {"reference": lambda world, place: ABSENT_DIGEST}),
    "blob.get": Call((200,), {"digest": lambda world, place: digest_of(place.image.blobs[0])}),
    "blob.delete": Call((404,), {"digest": lambda world, place: ABSENT_DIGEST}),
    "upload.start": Call((202,)),
    "upload.status": Call((404,)),
    "upload.append": Call((404,)),
    "upload.finish": Call((404,), query=f"digest={ABSENT_DIGEST}"),
    "upload.cancel": Call((404,)),
    "tag.list": Call((200,)),
    "referrer.list": Call((200,)),
    "catalog.list": Call((200,)),
    "acr.catalog": Call((200,)),
    "acr.repository.get": Call((200,)),
    "acr.repository.patch": Call((200,), json=lambda world, place: {"deleteEnabled": True}),
    "acr.repository.delete": Call((404,), _absent("name")),
    "acr.tag.list": Call((200,)),
    "acr.tag.get": Call((200,)),
    "acr.tag.patch": Call((200,), json=lambda world, place: {"deleteEnabled": True}),
    "acr.tag.delete": Call((404,), _absent("tag")),
    "acr.tag.deleteByOldPath": Call((404,), _absent("tag")),
    "acr.repository.deleteByOldPath": Call((404,), _absent("name")),
    "acr.manifest.list": Call((200,)),
    "acr.manifest.get": Call((200,)),
    "acr.manifest.patch": Call((200,), json=lambda world, place: {"deleteEnabled": True}),
    "trust.get": Call((501,)),
    "trust.publish": Call((501,)),
    "trust.delete": Call((501,)),
    "arm.registry.checkNameAvailability": Call((200,), json=lambda world, place: {
        "name": "matrixname", "type": "Microsoft.ContainerRegistry/registries"}),
    "arm.resourceGroup.put": Call((200,), json=lambda world, place: {"location": world.bootstrap.location}),
    "arm.resourceGroup.get": Call((200,)),
    "arm.resourceGroup.patch": Call((200,), json=lambda world, place: {"tags": {}}),
    "arm.resourceGroup.delete": Call((204, 404), _absent("group")),
    "arm.registry.put": Call((200,), json=_registry),
    "arm.registry.get": Call((200,)),
    "arm.registry.patch": Call((200,), json=lambda world, place: {"tags": {}}),
    "arm.registry.delete": Call((204,), _absent("registries")),
    "arm.registry.listCredentials": Call((200, 400)),
    "arm.registry.regenerateCredential": Call((400,)),
    "arm.registry.listUsages": Call((200,)),
    "arm.registry.importImage": Call((400,)),
    "arm.roleDefinition.put": Call((400,)),
    "arm.roleDefinition.putAtRoot": Call((400,)),
    "arm.roleDefinition.get": Call((200,), {"id": lambda world, place: READER}),
    "arm.roleDefinition.getAtRoot": Call((200,), {"id": lambda world, place: READER}),
    "arm.roleDefinition.delete": Call((204,)),
    "arm.roleDefinition.deleteAtRoot": Call((204,)),
    "arm.roleAssignment.put": Call((200, 201), {"id": lambda world, place: ASSIGNMENT_IDS[place.mode]}, json=_assignment),
    "arm.roleAssignment.putAtRoot": Call((400,)),
    "arm.roleAssignment.get": Call((200,), {"scope": lambda world, place: world.bootstrap.subscription_scope.lstrip("/"),
                                            "id": lambda world, place: world.seen_assignment}),
    "arm.roleAssignment.getAtRoot": Call((404,)),
    "arm.roleAssignment.delete": Call((204,)),
    "arm.roleAssignment.deleteAtRoot": Call((204,)),
    "arm.denyAssignment.put": Call((400,)),
    "arm.denyAssignment.putAtRoot": Call((400,)),
    "arm.denyAssignment.get": Call((404,)),
    "arm.denyAssignment.getAtRoot": Call((404,)),
    "arm.denyAssignment.delete": Call((204,)),
    "arm.denyAssignment.deleteAtRoot": Call((204,)),
    "arm.scopeMap.put": Call((400,)),
    "arm.scopeMap.get": Call((200,), {"scopeMaps": lambda world, place: "_repositories_pull"}),
    "arm.scopeMap.patch": Call((404,)),
    "arm.scopeMap.delete": Call((204,)),
    "arm.token.put": Call((400,)),
    "arm.token.get": Call((200,), {"tokens": lambda world, place: SEEN_TOKEN}),
    "arm.token.patch": Call((404,)),
    "arm.token.delete": Call((204,)),
    "arm.registry.generateCredentials": Call((400,)),
    "arm.registry.listPolicies": Call((200,)),
    "arm.registry.updatePolicies": Call((200,)),
    "arm.registry.privateLinkResources": Call((200,)),
    "arm.registry.scheduleRun": Call((400,)),
    "arm.registry.listBuildSourceUploadUrl": Call((400,)),
    "arm.webhook.put": Call((400,)),
    "arm.webhook.get": Call((200,), _seen("webhooks")),
    "arm.webhook.patch": Call((404,)),
    "arm.webhook.delete": Call((204,)),
    "arm.webhook.getCallbackConfig": Call((200,), _seen("webhooks")),
    "arm.webhook.ping": Call((400,), _seen("webhooks")),
    "arm.webhook.listEvents": Call((200,), _seen("webhooks")),
    "arm.cacheRule.put": Call((400,)),
    "arm.cacheRule.get": Call((200,), _seen("cacheRules")),
    "arm.cacheRule.patch": Call((404,)),
    "arm.cacheRule.delete": Call((204,)),
    "arm.userAssignedIdentity.put": Call((400,)),
    "arm.userAssignedIdentity.get": Call((200,), _seen("userAssignedIdentities")),
    "arm.userAssignedIdentity.patch": Call((404,)),
    "arm.userAssignedIdentity.delete": Call((204,)),
    "arm.userAssignedIdentity.createIdentityEndpoint": Call((404,)),
    "arm.userAssignedIdentity.listIdentityEndpoints": Call((200,), _seen("userAssignedIdentities")),
    "arm.userAssignedIdentity.deleteIdentityEndpoint": Call((400,), _seen("userAssignedIdentities")),
    "arm.federatedIdentityCredential.put": Call((400,), _seen("userAssignedIdentities")),
    "arm.federatedIdentityCredential.get": Call((200,), {**_seen("userAssignedIdentities"), **_seen("federatedIdentityCredentials")}),
    "arm.federatedIdentityCredential.patch": Call((404,), _seen("userAssignedIdentities")),
    "arm.federatedIdentityCredential.delete": Call((204,), _seen("userAssignedIdentities")),
    "arm.federatedIdentityCredential.list": Call((200,), _seen("userAssignedIdentities")),
    "identity.token": Call((400,)), "identity.token.imds": Call((400,)),  # without api-version
    "arm.credentialSet.put": Call((400,)),
    "arm.credentialSet.get": Call((200,), _seen("credentialSets")),
    "arm.credentialSet.patch": Call((404,)),
    "arm.credentialSet.delete": Call((204,)),
    **{f"arm.{one}.{verb}": Call((status,)) for one in NOT_OFFERED
       for verb, status in (("put", 400), ("get", 404), ("delete", 204))},
    **{f"arm.{one}{tail}": Call((status,)) for tail in ("", "AtRoot") for one, status in (
        ("lock.put", 400), ("lock.get", 404), ("lock.delete", 204), ("tags.put", 400), ("tags.patch", 400))},
    "arm.tags.get": Call((200,)),
    "arm.tags.getAtRoot": Call((400,)),
    "arm.tags.delete": Call((200,)),
    "arm.tags.deleteAtRoot": Call((400,)),
    "arm.tagName.list": Call((200,)),
    **{f"arm.{what}.{verb}": Call((400,)) for what in ("tagName", "tagValue") for verb in ("put", "delete")},
    **{f"arm.feature.{verb}": Call((200,)) for verb in ("list", "listOfProvider")},
    **{f"arm.feature.{verb}": Call((404,)) for verb in ("get", "register", "unregister")},
    "arm.featureRegistration.list": Call((200,)),
    "graph.me.revokeSignInSessions": Call((400,), json=lambda world, place: []),
    "arm.activity.list": Call((200,)),
    "arm.resource.move": Call((400,)),
    "arm.resource.validateMove": Call((400,)),
    "arm.operation.result": Call((204,), {"operation": _operation}),
    "arm.operation.status": Call((200,), {"operation": _operation}),
    "arm.subscriptionAlias.get": Call((200,), {"alias": _alias}),
    "arm.subscriptionAlias.put": Call((400,)),
    "arm.subscription.rename": Call((400,)),
    "arm.subscription.cancel": Call((409,)),  # there is something in it
    "arm.subscription.enable": Call((200,)),
    "arm.managementGroup.put": Call((200,)),
    "arm.managementGroup.get": Call((200,)),
    "arm.managementGroup.patch": Call((200,)),
    "arm.managementGroup.delete": Call((400, 409)),  # something is in it
    "arm.managementGroup.descendants": Call((200,)),
    "arm.managementGroup.subscription.put": Call((200,)),  # it is there already
    "arm.managementGroup.subscription.get": Call((200,)),
    "arm.managementGroup.subscription.delete": Call((204,), {"group": lambda world, place: TOP}),  # it is not directly in it
    "arm.managementGroup.subscription.list": Call((200,)),
}

# One assignment in each registry that everybody with the right writes once more.
ASSIGNMENT_IDS = {"LegacyRegistryPermissions": "0c0ffee0-0000-4000-8000-00000000aaaa",
                  "AbacRepositoryPermissions": "0c0ffee0-0000-4000-8000-00000000bbbb"}


def call_of_id(route_id: str) -> Call:
    return CALLS.get(route_id, Call())


def call_of(route: Route) -> Call:
    return call_of_id(route.id)


def fill(route: Route, text: str, world: World, place: Place) -> str:
    """`text` is the route's pattern or scope; a parameter that nobody knows fails the test."""
    own = call_of(route).parameters

    def value(match) -> str:
        name = match[1].removesuffix("...")
        if name in own:
            return own[name](world, place)
        if name == "group" and "/managementGroups/" in route.pattern:
            return INNER
        if name in PARAMETERS:
            return PARAMETERS[name](world, place)
        # A child resource: `…/scopeMaps/{scopeMaps}`. It need not exist for a decision.
        if f"/{name}/{{{name}}}".lower() in route.pattern.lower():
            return ABSENT_NAME
        raise AssertionError(f"{route.id}: nothing to put into '{{{name}}}' of {route.pattern}: extend calls.PARAMETERS")

    return PARAMETER.sub(value, text)


def path_of(route: Route, world: World, place: Place) -> str:
    path = fill(route, route.pattern, world, place)
    queries = [call_of(route).query] if call_of(route).query else []
    if route.protocol == "resource_manager":
        queries.append("api-version=2022-04-01")
    return path + ("?" + "&".join(queries) if queries else "")


def scope_of(route: Route, world: World, place: Place) -> str:
    """Where the entry is decided."""
    return fill(route, route.scope, world, place) if route.scope else place.registry.id


def request_of(route: Route, world: World, place: Place) -> dict:
    """What Person.send() takes beside the path."""
    call = call_of(route)
    more: dict = {"headers": dict(call.headers)}
    if call.json is not None:
        more["json"] = call.json(world, place)
    elif call.body is not None:
        more["body"] = call.body(world, place)
    elif route.method in ("PUT", "PATCH", "POST") and route.protocol != "registry":
        more["json"] = {}
    return more
