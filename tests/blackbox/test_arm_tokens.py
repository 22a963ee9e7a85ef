"""Repository tokens and scope maps in ARM (azure-rbac-and-arm 0 point 6 and 4.5, acr-data-plane 1.7)."""

import base64
from datetime import UTC, datetime, timedelta

import pytest

VERSION = "2023-07-01"
READ = "repositories/hello/content/read"


class Tokens:
    """Scope maps and tokens of one registry, as one identity."""

    def __init__(self, arm, registry):
        self.arm = arm
        self.registry = registry

    def path(self, kind: str, name: str = "") -> str:
        return f"{self.registry.id}/{kind}" + (f"/{name}" if name else "")

    def put_map(self, name: str, *actions, **properties):
        return self.arm.call("PUT", self.path("scopeMaps", name), VERSION, json={"properties": {"actions": list(actions), **properties}})

    def put_token(self, name: str, scope_map: str = "_repositories_pull", **properties):
        properties = {"scopeMapId": self.path("scopeMaps", scope_map), "status": "enabled", **properties}
        return self.arm.call("PUT", self.path("tokens", name), VERSION, json={"properties": properties})

    def generate(self, token: str, **more):
        return self.arm.call("POST", self.path("generateCredentials"), VERSION, json={"tokenId": self.path("tokens", token), **more})

    def get(self, kind: str, name: str = ""):
        return self.arm.call("GET", self.path(kind, name), VERSION)

    def delete(self, kind: str, name: str):
        return self.arm.call("DELETE", self.path(kind, name), VERSION)


@pytest.fixture
def tokens(arm, registry):
    return Tokens(arm, registry)


# Scope maps

def test_life_of_a_scope_map(tokens):
    document = tokens.put_map("mine-1_x", READ, "repositories/hello/metadata/read", description="why").expect(201).json()
    assert document["id"] == tokens.path("scopeMaps", "mine-1_x") and document["name"] == "mine-1_x"
    assert document["type"] == "Microsoft.ContainerRegistry/registries/scopeMaps"
    assert "location" not in document and "tags" not in document
    properties = document["properties"]
    assert properties["actions"] == [READ, "repositories/hello/metadata/read"] and properties["description"] == "why"
    assert properties["type"] == "UserDefined" and properties["provisioningState"] == "Succeeded" and properties["creationDate"]
    assert tokens.get("scopeMaps", "MINE-1_X").expect(200).json() == document
    changed = tokens.arm.call("PATCH", document["id"], VERSION, json={"properties": {"actions": [READ]}}).expect(200).json()
    assert changed["properties"]["actions"] == [READ] and changed["properties"]["description"] == "why"
    assert tokens.put_map("mine-1_x", READ).expect(200).json()["properties"].get("description") is None
    assert tokens.delete("scopeMaps", "mine-1_x").status in (200, 202, 204)
    assert tokens.get("scopeMaps", "mine-1_x").status == 404
    assert tokens.delete("scopeMaps", "mine-1_x").status == 204


SYSTEM = {"_repositories_admin", "_repositories_pull", "_repositories_push", "_repositories_pull_metadata_read",
          "_repositories_push_metadata_write"}


def test_the_systems_scope_maps(tokens):
    tokens.put_map("another", READ).expect(201)
    listed = {item["name"]: item["properties"] for item in tokens.arm.list(tokens.path("scopeMaps"), VERSION)}
    assert set(listed) == SYSTEM | {"another"}
    assert {name for name, properties in listed.items() if properties["type"] == "SystemDefined"} == SYSTEM
    assert listed["_repositories_pull"]["actions"] == ["repositories/*/content/read"]
    assert set(listed["_repositories_push"]["actions"]) == {"repositories/*/content/read", "repositories/*/content/write"}
    assert len(listed["_repositories_admin"]["actions"]) == 5
    for name in SYSTEM:
        before = tokens.get("scopeMaps", name).expect(200).json()
        assert tokens.put_map(name, READ).status == 400
        assert tokens.arm.call("PATCH", before["id"], VERSION, json={"properties": {"actions": [READ]}}).status == 400
        assert tokens.delete("scopeMaps", name).status == 400
        assert tokens.get("scopeMaps", name).json() == before


