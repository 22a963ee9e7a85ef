"""Rights that end while a request is on its way, and tokens that are made with tokens."""

import json
import socket
import time
import urllib.parse
import uuid

import pytest

from harness import content, tokens
from harness.oci import NULL_USER, Oci, basic


class SlowRequest:
    """A request whose head and first byte are sent, and the rest of its body when the test says so."""

    def __init__(self, base: str, method: str, path: str, authorization: str, body: bytes, media_type: str,
                 host: str | None = None):
        parts = urllib.parse.urlsplit(base)
        self.rest = body[1:]
        self.socket = socket.create_connection((parts.hostname, parts.port), timeout=30)
        head = (f"{method} {path} HTTP/1.1\r\nHost: {host or parts.netloc}\r\nAuthorization: {authorization}\r\n"
                f"Content-Type: {media_type}\r\nContent-Length: {len(body)}\r\nExpect: 100-continue\r\n"
                "Connection: close\r\n\r\n")
        self.socket.sendall(head.encode())
        # Said when the handler first reads: the entry is decided by then.
        interim = self.socket.recv(4096)
        assert interim.startswith(b"HTTP/1.1 100"), interim
        self.socket.sendall(body[:1])

    def finish(self) -> int:
        """Sends what is left; the status of the answer."""
        self.socket.sendall(self.rest)
        answer = b""
        while piece := self.socket.recv(65536):
            answer += piece
        self.socket.close()
        return int(answer.split(b" ", 2)[1])


@pytest.fixture
def slow_put(http):
    """slow_put(principal, path, document) -> SlowRequest at ARM."""

    def start(principal, path: str, document: dict) -> SlowRequest:
        return SlowRequest(http.base, "PUT", path + "?api-version=2022-04-01", f"Bearer {principal.arm.token}",
                           json.dumps(document).encode(), "application/json")

    return start


def owner_for(arm, principal) -> dict:
    return {"properties": {"roleDefinitionId": arm.role_id("8e3af657-a8ff-443c-a75c-2fe8c4bcb635"),
                           "principalId": principal.object_id, "principalType": "ServicePrincipal"}}


def new_assignment(arm, scope: str) -> str:
    return arm.assignment_path(scope, uuid.uuid4())


def test_a_right_taken_away_ends_requests_that_have_begun(arm, registry, new_principal, slow_put):
    principal = new_principal()
    assignment = arm.assign("Owner", principal.object_id, registry.id)
    request = slow_put(principal, new_assignment(arm, registry.id), owner_for(arm, principal))
    arm.unassign(assignment)
    assert request.finish() == 403
    assert arm.list_assignments(registry.id, f"principalId eq '{principal.object_id}'") == []


def test_a_disabled_identity_ends_requests_that_have_begun(arm, graph, registry, new_principal, slow_put):
    principal = new_principal("Owner", registry.id)
    request = slow_put(principal, new_assignment(arm, registry.id), owner_for(arm, principal))
    graph.call("PATCH", f"/servicePrincipals/{principal.object_id}", json={"accountEnabled": False}).expect(204)
    assert request.finish() == 401


def test_a_registry_made_anew_takes_nothing_from_requests_for_the_old_one(arm, registry, new_principal, slow_put):
    principal = new_principal("Owner", registry.id)
    request = slow_put(principal, new_assignment(arm, registry.id), owner_for(arm, principal))
    arm.delete_registry(registry.name).expect(200)
    arm.put_registry(registry.name).expect(201)
    assert request.finish() == 403
    assert arm.list_assignments(registry.id, f"principalId eq '{principal.object_id}'") == []


def test_a_role_that_was_widened_meanwhile_is_not_replaced_by_who_owns_a_part(arm, registry, new_principal, slow_put):
    principal = new_principal("Owner", registry.id)
    role = str(uuid.uuid4())
    document = {"roleName": content.unique("role"),
                "permissions": [{"actions": ["Microsoft.ContainerRegistry/registries/read"]}],
                "assignableScopes": [registry.id]}
    principal.arm.put_role(role, document, registry.id).expect(201)
    path = f"{registry.id}/providers/Microsoft.Authorization/roleDefinitions/{role}"
    request = slow_put(principal, path, {"properties": {**document, "permissions": [{"actions": ["*"]}]}})
    arm.put_role(role, {**document, "assignableScopes": [arm.bootstrap.subscription_scope]}).expect(201)
    assert request.finish() == 403
    now = arm.call("GET", arm.role_id(role), "2022-04-01").expect(200).json()["properties"]
    assert now["permissions"][0]["actions"] == ["Microsoft.ContainerRegistry/registries/read"]


@pytest.mark.parametrize("size", [100, 300_000])
def test_a_blob_is_not_kept_for_who_lost_the_right_while_sending_it(http, arm, oci, first_registry, new_principal,
                                                                    repository, size):
    principal = new_principal()
    assignment = arm.assign("AcrPush", principal.object_id, first_registry.id)
    data = content.random_blob(size)
    start = first_registry.oci(principal, "basic").start_upload(repository).expect(202)
    path = Oci.with_query(Oci.location(start), digest=content.digest_of(data))
    request = SlowRequest(http.base, "PUT", path, basic(*principal.credentials), data, "application/octet-stream",
                          first_registry.login_server)
    arm.unassign(assignment)
    assert request.finish() == 401
    oci.get_blob(repository, content.digest_of(data)).expect(404)


