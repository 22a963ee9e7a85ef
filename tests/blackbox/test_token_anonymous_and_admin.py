"""Anonymous pull and the admin user: off by default, on by the registry's properties, at once."""

import pytest

from harness import content, tokens
from harness.oci import Oci, basic


@pytest.fixture
def open_registry(new_registry, owner):
    """A registry with anonymous pull and one image in it."""
    registry = new_registry(anonymousPullEnabled=True)
    registry.oci(owner).push("open/image", content.image(mark="open"), "latest")
    return registry


def test_nobody_pulls_where_it_is_allowed(open_registry):
    nobody = open_registry.oci()
    manifest = nobody.get_manifest("open/image", "latest").expect(200).json()
    nobody.get_blob("open/image", manifest["layers"][0]["digest"]).expect(200)
    assert nobody.tags("open/image") == ["latest"]
    assert nobody.referrers("open/image", content.random_digest()) == []
    assert nobody.get("/v2/_catalog").expect(200).json()["repositories"] == ["open/image"]


def test_nobody_only_pulls(open_registry):
    nobody = open_registry.oci()
    for answer in (nobody.start_upload("open/image"), nobody.put_manifest("open/image", "x", content.image().data),
                   nobody.delete("/v2/open/image/manifests/latest")):
        assert answer.status == 401, answer


def test_nobody_is_challenged_even_there(open_registry):
    """SDKs wait for the challenge (acr-data-plane section 1.1)."""
    answer = open_registry.oci(mode="none").get_manifest("open/image", "latest")
    assert answer.status == 401, answer
    assert open_registry.oci(mode="none").get("/v2/").status == 401


def test_token_of_nobody(open_registry):
    login = open_registry.login_server
    nobody = open_registry.oci(mode="none")
    for answer in (nobody.get(f"/oauth2/token?service={login}&scope=repository:open/image:pull"),
                   nobody.post("/oauth2/token", form={"grant_type": "password", "service": login, "scope": "repository:open/image:pull"}),
                   nobody.post("/oauth2/token", form={"grant_type": "password", "service": login, "scope": "repository:open/image:pull",
                                                      "refresh_token": ""})):
        _, claims = tokens.decode(answer.expect(200).json()["access_token"])
        assert claims["sub"] == "acr_anon_pull"
        assert claims["exp"] - claims["nbf"] == 1_200
        assert any(entry["type"] == "repository" and entry["actions"] == ["pull"] for entry in claims["access"])


def test_switching_it_off_ends_tokens_of_nobody(open_registry, arm):
    login = open_registry.login_server
    token = open_registry.oci(mode="none").get(f"/oauth2/token?service={login}&scope=repository:open/image:pull").json()["access_token"]
    client = Oci(open_registry.http, login, token, "token")
    client.get_manifest("open/image", "latest").expect(200)
    arm.patch_registry(open_registry.name, properties={"anonymousPullEnabled": False}).expect(200, 201)
    assert client.get_manifest("open/image", "latest").status == 401
    arm.patch_registry(open_registry.name, properties={"anonymousPullEnabled": True}).expect(200, 201)
    client.get_manifest("open/image", "latest").expect(200)


def test_nobody_does_not_mount(open_registry, owner):
    nobody = open_registry.oci()
    digest = open_registry.oci(owner).push_blob("open/image", content.random_blob())
    assert nobody.post(f"/v2/open/other/blobs/uploads/?mount={digest}&from=open/image").status == 401


# The admin user

def passwords(arm, registry) -> list[str]:
    answer = arm.call("POST", registry.id + "/listCredentials").expect(200).json()
    assert answer["username"] == registry.name
    assert [password["name"] for password in answer["passwords"]] == ["password", "password2"]
    return [password["value"] for password in answer["passwords"]]


@pytest.fixture
def admin_registry(new_registry, owner):
    registry = new_registry(adminUserEnabled=True)
    registry.oci(owner).push("image", content.image(), "latest")
    return registry


