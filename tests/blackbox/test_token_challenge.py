"""The challenge: what clients are told when they come with nothing or with too little."""

import re

import pytest

from harness import challenge as challenges
from harness import content
from harness.http_client import Http
from harness.oci import Oci, basic, error_codes


@pytest.fixture
def nobody(first_registry):
    return first_registry.oci(mode="none")


def routes(repository: str) -> list[tuple[str, str, str]]:
    """Method, path and the scope that its challenge names (acr-data-plane section 0)."""
    digest = content.random_digest()
    pull, push, delete = (f"repository:{repository}:{actions}" for actions in ("pull", "pull,push", "delete"))
    return [
        ("GET", "/v2/_catalog", "registry:catalog:*"),
        ("GET", f"/v2/{repository}/tags/list", pull),
        ("GET", f"/v2/{repository}/manifests/latest", pull),
        ("HEAD", f"/v2/{repository}/manifests/latest", pull),
        ("GET", f"/v2/{repository}/manifests/{digest}", pull),
        ("PUT", f"/v2/{repository}/manifests/latest", push),
        ("DELETE", f"/v2/{repository}/manifests/{digest}", delete),
        ("DELETE", f"/v2/{repository}/manifests/latest", delete),
        ("GET", f"/v2/{repository}/blobs/{digest}", pull),
        ("HEAD", f"/v2/{repository}/blobs/{digest}", pull),
        ("DELETE", f"/v2/{repository}/blobs/{digest}", delete),
        ("POST", f"/v2/{repository}/blobs/uploads/", push),
        ("GET", f"/v2/{repository}/blobs/uploads/x", push),
        ("PATCH", f"/v2/{repository}/blobs/uploads/x", push),
        ("PUT", f"/v2/{repository}/blobs/uploads/x?digest={digest}", push),
        ("DELETE", f"/v2/{repository}/blobs/uploads/x", push),
        ("GET", f"/v2/{repository}/referrers/{digest}", pull),
    ]


def actions(scope: str) -> tuple[str, set[str]]:
    kind_and_name, _, words = scope.rpartition(":")
    return kind_and_name, set(words.split(","))


def test_base_endpoint_to_the_letter(berth, first_registry, nobody):
    answer = nobody.get("/v2/")
    assert answer.status == 401
    login = first_registry.login_server
    assert answer.header_values("WWW-Authenticate") == [f'Bearer realm="http://{login}/oauth2/token",service="{login}"']
    [error] = answer.json()["errors"]
    assert error["code"] == "UNAUTHORIZED"
    assert error["message"].startswith("authentication required")


def test_each_route_names_its_scope(nobody, repository):
    for method, path, scope in routes(repository):
        answer = nobody.request(method, path)
        assert answer.status == 401, answer
        [header] = answer.header_values("WWW-Authenticate")
        told = challenges.parse(header)
        assert told.scheme == "Bearer" and told.error is None, answer
        assert actions(told.scope) == actions(scope), answer
        if method != "HEAD":
            assert error_codes(answer) == ["UNAUTHORIZED"]


def test_form_that_each_client_can_read(nobody, repository):
    """acr-data-plane section 1.1: one space after Bearer, none after commas, quoted values, no `=` in values."""
    for method, path, _ in [("GET", "/v2/", ""), *routes(repository)]:
        [header] = nobody.request(method, path).header_values("WWW-Authenticate")
        assert re.fullmatch(r'Bearer \w+="[^"= ]*"(,\w+="[^"=]*")*', header), header
        assert " " not in header.removeprefix("Bearer "), header


def test_scope_of_a_mount_names_both_repositories(nobody, repository):
    digest = content.random_digest()
    answer = nobody.post(f"/v2/{repository}/blobs/uploads/?mount={digest}&from={repository}/source").expect(401)
    told = challenges.parse(answer.header("WWW-Authenticate"))
    assert f"repository:{repository}:" in told.scope


def test_the_same_by_any_name_of_the_listener(berth, first_registry, http, owner):
    """The realm follows the host that was used; the service stays the login server."""
    base = berth.http.removeprefix("http://")
    told = challenges.parse(http.get("/v2/", host=base).expect(401).header("WWW-Authenticate"))
    assert told.realm == f"{berth.http}/oauth2/token"
    assert told.service == first_registry.login_server
    Oci(http, base, owner.credentials).get("/v2/").expect(200)


