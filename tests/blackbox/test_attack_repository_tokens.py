"""Repository tokens and scope maps: what they are not, what they do not reach, and that they end when they are ended."""

import time
from dataclasses import dataclass

import pytest

from harness import content, identities
from harness.content import digest_of
from harness.oci import NULL_USER, Oci, basic
from test_attack_revocation import Hammer


@dataclass
class Token:
    registry: object
    arm: object
    name: str
    password: str

    @property
    def id(self) -> str:
        return f"{self.registry.id}/tokens/{self.name}"

    @property
    def credentials(self) -> tuple[str, str]:
        return self.name, self.password

    def oci(self, registry=None, mode: str = "basic") -> Oci:
        registry = registry or self.registry
        return Oci(registry.http, registry.login_server, self.credentials, mode)

    def put(self, **properties):
        return self.arm.call("PUT", self.id, json={"properties": properties})


def scope_map_id(registry, name: str) -> str:
    return f"{registry.id}/scopeMaps/{name}"


def put_scope_map(arm, registry, name: str, *actions: str):
    return arm.call("PUT", scope_map_id(registry, name), json={"properties": {"actions": list(actions)}})


def passwords(arm, registry, token_id: str, **more) -> list[dict]:
    answer = arm.call("POST", f"{registry.id}/generateCredentials", json={"tokenId": token_id, **more})
    return answer.expect(200).json()["passwords"]


def new_token(arm, registry, *actions: str, scope_map: str | None = None, name: str | None = None) -> Token:
    name = name or content.unique("token")
    if scope_map is None:
        scope_map = content.unique("map")
        put_scope_map(arm, registry, scope_map, *actions).expect(200, 201)
    arm.call("PUT", f"{registry.id}/tokens/{name}",
             json={"properties": {"scopeMapId": scope_map_id(registry, scope_map)}}).expect(200, 201)
    return Token(registry, arm, name, passwords(arm, registry, f"{registry.id}/tokens/{name}", name="password1")[0]["value"])


@pytest.fixture
def image(registry, owner):
    manifest = content.image()
    for name in ("team/app", "team10/app", "team", "other"):
        registry.oci(owner).push(name, manifest, "v1")
    return manifest


@pytest.fixture
def administrator(arm, registry) -> Token:
    """A token with the widest scope map that there is."""
    return new_token(arm, registry, scope_map="_repositories_admin")


# A Contributor reaching for Owner through a scope map


def test_a_token_is_nobody_outside_its_registrys_data_plane(http, berth, registry, image, administrator, new_registry, owner):
    administrator.oci().get_manifest("other", "v1").expect(200)
    bearer = Oci(registry.http, registry.login_server, administrator.credentials).fetch_token(
        registry.login_server, ["repository:other:pull,push,delete"]).expect(200).json()["access_token"]
    for value in (basic(*administrator.credentials), f"Bearer {bearer}"):
        headers = {"Authorization": value}
        for path in (registry.id, f"{registry.id}/tokens", f"{registry.id}/listUsages", "/subscriptions"):
            assert http.get(f"{path}?api-version=2025-11-01", headers=headers).status == 401, path
        assert http.get("/v1.0/applications", headers=headers).status == 401
        assert http.post(f"{registry.id}/generateCredentials?api-version=2025-11-01", headers=headers,
                         json={"tokenId": administrator.id}).status == 401
        other = new_registry()
        other.oci(owner).push("other", content.image(), "v1")
        assert other.oci(mode="none").get_manifest("other", "v1", headers=headers).status == 401
    signing_in = http.post(f"/{berth.bootstrap.tenant_id}/oauth2/v2.0/token", form={
        "grant_type": "client_credentials", "client_id": administrator.name, "client_secret": administrator.password,
        "scope": "https://management.azure.com/.default"})
    assert signing_in.status in (400, 401), signing_in


def test_a_token_sees_no_catalog(registry, image, administrator):
    for path in ("/v2/_catalog", "/acr/v1/_catalog"):
        answer = administrator.oci().get(path)
        assert answer.status == 401 or answer.json()["repositories"] in ([], None), answer


