"""Concurrent revocation and use: no request that begins after a revocation is acknowledged succeeds.

Revoked groups still honoured (zot CVE-2025-23208), permissions kept in tokens, and memories of verified credentials would
all show here: several clients hammer with credentials from before, each in its own way, while the right is taken away.
"""

import threading
import time
import uuid
from collections.abc import Callable

import pytest

from harness import content, identities
from harness.http_client import Http
from harness.oci import NULL_USER, Oci, basic

ROUNDS = 5


@pytest.fixture
def image(registry, owner):
    manifest = content.image()
    registry.oci(owner).push("image", manifest, "latest")
    return manifest


class Hammer:
    """Clients that repeat one request each, and remember when each began and how it was answered."""

    def __init__(self, base: str, requests: list[Callable[[Http], int]]):
        self.seen: list[list[tuple[float, int]]] = [[] for _ in requests]
        self.end = threading.Event()
        self.threads = [threading.Thread(target=self._run, args=(base, request, seen))
                        for request, seen in zip(requests, self.seen, strict=True)]

    def _run(self, base, request, seen) -> None:
        client = Http(base)
        while not self.end.is_set():
            began = time.monotonic()
            seen.append((began, request(client)))
        client.close()

    def __enter__(self) -> "Hammer":
        for thread in self.threads:
            thread.start()
        self._wait(lambda answers: any(status == 200 for _, status in answers))
        return self

    def __exit__(self, *_) -> None:
        self.end.set()
        for thread in self.threads:
            thread.join()

    def _wait(self, met) -> None:
        deadline = time.monotonic() + 20
        while not all(met(list(answers)) for answers in self.seen):
            assert time.monotonic() < deadline, [answers[-3:] for answers in self.seen]
            time.sleep(0.002)

    def check_nothing_since(self, acknowledged: float, times: int = 10) -> None:
        """Each client has to have been refused some times; none may have succeeded."""
        self._wait(lambda answers: sum(began > acknowledged for began, _ in answers) >= times)
        for number, answers in enumerate(self.seen):
            late = {status for began, status in answers if began > acknowledged}
            assert late and late <= {401, 403, 404}, f"client {number} was answered {late} after the revocation"


def clients(registry, principal) -> list[Callable[[Http], int]]:
    """The same pull with every kind of credentials, all issued now, and a read through Resource Manager."""
    refresh = registry.oci(mode="none").post("/oauth2/exchange", form={
        "grant_type": "access_token", "service": registry.login_server,
        "access_token": principal.entra_token()}).expect(200).json()["refresh_token"]
    token = registry.oci(principal).fetch_token(registry.login_server, ["repository:image:pull"]).expect(200).json()
    values = [f"Bearer {token['access_token']}", basic(*principal.credentials), basic(NULL_USER, refresh)]

    def pull(value: str) -> Callable[[Http], int]:
        return lambda http: http.get("/v2/image/manifests/latest", host=registry.login_server,
                                     headers={"Authorization": value}).status

    arm_token = principal.arm.token
    return [*map(pull, values),
            lambda http: http.get(f"{registry.id}?api-version=2025-11-01",
                                  headers={"Authorization": f"Bearer {arm_token}"}).status]


def hammered(http, registry, principal, revoke: Callable[[], object]) -> None:
    with Hammer(http.base, clients(registry, principal)) as hammer:
        time.sleep(0.02)
        revoke()
        hammer.check_nothing_since(time.monotonic())


def test_an_assignment(http, registry, image, arm, new_principal):
    principal = new_principal()
    for _ in range(ROUNDS):
        grant = arm.assign("Reader", principal.object_id, registry.id)
        hammered(http, registry, principal, lambda: arm.unassign(grant))


