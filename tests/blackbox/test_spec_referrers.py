"""Content discovery: referrers."""

import pytest

from harness import content
from harness.oci import next_link

SBOM = "application/vnd.example.sbom.v1"
SIGNATURE = "application/vnd.example.signature.v1"


@pytest.fixture
def subject(oci, repository):
    manifest = content.image()
    oci.push(repository, manifest, "latest")
    return manifest


def by_digest(items: list[dict]) -> dict[str, dict]:
    found = {item["digest"]: item for item in items}
    assert len(found) == len(items), "the same referrer twice"
    return found


def test_list_is_an_index(oci, repository, subject):
    oci.push(repository, content.artifact(SBOM, subject.descriptor()))
    answer = oci.get(f"/v2/{repository}/referrers/{subject.digest}")
    assert answer.status == 200, answer
    assert answer.header("Content-Type") == content.OCI_INDEX
    document = answer.json()
    assert document["schemaVersion"] == 2
    assert document["mediaType"] == content.OCI_INDEX
    assert len(document["manifests"]) == 1


def test_no_referrers_is_an_empty_list(oci, repository, subject):
    for digest in (subject.digest, content.random_digest(), content.random_digest("sha512")):
        answer = oci.get(f"/v2/{repository}/referrers/{digest}").expect(200)
        assert answer.json()["manifests"] == []
        assert answer.header("Content-Type") == content.OCI_INDEX


def test_never_404(oci, repository):
    """A 404 would send clients to the fallback tag; so an unknown repository has an empty list, too."""
    assert oci.get(f"/v2/{repository}/nowhere/referrers/{content.random_digest()}").expect(200).json()["manifests"] == []


@pytest.mark.parametrize("digest", ["latest", "sha256:abc", "sha256", "md5:d41d8cd98f00b204e9800998ecf8427e", "sha256:" + "g" * 64])
def test_invalid_digest_is_400(oci, repository, subject, digest):
    assert oci.get(f"/v2/{repository}/referrers/{digest}").status == 400


def test_descriptor_names_type_size_and_digest(oci, repository, subject):
    referrer = content.artifact(SBOM, subject.descriptor())
    oci.push(repository, referrer)
    [found] = oci.referrers(repository, subject.digest)
    assert found["mediaType"] == content.OCI_MANIFEST
    assert found["size"] == len(referrer.data)
    assert found["digest"] == referrer.digest


def test_artifact_type_is_the_manifests(oci, repository, subject):
    oci.push(repository, content.artifact(SBOM, subject.descriptor(), config_type="application/vnd.example.config"))
    [found] = oci.referrers(repository, subject.digest)
    assert found["artifactType"] == SBOM


@pytest.mark.parametrize("written", [None, ""])
def test_artifact_type_falls_back_to_the_configs(oci, repository, subject, written):
    oci.push(repository, content.artifact(written, subject.descriptor(), config_type="application/vnd.example.config"))
    [found] = oci.referrers(repository, subject.digest)
    assert found["artifactType"] == "application/vnd.example.config"


def test_index_without_artifact_type_has_none(oci, repository, subject):
    oci.push(repository, content.index([], subject=subject.descriptor()))
    [found] = oci.referrers(repository, subject.digest)
    assert "artifactType" not in found
    assert found["mediaType"] == content.OCI_INDEX


def test_artifact_type_of_an_index(oci, repository, subject):
    oci.push(repository, content.index([], subject=subject.descriptor(), artifact_type=SBOM))
    [found] = oci.referrers(repository, subject.digest)
    assert found["artifactType"] == SBOM


def test_annotations_are_the_manifests(oci, repository, subject):
    annotations = {"org.example.text": "žluťoučký \"kůň\" \\ \n", "org.example.empty": "", "created": "2026-01-01T00:00:00Z"}
    oci.push(repository, content.artifact(SBOM, subject.descriptor(), annotations))
    [found] = oci.referrers(repository, subject.digest)
    assert found["annotations"] == annotations


def test_all_that_were_pushed_are_there_once(oci, repository, subject):
    pushed = []
    for number in range(12):
        referrer = content.artifact(SBOM if number % 2 else SIGNATURE, subject.descriptor(), {"number": str(number)})
        oci.push(repository, referrer)
        oci.put_manifest(repository, f"tag{number}", referrer.data).expect(201)
        pushed.append(referrer.digest)
    assert sorted(by_digest(oci.referrers(repository, subject.digest))) == sorted(pushed)


def test_only_those_of_the_repository(oci, repository, subject):
    other = f"{repository}/other"
    oci.push(other, content.artifact(SBOM, subject.descriptor()))
    assert oci.referrers(repository, subject.digest) == []
    assert len(oci.referrers(other, subject.digest)) == 1


