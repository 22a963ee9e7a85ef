"""Side doors.

Routes that nobody wrote down, methods, headers and bodies that go around the decision, and what answers give away.
"""

import json
import socket
import urllib.parse

import pytest

from harness import content
from harness.arm import AUTHORIZATION_VERSION
from harness.content import digest_of
from harness.oci import basic
from permission_matrix.route_table import PARAMETER, routes

METHODS = ("GET", "PUT", "POST", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "PROPFIND")


def methods_of(pattern: str) -> set[str]:
    return {one.method for one in routes() if one.pattern == pattern}


@pytest.mark.parametrize("pattern", sorted({route.pattern for route in routes()}))
def test_no_method_but_those_of_the_table(http, first_registry, owner, pattern):
    """A configuration switch bypassed by a side door (distribution CVE-2026-41888): every route × method has an action."""
    route = next(one for one in routes() if one.pattern == pattern)
    path = PARAMETER.sub("x1", pattern)
    on_registry = route.protocol.startswith("registry")
    token = owner.graph.token if route.protocol == "graph" else owner.arm.token
    headers = {"Authorization": basic(*owner.credentials) if on_registry else f"Bearer {token}"}
    host = first_registry.login_server if on_registry else None
    for method in METHODS:
        # Another route may have the same path with other names for its parameters.
        if method in methods_of(pattern) or any(one.method == method and PARAMETER.sub("x1", one.pattern) == path
                                                for one in routes()):
            continue
        answer = http.request(method, path + "?api-version=2022-04-01", headers=headers, host=host)
        assert answer.status in (400, 404, 405, 501), f"{method} {path}: {answer}"


@pytest.mark.parametrize("path", [
    "/admin", "/api", "/api/v1/users", "/api/v2.0/users", "/debug/pprof/", "/debug/vars", "/v1/_ping", "/v2/_internal",
    "/v2/_admin/users", "/v3/", "/berth", "/berth/v1", "/berth/v1/users", "/berth/v1/debug", "/berth/v1/config",
    "/berth/v2/live", "/internal", "/_/", "/config", "/swagger.json", "/openapi.json", "/.git/config", "/.env", "/data",
    "/bootstrap.json", "/server-status", "/acr/v2/_catalog", "/acr/internal", "/acr/v1/_admin", "/v1.0/me/messages", "/beta/users",
    "/v1.0/roleManagement", "/v1.0/servicePrincipals/x/appRoleAssignments", "/providers/Microsoft.Berth/x",
])
def test_no_hidden_routes(http, first_registry, owner, path):
    """Undocumented internal API (ECR Public 2022): what the table does not show is not there, for the owner neither."""
    for host in (None, first_registry.login_server):
        for value in (None, basic(*owner.credentials), f"Bearer {owner.arm.token}", f"Bearer {owner.graph.token}"):
            for method in ("GET", "POST"):
                answer = http.request(method, path + "?api-version=2022-04-01", host=host,
                                      headers={"Authorization": value} if value else {})
                assert answer.status in (400, 401, 404, 405), f"{method} {path}: {answer}"
                assert answer.status != 401 or path.startswith(("/v1.0/", "/v2/", "/acr/")), answer


def test_a_lock_holds_at_every_door(registry, owner):
    """A switch bypassed by a side door (distribution CVE-2026-41888): what may not be deleted is not, by whatever route."""
    oci = registry.oci(owner)
    image = content.image()
    oci.push("image", image, "v1")
    oci.patch("/acr/v1/image/_tags/v1", json={"deleteEnabled": False}).expect(200)
    oci.patch(f"/acr/v1/image/_manifests/{image.digest}", json={"deleteEnabled": False}).expect(200)
    for path in ("/v2/image/manifests/v1", f"/v2/image/manifests/{image.digest}", "/acr/v1/image/_tags/v1", "/acr/v1/image",
                 f"/v2/image/blobs/{digest_of(image.blobs[0])}"):
        assert oci.delete(path).status == 405, path
    assert oci.get_manifest("image", "v1").body == image.data
    oci.patch(f"/acr/v1/image/_manifests/{image.digest}", json={"writeEnabled": False}).expect(200)
    oci.patch("/acr/v1/image/_tags/v1", json={"writeEnabled": False}).expect(200)
    other = content.image()
    oci.push("image", other)
    assert oci.put_manifest("image", "v1", other.data).status == 405


# A body that skips authorization (Moby CVE-2026-34040): it is decided before a byte of it is read


