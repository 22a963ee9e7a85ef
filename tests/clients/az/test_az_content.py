"""az acr repository and az acr manifest: looking at content, attributes and locks, deletion."""

import pytest

from harness.content import image, unique


@pytest.fixture
def pushed(cloud, registry):
    """A repository with the tags 1 and 2 of two images; what was pushed is checked by digest below."""
    oci = registry.oci(cloud.owner)
    name = f"team/{unique('r')}"
    return oci, name, [oci.push(name, image(), reference=tag) for tag in ("1", "2")]


def test_repositories_tags_and_manifests_are_listed(az, registry, pushed):
    _, name, digests = pushed
    r = registry.name
    assert az(f"acr repository list -n {r}") == [name]
    assert az(f"acr repository show-tags -n {r} --repository {name}") == ["1", "2"]
    newest = az(f"acr repository show-tags -n {r} --repository {name} --orderby time_desc --detail --top 1")
    assert [(tag["name"], tag["digest"]) for tag in newest] == [("2", digests[1])]
    assert az(f"acr repository show -n {r} --repository {name}")["tagCount"] == 2
    assert az(f"acr repository show -n {r} --image {name}:1")["digest"] == digests[0]
    manifests = az(f"acr manifest list-metadata -r {r} -n {name}")
    assert sorted(found["digest"] for found in manifests) == sorted(digests)
    assert az(f"acr manifest show-metadata -r {r} -n {name}@{digests[1]}")["tags"] == ["2"]
    assert az(f"acr manifest show -r {r} -n {name}:1")["schemaVersion"] == 2
    assert len(az(f"acr manifest list -r {r} -n {name}")) == 2
    told = az.refused(f"acr repository show -n {r} --repository {unique('none')}")
    assert "not found" in told.lower() or "not known" in told.lower(), told


def test_locks_hold_until_they_are_lifted(az, registry, pushed):
    """A tag and what it names are locked each for itself, as in Azure."""
    oci, name, digests = pushed
    r = registry.name
    locked = az(f"acr repository update -n {r} --image {name}:1 --write-enabled false")
    assert locked["changeableAttributes"]["writeEnabled"] is False
    assert "disallowed" in az.refused(f"acr repository untag -n {r} --image {name}:1")
    az(f"acr repository update -n {r} --image {name}@{digests[0]} --delete-enabled false")
    assert "disallowed" in az.refused(f"acr repository delete -n {r} --image {name}@{digests[0]} -y")
    oci.get_manifest(name, "1").expect(200)
    az(f"acr manifest update-metadata -r {r} -n {name}:1 --write-enabled true")
    az(f"acr repository untag -n {r} --image {name}:1")
    oci.get_manifest(name, "1").expect(404)
    oci.get_manifest(name, digests[0]).expect(200)


def test_images_and_repositories_are_deleted(az, registry, pushed):
    oci, name, digests = pushed
    r = registry.name
    az(f"acr repository delete -n {r} --image {name}:1 -y")
    oci.get_manifest(name, digests[0]).expect(404)
    az(f"acr manifest delete -r {r} -n {name}@{digests[1]} -y")
    oci.get_manifest(name, "2").expect(404)
    oci.push(name, image(), reference="3")
    az(f"acr repository delete -n {r} --repository {name} -y")
    assert az(f"acr repository list -n {r}") == []


def test_referrers_are_listed(az, registry, pushed):
    oci, name, digests = pushed
    subject = image()
    oci.push(name, subject, reference="signed")
    signature = oci.push(name, image(artifact_type="application/vnd.example.signature", subject=subject.descriptor()))
    found = az(f"acr manifest list-referrers -r {registry.name} -n {name}:signed")
    assert [item["digest"] for item in found["referrers" if "referrers" in found else "manifests"]] == [signature]


def test_what_may_only_be_pulled_is_not_deleted(sign_in, new_principal, cloud, registry, pushed):
    _, name, _ = pushed
    principal = new_principal("AcrPull", registry.id)
    cloud.owner.arm.assign("Reader", principal.object_id, registry.id)
    puller = sign_in(principal)
    assert puller(f"acr repository list -n {registry.name}") == [name]
    told = puller.refused(f"acr repository delete -n {registry.name} --repository {name} -y")
    assert "AcrDelete" in told, told


def test_a_repository_token_signs_in_by_its_password(az, fresh_az, registry, pushed):
    """--username and --password go around the sign-in: az then asks the registry itself."""
    _, name, _ = pushed
    made = az(f"acr token create -r {registry.name} -n reader --repository {name} content/read metadata/read")
    password = made["credentials"]["passwords"][0]["value"]
    words = f"-n {registry.name} -u reader -p {password}"
    assert az(f"acr repository show-tags {words} --repository {name}") == ["1", "2"]
    az.refused(f"acr repository delete {words} --repository {name} -y")
