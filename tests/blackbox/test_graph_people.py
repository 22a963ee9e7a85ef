"""People at Graph: who signs in as a user reads the directory, is `/me`, and changes nothing; relations and properties as
clients send them."""

import urllib.parse

import pytest

from harness import content
from harness.browser import AZ_CLIENT

PASSWORD = "correct horse 7!"
GRAPH_USER_SCOPE = "https://graph.microsoft.com//.default offline_access openid profile"
GLOBAL_ADMINISTRATOR = "/directoryRoles/62e90394-69f5-4237-9190-012177145e10"


class Person:
    """A user with a token for Graph."""

    def __init__(self, http, tenant: str, name: str, object_id: str):
        self.http, self.tenant, self.name, self.object_id = http, tenant, name, object_id

    def token_answer(self, password: str = PASSWORD):
        return self.http.post(f"/{self.tenant}/oauth2/v2.0/token", form={
            "grant_type": "password", "client_id": AZ_CLIENT, "username": self.name, "password": password,
            "scope": GRAPH_USER_SCOPE, "client_info": "1"})

    def sign_in(self) -> "Person":
        self.token = self.token_answer().expect(200).json()["access_token"]
        return self

    def call(self, method: str, path: str, **more):
        return self.http.request(method, "/v1.0" + path, headers={"Authorization": f"Bearer {self.token}"}, **more)


@pytest.fixture
def person(graph, http, berth):
    name = f"{content.unique('ada')}@example.org"
    made = graph.call("POST", "/users", json={"displayName": "Ada", "userPrincipalName": name, "accountEnabled": True,
                                              "passwordProfile": {"password": PASSWORD}}).expect(201).json()
    return Person(http, berth.bootstrap.tenant_id, name, made["id"]).sign_in()


def denied(answer) -> bool:
    return answer.status == 403 and answer.json()["error"]["code"] == "Authorization_RequestDenied"


def test_a_person_reads_and_changes_nothing(person, graph):
    me = person.call("GET", "/me?$select=id,userPrincipalName").expect(200).json()
    assert (me["id"], me["userPrincipalName"]) == (person.object_id, person.name) and "displayName" not in me
    assert person.call("GET", f"/users/{person.name}").expect(200).json()["id"] == person.object_id
    group = graph.create_group(content.unique("group"))
    graph.add_member(group["id"], person.object_id)
    assert [one["id"] for one in person.call("GET", "/me/memberOf").expect(200).json()["value"]] == [group["id"]]
    assert person.call("POST", "/me/getMemberGroups", json={"securityEnabledOnly": True}).expect(200).json()["value"] == [group["id"]]
    assert person.call("GET", "/me/ownedObjects").expect(200).json()["value"] == []
    for method, path, body in (("POST", "/groups", {"displayName": "x"}), ("PATCH", f"/users/{person.name}", {"jobTitle": "x"}),
                               ("PATCH", f"/users/{person.name}", {"passwordProfile": {"password": "another horse 8!"}}),
                               ("DELETE", f"/groups/{group['id']}", None), ("POST", f"{GLOBAL_ADMINISTRATOR}/members/$ref", {}),
                               ("POST", f"/groups/{group['id']}/members/$ref", {}), ("POST", "/applications", {"displayName": "x"})):
        assert denied(person.call(method, path, json=body)), (method, path)


def test_a_person_who_administers_owns_what_they_make(person, graph):
    graph.call("POST", f"{GLOBAL_ADMINISTRATOR}/members/$ref", json=graph.reference(person.object_id)).expect(204)
    group = person.call("POST", "/groups", json={"displayName": content.unique("mine"), "mailEnabled": False,
                                                 "mailNickname": "mine", "securityEnabled": True}).expect(201).json()
    application = person.call("POST", "/applications", json={"displayName": content.unique("mine")}).expect(201).json()
    owned = {one["id"]: one["@odata.type"] for one in person.call("GET", "/me/ownedObjects").expect(200).json()["value"]}
    assert owned == {group["id"]: "#microsoft.graph.group", application["id"]: "#microsoft.graph.application"}
    assert [one["id"] for one in graph.call("GET", f"/groups/{group['id']}/owners").json()["value"]] == [person.object_id]
    graph.call("DELETE", f"{GLOBAL_ADMINISTRATOR}/members/{person.object_id}/$ref").expect(204)
    assert denied(person.call("DELETE", f"/groups/{group['id']}")), "owning is no right"