@pytest.mark.parametrize("actions,kept", [
    (["Repositories/Hello/Content/READ"], [READ]), ([READ, READ], [READ]), (["repositories/*/content/read"], ["repositories/*/content/read"]),
    (["repositories/team/*/content/write"], ["repositories/team/*/content/write"]), (["repositories/a/b/c/metadata/write"], ["repositories/a/b/c/metadata/write"])])
def test_actions_that_are_accepted(tokens, actions, kept):
    assert tokens.put_map("actions", *actions).expect(201).json()["properties"]["actions"] == kept


@pytest.mark.parametrize("actions", [
    [], None, "x", [5], [""], ["content/read"], ["repositories/hello"], ["repositories/hello/content"], ["repositories/hello/content/list"],
    ["repositories/he*/content/read"], ["repositories/*lo/content/read"], ["repositories/*/*/content/read"], ["repositories/a*/b/content/read"],
    ["repositories//content/read"], ["repositories/../content/read"], ["repositories/a b/content/read"], ["gateway/x/config/read"],
    [READ, "nonsense"], [f"repositories/r{index}/content/read" for index in range(501)]], ids=lambda value: str(value)[:50])
def test_actions_that_are_refused(tokens, actions):
    answer = tokens.arm.call("PUT", tokens.path("scopeMaps", "refused"), VERSION, json={"properties": {"actions": actions}})
    assert answer.status == 400 and answer.json()["error"]["code"], answer
    assert tokens.get("scopeMaps", "refused").status == 404


@pytest.mark.parametrize("name", ["abcd", "a" * 51, "_mine5", "a.b.c.d", "with%20space"])
def test_names_that_are_refused(tokens, name):
    assert tokens.put_map(name, READ).status == 400
    assert tokens.put_token(name).status == 400


def test_a_scope_map_in_use_stays(tokens):
    tokens.put_map("in-use", READ).expect(201)
    tokens.put_token("user1", "in-use").expect(201)
    error = tokens.delete("scopeMaps", "in-use").expect(409).json()["error"]
    assert error["code"] == "ScopeMapInUse" and "user1" in error["message"]
    tokens.arm.call("PATCH", tokens.path("tokens", "user1"), VERSION,
                    json={"properties": {"scopeMapId": tokens.path("scopeMaps", "_repositories_pull")}}).expect(200)
    assert tokens.delete("scopeMaps", "in-use").status == 200


# Tokens

def test_life_of_a_token(tokens):
    document = tokens.put_token("mine1").expect(201).json()
    assert document["id"] == tokens.path("tokens", "mine1") and document["type"] == "Microsoft.ContainerRegistry/registries/tokens"
    assert "location" not in document
    properties = document["properties"]
    assert properties["scopeMapId"] == tokens.path("scopeMaps", "_repositories_pull") and properties["status"] == "enabled"
    assert properties["credentials"] == {"certificates": [], "passwords": []}, "az dies without it"
    assert properties["provisioningState"] == "Succeeded" and properties["creationDate"]
    disabled = tokens.arm.call("PATCH", document["id"], VERSION, json={"properties": {"status": "DISABLED"}}).expect(200).json()
    assert disabled["properties"]["status"] == "disabled"
    assert [item["name"] for item in tokens.arm.list(tokens.path("tokens"), VERSION)] == ["mine1"]
    assert tokens.delete("tokens", "mine1").status == 200
    assert tokens.get("tokens", "mine1").status == 404 and tokens.delete("tokens", "mine1").status == 204


