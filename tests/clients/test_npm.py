"""The packages that Azure publishes for JavaScript: @azure/identity gets the tokens, @azure/container-registry uses
them. The programs that use them stand in npm/, their packages in build/clients/npm (script/clients)."""

import json
from pathlib import Path

import pytest

from harness import content
from refusals import DELETE, PULL
from sandbox import CLIENTS, Failed, need

PROGRAM = Path(__file__).parent / "npm" / "registry.cjs"


@pytest.fixture
def npm(sandbox, berth, ways):
    """npm(principal, command, *words) -> what the program printed, as JSON."""
    need("node")
    modules = CLIENTS / "npm" / "node_modules"
    if not (CLIENTS / "npm.version").exists():
        pytest.skip("the packages of the npm client are not installed (script/clients gets them)")

    def call(principal, command: str, *words: str, secret: str | None = None):
        # @azure/identity checks that the issuer's host is the authority's: both are the address that is used.
        output = sandbox.run(
            "node", PROGRAM, command, *words, NODE_PATH=str(modules),
            NODE_EXTRA_CA_CERTS=str(ways["https"].place.ca_file), ENDPOINT=berth.https, TENANT=berth.bootstrap.tenant_id,
            CLIENT_ID=principal.client_id, CLIENT_SECRET=secret or principal.secret)
        return json.loads(output)

    return call


def test_push_list_pull_and_delete(npm, new_principal, arm, name, oci, stored):
    principal = new_principal("AcrPush")
    repository, tag = name.split(":")
    pushed = npm(principal, "push", repository, tag)
    assert stored(name) == {pushed["manifest"], *pushed["blobs"]}
    assert npm(principal, "pull", repository, tag) == pushed

    assert repository in npm(principal, "repositories")
    shown = npm(new_principal("Reader"), "show", repository, tag)
    assert shown["tags"] == [tag] and shown["manifests"] == [pushed["manifest"]]
    assert shown["tagCount"] == shown["manifestCount"] == 1

    with pytest.raises(Failed) as refusal:
        npm(principal, "delete", repository, pushed["manifest"])
    assert DELETE in refusal.value.output and principal.object_id in refusal.value.output
    arm.assign("AcrDelete", principal.object_id, arm.bootstrap.registry_id)
    npm(principal, "delete", repository, pushed["manifest"])
    assert oci.get_manifest(repository, tag).status == 404


def test_more_than_a_page_of_tags(npm, new_principal, name, oci):
    repository = name.split(":")[0]
    manifest = content.image()
    oci.push(repository, manifest)
    tags = [f"t{number:03}" for number in range(25)]
    for tag in tags:
        oci.put_manifest(repository, tag, manifest.data).expect(201)
    assert npm(new_principal("Reader"), "tags", repository, "10") == tags


def test_who_has_no_role_is_told_so(npm, new_principal, name, oci):
    repository, tag = name.split(":")
    oci.push(repository, content.image(), tag)
    stranger = new_principal()
    with pytest.raises(Failed) as refusal:
        npm(stranger, "pull", repository, tag)
    assert PULL in refusal.value.output and stranger.object_id in refusal.value.output


def test_a_wrong_secret_is_refused_by_the_directory(npm, new_principal, name):
    with pytest.raises(Failed) as refusal:
        npm(new_principal("AcrPull"), "repositories", secret="wrong")
    assert "invalid_client" in refusal.value.output