def test_https_has_an_https_realm(berth, first_registry):
    client = Http(berth.https, host=first_registry.login_server, ca_file=berth.bootstrap.ca_file)
    told = challenges.parse(client.get("/v2/").expect(401).header("WWW-Authenticate"))
    assert told.realm.startswith("https://") and told.realm.endswith("/oauth2/token")
    assert told.service == first_registry.login_server
    client.close()


def test_too_little_is_401_with_insufficient_scope(first_registry, new_principal, repository):
    """Never 403, and the challenge with an error behind it; the detail says what is missing."""
    puller = first_registry.oci(new_principal("AcrPull"))
    answer = puller.post(f"/v2/{repository}/blobs/uploads/")
    assert answer.status == 401, answer
    [header] = answer.header_values("WWW-Authenticate")
    told = challenges.parse(header)
    assert told.error == "insufficient_scope"
    assert told.service == first_registry.login_server
    assert actions(told.scope) == (f"repository:{repository}", {"pull", "push"})
    [error] = answer.json()["errors"]
    assert error["code"] == "UNAUTHORIZED"
    assert {"Type": "repository", "Name": repository, "Action": "push"} in error["detail"]


def test_too_little_for_the_catalog(first_registry, new_principal):
    answer = first_registry.oci(new_principal()).get("/v2/_catalog")
    told = challenges.parse(answer.expect(401).header("WWW-Authenticate"))
    assert told.error == "insufficient_scope" and told.scope == "registry:catalog:*"
    assert {"Type": "registry", "Name": "catalog", "Action": "*"} in answer.json()["errors"][0]["detail"]


def test_a_token_that_is_none_is_401_with_invalid_token(nobody):
    answer = nobody.get("/v2/", headers={"Authorization": "Bearer garbage"}).expect(401)
    assert challenges.parse(answer.header("WWW-Authenticate")).error in ("invalid_token", None)
    assert error_codes(answer) == ["UNAUTHORIZED"]


def test_wrong_basic_credentials_are_401(nobody, owner):
    for user, password in ((owner.client_id, "wrong"), ("nobody", owner.secret), ("", ""), (owner.client_id, "")):
        answer = nobody.get("/v2/", headers={"Authorization": basic(user, password)})
        assert answer.status == 401 and answer.header("WWW-Authenticate").startswith("Bearer "), answer


def test_unknown_hosts_are_answered_by_the_first_registry(first_registry, http, owner, oci, repository):
    manifest = content.image()
    oci.push(repository, manifest, "latest")
    for host in ("unknown.example", "127.0.0.1", "localhost:1234"):
        client = Oci(http, host, owner.credentials, "basic")
        assert client.get_manifest(repository, "latest").expect(200).body == manifest.data


def test_headers_on_every_answer(nobody, oci, repository):
    oci.push(repository, content.image(), "latest")
    for answer in (nobody.get("/v2/"), oci.get("/v2/"), oci.get_manifest(repository, "latest"), oci.get_manifest(repository, "absent")):
        assert answer.header("Docker-Distribution-Api-Version") == "registry/2.0", answer
        assert answer.header("X-Content-Type-Options") == "nosniff", answer
        assert re.fullmatch("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", answer.header("X-Ms-Correlation-Request-Id") or ""), answer


def test_client_request_id_is_echoed(oci, repository):
    """acr-data-plane section 0."""
    oci.push(repository, content.image(), "latest")
    sent = "7c2e1b52-0000-4000-8000-123456789abc"
    answer = oci.put_manifest(repository, "latest", oci.get_manifest(repository, "latest").body)
    assert answer.status == 201
    answer = oci.delete(f"/v2/{repository}/manifests/latest", headers={"x-ms-client-request-id": sent})
    assert answer.status == 202 and answer.header("x-ms-client-request-id") == sent, answer


def test_unknown_parameters_of_the_query_are_ignored(oci, repository):
    oci.push(repository, content.image(), "latest")
    oci.get(f"/v2/{repository}/tags/list?api-version=2021-07-01&other=1").expect(200)
    oci.get(f"/v2/{repository}/manifests/latest?api-version=2021-07-01").expect(200)
