"""The management packages that Azure publishes for JavaScript, against ARM as berth speaks it, and what VS Code's container
tools call. The programs stand in npm/, their packages in build/clients/npm (script/clients)."""

import json
from pathlib import Path

import pytest

from harness import content
from harness.oci import Oci
from sandbox import CLIENTS, Failed, need

FOLDER = Path(__file__).parent / "npm"
NULL_USER = "00000000-0000-0000-0000-000000000000"


@pytest.fixture
def run(sandbox, berth, ways):
    """run(program, principal, command, *words) -> what the program printed, as JSON."""
    need("node")
    modules = CLIENTS / "npm" / "node_modules"
    if not (modules / "@azure" / "arm-authorization").exists():
        pytest.skip("the packages of the npm client are not installed (script/clients gets them)")

    def call(program: str, principal, command: str, *words: str, **more: str):
        facts = berth.bootstrap
        output = sandbox.run(
            "node", FOLDER / program, command, *words, NODE_PATH=str(modules),
            NODE_EXTRA_CA_CERTS=str(ways["https"].place.ca_file), ENDPOINT=berth.https, TENANT=facts.tenant_id,
            SUBSCRIPTION=facts.subscription_id, GROUP=facts.resource_group, CLIENT_ID=principal.client_id,
            **({"CLIENT_SECRET": principal.secret} | more))
        return json.loads(output)

    return call


@pytest.fixture
def manage(run):
    return lambda principal, *words, **more: run("management.cjs", principal, *words, **more)


@pytest.fixture
def contributor(new_principal, arm):
    return new_principal("Contributor", arm.bootstrap.subscription_scope)


def test_subscriptions(manage, contributor, arm):
    facts = arm.bootstrap
    seen = manage(contributor, "subscriptions")
    assert facts.subscription_id in seen["subscriptions"] and seen["one"]
    assert facts.location in seen["locations"]
    assert seen["tenants"] == [facts.tenant_id]


def test_a_certificate_in_place_of_a_secret(manage, sandbox, new_principal, graph, arm):
    person = new_principal("Reader", arm.bootstrap.subscription_scope)
    key, certificate = sandbox.folder / "key.pem", sandbox.folder / "certificate.pem"
    sandbox.run(need("openssl"), "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=npm", "-days", "30",
                "-keyout", key, "-out", certificate)
    both = sandbox.folder / "both.pem"
    both.write_text(key.read_text() + certificate.read_text())
    with pytest.raises(Failed) as refusal:
        manage(person, "subscriptions", CERTIFICATE=str(both))
    assert "invalid_client" in refusal.value.output
    lines = certificate.read_text().strip().splitlines()[1:-1]
    graph.call("PATCH", f"/applications/{person.application_id}", json={"keyCredentials": [
        {"type": "AsymmetricX509Cert", "usage": "Verify", "key": "".join(lines), "displayName": "npm"}]}).expect(204)
    assert arm.bootstrap.subscription_id in manage(person, "subscriptions", CERTIFICATE=str(both))["subscriptions"]
    graph.call("PATCH", f"/applications/{person.application_id}", json={"keyCredentials": []}).expect(204)
    with pytest.raises(Failed):
        manage(person, "subscriptions", CERTIFICATE=str(both))


def test_operations_are_polled_in_all_three_styles(manage, owner, arm, oci, repository, first_registry):
    oci.push(repository, content.image(), "v1")
    name = content.unique("js").replace("-", "")
    seen = manage(owner, "styles", name, arm.bootstrap.location, first_registry.id, f"{repository}:v1")
    body, status = seen["body"], seen["status"]
    assert body["state"] == "Succeeded" and body["seen"][0] == ["PUT", "registries", 201]
    assert len(body["seen"]) > 1 and all(one == ["GET", "registries", 200] for one in body["seen"][1:])
    assert "operationStatuses" in [one[1] for one in status["seen"]] and "operationStatuses" in [one[1] for one in status["failed"]]
    assert "missing" in status["error"], status
    assert seen["location"]["seen"][0][::2] == ["DELETE", 202] and ["GET", "operationResults", 200] in seen["location"]["seen"]


