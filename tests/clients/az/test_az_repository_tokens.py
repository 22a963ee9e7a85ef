"""az acr scope-map and az acr token: rights for some repositories, without an identity of the directory."""

from harness.content import image, unique
from harness.oci import Oci


def test_a_token_does_what_its_scope_map_says(az, cloud, registry):
    r = registry.name
    made = az(f"acr scope-map create -r {r} -n builders --repository app content/read content/write --description builds")
    assert sorted(made["actions"]) == ["repositories/app/content/read", "repositories/app/content/write"]
    token = az(f"acr token create -r {r} -n builder --scope-map builders")
    password = token["credentials"]["passwords"][0]["value"]

    client = Oci(registry.http, registry.login_server, ("builder", password))
    client.push("app", image(), reference="1")
    client.get_manifest("other", "1").expect(401)
    az(f"acr scope-map update -r {r} -n builders --add-repository other content/read --remove-repository app content/write")
    assert sorted(az(f"acr scope-map show -r {r} -n builders")["actions"]) == [
        "repositories/app/content/read", "repositories/other/content/read"]
    registry.oci(cloud.owner).push("other", image(), reference="1")
    Oci(registry.http, registry.login_server, ("builder", password)).get_manifest("other", "1").expect(200)

    assert [found["name"] for found in az(f"acr token list -r {r}")] == ["builder"]
    az(f"acr token update -r {r} -n builder --status disabled")
    Oci(registry.http, registry.login_server, ("builder", password)).get_manifest("other", "1").expect(401)
    assert "ScopeMapInUse" in az.refused(f"acr scope-map delete -r {r} -n builders -y")
    az(f"acr token delete -r {r} -n builder -y")
    az(f"acr scope-map delete -r {r} -n builders -y")
    assert "builders" not in [found["name"] for found in az(f"acr scope-map list -r {r}")]


def test_passwords_are_generated_and_removed(az, registry):
    r = registry.name
    az(f"acr token create -r {r} -n quick --repository app content/read metadata/read --no-passwords true")
    first = az(f"acr token credential generate -r {r} -n quick --password1 --expiration-in-days 3")
    assert first["username"] == "quick" and first["passwords"][0]["expiry"]
    both = az(f"acr token credential generate -r {r} -n quick --password2")
    assert [password["name"] for password in both["passwords"] if password.get("value")] == ["password2"]
    shown = az(f"acr token show -r {r} -n quick")
    assert [password["name"] for password in shown["credentials"]["passwords"]] == ["password1", "password2"]
    assert not any(password.get("value") for password in shown["credentials"]["passwords"])
    az(f"acr token credential delete -r {r} -n quick --password1")
    left = az(f"acr token show -r {r} -n quick")["credentials"]["passwords"]
    assert [password["name"] for password in left] == ["password2"]


def test_names_and_rights_that_do_not_exist_are_refused(az, registry):
    assert "InvalidResourceName" in az.refused(f"acr token create -r {registry.name} -n x --repository app content/read")
    assert "ResourceNotFound" in az.refused(f"acr token show -r {registry.name} -n {unique('none')}")
    assert az.refused(f"acr scope-map create -r {registry.name} -n builders --repository app content/everything")
