"""Repository tokens: every way to sign in, what a scope map lets them do, and that changes count at once
(acr-data-plane 1.7). What they must not reach is in test_attack_repository_tokens.py."""

import time

import pytest

from harness import challenge as challenges
from harness import content, tokens
from harness.content import digest_of
from harness.oci import NULL_USER, Oci


@pytest.fixture
def image(registry, owner):
    for name in ("app", "team/app", "team/base/os", "other"):
        registry.oci(owner).push(name, content.image(), "v1")
    return registry


class Token:
    """A repository token with its scope map, made by the owner."""

    def __init__(self, arm, registry, *actions: str, scope_map: str | None = None):
        self.arm, self.registry = arm, registry
        self.name, self.map = content.unique("token"), scope_map or content.unique("map")
        if scope_map is None:
            self.allow(*actions)
        self.put("enabled")
        self.passwords = {one["name"]: one["value"] for one in self.generate()}

    def allow(self, *actions: str) -> None:
        self.arm.call("PUT", f"{self.registry.id}/scopeMaps/{self.map}",
                      json={"properties": {"actions": list(actions)}}).expect(200, 201)

    def put(self, status: str) -> None:
        self.arm.call("PUT", f"{self.registry.id}/tokens/{self.name}", json={"properties": {
            "scopeMapId": f"{self.registry.id}/scopeMaps/{self.map}", "status": status}}).expect(200, 201)

    def generate(self, **more) -> list[dict]:
        return self.arm.call("POST", f"{self.registry.id}/generateCredentials", json={
            "tokenId": f"{self.registry.id}/tokens/{self.name}", **more}).expect(200).json()["passwords"]

    def oci(self, mode: str = "basic", password: str = "password1") -> Oci:
        return Oci(self.registry.http, self.registry.login_server, (self.name, self.passwords[password]), mode)

    def bearer(self, *scopes: str) -> Oci:
        answer = self.oci().fetch_token(self.registry.login_server, scopes).expect(200)
        return Oci(self.registry.http, self.registry.login_server, answer.json()["access_token"], "token")


@pytest.fixture
def puller(arm, image):
    return Token(arm, image, "repositories/app/content/read", "repositories/app/metadata/read")


@pytest.mark.parametrize("password", ["password1", "password2"])
@pytest.mark.parametrize("mode", ["basic", "bearer"])
def test_signs_in_with_either_password(puller, mode, password):
    client = puller.oci(mode, password)
    client.get("/v2/").expect(200)
    client.get_manifest("app", "v1").expect(200)
    client.get("/v2/app/tags/list").expect(200)
    client.get("/acr/v1/app/_tags").expect(200)
    for refused in (client.start_upload("app"), client.get_manifest("other", "v1"), client.get("/acr/v1/other"),
                    client.delete("/v2/app/manifests/v1"), client.get("/v2/_catalog"), client.get("/acr/v1/_catalog")):
        assert refused.status == 401, refused


def test_gets_access_tokens_from_either_token_call(puller, image):
    form = {"grant_type": "password", "service": image.login_server, "scope": "repository:app:pull,push repository:other:pull",
            "username": puller.name, "password": puller.passwords["password1"]}
    posted = image.oci(mode="none").post("/oauth2/token", form=form).expect(200).json()["access_token"]
    got = puller.bearer("repository:app:pull,push", "repository:other:pull").credentials
    for token in (posted, got):
        claims = tokens.decode(token)[1]
        assert claims["sub"] == puller.name and "oid" not in claims
        assert claims["access"] == [{"type": "repository", "name": "app", "actions": ["pull"]}]
        client = Oci(image.http, image.login_server, token, "token")
        client.get_manifest("app", "v1").expect(200)
        assert client.get_manifest("other", "v1").status == 401
    form["password"] = "wrong"
    image.oci(mode="none").post("/oauth2/token", form=form).expect(401)


def test_an_access_token_goes_as_a_password(puller, image):
    token = puller.bearer("repository:app:pull").credentials
    Oci(image.http, image.login_server, (NULL_USER, token), "basic").get_manifest("app", "v1").expect(200)


@pytest.mark.parametrize("actions,name,may", [
    (["repositories/app/content/read"], "app", {"pull"}),
    (["repositories/app/content/write"], "app", set()),
    (["repositories/app/content/read", "repositories/app/content/write"], "app", {"pull", "push"}),
    (["repositories/app/content/read", "repositories/*/content/write"], "app", {"pull", "push"}),
    (["repositories/app/content/delete"], "app", {"delete"}),
    (["repositories/app/metadata/read"], "app", {"read"}),
    (["repositories/app/metadata/write"], "app", {"write"}),
    (["repositories/*/content/read"], "team/base/os", {"pull"}),
    (["repositories/team/*/content/read"], "team/base/os", {"pull"}),
    (["repositories/team/*/content/read"], "other", set()),
    (["repositories/team/content/read"], "team/app", set()),
    (["repositories/APP/CONTENT/READ"], "app", {"pull"})])
def test_does_what_its_scope_map_says(image, arm, actions, name, may):
    token = Token(arm, image, *actions)
    for mode in ("basic", "bearer"):
        client = token.oci(mode)
        answers = {"pull": client.get_manifest(name, "v1"), "push": client.start_upload(name),
                   "delete": client.delete(f"/v2/{name}/manifests/none"), "read": client.get(f"/acr/v1/{name}"),
                   "write": client.patch(f"/acr/v1/{name}/_tags/v1", json={"listEnabled": True})}
        assert {what for what, answer in answers.items() if answer.status != 401} == may, (mode, answers)


