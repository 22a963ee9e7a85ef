"""What a second look at rights found: each of these went through once."""

import pytest

from harness.oci import Oci


@pytest.fixture
def repository_token(registry, arm):
    """The id of a token that may do everything in the registry, and its two passwords."""
    path = f"{registry.id}/tokens/reviewed"
    arm.call("PUT", path, json={"properties": {"scopeMapId": f"{registry.id}/scopeMaps/_repositories_admin"}}).expect(201)
    made = arm.call("POST", f"{registry.id}/generateCredentials", json={"tokenId": path}).expect(200).json()
    return path, {one["name"]: one["value"] for one in made["passwords"]}


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
def test_a_password_taken_out_of_a_token(registry, arm, repository_token, method):
    """A write of the token that leaves a password out removes it: what was remembered of it counts no more."""
    path, passwords = repository_token
    removed, kept = (Oci(registry.http, registry.login_server, ("reviewed", passwords[name]), "basic")
                     for name in ("password1", "password2"))
    fetched = Oci(registry.http, registry.login_server, ("reviewed", passwords["password1"])).fetch_token(
        registry.login_server, ["repository:app:pull"]).expect(200).json()["access_token"]
    bearer = Oci(registry.http, registry.login_server, fetched, "token")
    for client in (removed, kept, bearer):
        assert client.get_manifest("app", "v1").status == 404

    properties = {"scopeMapId": f"{registry.id}/scopeMaps/_repositories_admin",
                  "credentials": {"passwords": [{"name": "password2"}]}}
    answer = arm.call(method, path, json={"properties": properties}).expect(200).json()
    assert [one["name"] for one in answer["properties"]["credentials"]["passwords"]] == ["password2"]
    assert removed.get_manifest("app", "v1").status == 401
    assert bearer.get_manifest("app", "v1").status == 401
    assert kept.get_manifest("app", "v1").status == 404
