"""Microsoft Graph's routes for applications, service principals, passwords and groups."""

import re
import urllib.parse
import uuid

import pytest

from harness import content, tokens
from harness.tokens import ARM_SCOPE

GUID = "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"


def error(answer) -> str:
    document = answer.json()["error"]
    assert document["message"], answer
    return document["code"]


def listed(graph, path: str, filter_text: str | None = None) -> list[dict]:
    query = "?$filter=" + urllib.parse.quote(filter_text) if filter_text else ""
    answer = graph.call("GET", path + query).expect(200).json()
    assert "@odata.context" in answer
    return answer["value"]


@pytest.fixture
def application(graph):
    return graph.create_application(content.unique("app"))


def test_application(graph):
    name = content.unique("app")
    created = graph.create_application(name)
    assert re.fullmatch(GUID, created["id"]) and re.fullmatch(GUID, created["appId"]) and created["id"] != created["appId"]
    assert created["displayName"] == name
    assert created["passwordCredentials"] == []
    got = graph.call("GET", f"/applications/{created['id']}").expect(200).json()
    assert got["appId"] == created["appId"]
    assert [item["id"] for item in listed(graph, "/applications", f"appId eq '{created['appId']}'")] == [created["id"]]
    assert [item["id"] for item in listed(graph, "/applications", f"displayName eq '{name}'")] == [created["id"]]
    graph.call("PATCH", f"/applications/{created['id']}", json={"displayName": name + "2"}).expect(204)
    assert graph.call("GET", f"/applications/{created['id']}").expect(200).json()["displayName"] == name + "2"
    graph.call("DELETE", f"/applications/{created['id']}").expect(204)
    assert error(graph.call("GET", f"/applications/{created['id']}").expect(404)) == "Request_ResourceNotFound"


def test_service_principal(graph, application):
    created = graph.create_service_principal(application["appId"])
    assert re.fullmatch(GUID, created["id"]) and created["appId"] == application["appId"]
    assert created["displayName"] == application["displayName"]
    assert created["servicePrincipalType"] == "Application" and created["accountEnabled"] is True
    assert graph.call("GET", f"/servicePrincipals/{created['id']}").expect(200).json()["appId"] == application["appId"]
    for text in (f"appId eq '{application['appId']}'", f"displayName eq '{application['displayName']}'",
                 f"servicePrincipalNames/any(c:c eq '{application['appId']}')"):
        assert [item["id"] for item in listed(graph, "/servicePrincipals", text)] == [created["id"]], text
    second = graph.call("POST", "/servicePrincipals", json={"appId": application["appId"]})
    assert second.status == 409, second
    assert error(second)
    graph.call("DELETE", f"/servicePrincipals/{created['id']}").expect(204)
    assert graph.call("GET", f"/servicePrincipals/{created['id']}").status == 404


def test_service_principal_of_an_unknown_application(graph):
    answer = graph.call("POST", "/servicePrincipals", json={"appId": str(uuid.uuid4())})
    assert answer.status == 400, answer
    assert error(answer)


@pytest.mark.parametrize("kind", ["applications", "servicePrincipals"])
def test_passwords(graph, application, http, berth, kind):
    service_principal = graph.create_service_principal(application["appId"])
    owner_id = application["id"] if kind == "applications" else service_principal["id"]
    added = graph.call("POST", f"/{kind}/{owner_id}/addPassword", json={"passwordCredential": {"displayName": "ci"}}).expect(200).json()
    assert re.fullmatch(GUID, added["keyId"]) and added["displayName"] == "ci"
    assert len(added["secretText"]) >= 32 and added["hint"] == added["secretText"][:3]
    assert added["startDateTime"] < added["endDateTime"]
    tenant = berth.bootstrap.tenant_id
    tokens.ask(http, tenant, application["appId"], added["secretText"]).expect(200)
    got = graph.call("GET", f"/{kind}/{owner_id}").expect(200)
    assert added["secretText"] not in got.body.decode(), "a secret is shown once"
    assert [item["keyId"] for item in got.json()["passwordCredentials"]] == [added["keyId"]]
    graph.call("POST", f"/{kind}/{owner_id}/removePassword", json={"keyId": added["keyId"]}).expect(204)
    assert tokens.ask(http, tenant, application["appId"], added["secretText"]).status == 401
    assert graph.call("GET", f"/{kind}/{owner_id}").expect(200).json()["passwordCredentials"] == []


def test_password_without_a_body(graph, application):
    assert graph.call("POST", f"/applications/{application['id']}/addPassword", json={}).expect(200).json()["secretText"]


def test_password_with_an_end(graph, application, http, berth):
    graph.create_service_principal(application["appId"])
    path = f"/applications/{application['id']}/addPassword"

    def add(start: str, end: str):
        return graph.call("POST", path, json={"passwordCredential": {"displayName": "x", "startDateTime": start, "endDateTime": end}})

    good = add("1999-01-01T00:00:00Z", "2099-01-01T00:00:00Z").expect(200).json()
    assert good["endDateTime"].startswith("2099-01-01T00:00:00")
    tokens.ask(http, berth.bootstrap.tenant_id, application["appId"], good["secretText"]).expect(200)
    early = add("2098-01-01T00:00:00Z", "2099-01-01T00:00:00Z").expect(200).json()
    assert tokens.ask(http, berth.bootstrap.tenant_id, application["appId"], early["secretText"]).status == 401, "it has not begun"
    for start, end in (("1999-01-01T00:00:00Z", "2000-01-01T00:00:00Z"), ("2099-01-01T00:00:00Z", "2098-01-01T00:00:00Z"), ("x", "y")):
        assert error(add(start, end).expect(400)) == "Request_BadRequest"


