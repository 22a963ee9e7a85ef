"""Azure Resource Manager: what holds for every call (azure-rbac-and-arm sections 0, 4.1 and 4.2)."""

import re

import pytest

from harness import content
from harness.arm import AUTHORIZATION_VERSION, REGISTRY_VERSION, RESOURCES_VERSION

GUID = "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"


def error(answer) -> tuple[str, str]:
    """Code and message; the envelope has to be ARM's."""
    document = answer.json()
    assert set(document) == {"error"}, answer
    return document["error"]["code"], document["error"]["message"]


@pytest.fixture
def path(berth):
    return berth.bootstrap.registry_id


def get(arm, path: str, **headers):
    return arm.http.get(path, headers={"Authorization": f"Bearer {arm.token}", **headers})


def test_api_version_is_needed(arm, path):
    code, message = error(get(arm, path).expect(400))
    assert code == "MissingApiVersionParameter"
    assert message == "The api-version query parameter (?api-version=) is required for all requests."


@pytest.mark.parametrize("version", ["", "x", "2020", "1999-01-01", "2025-13-01", "2025-11-01-", "2025-11-01-other"])
def test_unknown_api_versions_are_refused(arm, path, version):
    code, message = error(get(arm, f"{path}?api-version={version}").expect(400))
    assert code in ("InvalidApiVersionParameter", "NoRegisteredProviderFound", "MissingApiVersionParameter"), message
    assert message


@pytest.mark.parametrize("version", ["2022-02-01-preview", "2025-11-01", "2023-07-01", "2026-09-01-preview"])
def test_versions_that_clients_send(arm, path, version):
    get(arm, f"{path}?api-version={version}").expect(200)


@pytest.mark.parametrize("version", ["2020-04-01-preview", "2022-04-01"])
def test_versions_of_role_assignments(arm, path, version):
    get(arm, f"{path}/providers/Microsoft.Authorization/roleAssignments?api-version={version}").expect(200)


@pytest.mark.parametrize("version", ["2018-01-01-preview", "2022-04-01"])
def test_versions_of_role_definitions(arm, path, version):
    get(arm, f"{path}/providers/Microsoft.Authorization/roleDefinitions?api-version={version}").expect(200)


def test_without_a_token(http, path):
    answer = http.get(f"{path}?api-version={REGISTRY_VERSION}").expect(401)
    assert error(answer) == ("AuthenticationFailed", "Authentication failed. The 'Authorization' header is missing.")
    challenge = answer.header("WWW-Authenticate")
    assert challenge.startswith('Bearer authorization_uri="') and "claims=" not in challenge, answer


@pytest.mark.parametrize("value", ["x", "Basic YTpi", "Bearer", "Digest a"])
def test_with_an_authorization_of_another_form(http, path, value):
    code, _ = error(http.get(f"{path}?api-version={REGISTRY_VERSION}", headers={"Authorization": value}).expect(401))
    assert code in ("AuthenticationFailedInvalidHeader", "InvalidAuthenticationToken", "AuthenticationFailed")


def test_with_garbage(http, path):
    answer = http.get(f"{path}?api-version={REGISTRY_VERSION}", headers={"Authorization": "Bearer garbage"}).expect(401)
    assert error(answer)[0] == "InvalidAuthenticationToken"
    assert 'error="invalid_token"' in answer.header("WWW-Authenticate")


def test_who_is_unknown_is_asked_first(http):
    """401 before 404 and before 400 of the body."""
    for method, path in (("GET", "/subscriptions/x/resourceGroups/y?api-version=2025-04-01"),
                         ("PUT", "/subscriptions/x/resourceGroups/y?api-version=2025-04-01")):
        assert http.request(method, path, body=b"{" if method == "PUT" else None).status == 401


def test_headers_of_answers(arm, path):
    for answer in (get(arm, f"{path}?api-version={REGISTRY_VERSION}"), get(arm, path), arm.http.get(path)):
        assert re.fullmatch(GUID, answer.header("x-ms-request-id") or ""), answer
        assert re.fullmatch(GUID, answer.header("x-ms-correlation-request-id") or ""), answer
        assert answer.header("Content-Type").startswith("application/json"), answer
        assert answer.header("Cache-Control") == "no-cache", answer
        assert answer.header("X-Content-Type-Options") == "nosniff", answer


def test_client_request_id_comes_back_on_request(arm, path):
    sent = "11111111-2222-4333-8444-555555555555"
    answer = get(arm, f"{path}?api-version={REGISTRY_VERSION}", **{"x-ms-client-request-id": sent, "x-ms-return-client-request-id": "true"})
    assert answer.header("x-ms-client-request-id") == sent


def test_paths_are_read_without_case(arm, berth, path):
    lower = f"{path.lower()}?api-version={REGISTRY_VERSION}"
    assert get(arm, lower).expect(200).json()["id"] == get(arm, f"{path}?api-version={REGISTRY_VERSION}").expect(200).json()["id"]
    upper = path.replace("/providers/", "/PROVIDERS/").replace("/registries/", "/REGISTRIES/").replace("/resourceGroups/", "/RESOURCEGROUPS/")
    get(arm, f"{upper}?api-version={REGISTRY_VERSION}").expect(200)


def test_empty_segments_are_collapsed(arm, path):
    """arm-authorization sends them when the parent path is empty (section 0, 9)."""
    doubled = path.replace("Microsoft.ContainerRegistry/registries", "Microsoft.ContainerRegistry//registries")
    assert doubled != path
    get(arm, f"{doubled}?api-version={REGISTRY_VERSION}").expect(200)
    get(arm, f"{doubled}/providers/Microsoft.Authorization/roleAssignments?api-version={AUTHORIZATION_VERSION}").expect(200)


def test_unknown_types_are_404(arm, berth):
    for path in (f"{berth.bootstrap.group_scope}/providers/Microsoft.Nothing/things/x",
                 f"{berth.bootstrap.registry_id}/nothing"):
        answer = get(arm, f"{path}?api-version={REGISTRY_VERSION}")
        assert answer.status == 404, answer
        assert error(answer)[0]


def test_unknown_subscription_and_group(arm):
    nowhere = "/subscriptions/99999999-9999-4999-8999-999999999999"
    answer = get(arm, f"{nowhere}/resourceGroups/x?api-version={RESOURCES_VERSION}")
    assert answer.status == 403, answer
    assert error(answer)[0] in ("SubscriptionNotFound", "AuthorizationFailed")
    group = content.unique("none")
    code, message = error(arm.get_registry("registry1", group).expect(404))
    assert code == "ResourceGroupNotFound" and message == f"Resource group '{group}' could not be found."


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b'"x"', b'{"a":1,"a":2}', b'{"a":1,"\\u0061":2}', b"\xff", b"[" * 10_000,
                                  b'{"location":"here","sku":{"name":"Premium"},"properties":{"later":1e999}}',
                                  b'{"location":5}', b'{"location":"' + b"x" * 2_000_000 + b'"}'], ids=lambda body: repr(body)[2:14])
def test_bodies_that_are_none(arm, body):
    answer = arm.call("PUT", arm.registry_path(content.unique("reg")), body=body, headers={"Content-Type": "application/json"})
    assert answer.status in (400, 413), answer
    assert error(answer)[0]


def test_a_method_that_a_path_has_not(arm, path):
    answer = arm.call("POST", path, json={})
    assert answer.status == 405, answer
    assert error(answer)[0]