def test_a_token_names_a_scope_map_of_its_registry(tokens, new_registry):
    other = Tokens(tokens.arm, new_registry())
    other.put_map("elsewhere", READ).expect(201)
    for scope_map in (other.path("scopeMaps", "elsewhere"), other.path("scopeMaps", "_repositories_pull"), tokens.path("scopeMaps", "none0"),
                      tokens.path("tokens", "refused"), tokens.registry.id, "_repositories_pull", "x", "", 5, None):
        answer = tokens.put_token("refused", scopeMapId=scope_map)
        assert answer.status == 400 and answer.json()["error"]["code"], (scope_map, answer)
    assert tokens.get("tokens", "refused").status == 404
    upper = tokens.put_token("spelled", scopeMapId=tokens.path("scopeMaps", "_REPOSITORIES_pull").upper().replace("/SUBSCRIPTIONS", "/subscriptions"))
    assert upper.expect(201).json()["properties"]["scopeMapId"] == tokens.path("scopeMaps", "_repositories_pull")


@pytest.mark.parametrize("properties", [{"status": "on"}, {"status": 5}, {"credentials": "x"}, {"credentials": {"passwords": "x"}},
                                        {"credentials": {"certificates": [{"name": "certificate1"}]}}], ids=str)
def test_tokens_that_are_refused(tokens, properties):
    assert tokens.put_token("refused", **properties).status == 400
    assert tokens.get("tokens", "refused").status == 404


# Passwords

