"""The packages that Azure publishes for Python: azure-containerregistry for content, azure-mgmt-containerregistry for ARM.
The program that uses them is python/management.py, its packages are in build/clients/python (script/clients)."""

import json
from pathlib import Path

import pytest

from harness import content
from harness.http_client import Http
from harness.identities import bootstrap_owner
from sandbox import CLIENTS, Failed, need

PROGRAM = Path(__file__).parent / "python" / "management.py"


@pytest.fixture
def python(sandbox, berth, ways):
    """python(principal, command, *words) -> what the program printed, as JSON."""
    interpreter = CLIENTS / "python" / "bin" / "python"
    if not (CLIENTS / "python.version").exists():
        pytest.skip("Azure's packages for Python are not installed (script/clients gets them)")
    facts = berth.bootstrap
    ca_file = str(ways["https"].place.ca_file)

    def call(principal, command: str, *words: str):
        output = sandbox.run(
            interpreter, PROGRAM, command, *words, REQUESTS_CA_BUNDLE=ca_file, SSL_CERT_FILE=ca_file, ENDPOINT=berth.https,
            TENANT=facts.tenant_id, SUBSCRIPTION=facts.subscription_id, GROUP=facts.resource_group,
            CLIENT_ID=principal.client_id, CLIENT_SECRET=principal.secret)
        return json.loads(output)

    return call


def test_push_and_pull(python, new_principal, repository, stored):
    pushed = python(new_principal("AcrPush"), "push_and_pull", repository, "v1")
    assert pushed["same"] is True
    assert stored(f"{repository}:v1") == {pushed["digest"], *pushed["blobs"]}


def test_tags_manifests_and_locks(python, new_principal, arm, oci, repository):
    person = new_principal("Contributor", arm.bootstrap.registry_id)
    for role in ("AcrPush", "AcrDelete"):
        arm.assign(role, person.object_id, arm.bootstrap.registry_id)
    image = content.image()
    oci.push(repository, image, "old")
    oci.put_manifest(repository, "new", image.data).expect(201)
    seen = python(person, "walk", repository, "new")
    assert repository in seen["repositories"] and seen["newest"] == ["new", "old"]
    assert seen["tags"] == 2 and seen["manifests"] == 1 and seen["size"] > 0
    assert seen["locked"] == [False, False] and seen["refusal"] == 405
    assert seen["left"] == ["old"] and seen["after"] == 0


def test_a_repository_is_deleted(python, new_principal, arm, oci, repository):
    person = new_principal("AcrDelete")
    arm.assign("AcrPull", person.object_id, arm.bootstrap.registry_id)
    oci.push(repository, content.image(), "v1")
    assert python(person, "delete_repository", repository) == {"left": False}


def test_a_registry_with_all_that_belongs_to_it(python, new_principal, arm):
    name = content.unique("py").replace("-", "")
    seen = python(new_principal("Contributor", arm.bootstrap.subscription_scope), "registry", name, arm.bootstrap.location)
    assert seen["free"] is True and seen["state"] == "Succeeded" and seen["same"] is True
    assert seen["tag"] == "b" and seen["user"] == name and seen["renewed"] is True and "Size" in seen["usages"]
    assert seen["passwords"] == 2 and seen["rule"] == "sdk-rule"
    assert seen["lists"]["scope_maps"] >= 1 and seen["lists"]["tokens"] == 1 and seen["lists"]["replications"] == 0
    assert seen["listed"] is True and seen["after"] is False


def test_operations_are_polled_in_all_three_styles(python, owner, arm, oci, repository, first_registry):
    oci.push(repository, content.image(), "v1")
    name = content.unique("py").replace("-", "")
    seen = python(owner, "styles", name, arm.bootstrap.location, first_registry.id, f"{repository}:v1")
    body = seen["body"]
    assert body["state"] == "Succeeded" and body["seen"][0] == ["PUT", "registries", 201]
    assert len(body["seen"]) > 1 and all(one == ["GET", "registries", 200] for one in body["seen"][1:])
    for style, path in (("status", "operationStatuses"), ("location", "operationResults")):
        done = seen[style]
        assert done["state"] == "Succeeded" and path in [one[1] for one in done["seen"]], done
        assert "ManifestUnknown" in done["error"] or "missing" in done["error"], done
        assert path in [one[1] for one in done["failed"]], done


def test_a_registry_that_cannot_be_reached_fails_its_creation(sandbox, own_berth, tmp_path):
    """Body style again: the poller tells why, in berth's words."""
    need("openssl")
    sandbox.run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj",
                "/CN=own", "-addext", "subjectAltName=DNS:localhost", "-keyout", tmp_path / "own.key", "-out", tmp_path / "own.pem")
    server = own_berth("--domain", "registry.example.com", "--tls-certificate", str(tmp_path / "own.pem"),
                       "--tls-key", str(tmp_path / "own.key")).start()
    facts, http = server.bootstrap, Http(server.http)
    port = server.https.rsplit(":", 1)[1]
    with pytest.raises(Failed) as failed:
        sandbox.run(CLIENTS / "python" / "bin" / "python", PROGRAM, "create", "team1", facts.location,
                    REQUESTS_CA_BUNDLE=str(tmp_path / "own.pem"), SSL_CERT_FILE=str(tmp_path / "own.pem"),
                    ENDPOINT=f"https://localhost:{port}", TENANT=facts.tenant_id, SUBSCRIPTION=facts.subscription_id,
                    GROUP=facts.resource_group, CLIENT_ID=facts.owner_client_id, CLIENT_SECRET=facts.owner_secret)
    assert "Operation failed or canceled" in failed.value.output or "Failed" in failed.value.output, failed.value.output
    status = bootstrap_owner(http, facts).arm.get_registry("team1").expect(200).json()["properties"]["status"]
    assert "--tls-certificate" in status["message"]
    http.close()
    server.stop()


def test_a_refusal_says_who_may_not_do_what(python, new_principal, arm):
    reader = new_principal("Reader", arm.bootstrap.subscription_scope)
    with pytest.raises(Failed) as refusal:
        python(reader, "create", content.unique("no").replace("-", ""), arm.bootstrap.location)
    for word in ("AuthorizationFailed", "Microsoft.ContainerRegistry/registries/write", reader.object_id, "403"):
        assert word in refusal.value.output