def test_a_manifest_is_not_kept_for_who_lost_the_right_while_sending_it(http, arm, oci, first_registry, new_principal,
                                                                        repository):
    principal = new_principal()
    assignment = arm.assign("AcrPush", principal.object_id, first_registry.id)
    image = content.image()
    oci.push(repository, image)
    request = SlowRequest(http.base, "PUT", f"/v2/{repository}/manifests/late", basic(*principal.credentials), image.data,
                          image.media_type, first_registry.login_server)
    arm.unassign(assignment)
    assert request.finish() == 401
    oci.get_manifest(repository, "late").expect(404)


@pytest.fixture
def remove_secret(graph):
    """remove_secret(principal): the one that it signs in with."""

    def remove(principal) -> None:
        application = graph.call("GET", f"/applications/{principal.application_id}").expect(200).json()
        for password in application["passwordCredentials"]:
            graph.remove_password(principal.application_id, password["keyId"])

    return remove


def test_a_secret_that_is_removed_ends_requests_that_have_begun(arm, registry, new_principal, slow_put, remove_secret):
    principal = new_principal("Owner", registry.id)
    request = slow_put(principal, new_assignment(arm, registry.id), owner_for(arm, principal))
    remove_secret(principal)
    assert request.finish() == 401
    assert len(arm.list_assignments(registry.id, f"principalId eq '{principal.object_id}'")) == 1


def test_a_secret_that_is_removed_makes_no_other_secret(http, graph, owner, new_principal, remove_secret):
    principal = new_principal()
    roles = graph.call("GET", "/directoryRoles").expect(200).json()["value"]
    administrators = next(role["id"] for role in roles if role["displayName"] == "Global Administrator")
    graph.call("POST", f"/directoryRoles/{administrators}/members/$ref",
               json=graph.reference(principal.object_id)).expect(204)
    document = json.dumps({"passwordCredential": {"displayName": "back door"}}).encode()
    request = SlowRequest(http.base, "POST", f"/v1.0/applications/{principal.application_id}/addPassword",
                          f"Bearer {principal.graph.token}", document, "application/json")
    remove_secret(principal)
    assert request.finish() == 401
    application = graph.call("GET", f"/applications/{principal.application_id}").expect(200).json()
    assert application["passwordCredentials"] == []


@pytest.mark.parametrize("size", [100, 300_000])
@pytest.mark.parametrize("mode", ["basic", "bearer"])
def test_a_blob_is_not_kept_for_who_lost_the_secret_while_sending_it(http, oci, first_registry, new_principal, repository,
                                                                     remove_secret, size, mode):
    principal = new_principal("AcrPush", first_registry.id)
    data = content.random_blob(size)
    client = first_registry.oci(principal, "basic")
    path = Oci.with_query(Oci.location(client.start_upload(repository).expect(202)), digest=content.digest_of(data))
    authorization = basic(*principal.credentials)
    if mode == "bearer":
        answer = client.fetch_token(first_registry.login_server, [f"repository:{repository}:pull,push"]).expect(200)
        authorization = f"Bearer {answer.json()['access_token']}"
    request = SlowRequest(http.base, "PUT", path, authorization, data, "application/octet-stream",
                          first_registry.login_server)
    remove_secret(principal)
    assert request.finish() == 401
    oci.get_blob(repository, content.digest_of(data)).expect(404)


def test_a_manifest_is_not_kept_for_who_lost_the_password_while_sending_it(http, arm, new_registry, owner, repository):
    registry = new_registry(adminUserEnabled=True)
    credentials = arm.call("POST", f"{registry.id}/listCredentials").expect(200).json()
    name, password = credentials["username"], credentials["passwords"][0]["value"]
    oci = registry.oci(owner)
    image = content.image()
    oci.push(repository, image)
    request = SlowRequest(http.base, "PUT", f"/v2/{repository}/manifests/late", basic(name, password), image.data,
                          image.media_type, registry.login_server)
    arm.call("POST", f"{registry.id}/regenerateCredential", json={"name": "password"}).expect(200)
    assert request.finish() == 401
    oci.get_manifest(repository, "late").expect(404)


def test_an_access_token_cannot_be_used_to_live_longer(first_registry, new_principal, repository):
    principal = new_principal("AcrPull", first_registry.id)
    scope = f"repository:{repository}:pull"
    service = first_registry.login_server
    first = first_registry.oci(principal).fetch_token(service, [scope]).expect(200).json()["access_token"]
    expires = tokens.decode(first)[1]["exp"]
    time.sleep(1.1)  # the clock of tokens counts seconds
    second = Oci(first_registry.http, service, (NULL_USER, first)).fetch_token(service, [scope]).expect(200).json()
    assert tokens.decode(second["access_token"])[1]["exp"] <= expires
    assert second["expires_in"] < 3600


@pytest.mark.parametrize("path", [
    "/v1.0/users/%FF", "/v1.0/users?$filter=displayName%20eq%20%27%C3%28%27", "/subscriptions/%FF%FE?api-version=2022-12-01",
    "/subscriptions/%ED%A0%80?api-version=2022-12-01", "/v2/%FF/manifests/a", "/%FF/oauth2/token", "/v2/a/tags/list?last=%FF",
])
def test_what_is_no_utf8_is_refused_in_valid_json(http, graph, path):
    answer = http.get(path, headers={"Authorization": f"Bearer {graph.token}"})
    assert 400 <= answer.status < 500
    json.loads(answer.body.decode("utf-8", errors="strict"))