@pytest.mark.parametrize("mode", ["bearer", "basic"])
def test_admin_pulls_pushes_and_deletes(admin_registry, arm, mode):
    for password in passwords(arm, admin_registry):
        admin = Oci(admin_registry.http, admin_registry.login_server, (admin_registry.name, password), mode)
        admin.get_manifest("image", "latest").expect(200)
        digest = admin.push("mine", content.image(), "latest")
        assert admin.get("/v2/_catalog").expect(200).json()["repositories"] == ["image", "mine"]
        admin.delete(f"/v2/mine/manifests/{digest}").expect(202)


def test_admin_passwords_are_two_and_do_not_begin_with_a_dash(admin_registry, arm):
    first = passwords(arm, admin_registry)
    assert first == passwords(arm, admin_registry)
    assert len(set(first)) == 2
    assert not any(password.startswith("-") for password in first)


def test_admin_is_refused_while_disabled(new_registry, arm, admin_registry):
    [password, _] = passwords(arm, admin_registry)
    admin = Oci(admin_registry.http, admin_registry.login_server, (admin_registry.name, password), "basic")
    token = admin.fetch_token(admin_registry.login_server, ["repository:image:pull"]).expect(200).json()["access_token"]
    bearer = Oci(admin_registry.http, admin_registry.login_server, token, "token")
    bearer.get_manifest("image", "latest").expect(200)
    admin.get("/v2/").expect(200)
    arm.patch_registry(admin_registry.name, properties={"adminUserEnabled": False}).expect(200, 201)
    assert admin.get("/v2/").status == 401
    assert bearer.get_manifest("image", "latest").status == 401
    refused = arm.call("POST", admin_registry.id + "/listCredentials")
    assert refused.status == 400, refused


def test_regenerating_one_password_leaves_the_other(admin_registry, arm):
    first, second = passwords(arm, admin_registry)
    clients = [Oci(admin_registry.http, admin_registry.login_server, (admin_registry.name, password), "basic") for password in (first, second)]
    for client in clients:
        client.get("/v2/").expect(200)
    answer = arm.call("POST", admin_registry.id + "/regenerateCredential", json={"name": "password"}).expect(200).json()
    values = {password["name"]: password["value"] for password in answer["passwords"]}
    assert values["password"] != first and values["password2"] == second
    assert clients[0].get("/v2/").status == 401
    clients[1].get("/v2/").expect(200)
    Oci(admin_registry.http, admin_registry.login_server, (admin_registry.name, values["password"]), "basic").get("/v2/").expect(200)


def test_regenerating_something_else_is_400(admin_registry, arm):
    for body in ({"name": "password3"}, {"name": 5}, {}, []):
        answer = arm.call("POST", admin_registry.id + "/regenerateCredential", json=body)
        assert answer.status == 400, answer


def test_admin_of_one_registry_is_nobody_at_another(admin_registry, new_registry, arm):
    other = new_registry(adminUserEnabled=True)
    [password, _] = passwords(arm, admin_registry)
    for name in (admin_registry.name, other.name):
        assert Oci(other.http, other.login_server, (name, password), "basic").get("/v2/").status == 401


def test_admin_is_nobody_in_the_control_plane(admin_registry, arm, http):
    [password, _] = passwords(arm, admin_registry)
    answer = http.get(admin_registry.id + "?api-version=2025-11-01", headers={"Authorization": basic(admin_registry.name, password)})
    assert answer.status == 401, answer


def test_passwords_are_for_those_with_the_action(admin_registry, new_principal):
    for role in ("Reader", "AcrPush", "AcrPull"):
        principal = new_principal(role, admin_registry.id)
        for action in ("listCredentials", "regenerateCredential"):
            answer = principal.arm.call("POST", f"{admin_registry.id}/{action}", json={"name": "password"})
            assert answer.status == 403 and answer.json()["error"]["code"] == "AuthorizationFailed", answer
            assert f"registries/{action}/action" in answer.json()["error"]["message"]
    assert len(passwords(new_principal("Contributor", admin_registry.id).arm, admin_registry)) == 2


def test_a_registry_made_anew_has_new_passwords(admin_registry, new_registry, arm):
    [password, _] = passwords(arm, admin_registry)
    arm.delete_registry(admin_registry.name).expect(200, 202, 204)
    again = new_registry(admin_registry.name, adminUserEnabled=True)
    assert password not in passwords(arm, again)
    assert Oci(again.http, again.login_server, (again.name, password), "basic").get("/v2/").status == 401