@pytest.mark.parametrize("length", ["Content-Length: 6000000000", "Transfer-Encoding: chunked", "Content-Length: 10"])
@pytest.mark.parametrize("where", ["blob", "manifest", "arm", "graph"])
def test_decided_before_the_body(http, first_registry, new_principal, where, length):
    principal = new_principal()
    value, host = basic(*principal.credentials), first_registry.login_server
    method, path = {"blob": ("POST", f"/v2/x/blobs/uploads/?digest={content.random_digest()}"),
                    "manifest": ("PUT", "/v2/x/manifests/v1"),
                    "arm": ("PUT", f"{first_registry.id}?api-version=2025-11-01"),
                    "graph": ("POST", "/v1.0/applications")}[where]
    if where in ("arm", "graph"):
        host = urllib.parse.urlsplit(http.base).netloc
        value = f"Bearer {principal.arm.token if where == 'arm' else principal.graph.token}"
    parts = urllib.parse.urlsplit(http.base)
    with socket.create_connection((parts.hostname, parts.port), timeout=10) as connection:
        connection.sendall((f"{method} {path} HTTP/1.1\r\nHost: {host}\r\nAuthorization: {value}\r\n"
                            f"Content-Type: application/json\r\n{length}\r\nExpect: 100-continue\r\n\r\n").encode())
        answer = connection.recv(65536)
    assert answer.startswith((b"HTTP/1.1 401", b"HTTP/1.1 403")), answer[:300]


# Headers that other servers believe


@pytest.mark.parametrize("headers", [
    {"X-HTTP-Method-Override": "DELETE"}, {"X-Method-Override": "DELETE"}, {"X-HTTP-Method": "DELETE"},
    {"X-Original-URL": "/v2/image/manifests/v1"}, {"X-Rewrite-URL": "/acr/v1/image"},
    {"X-Forwarded-User": "berth-owner"}, {"X-Remote-User": "berth-owner"}, {"Remote-User": "berth-owner"},
    {"X-MS-CLIENT-PRINCIPAL-ID": "{owner}"}, {"X-Ms-Authorization-Auxiliary": "Bearer {token}"},
    {"X-Forwarded-Host": "{host}", "X-Forwarded-For": "127.0.0.1", "Forwarded": "for=127.0.0.1;host={host}"},
    {"Cookie": "session={token}"}, {"X-Authorization": "Bearer {token}"}, {"Proxy-Authorization": "Bearer {token}"},
])
def test_headers_make_nobody_somebody(http, registry, owner, new_principal, headers):
    """Trusting X-Forwarded-*, and what servers behind other servers trust."""
    oci = registry.oci(owner)
    oci.push("image", content.image(), "v1")
    told = {name: value.format(owner=owner.object_id, token=owner.arm.token, host=registry.login_server)
            for name, value in headers.items()}
    reader = new_principal("AcrPull", registry.id)
    client = registry.oci(reader, "basic")
    assert client.get_manifest("image", "v1", headers={**told, "Authorization": basic(*reader.credentials)}).status == 200
    for method, path in (("DELETE", "/v2/image/manifests/v1"), ("POST", "/v2/image/blobs/uploads/")):
        answer = client.request(method, path, headers={**told, "Authorization": basic(*reader.credentials)})
        assert answer.status == 401, answer
        assert registry.oci(mode="none").request(method, path, headers=told).status == 401
    assert http.get(f"{registry.id}?api-version=2025-11-01", headers=told).status == 401
    assert http.get(f"{registry.id}?api-version=2025-11-01",
                    headers={**told, "Authorization": f"Bearer {reader.arm.token}"}).status == 403
    oci.get_manifest("image", "v1").expect(200)


@pytest.mark.parametrize("query", ["access_token={token}", "token={token}", "sig={token}", "Authorization=Bearer%20{token}",
                                   "_method=DELETE"])
def test_credentials_in_a_query_are_none(http, registry, owner, query):
    registry.oci(owner).push("image", content.image(), "v1")
    query = query.format(token=owner.arm.token)
    assert registry.oci(mode="none").get(f"/v2/image/manifests/v1?{query}").status == 401
    assert http.get(f"{registry.id}?api-version=2025-11-01&{query}").status == 401


@pytest.mark.parametrize("origin", ["https://evil.example.org", "null"])
def test_no_other_page_reads_answers(http, registry, owner, arm, origin):
    """Wildcard CORS with credentials (zot bfc59ad1)."""
    oci = registry.oci(owner, "basic")
    for answer in (oci.get("/v2/", headers={"Origin": origin, "Authorization": basic(*owner.credentials)}),
                   arm.call("GET", registry.id, headers={"Origin": origin}),
                   http.request("OPTIONS", "/v2/", host=registry.login_server,
                                headers={"Origin": origin, "Access-Control-Request-Method": "DELETE"})):
        assert answer.header("Access-Control-Allow-Origin") is None, answer
        assert answer.header("Access-Control-Allow-Credentials") is None, answer