def test_referrers_of_a_sha512_subject(oci, repository):
    image = content.image()
    for blob in image.blobs:
        oci.push_blob(repository, blob)
    digest = content.digest_of(image.data, "sha512")
    oci.put_manifest(repository, digest, image.data).expect(201)
    referrer = content.artifact(SBOM, {**image.descriptor(), "digest": digest})
    oci.push(repository, referrer)
    assert [item["digest"] for item in oci.referrers(repository, digest)] == [referrer.digest]


def test_referrers_of_referrers(oci, repository, subject):
    signature = content.artifact(SIGNATURE, subject.descriptor())
    oci.push(repository, signature)
    countersignature = content.artifact(SIGNATURE, signature.descriptor())
    oci.push(repository, countersignature)
    assert [item["digest"] for item in oci.referrers(repository, signature.digest)] == [countersignature.digest]


def test_filter_by_artifact_type(oci, repository, subject):
    sbom = content.artifact(SBOM, subject.descriptor())
    oci.push(repository, sbom)
    oci.push(repository, content.artifact(SIGNATURE, subject.descriptor()))
    answer = oci.get(f"/v2/{repository}/referrers/{subject.digest}?artifactType={SBOM}").expect(200)
    assert [item["digest"] for item in answer.json()["manifests"]] == [sbom.digest]
    nothing = oci.get(f"/v2/{repository}/referrers/{subject.digest}?artifactType=application/vnd.example.none").expect(200)
    assert nothing.json()["manifests"] == []


def test_filter_that_was_applied_is_named(oci, repository, subject):
    filtered = oci.get(f"/v2/{repository}/referrers/{subject.digest}?artifactType={SBOM}").expect(200)
    applied = [name.strip() for value in filtered.header_values("OCI-Filters-Applied") for name in value.split(",")]
    assert applied == ["artifactType"]
    assert oci.get(f"/v2/{repository}/referrers/{subject.digest}").expect(200).header("OCI-Filters-Applied") is None


def test_filter_escaped_in_the_query(oci, repository, subject):
    special = "application/vnd.example+json; a=b"
    oci.push(repository, content.artifact(special, subject.descriptor()))
    query = "?artifactType=application%2Fvnd.example%2Bjson%3B%20a%3Db"
    assert len(oci.referrers(repository, subject.digest, query)) == 1


def test_links_lead_through_a_list_that_is_too_long_for_one_page(oci, repository, subject):
    pushed = set()
    for number in range(24):
        referrer = content.index([], subject=subject.descriptor(), artifact_type=SBOM, annotations={"padding": "x" * 300_000})
        oci.push(repository, referrer)
        pushed.add(referrer.digest)
    seen, path, pages = [], f"/v2/{repository}/referrers/{subject.digest}?artifactType={SBOM}", 0
    while path is not None:
        answer = oci.get(path).expect(200)
        assert answer.header("Content-Type") == content.OCI_INDEX
        assert len(answer.body) <= 4 * 1024 * 1024, "more than clients take for a manifest"
        seen += [item["digest"] for item in answer.json()["manifests"]]
        path, pages = next_link(answer), pages + 1
        assert pages <= 24, "the links lead nowhere"
    assert len(seen) == len(set(seen)) and set(seen) == pushed
    assert pages > 1


def test_deleted_referrer_is_gone_from_the_list(oci, repository, subject):
    referrer = content.artifact(SBOM, subject.descriptor())
    oci.push(repository, referrer)
    oci.delete(f"/v2/{repository}/manifests/{referrer.digest}").expect(202)
    assert oci.referrers(repository, subject.digest) == []


def test_a_list_that_was_read_before_is_as_new(oci, repository, subject):
    pushed = set()
    for kind in (SBOM, SIGNATURE):
        assert {one["digest"] for one in oci.referrers(repository, subject.digest)} == pushed
        referrer = content.artifact(kind, subject.descriptor())
        oci.push(repository, referrer)
        pushed.add(referrer.digest)
    for digest in sorted(pushed):
        assert {one["digest"] for one in oci.referrers(repository, subject.digest)} == pushed
        oci.delete(f"/v2/{repository}/manifests/{digest}").expect(202)
        pushed.remove(digest)
    assert oci.referrers(repository, subject.digest) == []


def test_fallback_tag_of_older_clients_does_no_harm(oci, repository, subject):
    """A client that maintains the referrers tag by itself: its index is a tag like others, and nothing is listed twice."""
    referrer = content.artifact(SBOM, subject.descriptor())
    oci.push(repository, referrer)
    fallback = content.index([referrer.descriptor(artifactType=SBOM)])
    tag = subject.digest.replace(":", "-")
    oci.push(repository, fallback, tag)
    assert oci.get_manifest(repository, tag).expect(200).body == fallback.data
    assert [item["digest"] for item in oci.referrers(repository, subject.digest)] == [referrer.digest]