@pytest.mark.parametrize("scope_map,may", [
    ("_repositories_admin", {"pull", "push", "delete", "attributes", "lock"}), ("_repositories_pull", {"pull"}),
    ("_repositories_push", {"pull", "push"}), ("_repositories_pull_metadata_read", {"pull", "attributes"}),
    ("_repositories_push_metadata_write", {"pull", "push", "attributes", "lock"})])
def test_scope_maps_of_the_system(image, arm, scope_map, may):
    client = Token(arm, image, scope_map=scope_map).oci()
    answers = {"pull": client.get_manifest("team/app", "v1"), "push": client.start_upload("new"),
               "delete": client.delete("/v2/other/manifests/none"), "attributes": client.get("/acr/v1/app"),
               "lock": client.patch("/acr/v1/app/_tags/v1", json={"listEnabled": True})}
    assert {what for what, answer in answers.items() if answer.status != 401} == may, answers


def test_pushes_and_mounts_between_its_repositories(image, arm, owner):
    token = Token(arm, image, "repositories/app/content/read", "repositories/app/content/write",
                  "repositories/team/app/content/read")
    client = token.oci("bearer")
    manifest = content.image()
    client.push("app", manifest, "v2")
    assert image.oci(owner).get_manifest("app", "v2").expect(200).body == client.get_manifest("app", "v2").body
    for source, status in (("team/app", 201), ("other", 202)):
        data = content.random_blob()
        image.oci(owner).push_blob(source, data)
        assert client.start_upload("app", f"?mount={digest_of(data)}&from={source}").status == status, source


def test_works_in_both_modes(puller, image, arm):
    for mode in ("AbacRepositoryPermissions", "LegacyRegistryPermissions"):
        arm.patch_registry(image.name, properties={"roleAssignmentMode": mode}).expect(200)
        puller.oci("bearer").get_manifest("app", "v1").expect(200)
        assert puller.oci().start_upload("app").status == 401


def test_a_refusal_names_token_scope_map_and_action(puller):
    answer = puller.oci().start_upload("app").expect(401)
    described = challenges.parse(answer.header("WWW-Authenticate")).parameters["error_description"]
    for text in (answer.json()["errors"][0]["message"], described):
        for part in (puller.name, puller.map, "repositories/app/content/write"):
            assert part in text, (part, text)
        assert "content/read" not in text


# Live: with tokens that were issued before


@pytest.fixture
def ways(puller):
    return {"basic": puller.oci(), "second password": puller.oci(password="password2"),
            "access token": puller.bearer("repository:app:pull,push", "repository:other:pull")}


def pulls(ways, name: str = "app") -> set[int]:
    return {client.get_manifest(name, "v1").status for client in ways.values()}


def test_a_changed_scope_map_counts_at_once(puller, ways):
    for _ in range(2):
        assert (pulls(ways), pulls(ways, "other")) == ({200}, {401})
        puller.allow("repositories/other/content/read")
        assert (pulls(ways), pulls(ways, "other")) == ({401}, {200})
        puller.allow("repositories/app/content/read", "repositories/app/metadata/read")


def test_another_scope_map_counts_at_once(puller, ways):
    assert pulls(ways, "other") == {401}
    puller.map = "_repositories_pull"
    puller.put("enabled")
    assert pulls(ways, "other") == {200}


def test_a_disabled_token_is_refused_at_once(puller, ways):
    puller.put("disabled")
    for client in ways.values():
        answer = client.get_manifest("app", "v1")
        assert answer.status == 401
        assert challenges.parse(answer.header("WWW-Authenticate")).parameters["error"] == "invalid_token"
    puller.oci().fetch_token(puller.registry.login_server, ["repository:app:pull"]).expect(401)
    puller.put("enabled")
    assert pulls(ways) == {200}


def test_a_deleted_token_is_nobody(puller, ways, arm, image):
    arm.call("DELETE", f"{image.id}/tokens/{puller.name}").expect(200, 202, 204)
    assert pulls(ways) == {401}
    puller.put("enabled")  # made anew under its name
    assert pulls(ways) == {401}


def test_a_new_password_ends_what_the_old_one_made(puller, ways):
    other = puller.bearer("repository:app:pull")
    [made] = puller.generate(name="password2")
    assert ways["second password"].get_manifest("app", "v1").status == 401
    assert ways["basic"].get_manifest("app", "v1").status == 200
    puller.passwords["password2"] = made["value"]
    puller.oci(password="password2").get_manifest("app", "v1").expect(200)
    puller.generate(name="password1")
    for client in (ways["basic"], ways["access token"], other):
        assert client.get_manifest("app", "v1").status == 401


def test_a_password_ends_when_it_expires(puller):
    soon = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 4))
    [made] = puller.generate(name="password2", expiry=soon)
    puller.passwords["password2"] = made["value"]
    client = puller.oci(password="password2")
    client.get_manifest("app", "v1").expect(200)
    answer = client.fetch_token(puller.registry.login_server, ["repository:app:pull"]).expect(200).json()["access_token"]
    bearer = Oci(puller.registry.http, puller.registry.login_server, answer, "token")
    bearer.get_manifest("app", "v1").expect(200)
    time.sleep(5)
    assert client.get_manifest("app", "v1").status == 401
    assert bearer.get_manifest("app", "v1").status == 401
    puller.oci().get_manifest("app", "v1").expect(200)
