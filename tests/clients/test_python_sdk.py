"""The packages that Azure publishes for Python: azure-containerregistry for content, azure-mgmt-containerregistry for ARM.
The program that uses them is python/management.py, its packages are in build/clients/python (script/clients)."""

import json
from pathlib import Path

import pytest

from harness import content
from sandbox import CLIENTS, Failed

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


def test_a_refusal_says_who_may_not_do_what(python, new_principal, arm):
    reader = new_principal("Reader", arm.bootstrap.subscription_scope)
    with pytest.raises(Failed) as refusal:
        python(reader, "create", content.unique("no").replace("-", ""), arm.bootstrap.location)
    for word in ("AuthorizationFailed", "Microsoft.ContainerRegistry/registries/write", reader.object_id, "403"):
        assert word in refusal.value.output