def test_generated_passwords_are_shown_once(tokens):
    tokens.put_token("mine1").expect(201)
    made = tokens.generate("mine1").expect(200).json()
    assert made["username"] == "mine1"
    assert [one["name"] for one in made["passwords"]] == ["password1", "password2"]
    for one in made["passwords"]:
        assert len(one["value"]) >= 30 and one["creationTime"] and one["expiry"] is None
    shown = tokens.get("tokens", "mine1").json()["properties"]["credentials"]["passwords"]
    assert shown == [{name: one[name] for name in ("name", "creationTime", "expiry")} for one in made["passwords"]]
    ends = (datetime.now(UTC) + timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    [again] = tokens.generate("mine1", name="password2", expiry=ends).expect(200).json()["passwords"]
    assert again["name"] == "password2" and again["value"] != made["passwords"][1]["value"] and again["expiry"].startswith(ends[:19])
    everything = tokens.get("tokens", "mine1").body + tokens.get("tokens").body
    for value in (*(one["value"] for one in made["passwords"]), again["value"]):
        assert value.encode() not in everything


@pytest.mark.parametrize("body", [
    {}, {"tokenId": None}, {"tokenId": 5}, {"tokenId": "x"}, {"tokenId": "{registry}"}, {"tokenId": "{registry}/tokens/"},
    {"tokenId": "{registry}/scopeMaps/_repositories_pull"}, {"tokenId": "{registry}/tokens/mine1/x"}, {"tokenId": "{token}", "name": "password3"},
    {"tokenId": "{token}", "name": 5}, {"tokenId": "{token}", "expiry": "tomorrow"}, {"tokenId": "{token}", "expiry": 5},
    {"tokenId": "{token}", "expiry": "2001-01-01T00:00:00Z"}], ids=str)
def test_requests_for_passwords_that_are_refused(tokens, body):
    tokens.put_token("mine1").expect(201)
    filled = {name: value.replace("{registry}", tokens.registry.id).replace("{token}", tokens.path("tokens", "mine1")) if isinstance(value, str) else value
              for name, value in body.items()}
    answer = tokens.arm.call("POST", tokens.path("generateCredentials"), VERSION, json=filled)
    assert answer.status == 400, answer
    assert tokens.get("tokens", "mine1").json()["properties"]["credentials"]["passwords"] == []


def test_passwords_of_a_token_that_there_is_not(tokens, new_registry):
    assert tokens.generate("none0").status == 404
    other = Tokens(tokens.arm, new_registry())
    other.put_token("theirs").expect(201)
    answer = tokens.arm.call("POST", tokens.path("generateCredentials"), VERSION, json={"tokenId": other.path("tokens", "theirs")})
    assert answer.status == 400, answer


def test_passwords_that_are_taken_away(tokens):
    """As `az acr token credential delete` does: the token again, with the passwords that stay."""
    tokens.put_token("mine1").expect(201)
    made = {one["name"]: one["value"] for one in tokens.generate("mine1").expect(200).json()["passwords"]}
    shown = tokens.get("tokens", "mine1").json()["properties"]["credentials"]["passwords"]
    tokens.arm.call("PATCH", tokens.path("tokens", "mine1"), VERSION,
                    json={"properties": {"credentials": {"passwords": [one for one in shown if one["name"] == "password1"]}}}).expect(200)
    assert [one["name"] for one in tokens.get("tokens", "mine1").json()["properties"]["credentials"]["passwords"]] == ["password1"]
    for name, status in (("password1", 200), ("password2", 401)):
        answer = tokens.registry.http.get("/v2/", host=tokens.registry.login_server, headers=basic("mine1", made[name]))
        assert answer.status == status, (name, answer)
    # A PUT without credentials takes none away.
    tokens.put_token("mine1").expect(200)
    assert len(tokens.get("tokens", "mine1").json()["properties"]["credentials"]["passwords"]) == 1


def basic(name: str, password: str) -> dict:
    return {"Authorization": "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()}


# Who may

ROLES_MAY = {"Owner": True, "Contributor": True, "AcrPush": False, "Reader": False, "User Access Administrator": False}


@pytest.mark.parametrize("role", ROLES_MAY)
def test_who_may_write_tokens(tokens, new_principal, role):
    theirs = Tokens(new_principal(role, tokens.registry.id).arm, tokens.registry)
    expected = 201 if ROLES_MAY[role] else 403
    assert theirs.put_map("theirs", READ).status == expected
    assert theirs.put_token("theirs").status == expected
    tokens.put_token("mine1").expect(201)
    assert theirs.generate("mine1").status == (200 if ROLES_MAY[role] else 403)
    assert theirs.get("tokens", "mine1").status == (200 if role in ("Owner", "Contributor", "Reader", "User Access Administrator") else 403)
    listed = theirs.arm.call("GET", tokens.path("tokens"), VERSION).expect(200).json()["value"]
    assert bool(listed) == (role != "AcrPush")


def test_a_token_reaches_neither_arm_nor_another_registry(tokens, new_registry):
    """A Contributor makes themselves a token: it is worth nothing but in its registry's repositories."""
    other = new_registry()
    tokens.put_token("mighty", "_repositories_admin").expect(201)
    password = tokens.generate("mighty").expect(200).json()["passwords"][0]["value"]
    http, headers = tokens.registry.http, basic("mighty", password)
    assert http.get("/v2/", host=tokens.registry.login_server, headers=headers).status == 200
    assert http.get("/v2/", host=other.login_server, headers=headers).status == 401
    for path in (tokens.registry.id, tokens.path("tokens"), "/subscriptions"):
        assert http.get(f"{path}?api-version={VERSION}", headers=headers).status == 401
    form = {"grant_type": "client_credentials", "client_id": "mighty", "client_secret": password, "scope": "https://management.azure.com/.default"}
    assert http.request("POST", f"/{tokens.arm.bootstrap.tenant_id}/oauth2/v2.0/token", form=form).status in (400, 401)
    answer = http.get(f"/oauth2/token?service={tokens.registry.login_server}&scope=repository:hello:pull", host=tokens.registry.login_server, headers=headers)
    bearer = {"Authorization": f"Bearer {answer.expect(200).json()['access_token']}"}
    assert http.get(f"{tokens.registry.id}?api-version={VERSION}", headers=bearer).status == 401


def test_generic_lists_of_resources_show_no_tokens(tokens):
    tokens.put_token("mine1").expect(201)
    listed = tokens.arm.list(f"{tokens.arm.bootstrap.subscription_scope}/resources", "2021-04-01")
    assert listed and {item["type"] for item in listed} == {"Microsoft.ContainerRegistry/registries"}


def test_names_made_anew_start_with_nothing(tokens):
    tokens.put_token("mine1").expect(201)
    password = tokens.generate("mine1").expect(200).json()["passwords"][0]["value"]
    tokens.delete("tokens", "mine1").expect(200)
    tokens.put_token("mine1").expect(201)
    assert tokens.get("tokens", "mine1").json()["properties"]["credentials"]["passwords"] == []
    assert tokens.registry.http.get("/v2/", host=tokens.registry.login_server, headers=basic("mine1", password)).status == 401