def test_contributor_through_a_scope_map(registry, image, arm, new_principal):
    """Who may write tokens gets what tokens may do: content, which a Contributor has, and nothing of access."""
    contributor = new_principal("Contributor", registry.id)
    token = new_token(contributor.arm, registry, scope_map="_repositories_admin")
    token.oci().get_manifest("other", "v1").expect(200)
    path = arm.assignment_path(registry.id, "0c0ffee0-0000-4000-8000-0000000000aa")
    for value in (f"Bearer {contributor.arm.token}", basic(*token.credentials)):
        answer = registry.http.put(f"{path}?api-version=2022-04-01", headers={"Authorization": value}, json={"properties": {
            "roleDefinitionId": arm.role_id("8e3af657-a8ff-443c-a75c-2fe8c4bcb635"), "principalId": contributor.object_id}})
        assert answer.status in (401, 403), answer


def test_who_may_not_write_tokens(registry, arm, new_principal, administrator):
    """Neither those that only read nor those that only push."""
    for role in ("Reader", "AcrPush", "Container Registry Connected Registry Reader", "User Access Administrator"):
        principal = new_principal()
        roles = {"Container Registry Connected Registry Reader": "93f83a62-9a8b-4821-9827-5b3ee513aec3"}
        arm.assign(roles.get(role, role), principal.object_id, registry.id)
        for answer in (put_scope_map(principal.arm, registry, "mymap", "repositories/*/content/read"),
                       principal.arm.call("PUT", administrator.id, json={"properties": {
                           "scopeMapId": scope_map_id(registry, "_repositories_admin")}}),
                       principal.arm.call("PATCH", administrator.id, json={"properties": {"status": "disabled"}}),
                       principal.arm.call("DELETE", administrator.id),
                       principal.arm.call("POST", f"{registry.id}/generateCredentials", json={"tokenId": administrator.id})):
            assert answer.status == 403, (role, answer)


# Objects of another registry


def test_a_scope_map_or_token_of_another_registry(registry, image, arm, new_registry, owner, new_principal):
    """By its id, in a body that is sent to one's own registry (IDOR)."""
    other = new_registry()
    victim = new_token(arm, other, scope_map="_repositories_admin")
    put_scope_map(arm, other, "theirs", "repositories/*/content/read").expect(200, 201)
    contributor = new_principal("Contributor", registry.id)
    for scope_map in (scope_map_id(other, "_repositories_admin"), scope_map_id(other, "theirs"), "_repositories_admin", "",
                      f"{registry.id}/../{other.name}/scopeMaps/theirs", registry.id, f"{scope_map_id(registry, 'absent')}"):
        answer = contributor.arm.call("PUT", f"{registry.id}/tokens/mytoken", json={"properties": {"scopeMapId": scope_map}})
        assert 400 <= answer.status < 500, (scope_map, answer)
    for token_id in (victim.id, victim.name, f"{registry.id}/tokens/../../{other.name}/tokens/{victim.name}",
                     f"{registry.id}/tokens/absent"):
        answer = contributor.arm.call("POST", f"{registry.id}/generateCredentials", json={"tokenId": token_id})
        assert 400 <= answer.status < 500, (token_id, answer)
    assert victim.oci().get("/v2/a/tags/list").status == 404
    assert contributor.arm.call("POST", f"{other.id}/generateCredentials", json={"tokenId": victim.id}).status == 403


# What a scope map covers


def test_wildcards_end_at_a_slash(registry, image, arm):
    token = new_token(arm, registry, "repositories/team/*/content/read").oci()
    assert token.get_manifest("team/app", "v1").status == 200
    for name in ("team10/app", "team", "other"):
        assert token.get_manifest(name, "v1").status == 401, name


@pytest.mark.parametrize("actions", [
    (), ("repositories/team*/content/read",), ("repositories/*/app/content/read",), ("*",), ("repositories/*/*",),
    ("repositories/team/content/*",), ("repositories/../other/content/read",), ("registries/read",),
    ("repositories/team/content/read ", "repositories//content/read"), ("Microsoft.Authorization/roleAssignments/write",),
    ("repositories/téam/content/read",), ("gateway/x/config/read",) * 2000,
], ids=lambda actions: " ".join(actions)[:40])
def test_actions_that_are_none(registry, arm, actions):
    answer = put_scope_map(arm, registry, "badmap", *actions)
    assert answer.status == 400, answer
    assert arm.call("GET", scope_map_id(registry, "badmap")).status == 404


