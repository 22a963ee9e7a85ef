"""What skopeo can do beside pushing and pulling."""

import json
from concurrent.futures import ThreadPoolExecutor

import pytest

from harness import content
from programs import Skopeo
from refusals import PULL, refused
from sandbox import Failed, Place


def test_every_architecture_of_an_index(log_in, image, new_principal, name, stored):
    pushed = log_in(Skopeo, new_principal("AcrPush")).push(name, "index")
    assert pushed == image.digests("index") == stored(name)
    assert log_in(Skopeo, new_principal("AcrPull")).pull(name) == pushed


def test_inspect_and_list_tags(log_in, image, new_principal, name):
    skopeo = log_in(Skopeo, new_principal("AcrPush"))
    skopeo.push(name)
    skopeo.push(name.replace("1.0.0", "2.0.0"), "index")
    found = json.loads(skopeo.run("inspect", *skopeo.tls(), f"docker://{skopeo.reference(name)}"))
    assert found["Digest"] == image.single
    assert sorted(found["RepoTags"]) == ["1.0.0", "2.0.0"]
    raw = skopeo.run("inspect", "--raw", *skopeo.tls(), f"docker://{skopeo.reference(name)}")
    assert content.digest_of(raw.encode()) == image.single
    listed = json.loads(skopeo.run("list-tags", *skopeo.tls(), f"docker://{skopeo.reference(name).rsplit(':', 1)[0]}"))
    assert sorted(listed["Tags"]) == ["1.0.0", "2.0.0"]


def test_docker_schema_2_keeps_its_types(log_in, new_principal, name, oci):
    skopeo = log_in(Skopeo, new_principal("AcrPush"))
    skopeo.run("copy", "--format=v2s2", *skopeo.tls("dest-"), f"oci:{skopeo.image.layout}:single",
               f"docker://{skopeo.reference(name)}")
    answer = oci.get_manifest(*name.split(":"), headers={"Accept": content.DOCKER_MANIFEST}).expect(200)
    assert answer.header("Content-Type") == content.DOCKER_MANIFEST
    assert answer.json()["config"]["mediaType"] == content.DOCKER_CONFIG
    assert {layer["mediaType"] for layer in answer.json()["layers"]} == {content.DOCKER_LAYER}


def test_copy_from_one_repository_to_another(log_in, image, new_principal, name, stored):
    skopeo = log_in(Skopeo, new_principal("AcrPush"))
    skopeo.push(name, "index")
    copy = name.replace(":", "/copy:")
    skopeo.run("copy", "--all", "--preserve-digests", *skopeo.tls("src-"), *skopeo.tls("dest-"),
               f"docker://{skopeo.reference(name)}", f"docker://{skopeo.reference(copy)}")
    assert stored(copy) == image.digests("index")


def test_deleting_needs_its_own_role(log_in, new_principal, arm, name, oci):
    skopeo = log_in(Skopeo, new_principal("AcrPush"))
    skopeo.push(name)
    with pytest.raises(Failed) as refusal:
        skopeo.run("delete", *skopeo.tls(), f"docker://{skopeo.reference(name)}")
    assert refused(refusal.value.output)
    assert oci.get_manifest(*name.split(":")).status == 200

    deleter = new_principal("AcrDelete")
    arm.assign("AcrPull", deleter.object_id, arm.bootstrap.registry_id)
    skopeo = log_in(Skopeo, deleter)
    skopeo.run("delete", *skopeo.tls(), f"docker://{skopeo.reference(name)}")
    assert oci.get_manifest(*name.split(":")).status == 404


def test_nobody_is_let_in_without_a_name(open_client, ways, name, oci):
    repository, tag = name.split(":")
    oci.push(repository, content.image(), tag)
    skopeo = open_client(Skopeo, ways["https"].place)
    with pytest.raises(Failed) as refusal:
        skopeo.pull(name)
    assert refused(refusal.value.output)


def test_a_certificate_of_nobody_is_not_trusted(open_client, ways, tmp_path, name):
    """Without the authority's certificate the client ends the connection; the server goes on."""
    way = ways["https"]
    stray = tmp_path / "empty" / "ca.crt"
    stray.parent.mkdir()
    skopeo = open_client(Skopeo, Place(way.place.url, stray))
    with pytest.raises(Failed) as refusal:
        skopeo.pull(name)
    assert "certificate" in refusal.value.output


def test_each_registry_answers_to_its_name(log_in, open_client, new_registry, new_principal, arm, ways, name, image):
    """A role on one registry is none on another, and the name in the image's reference decides which one is meant."""
    registry = new_registry()
    principal = new_principal("AcrPush", registry.id)
    host = registry.login_server.partition(":")[0]
    for way in ways.values():
        port = way.place.host.rpartition(":")[2]
        skopeo = open_client(Skopeo, Place(f"{way.place.url.partition(':')[0]}://{host}:{port}", way.place.ca_file))
        skopeo.login(*principal.credentials)
        assert skopeo.push(name) == image.digests() == skopeo.pull(name)

    elsewhere = open_client(Skopeo, ways["http"].place)
    elsewhere.login(*principal.credentials)
    with pytest.raises(Failed) as refusal:
        elsewhere.pull(name)
    assert PULL in refusal.value.output and arm.bootstrap.registry_id in refusal.value.output


def test_the_same_image_from_several_at_once(log_in, image, new_principal, name, stored):
    """Each sends the same layers to the same repository; none disturbs another."""
    skopeo = log_in(Skopeo, new_principal("AcrPush"))
    names = [name.replace("1.0.0", f"{number}.0.0") for number in range(6)]
    with ThreadPoolExecutor(len(names)) as pool:
        list(pool.map(lambda each: skopeo.push(each, "index"), names))
    for each in names:
        assert stored(each) == image.digests("index")
