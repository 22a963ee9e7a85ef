"""Reaching what belongs to another registry, repository or caller by its name, its id or its digest."""

import uuid

import pytest

from harness import content
from harness.arm import AUTHORIZATION_VERSION
from harness.content import digest_of
from harness.oci import Oci
from harness.source_registry import wait_for

# The object of another tenant's or registry's, by its id (IDOR): Harbor CVE-2022-31667 to 31671, Spring Cloud CVE-2024-22278,
# ACR CVE-2026-69865. What is decided at is the object that is acted on, not what the path says of it.


@pytest.fixture
def two(new_registry, new_principal):
    """Two registries, and somebody who administers access in the first one only."""
    mine, other = new_registry(), new_registry()
    return mine, other, new_principal("User Access Administrator", mine.id)


def test_an_assignment_through_another_scope(arm, two, new_principal):
    mine, other, part = two
    victim = new_principal()
    guid = str(uuid.uuid4())
    arm.put_assignment("AcrPull", victim.object_id, other.id, guid).expect(201)
    path = arm.assignment_path(mine.id, guid)
    assert part.arm.call("GET", path, AUTHORIZATION_VERSION).status == 404
    assert part.arm.call("DELETE", path, AUTHORIZATION_VERSION).status in (204, 404)
    taken = part.arm.put_assignment("Reader", part.object_id, mine.id, guid)
    assert 400 <= taken.status < 500, f"an assignment's id is one of the whole tenant: {taken}"
    kept = arm.call("GET", arm.assignment_path(other.id, guid), AUTHORIZATION_VERSION).expect(200).json()["properties"]
    assert kept["principalId"] == victim.object_id and kept["scope"].lower() == other.id.lower()
    for method in ("GET", "DELETE"):
        assert part.arm.call(method, arm.assignment_path(other.id, guid), AUTHORIZATION_VERSION).status == 403


def test_an_id_that_names_another_scope_in_its_query_or_fragment(arm, two, new_principal):
    mine, other, part = two
    guid = str(uuid.uuid4())
    arm.put_assignment("AcrPull", new_principal().object_id, other.id, guid).expect(201)
    path = arm.assignment_path(mine.id, guid)
    for extra in (f"?scope={other.id}", f"?id={arm.assignment_path(other.id, guid)}", f"?tenantId={uuid.uuid4()}"):
        assert part.arm.call("DELETE", path + extra, AUTHORIZATION_VERSION).status in (204, 400, 404)
    arm.call("GET", arm.assignment_path(other.id, guid), AUTHORIZATION_VERSION).expect(200)


def test_a_role_definition_through_another_scope(arm, two):
    mine, other, part = two
    guid = str(uuid.uuid4())
    document = {"roleName": content.unique("role"), "permissions": [{"actions": ["*/read"]}], "assignableScopes": [other.id]}
    arm.put_role(guid, document, other.id).expect(201)
    path = f"{mine.id}/providers/Microsoft.Authorization/roleDefinitions/{guid}"
    part.arm.call("DELETE", path, AUTHORIZATION_VERSION)
    wider = {**document, "permissions": [{"actions": ["*"]}], "assignableScopes": [mine.id]}
    assert part.arm.put_role(guid, wider, mine.id).status in (400, 403, 404, 409)
    kept = arm.call("GET", f"{other.id}/providers/Microsoft.Authorization/roleDefinitions/{guid}", AUTHORIZATION_VERSION)
    assert kept.expect(200).json()["properties"]["permissions"][0]["actions"] == ["*/read"]


def test_a_password_through_another_application(graph, new_principal, registry):
    one, other = new_principal("Reader", registry.id), new_principal()
    key = graph.call("GET", f"/applications/{one.application_id}").json()["passwordCredentials"][0]["keyId"]
    answer = graph.call("POST", f"/applications/{other.application_id}/removePassword", json={"keyId": key})
    assert answer.status in (400, 404), answer
    one.entra_token()


def test_a_source_of_an_import_by_every_name(arm, two, owner, new_principal):
    """The registry that one may not read, by its id, its address and its name in capitals."""
    mine, other, _ = two
    other.oci(owner).push("secret", content.image(), "v1")
    importer = new_principal("Container Registry Data Importer and Data Reader", mine.id)
    for source in ({"resourceId": other.id}, {"resourceId": other.id.upper()}, {"registryUri": other.login_server},
                   {"registryUri": other.login_server.upper()}, {"registryUri": other.login_server + "."},
                   {"resourceId": mine.id, "registryUri": other.login_server},
                   {"resourceId": other.id, "registryUri": mine.login_server}):
        answer = importer.arm.call("POST", f"{mine.id}/importImage", json={
            "source": {**source, "sourceImage": "secret:v1"}, "targetTags": ["copy:v1"], "mode": "Force"})
        if source.get("resourceId") == mine.id:  # the id counts: a registry that one may read, without that image
            ended = wait_for(importer.arm, answer.expect(202))
            assert ended["status"] == "Failed" and ended["error"]["code"] == "ResourceNotFound", ended
            continue
        assert answer.status in (400, 403), (source, answer)
    assert mine.oci(owner).get_manifest("copy", "v1").status == 404


# Cross-repository blobs by digest or mount (zot CVE-2024-39897) are in test_bad_reach; upload sessions of others (Quay
# CVE-2026-32589) in test_bad_upload.