@pytest.mark.parametrize("name", ["_repositories_admin", "_repositories_pull", "_repositories_push", "_REPOSITORIES_PULL"])
def test_scope_maps_of_the_system_stay_as_they_are(registry, arm, image, name):
    token = new_token(arm, registry, scope_map="_repositories_pull").oci()
    wider = {"properties": {"actions": ["repositories/*/content/delete"]}}
    for answer in (put_scope_map(arm, registry, name, "repositories/*/content/delete"),
                   arm.call("PATCH", scope_map_id(registry, name), json=wider),
                   arm.call("DELETE", scope_map_id(registry, name))):
        assert 400 <= answer.status < 500, answer
    assert token.get_manifest("other", "v1").status == 200
    assert token.delete("/v2/other/manifests/v1").status == 401


def test_each_action_is_its_own(registry, image, arm):
    """Pushing needs reading too; deleting, metadata and content are apart."""
    blob = digest_of(image.blobs[0])
    calls = {"pull": ("GET", "/v2/other/manifests/v1"), "push": ("POST", "/v2/other/blobs/uploads/"),
             "delete": ("DELETE", f"/v2/other/manifests/{content.random_digest()}"),
             "attributes": ("GET", "/acr/v1/other"), "lock": ("PATCH", "/acr/v1/other")}
    granted = {("content/read",): {"pull"}, ("content/write",): set(), ("content/read", "content/write"): {"pull", "push"},
               ("content/delete",): {"delete"}, ("metadata/read",): {"attributes"}, ("metadata/write",): {"lock"}}
    for actions, may in granted.items():
        token = new_token(arm, registry, *(f"repositories/other/{action}" for action in actions)).oci()
        for what, (method, path) in calls.items():
            answer = token.request(method, path, **({"json": {"listEnabled": True}} if method == "PATCH" else {}))
            assert (answer.status != 401) == (what in may), (actions, what, answer)
        assert token.get_blob("team/app", blob).status == 401


def test_a_narrow_bearer_of_a_token_is_narrow(registry, image, administrator):
    bearer = Oci(registry.http, registry.login_server, administrator.credentials).fetch_token(
        registry.login_server, ["repository:other:pull"]).expect(200).json()["access_token"]
    for value in (f"Bearer {bearer}", basic(NULL_USER, bearer), basic(administrator.name, bearer)):
        client = registry.oci(mode="none")
        assert client.post("/v2/other/blobs/uploads/", headers={"Authorization": value}).status == 401
        assert client.get_manifest("team", "v1", headers={"Authorization": value}).status == 401


# Names


def test_names_that_others_bear(registry, image, arm, owner, new_principal):
    """A token called as the registry (whose admin user bears that name), or as a client id: each password opens its own."""
    arm.patch_registry(registry.name, properties={"adminUserEnabled": True}).expect(200)
    admin = arm.call("POST", f"{registry.id}/listCredentials").expect(200).json()["passwords"][0]["value"]
    puller = new_principal("AcrPull", registry.id)
    for name in (registry.name, puller.client_id, puller.object_id, NULL_USER):
        made = arm.call("PUT", f"{registry.id}/tokens/{name}", json={"properties": {
            "scopeMapId": scope_map_id(registry, "_repositories_admin")}})
        if made.status not in (200, 201):
            assert 400 <= made.status < 500, made
            continue
        password = passwords(arm, registry, f"{registry.id}/tokens/{name}", name="password1")[0]["value"]
        token = Oci(registry.http, registry.login_server, (name, password), "basic")
        # It may work as the token or not at all, but not as the principal that the name is of.
        assert token.get("/v2/_catalog").status == 401
    client = Oci(registry.http, registry.login_server, puller.credentials, "basic")
    assert client.get_manifest("other", "v1").status == 200
    assert client.delete("/v2/other/manifests/none").status == 401
    assert Oci(registry.http, registry.login_server, (registry.name, admin), "basic").get_manifest("other", "v1").status == 200


def test_a_token_made_anew_has_no_old_password(registry, image, arm):
    token = new_token(arm, registry, scope_map="_repositories_pull")
    token.oci().get_manifest("other", "v1").expect(200)
    bearer = Oci(registry.http, registry.login_server, token.credentials).fetch_token(
        registry.login_server, ["repository:other:pull"]).expect(200).json()["access_token"]
    arm.call("DELETE", token.id).expect(200, 202, 204)
    arm.call("PUT", token.id, json={"properties": {"scopeMapId": scope_map_id(registry, "_repositories_pull")}}).expect(200, 201)
    for value in (basic(*token.credentials), f"Bearer {bearer}"):
        assert registry.oci(mode="none").get_manifest("other", "v1", headers={"Authorization": value}).status == 401


