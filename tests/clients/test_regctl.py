"""What regctl can do beside pushing and pulling."""

import json

import pytest

from harness import content
from programs import Regctl
from refusals import refused
from sandbox import Failed

REPORT = "application/vnd.example.report.v1+json"


def attach(regctl: Regctl, name: str) -> None:
    regctl.run("artifact", "put", "--subject", regctl.reference(name), "--artifact-type", REPORT,
               "--file-media-type", "text/plain", input="a report")


def test_index_tags_and_catalog(log_in, image, new_principal, name, stored):
    regctl = log_in(Regctl, new_principal("AcrPush"))
    regctl.run("image", "copy", f"ocidir://{image.layout}:index", regctl.reference(name))
    assert stored(name) == image.digests("index")
    repository = regctl.reference(name).rsplit(":", 1)[0]
    assert regctl.run("tag", "ls", repository).split() == ["1.0.0"]
    assert regctl.run("image", "digest", regctl.reference(name)).strip() == image.index
    assert name.split(":")[0] in regctl.run("repo", "ls", "--limit", "1000", regctl.place.host).split()


def test_attach_list_and_copy_with_referrers(log_in, image, new_principal, name, oci):
    regctl = log_in(Regctl, new_principal("AcrPush"))
    regctl.push(name)
    attach(regctl, name)
    [referrer] = oci.referrers(name.split(":")[0], image.single)
    assert referrer["artifactType"] == REPORT

    puller = log_in(Regctl, new_principal("AcrPull"))
    listed = puller.run("artifact", "list", "--format", "{{jsonPretty .}}", puller.reference(name))
    assert [found["digest"] for found in json.loads(listed)["descriptors"]] == [referrer["digest"]]
    assert puller.run("artifact", "get", "--subject", puller.reference(name)) == "a report"

    copy = name.replace(":", "/copy:")
    regctl.run("image", "copy", "--referrers", regctl.reference(name), regctl.reference(copy))
    assert [found["digest"] for found in oci.referrers(copy.split(":")[0], image.single)] == [referrer["digest"]]


def test_a_large_blob_is_sent_in_pieces(log_in, new_principal, name, oci):
    """Chunks of a size that the client was told, each with its Content-Range."""
    regctl = log_in(Regctl, new_principal("AcrPush"))
    data = content.random_blob(5_000_000)
    file = regctl.sandbox.fresh() / "blob"
    file.write_bytes(data)
    regctl.run("registry", "set", "--skip-check", "--blob-chunk", "1000000", "--blob-max", "1000", regctl.place.host)
    regctl.run("artifact", "put", "--artifact-type", REPORT, "--file", str(file), regctl.reference(name))
    assert oci.get_blob(name.split(":")[0], content.digest_of(data)).expect(200).body == data


def test_deleting_needs_its_own_role(log_in, image, new_principal, arm, name, oci):
    principal = new_principal("AcrPush")
    regctl = log_in(Regctl, principal)
    regctl.push(name)
    repository = name.split(":")[0]
    with pytest.raises(Failed) as refusal:
        regctl.run("manifest", "delete", regctl.reference(f"{repository}@{image.single}"))
    assert refused(refusal.value.output)
    assert oci.get_manifest(*name.split(":")).expect(200).header("Docker-Content-Digest") == image.single

    arm.assign("AcrDelete", principal.object_id, arm.bootstrap.registry_id)
    regctl.run("tag", "rm", regctl.reference(name))
    assert oci.get_manifest(*name.split(":")).status == 404
    regctl.run("manifest", "delete", regctl.reference(f"{repository}@{image.single}"))
    assert oci.get_manifest(repository, image.single).status == 404