def test_resource_group(manage, contributor, arm):
    name = content.unique("group")
    seen = manage(contributor, "group", name, arm.bootstrap.location)
    assert seen["before"] is False and seen["made"] == name and seen["listed"] is True
    assert seen["tag"] == "there" and seen["after"] is False
    assert {"Microsoft.ContainerRegistry", "Microsoft.Authorization"} <= set(seen["providers"])


def test_registry(manage, contributor, arm):
    name = content.unique("npm").replace("-", "")
    seen = manage(contributor, "registry", name, arm.bootstrap.location)
    assert seen["free"] is True and seen["taken"] is False
    assert seen["id"].endswith(f"/providers/Microsoft.ContainerRegistry/registries/{name}") and seen["state"] == "Succeeded"
    assert seen["admin"] is True and seen["tag"] == "b" and seen["user"] == name
    assert seen["renewed"] and seen["kept"], "one password at a time"
    assert "Size" in seen["usages"]
    assert name in seen["generic"] and name in seen["listed"] and name in seen["inGroup"] and name not in seen["after"]
    assert seen["loginServer"].startswith(name)


def test_tokens_and_scope_maps(manage, contributor, registry):
    seen = manage(contributor, "tokens", registry.name)
    assert seen["user"] == "sdk-token" and len(set(seen["passwords"])) == 2
    assert "sdk-map" in seen["maps"] and seen["tokens"] == ["sdk-token"] and seen["after"] == 0


def test_roles(manage, owner, new_principal, arm):
    other = new_principal()
    seen = manage(owner, "roles", arm.bootstrap.subscription_scope, other.object_id)
    assert seen == {"pull": "AcrPull", "role": "CustomRole", "assignment": True, "listed": True, "sameRole": True,
                    "after": False}


def test_a_refusal_says_who_may_not_do_what(manage, new_principal, arm):
    reader = new_principal("Reader", arm.bootstrap.subscription_scope)
    with pytest.raises(Failed) as refusal:
        manage(reader, "create", content.unique("no").replace("-", ""), arm.bootstrap.location)
    for word in ("AuthorizationFailed", "Microsoft.ContainerRegistry/registries/write", reader.object_id, "status 403"):
        assert word in refusal.value.output


def test_vscode_browses(run, new_principal, arm, first_registry, oci, repository):
    person = new_principal("Reader", arm.bootstrap.subscription_scope)
    image = content.image()
    oci.push(repository, image, "v1")
    seen = run("vscode.cjs", person, "browse", REGISTRY=first_registry.name)
    assert first_registry.name in seen["registries"] and seen["subscription"]
    assert seen["tags"][f"{repository}:v1"] == image.digest


def test_vscode_gets_credentials(run, new_principal, arm, first_registry, registry):
    facts = arm.bootstrap
    person = new_principal("Contributor", facts.subscription_scope)
    made = run("vscode.cjs", person, "credentials", facts.subscription_id, facts.resource_group, REGISTRY=first_registry.name)
    assert made["user"] == NULL_USER
    assert Oci(person.http, first_registry.login_server, (made["user"], made["secret"]), "basic").get("/v2/").status == 200
    arm.call("PATCH", registry.id, json={"properties": {"adminUserEnabled": True}}).expect(200)
    made = run("vscode.cjs", person, "credentials", facts.subscription_id, facts.resource_group, REGISTRY=registry.name)
    assert made["user"] == registry.name
    assert Oci(person.http, registry.login_server, (made["user"], made["secret"]), "basic").get("/v2/").status == 200


def test_vscode_removes(run, new_principal, arm, first_registry, oci, repository):
    person = new_principal("AcrDelete", first_registry.id)
    arm.assign("AcrPull", person.object_id, first_registry.id)
    image = content.image()
    oci.push(repository, image, "v1")
    oci.put_manifest(repository, "v2", image.data).expect(201)
    run("vscode.cjs", person, "untag", first_registry.login_server, repository, "v1")
    assert oci.get_manifest(repository, "v1").status == 404
    assert oci.get_manifest(repository, image.digest).status == 200
    assert run("vscode.cjs", person, "deleteImage", first_registry.login_server, repository, "v2") == {"digest": image.digest}
    assert oci.get_manifest(repository, image.digest).status == 404
    oci.push(repository, content.image(), "v3")
    run("vscode.cjs", person, "deleteRepository", first_registry.login_server, repository)
    assert oci.get_manifest(repository, "v3").status == 404
