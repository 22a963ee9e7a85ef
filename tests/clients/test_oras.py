"""oras: artifacts, and what is attached to an image."""

import json

import pytest

from harness import content
from programs import Oras
from refusals import DELETE, PUSH
from sandbox import Failed

REPORT = "application/vnd.example.report.v1+json"
SIGNATURE = "application/vnd.example.signature.v1"


def attach(oras: Oras, name: str, kind: str, text: str) -> str:
    """The digest of the manifest that now refers to `name`."""
    folder = oras.sandbox.fresh()
    (folder / "file.txt").write_text(text)
    told = oras.run("attach", *oras.tls(), "--disable-path-validation", "--artifact-type", kind, "--format", "json",
                    "--annotation", f"text={text}", oras.reference(name), f"{folder}/file.txt:text/plain")
    return json.loads(told)["digest"]


def discover(oras: Oras, name: str, *more: str) -> dict[str, str]:
    told = json.loads(oras.run("discover", *oras.tls(), "--format", "json", "--depth", "1", *more, oras.reference(name)))
    return {found["digest"]: found["artifactType"] for found in told.get("referrers") or told.get("manifests") or []}


def test_an_artifact_comes_back(log_in, new_principal, name):
    oras = log_in(Oras, new_principal("AcrPush"))
    folder = oras.sandbox.fresh()
    (folder / "a.bin").write_bytes(content.random_blob(300_000))
    (folder / "b.txt").write_text("text")
    oras.run("push", *oras.tls(), "--disable-path-validation", "--artifact-type", REPORT, oras.reference(name),
             f"{folder}/a.bin:application/octet-stream", f"{folder}/b.txt:text/plain")

    puller = log_in(Oras, new_principal("AcrPull"))
    back = puller.sandbox.fresh()
    puller.run("pull", *puller.tls(), "--allow-path-traversal", "-o", str(back), puller.reference(name))
    found = {file.name: file.read_bytes() for file in (*back.rglob("*.bin"), *back.rglob("*.txt"), *folder.iterdir())}
    assert found == {file.name: file.read_bytes() for file in folder.iterdir()}
    assert puller.run("repo", "tags", *puller.tls(), puller.reference(name).rsplit(":", 1)[0]).split() == ["1.0.0"]
    assert name.split(":")[0] in puller.run("repo", "ls", *puller.tls(), puller.place.host).split()


def test_attach_and_discover(log_in, new_principal, name, oci, image):
    oras = log_in(Oras, new_principal("AcrPush"))
    oras.push(name)
    report = attach(oras, name, REPORT, "report")
    signature = attach(oras, name, SIGNATURE, "signature")

    puller = log_in(Oras, new_principal("AcrPull"))
    assert discover(puller, name) == {report: REPORT, signature: SIGNATURE}
    assert discover(puller, name, "--artifact-type", REPORT) == {report: REPORT}
    assert {found["digest"] for found in oci.referrers(name.split(":")[0], image.single)} == {report, signature}


def test_a_recursive_copy_takes_along_what_refers(log_in, new_principal, name, image, stored, oci):
    oras = log_in(Oras, new_principal("AcrPush"))
    oras.push(name)
    report = attach(oras, name, REPORT, "report")
    copy = name.replace(":", "/copy:")
    oras.run("copy", "--no-tty", "-r", *oras.tls("from-"), *oras.tls("to-"), oras.reference(name), oras.reference(copy))
    assert stored(copy) == image.digests()
    assert [found["digest"] for found in oci.referrers(copy.split(":")[0], image.single)] == [report]


def test_attaching_needs_the_right_to_push(log_in, new_principal, name, oci):
    repository, tag = name.split(":")
    digest = oci.push(repository, content.image(), tag)
    puller = log_in(Oras, new_principal("AcrPull"))
    with pytest.raises(Failed) as refusal:
        attach(puller, name, REPORT, "report")
    assert PUSH in refusal.value.output
    assert oci.referrers(repository, digest) == []


def test_discovering_needs_the_right_to_pull(log_in, new_principal, name, oci):
    repository, tag = name.split(":")
    oci.push(repository, content.image(), tag)
    stranger = log_in(Oras, new_principal())
    with pytest.raises(Failed):
        discover(stranger, name)


def test_deleting_needs_its_own_role(log_in, new_principal, arm, name, oci, image):
    pusher = new_principal("AcrPush")
    oras = log_in(Oras, pusher)
    oras.push(name)
    report = attach(oras, name, REPORT, "report")
    repository = name.split(":")[0]
    with pytest.raises(Failed) as refusal:
        oras.run("manifest", "delete", "-f", *oras.tls(), oras.reference(f"{repository}@{report}"))
    assert DELETE in refusal.value.output

    arm.assign("AcrDelete", pusher.object_id, arm.bootstrap.registry_id)
    oras.run("manifest", "delete", "-f", *oras.tls(), oras.reference(f"{repository}@{report}"))
    assert oci.referrers(repository, image.single) == []
    oci.get_manifest(*name.split(":")).expect(200)