# Deleted content that a memory brings back (distribution CVE-2026-35172)


def test_what_was_deleted_stays_deleted(registry, owner):
    """In this repository, while another one still links it, and after it was read a moment ago."""
    oci = registry.oci(owner)
    image = content.image()
    for name in ("one", "two"):
        oci.push(name, image, "v1")
    blob = digest_of(image.blobs[0])
    for _ in range(3):
        for name in ("one", "two"):
            oci.get_manifest(name, "v1").expect(200)
            oci.get_blob(name, blob).expect(200)
    oci.delete(f"/v2/one/blobs/{blob}").expect(202, 405)
    oci.delete(f"/v2/one/manifests/{image.digest}").expect(202)
    oci.delete(f"/v2/one/blobs/{blob}").expect(202, 404)
    for method in ("GET", "HEAD"):
        for reference in ("v1", image.digest):
            assert oci.request(method, f"/v2/one/manifests/{reference}").status == 404
        assert oci.request(method, f"/v2/one/blobs/{blob}").status == 404
    assert oci.get_manifest("two", image.digest).body == image.data
    assert oci.get_blob("two", blob).body == image.blobs[0]
    oci.delete("/acr/v1/two").expect(202)
    for path in ("/v2/two/manifests/v1", f"/v2/two/blobs/{blob}", "/v2/two/tags/list", "/acr/v1/two"):
        assert oci.get(path).status == 404, path
    # And nothing is there to be mounted.
    assert oci.post(f"/v2/three/blobs/uploads/?mount={blob}&from=two").status == 202


def test_a_repository_made_anew_has_nothing_of_the_old_one(registry, owner):
    """Name reuse (Harbor 89e1c4ba, 8b822331)."""
    oci = registry.oci(owner)
    old, new = content.image(), content.image()
    oci.push("image", old, "v1")
    oci.patch("/acr/v1/image/_tags/v1", json={"writeEnabled": False}).expect(200)
    oci.patch("/acr/v1/image/_tags/v1", json={"writeEnabled": True}).expect(200)
    oci.delete("/acr/v1/image").expect(202)
    oci.push("image", new, "v2")
    assert oci.tags("image") == ["v2"]
    for reference in ("v1", old.digest):
        assert oci.get_manifest("image", reference).status == 404
    for blob in old.blobs:
        assert oci.get_blob("image", digest_of(blob)).status == 404
    assert [one["digest"] for one in oci.get("/acr/v1/image/_manifests").json()["manifests"]] == [new.digest]


# The catalog without credentials, and more of it than one may read (Harbor CVE-2020-29662)


def test_catalog_for_nobody_and_for_who_may_not(registry, owner, new_principal, new_registry):
    registry.oci(owner).push("secret/image", content.image(), "v1")
    elsewhere = new_principal("Reader", new_registry().id)
    for path in ("/v2/_catalog", "/acr/v1/_catalog"):
        assert registry.oci(mode="none").get(path).status == 401
        answer = registry.oci(elsewhere, "basic").get(path)
        assert b"secret" not in answer.body
        assert answer.status == 401 or answer.json()["repositories"] in ([], None), answer


def test_names_that_are_not_there_and_names_one_may_not_read_are_told_alike(registry, owner, new_principal):
    registry.oci(owner).push("secret/image", content.image(), "v1")
    client = registry.oci(new_principal(), "basic")
    for path in ("/v2/{}/manifests/v1", "/v2/{}/tags/list", "/acr/v1/{}", "/acr/v1/{}/_tags/v1", "/acr/v1/{}/_manifests",
                 "/v2/{}/referrers/" + content.random_digest()):
        there, missing = (client.get(path.format(name)) for name in ("secret/image", "absent/image"))
        assert there.status == missing.status == 401
        assert there.body.replace(b"secret/", b"absent/") == missing.body


@pytest.mark.parametrize("name", ["Image", "imаge", "image%00", "image%20", "ｉmage", "image/.", "./image", "image%2F"])
def test_names_of_repositories_that_look_alike(registry, owner, name):
    """Capitals, Cyrillic, full width, NUL: they are other names or none, never the same repository."""
    oci = registry.oci(owner)
    oci.push("image", content.image(), "v1")
    quoted = "".join(c if ord(c) < 128 else "".join(f"%{byte:02X}" for byte in c.encode()) for c in name)
    assert oci.get(f"/v2/{quoted}/manifests/v1").status in (400, 404)


@pytest.mark.parametrize("host", ["{other}", "{other}.", "{OTHER}", "{other}:443", "{other}@{mine}"])
def test_a_token_does_not_follow_the_host_header(http, two, owner, new_principal, host):
    """Whatever the request says of the host, a token opens the registry that it was made for."""
    mine, other, _ = two
    other.oci(owner).push("secret", content.image(), "v1")
    puller = new_principal("AcrPull", mine.id)
    token = mine.oci(puller).fetch_token(mine.login_server, ["repository:secret:pull"]).expect(200).json()["access_token"]
    value = host.format(other=other.login_server, OTHER=other.login_server.upper(), mine=mine.login_server)
    answer = http.get("/v2/secret/manifests/v1", host=value, headers={"Authorization": f"Bearer {token}"})
    assert answer.status in (400, 401, 404), answer
    answer = Oci(http, value, puller.credentials, "basic").get("/v2/secret/manifests/v1")
    assert answer.status in (400, 401, 404), answer