def test_disabling_and_a_new_password_end_what_the_old_one_gave(person, graph):
    graph.call("PATCH", f"/users/{person.object_id}", json={"passwordProfile": {"password": "another horse 8!"}}).expect(204)
    assert person.token_answer().status in (400, 401)
    assert person.token_answer("another horse 8!").status == 200
    graph.call("PATCH", f"/users/{person.object_id}", json={"accountEnabled": False}).expect(204)
    assert person.call("GET", "/me").status == 401
    assert person.token_answer("another horse 8!").status in (400, 401)


def test_revoked_sign_ins_end_refresh_tokens(person, graph, new_principal):
    """As in Entra: access tokens that were given before last their hour; who signs in again begins anew."""
    def refresh(token):
        return person.http.post(f"/{person.tenant}/oauth2/v2.0/token", form={
            "grant_type": "refresh_token", "client_id": AZ_CLIENT, "refresh_token": token, "scope": GRAPH_USER_SCOPE})

    for revoke in (lambda: graph.call("POST", f"/users/{person.object_id}/revokeSignInSessions"),
                   lambda: graph.call("POST", f"/users/{person.name}/revokeSignInSessions", json={}),
                   lambda: person.call("POST", "/me/revokeSignInSessions")):
        answer = person.token_answer().expect(200).json()
        person.token = answer["access_token"]
        person.call("GET", "/me").expect(200)
        assert revoke().expect(200).json()["value"] is True
        person.call("GET", "/me").expect(200)
        refused = refresh(answer["refresh_token"]).expect(400).json()
        assert refused["error"] == "invalid_grant", refused
    person.sign_in()
    assert denied(person.call("POST", f"/users/{person.object_id}/revokeSignInSessions")), "others' are an administrator's"
    assert denied(new_principal().graph.call("POST", f"/users/{person.object_id}/revokeSignInSessions"))
    assert graph.call("POST", "/me/revokeSignInSessions").status == 400, "an application is no user"
    nobody = "11111111-1111-4111-8111-111111111111"
    assert graph.call("POST", f"/users/{nobody}/revokeSignInSessions").status == 404
    person.call("GET", "/me").expect(200)


def test_a_renamed_user_is_the_same(person, graph):
    name = f"{content.unique('grace')}@example.org"
    graph.call("PATCH", f"/users/{person.name}", json={"userPrincipalName": name}).expect(204)
    assert person.call("GET", "/me").expect(200).json()["userPrincipalName"] == name
    assert graph.call("GET", f"/users/{person.name}").status == 404
    taken = graph.call("POST", "/users", json={"displayName": "x", "userPrincipalName": name.upper()})
    assert taken.status == 409 and taken.json()["error"]["code"] == "Request_MultipleObjectsWithSameKeyValue", taken


def listed(graph, path: str, **query: str):
    answer = graph.call("GET", f"{path}?{urllib.parse.urlencode({'$' + name: text for name, text in query.items()})}")
    return answer, [one["displayName"] for one in answer.json().get("value", [])] if answer.status == 200 else []