def test_tokens_of_a_registry_made_anew(new_registry, arm, owner):
    registry = new_registry()
    token = new_token(arm, registry, scope_map="_repositories_pull")
    arm.delete_registry(registry.name).expect(200)
    arm.put_registry(registry.name).expect(201)
    registry.oci(owner).push("other", content.image(), "v1")
    assert token.oci().get_manifest("other", "v1").status == 401
    assert arm.call("GET", token.id).status == 404


# Secrets


def test_passwords_are_shown_once(registry, arm, administrator, new_principal):
    reader = new_principal("Reader", registry.id)
    for who in (arm, reader.arm):
        for path in (administrator.id, f"{registry.id}/tokens"):
            answer = who.call("GET", path).expect(200)
            assert administrator.password.encode() not in answer.body, answer
    assert reader.arm.call("POST", f"{registry.id}/generateCredentials", json={"tokenId": administrator.id}).status == 403


def test_a_password_cannot_be_chosen(registry, image, arm):
    """Not in the token's body either (mass assignment)."""
    for body in ({"passwords": [{"name": "password1", "value": "chosen-by-me-1234567890"}]},
                 {"username": "other", "passwords": [{"name": "password1", "value": "chosen-by-me-1234567890"}]}):
        arm.call("PUT", f"{registry.id}/tokens/chosen", json={"properties": {
            "scopeMapId": scope_map_id(registry, "_repositories_admin"), "credentials": body}})
        for user in ("chosen", "other"):
            client = Oci(registry.http, registry.login_server, (user, "chosen-by-me-1234567890"), "basic")
            assert client.get_manifest("other", "v1").status == 401


# Ending them, while they are used


def requests_of(token: Token) -> list:
    bearer = Oci(token.registry.http, token.registry.login_server, token.credentials).fetch_token(
        token.registry.login_server, ["repository:other:pull"]).expect(200).json()["access_token"]

    def pull(value: str):
        return lambda client: client.get("/v2/other/manifests/v1", host=token.registry.login_server,
                                         headers={"Authorization": value}).status

    return [pull(basic(*token.credentials)), pull(f"Bearer {bearer}")]


@pytest.mark.parametrize("how", ["disabled", "deleted", "another scope map", "a narrower scope map"])
def test_ended_while_it_is_used(http, registry, image, arm, how):
    for _ in range(3):
        token = new_token(arm, registry, "repositories/other/content/read")
        shown = arm.call("GET", token.id).expect(200).json()["properties"]["scopeMapId"]
        ends = {
            "disabled": lambda: token.put(scopeMapId=shown, status="disabled").expect(200, 201),
            "deleted": lambda: arm.call("DELETE", token.id).expect(200, 202, 204),
            "another scope map": lambda: (
                put_scope_map(arm, registry, "elsewhere", "repositories/nowhere/content/read").expect(200, 201),
                token.put(scopeMapId=scope_map_id(registry, "elsewhere")).expect(200, 201)),
            "a narrower scope map": lambda: put_scope_map(arm, registry, shown.rpartition("/")[2],
                                                          "repositories/other/metadata/read").expect(200, 201),
        }
        with Hammer(http.base, requests_of(token)) as hammer:
            ends[how]()
            # A name that is not there takes as long to refuse as a wrong password does.
            hammer.check_nothing_since(time.monotonic(), 3 if how == "deleted" else 10)


def test_a_password_replaced_while_it_is_used(http, registry, image, arm):
    token = new_token(arm, registry, "repositories/other/content/read")
    with Hammer(http.base, requests_of(token)[:1]) as hammer:
        passwords(arm, registry, token.id, name="password1")
        hammer.check_nothing_since(time.monotonic())


def test_a_principal_with_a_tokens_name(registry, image, graph, administrator):
    """And the other way round: a service principal that is called as a token, is not it."""
    principal = identities.new_principal(graph, administrator.name)
    for user in (administrator.name, principal.client_id):
        answer = Oci(registry.http, registry.login_server, (user, principal.secret), "basic").get_manifest("other", "v1")
        assert answer.status == 401