def test_a_membership_in_a_group_of_a_group(http, registry, image, arm, graph, new_principal):
    principal = new_principal()
    outer, inner = graph.create_group(content.unique("outer")), graph.create_group(content.unique("inner"))
    arm.assign("Reader", outer["id"], registry.id, "Group")
    graph.add_member(inner["id"], principal.object_id)
    for _ in range(ROUNDS):
        graph.add_member(outer["id"], inner["id"])
        hammered(http, registry, principal, lambda: graph.remove_member(outer["id"], inner["id"]))
    graph.add_member(outer["id"], inner["id"])
    hammered(http, registry, principal, lambda: graph.remove_member(inner["id"], principal.object_id))


def test_a_role_definition(http, registry, image, arm, new_principal):
    principal = new_principal()
    guid, name = str(uuid.uuid4()), content.unique("role")

    def write(*actions: str) -> None:
        arm.put_role(guid, {"roleName": name, "permissions": [{"actions": list(actions)}],
                            "assignableScopes": [arm.bootstrap.subscription_scope]}).expect(200, 201)

    write("*/read")
    arm.assign(guid, principal.object_id, registry.id)
    for _ in range(ROUNDS):
        write("*/read")
        hammered(http, registry, principal, lambda: write("Microsoft.ContainerRegistry/registries/operationStatuses/read"))


def test_a_disabled_identity(http, registry, image, graph, new_principal):
    principal = new_principal("Reader", registry.id)
    path = f"/servicePrincipals/{principal.object_id}"
    for _ in range(ROUNDS):
        graph.call("PATCH", path, json={"accountEnabled": True}).expect(204)
        hammered(http, registry, principal, lambda: graph.call("PATCH", path, json={"accountEnabled": False}).expect(204))


def test_a_deleted_identity(http, registry, image, graph, new_principal):
    principal = new_principal("Reader", registry.id)
    hammered(http, registry, principal,
             lambda: graph.call("DELETE", f"/servicePrincipals/{principal.object_id}").expect(204))


def test_a_deleted_group(http, registry, image, arm, graph, new_principal):
    principal = new_principal()
    group = graph.create_group(content.unique("group"))
    arm.assign("Reader", group["id"], registry.id, "Group")
    graph.add_member(group["id"], principal.object_id)
    hammered(http, registry, principal, lambda: graph.call("DELETE", f"/groups/{group['id']}").expect(204))


def test_a_deleted_registry_that_is_made_anew(http, new_registry, arm, owner, new_principal):
    registry = new_registry()
    registry.oci(owner).push("image", content.image(), "latest")
    principal = new_principal("Reader", registry.id)

    def replace() -> None:
        arm.delete_registry(registry.name).expect(200)
        arm.put_registry(registry.name).expect(201)
        registry.oci(owner, "basic").push("image", content.image(), "latest")

    hammered(http, registry, principal, replace)


def test_a_removed_secret(http, registry, image, graph, new_principal):
    """It ends sign-ins, and every token that it was exchanged for."""
    principal = new_principal("Reader", registry.id)
    for _ in range(ROUNDS):
        added = graph.add_password(principal.application_id)
        other = identities.Principal(principal.http, principal.bootstrap, principal.client_id, principal.object_id,
                                     added["secretText"], principal.display_name, principal.application_id)
        hammered(http, registry, other, lambda: graph.remove_password(principal.application_id, added["keyId"]))
    principal.entra_token()


def test_anonymous_pull(http, registry, owner, arm):
    registry.oci(owner).push("image", content.image(), "latest")
    for _ in range(ROUNDS):
        arm.patch_registry(registry.name, properties={"anonymousPullEnabled": True}).expect(200)
        token = Oci(registry.http, registry.login_server).fetch_token(
            registry.login_server, ["repository:image:pull"]).expect(200).json()["access_token"]
        request = lambda client, value=f"Bearer {token}": client.get(  # noqa: E731
            "/v2/image/manifests/latest", host=registry.login_server, headers={"Authorization": value}).status
        with Hammer(http.base, [request, request]) as hammer:
            arm.patch_registry(registry.name, properties={"anonymousPullEnabled": False}).expect(200)
            hammer.check_nothing_since(time.monotonic())