# Secrets are shown to nobody after they were made (Quay CVE-2026-18255)


def test_who_only_reads_sees_no_secret(arm, graph, registry, owner, new_principal):
    arm.patch_registry(registry.name, properties={"adminUserEnabled": True}).expect(200)
    shown = arm.call("POST", f"{registry.id}/listCredentials").expect(200).json()
    passwords = [one["value"] for one in shown["passwords"]]
    assert all(len(one) >= 32 for one in passwords)
    reader = new_principal("Reader", arm.bootstrap.subscription_scope)
    for path in (registry.id, f"{registry.id}/listUsages", f"{arm.bootstrap.subscription_scope}/resources",
                 f"{arm.bootstrap.group_scope}/providers/Microsoft.ContainerRegistry/registries"):
        answer = reader.arm.call("GET", path)
        assert answer.status == 200 and not any(one.encode() in answer.body for one in passwords), answer
    for action in ("listCredentials", "regenerateCredential", "generateCredentials"):
        for method in ("GET", "POST"):
            answer = reader.arm.call(method, f"{registry.id}/{action}", json={} if method == "POST" else None)
            assert answer.status in (403, 404, 405), answer
    principal = new_principal()
    for path in (f"/applications/{principal.application_id}", f"/servicePrincipals/{principal.object_id}", "/applications"):
        answer = graph.call("GET", path).expect(200)
        assert principal.secret.encode() not in answer.body and owner.secret.encode() not in answer.body
        for one in answer.json().get("passwordCredentials", []):
            assert not one.get("secretText")


# SQL and filter injection (Harbor CVE-2019-19026, 19029, CVE-2024-22261, CVE-2025-30086)

FILTERS = ["principalId eq '{victim}' or 1 eq 1", "principalId eq '' or '1'='1'", "atScope() or true",
           "principalId eq '{victim}'; drop table role_assignments", "principalId eq '{victim}' union select 1",
           "assignedTo('{victim}') and 1 eq 1 or atScope()", "principalId eq '{victim}'--", "passwordCredentials/any()",
           "startswith(secretText,'a')", "secretText eq 'a'", "not (principalId eq '{victim}')", "(" * 400, "'" * 999]


@pytest.mark.parametrize("filter_text", FILTERS, ids=lambda text: text[:30])
def test_filters_show_nothing_that_the_list_would_not(arm, graph, registry, owner, new_principal, filter_text):
    new_principal("Owner", registry.id)
    lesser = new_principal("AcrPull", registry.id)
    quoted = urllib.parse.quote(filter_text.format(victim=owner.object_id))
    for kind in ("roleAssignments", "roleDefinitions", "denyAssignments"):
        answer = lesser.arm.call("GET", f"{registry.id}/providers/Microsoft.Authorization/{kind}?$filter={quoted}",
                                 AUTHORIZATION_VERSION)
        assert answer.status == 400 or answer.json()["value"] == [], answer
    answer = lesser.arm.call("GET", f"{arm.bootstrap.subscription_scope}/resources?$filter={quoted}")
    assert answer.status == 400 or answer.json()["value"] == [], answer
    for path in ("applications", "servicePrincipals", "groups", "users"):
        assert lesser.graph.call("GET", f"/{path}?$filter={quoted}").status == 403
        answer = graph.call("GET", f"/{path}?$filter={quoted}")
        assert answer.status == 400 or answer.json()["value"] == [], answer


@pytest.mark.parametrize("value", ["' or '1'='1", "%", "_", "a'; drop table tags; --", "\\", "\x7f", "zzz' union select 1"])
def test_markers_of_pages_are_values(registry, owner, value):
    oci = registry.oci(owner)
    for name in ("one", "two"):
        oci.push(name, content.image(), "v1")
    for path, key in (("/v2/_catalog", "repositories"), ("/v2/one/tags/list", "tags"), ("/acr/v1/_catalog", "repositories")):
        answer = oci.get(f"{path}?n=10&last={urllib.parse.quote(value)}")
        assert answer.status in (200, 400), answer
        if answer.status == 200:
            assert set(json.loads(answer.body)[key] or []) <= {"one", "two", "v1"}
    assert oci.tags("one") == ["v1"] and oci.tags("two") == ["v1"]