def test_what_az_and_people_ask_of_lists(graph):
    mark = content.unique("q")
    names = [f"{mark}-{letter}" for letter in "cab"]
    for name in names:
        graph.create_group(name)
    start = f"startswith(displayName,'{mark}')"
    assert listed(graph, "/groups", filter=start, orderby="displayName")[1] == sorted(names)
    assert listed(graph, "/groups", filter=start, orderby="displayName desc", top="2")[1] == sorted(names, reverse=True)[:2]
    assert listed(graph, "/groups", filter=f"displayName eq '{names[0]}' or displayName eq '{names[1]}'", orderby="displayName")[1] == sorted(names[:2])
    assert listed(graph, "/groups", filter=f"{start} and not endswith(displayName,'a')", orderby="displayName")[1] == sorted(names)[1:]
    assert listed(graph, "/groups", filter=f"displayName in ('{names[2]}','x')")[1] == [names[2]]
    assert listed(graph, "/groups", search=f'"displayName:{mark}"', count="true")[0].json()["@odata.count"] == 3
    assert graph.call("GET", f"/groups/$count?$filter={urllib.parse.quote(start)}").expect(200).body == b"3"
    page, seen = graph.call("GET", f"/groups?$top=1&$orderby=displayName&$select=displayName&$filter={urllib.parse.quote(start)}").json(), []
    while True:
        seen += [one["displayName"] for one in page["value"]]
        if "@odata.nextLink" not in page:
            break
        page = graph.call("GET", page["@odata.nextLink"].split("/v1.0", 1)[1]).expect(200).json()
    assert seen == sorted(names)


@pytest.mark.parametrize("query", [
    {"filter": "displayName eq 'x' or"}, {"filter": "not"}, {"filter": "displayName in ()"}, {"filter": "displayName eq 'x' or secret eq 'y'"},
    {"filter": "displayName eq 'x'' or 1 eq 1 --"}, {"filter": "(" * 40 + "displayName eq 'x'" + ")" * 40}, {"filter": "not " * 40 + "displayName eq 'x'"},
    {"orderby": "displayName; drop table principals"}, {"orderby": "passwordCredentials"}, {"search": "x"}, {"search": '"x"'}, {"search": '"displayName:x'},
    {"expand": "members"}, {"skip": "1"}, {"count": "2"}, {"top": "0"}, {"skiptoken": "x" * 36}, {"skiptoken": "0c0ffee0-0000-4000-8000-00000000dead!"}],
    ids=lambda query: str(query)[:50])
def test_questions_that_are_refused(graph, query):
    graph.create_application(content.unique("app"))
    answer, _ = listed(graph, "/applications", **query)
    assert answer.status == 400 and answer.json()["error"]["message"], answer


@pytest.mark.parametrize("change", [
    {"keyCredentials": 5}, {"keyCredentials": [5]}, {"keyCredentials": [{"key": "x"}]}, {"keyCredentials": [{"key": "AAAA"}]},
    {"keyCredentials": [{"keyId": "0c0ffee0-0000-4000-8000-00000000dead"}]}, {"web": {"redirectUris": ["javascript:alert(1)"]}},
    {"web": {"redirectUris": ["http://elsewhere.example/"]}}, {"web": {"redirectUris": ["https://x.example/#here"]}}, {"appId": "x"},
    {"nonsense": True}, {"identifierUris": ["x"]}, {"signInAudience": "Everybody"}, {"appRoles": {}}, {"owners@odata.bind": ["x"]}],
    ids=lambda change: str(change)[:50])
def test_changes_of_an_application_that_are_refused(graph, change):
    application = graph.create_application(content.unique("app"))
    path = f"/applications/{application['id']}"
    before = graph.call("GET", path).json()
    answer = graph.call("PATCH", path, json=change)
    assert answer.status == 400 and answer.json()["error"]["code"] == "Request_BadRequest", answer
    assert graph.call("GET", path).json() == before


def test_properties_are_kept_up_to_a_limit(graph):
    application = graph.create_application(content.unique("app"))
    graph.call("PATCH", f"/applications/{application['id']}", json={"notes": "x", "tags": ["a"]}).expect(204)
    shown = graph.call("GET", f"/applications/{application['id']}").json()
    assert shown["notes"] == "x" and shown["tags"] == ["a"] and shown["web"]["redirectUris"] == []
    too_much = graph.call("PATCH", f"/applications/{application['id']}", json={"tags": ["x" * 250] * 256, "identifierUris": [f"api://{n}/" + "x" * 200 for n in range(200)]})
    assert too_much.status in (400, 403, 413) and too_much.json()["error"]["message"], too_much