def test_the_admin_user(http, registry, owner, arm):
    registry.oci(owner).push("image", content.image(), "latest")
    arm.patch_registry(registry.name, properties={"adminUserEnabled": True}).expect(200)
    for _ in range(ROUNDS):
        password = arm.call("POST", f"{registry.id}/listCredentials").expect(200).json()["passwords"][0]["value"]
        request = lambda client, value=basic(registry.name, password): client.get(  # noqa: E731
            "/v2/image/manifests/latest", host=registry.login_server, headers={"Authorization": value}).status
        with Hammer(http.base, [request, request]) as hammer:
            arm.call("POST", f"{registry.id}/regenerateCredential", json={"name": "password"}).expect(200)
            hammer.check_nothing_since(time.monotonic())


# Writes, of which each makes something of its own that can be looked for afterwards.


class Writers:
    """Threads that write one thing after another, until they are told to end."""

    def __init__(self, base: str, write: Callable[[Http, str], int], count: int = 6):
        self.end = threading.Event()
        self.done: list[tuple[float, str, int]] = []
        """When each began, what it made, and how it was answered."""
        self.threads = [threading.Thread(target=self._run, args=(base, write)) for _ in range(count)]

    def _run(self, base, write) -> None:
        client = Http(base)
        while not self.end.is_set():
            began, name = time.monotonic(), str(uuid.uuid4())
            self.done.append((began, name, write(client, name)))
        client.close()

    def __enter__(self) -> "Writers":
        for thread in self.threads:
            thread.start()
        deadline = time.monotonic() + 20
        while sum(status == 201 for _, _, status in list(self.done)) < 20:
            assert time.monotonic() < deadline, self.done[-5:]
            time.sleep(0.002)
        return self

    def __exit__(self, *_) -> None:
        self.end.set()
        for thread in self.threads:
            thread.join()


def test_assignments_on_their_way(http, registry, arm, new_principal):
    """Not even a request that began before the revocation gives rights after it: it is decided again where it writes."""
    principal = new_principal()
    token = principal.arm.token

    def write(client: Http, guid: str) -> int:
        # A principal of its own for each: the same role twice would be a conflict.
        return client.put(f"{arm.assignment_path(registry.id, guid)}?api-version=2022-04-01",
                          headers={"Authorization": f"Bearer {token}"}, json={"properties": {
                              "roleDefinitionId": arm.role_id("7f951dda-4ed3-4680-a7ca-43fe172d538d"),
                              "principalId": guid, "principalType": "ServicePrincipal"}}).status

    def written() -> set[str]:
        return {one["name"] for one in arm.list_assignments(registry.id, "atScope()")
                if one["properties"]["createdBy"] == principal.object_id}

    for _ in range(3):
        grant = arm.assign("User Access Administrator", principal.object_id, registry.id)
        with Writers(http.base, write) as writers:
            arm.unassign(grant)
            at_the_revocation = written()
            time.sleep(0.1)
        assert 403 in {status for _, _, status in writers.done}
        assert written() == at_the_revocation


def test_manifests_written_under_load(http, registry, owner, arm, new_principal):
    image = content.image()
    oci = registry.oci(owner)
    oci.push("image", image, "latest")
    principal = new_principal()

    def write(client: Http, tag: str) -> int:
        return client.put(f"/v2/image/manifests/{tag}", host=registry.login_server, body=image.data, headers={
            "Authorization": basic(*principal.credentials), "Content-Type": image.media_type}).status

    for _ in range(3):
        grant = arm.assign("AcrPush", principal.object_id, registry.id)
        with Writers(http.base, write) as writers:
            arm.unassign(grant)
            acknowledged = time.monotonic()
            time.sleep(0.1)
        late = [(name, status) for began, name, status in writers.done if began > acknowledged]
        assert late and {status for _, status in late} == {401}
        for name, _ in late[:20]:
            oci.get_manifest("image", name).expect(404)