def test_removing_a_password_that_is_not_there(graph, application):
    for body in ({"keyId": str(uuid.uuid4())}, {"keyId": "x"}, {}, {"keyId": 5}):
        answer = graph.call("POST", f"/applications/{application['id']}/removePassword", json=body)
        assert answer.status == 400, answer
        assert error(answer)


def test_a_token_of_a_principal_whose_secret_was_removed(graph, new_principal, arm):
    """The token was issued for the secret's owner and lives for its hour; a new one is not to be had."""
    principal = new_principal()
    second = graph.add_password(principal.application_id)
    principal.secret = second["secretText"]
    assert principal.entra_token(ARM_SCOPE)
    graph.remove_password(principal.application_id, second["keyId"])
    assert tokens.ask(principal.http, principal.bootstrap.tenant_id, *principal.credentials).status == 401


def test_group(graph, new_principal):
    name = content.unique("group")
    group = graph.create_group(name)
    assert re.fullmatch(GUID, group["id"]) and group["displayName"] == name and group["securityEnabled"] is True
    assert [item["id"] for item in listed(graph, "/groups", f"displayName eq '{name}'")] == [group["id"]]
    principal = new_principal()
    graph.add_member(group["id"], principal.object_id)
    members = listed(graph, f"/groups/{group['id']}/members")
    assert [member["id"] for member in members] == [principal.object_id]
    assert members[0]["@odata.type"] == "#microsoft.graph.servicePrincipal"
    twice = graph.call("POST", f"/groups/{group['id']}/members/$ref", json=graph.reference(principal.object_id))
    assert twice.status == 400, twice
    graph.remove_member(group["id"], principal.object_id)
    assert listed(graph, f"/groups/{group['id']}/members") == []
    assert graph.call("DELETE", f"/groups/{group['id']}/members/{principal.object_id}/$ref").status == 404
    graph.call("DELETE", f"/groups/{group['id']}").expect(204)
    assert error(graph.call("GET", f"/groups/{group['id']}").expect(404)) == "Request_ResourceNotFound"


def test_members_that_do_not_exist(graph):
    group = graph.create_group(content.unique("group"))
    for reference in (graph.reference(str(uuid.uuid4())), {"@odata.id": "x"}, {"@odata.id": 5}, {},
                      {"@odata.id": "https://graph.microsoft.com/v1.0/directoryObjects/../groups"}):
        answer = graph.call("POST", f"/groups/{group['id']}/members/$ref", json=reference)
        assert answer.status in (400, 404), answer
        assert error(answer)


@pytest.mark.parametrize("path,body", [
    ("/applications", {}), ("/applications", {"displayName": ""}), ("/applications", {"displayName": 5}), ("/applications", []),
    ("/applications", {"displayName": "x" * 300}), ("/servicePrincipals", {}), ("/servicePrincipals", {"appId": 5}),
    ("/servicePrincipals", {"appId": "x"}), ("/groups", {}), ("/groups", {"displayName": ""}), ("/groups", {"displayName": "x" * 300})],
    ids=lambda value: str(value)[:40])
def test_bodies_that_are_refused(graph, path, body):
    answer = graph.call("POST", path, json=body)
    assert answer.status == 400, answer
    assert error(answer) == "Request_BadRequest"


def test_repeated_keys_are_refused(graph):
    answer = graph.call("POST", "/applications", body=b'{"displayName":"a","displ\\u0061yName":"b"}', headers={"Content-Type": "application/json"})
    assert answer.status == 400, answer


@pytest.mark.parametrize("filter_text", ["nonsense", "displayName eq", "displayName eq 'x", "password eq 'x'", "displayName eq 'a' or 1 eq 1",
                                         "displayName eq 'x'; drop table applications"])
def test_filters_that_are_none(graph, filter_text):
    answer = graph.call("GET", "/applications?$filter=" + urllib.parse.quote(filter_text))
    assert answer.status == 400 and error(answer), answer


def test_names_with_quotes(graph):
    name = "O'Brien " + content.unique() + ' "quoted" \\ ; --'
    created = graph.create_application(name)
    assert [item["id"] for item in listed(graph, "/applications", "displayName eq '{}'".format(name.replace("'", "''")))] == [created["id"]]


def test_without_a_token_and_with_garbage(http):
    for headers in ({}, {"Authorization": "Bearer garbage"}, {"Authorization": "Basic YTpi"}):
        answer = http.get("/v1.0/applications", headers=headers)
        assert answer.status == 401, answer
        assert error(answer) == "InvalidAuthenticationToken"


@pytest.mark.parametrize("path", ["/applications/x", "/applications/" + str(uuid.UUID(int=0)), "/servicePrincipals/x", "/groups/x", "/nothing",
                                  "/applications/%00", "/applications/..%2fgroups"])
def test_what_is_not_there(graph, path):
    answer = graph.call("GET", path)
    assert answer.status in (400, 404), answer
    assert error(answer)


def test_deleting_an_application_ends_its_principal(graph, new_principal, registry, owner):
    principal = new_principal("AcrPull", registry.id)
    registry.oci(owner).push("image", content.image(), "latest")
    client = registry.oci(principal, "basic")
    client.get_manifest("image", "latest").expect(200)
    graph.call("DELETE", f"/applications/{principal.application_id}").expect(204)
    assert client.get_manifest("image", "latest").status == 401
    assert graph.call("GET", f"/servicePrincipals/{principal.object_id}").status == 404
