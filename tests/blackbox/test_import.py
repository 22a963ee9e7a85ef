"""importImage between registries of one berth: no byte moves, the source's rights count, all or nothing."""

import pytest

from harness.content import DOCKER_LIST, DOCKER_MANIFEST, OCI_INDEX, artifact, build_cache, digest_of, image, index, platform, random_digest, unique
from harness.source_registry import run_import, wait_for

IMPORTER = "Container Registry Data Importer and Data Reader"


@pytest.fixture
def source(new_registry):
    return new_registry()


def by_id(source, what: str, *targets: str, **more) -> dict:
    body = {"source": {"resourceId": source.id, "sourceImage": what}, **more}
    if targets:
        body["targetTags"] = list(targets)
    return body


def is_there(oci, repository: str, reference: str, manifest) -> None:
    got = oci.get_manifest(repository, reference).expect(200)
    assert got.body == manifest.data
    assert got.header("Content-Type") == manifest.media_type
    for blob in manifest.blobs:
        assert oci.get_blob(repository, digest_of(blob)).expect(200).body == blob


@pytest.mark.parametrize("media_type", [None, DOCKER_MANIFEST])
@pytest.mark.parametrize("size", [200, 200_000])
def test_an_image_with_all_it_needs(owner, arm, registry, source, media_type, size):
    one = image(layers=3, size=size, **({"media_type": media_type} if media_type else {}))
    source.oci(owner).push("app", one, reference="1")
    status = run_import(arm, registry.id, by_id(source, "app:1", "team/app:one", "team/app:two", "other"))
    assert status["status"] == "Succeeded" and status["percentComplete"] == 100, status
    assert status["properties"] == {"digest": one.digest, "manifests": 1,
                                    "blobs": {"total": 4, "copied": 0, "present": 4}, "bytes": {"total": 0, "copied": 0}}
    oci = registry.oci(owner)
    for repository, tag in (("team/app", "one"), ("team/app", "two"), ("other", "1")):
        is_there(oci, repository, tag, one)
    shown = oci.get(f"/acr/v1/team/app/_manifests/{one.digest}").expect(200).json()["manifest"]
    assert shown["architecture"] == "amd64" and shown["os"] == "linux"


def test_nested_indexes_by_tag_and_by_digest(owner, arm, registry, source):
    children = [image() for _ in range(3)]
    inner = index([child.descriptor(**platform("amd64")) for child in children[:2]], media_type=DOCKER_LIST)
    outer = index([inner.descriptor(), children[2].descriptor(**platform("arm64"))])
    pushing = source.oci(owner)
    for one in (*children, inner):
        pushing.push("app", one)
    pushing.push("app", outer, reference="1")
    for what, targets, reference in (("app:1", ["by-tag:x"], "x"), (f"app@{outer.digest}", ["by-digest:y"], "y")):
        assert run_import(arm, registry.id, by_id(source, what, *targets))["status"] == "Succeeded"
        repository = targets[0].split(":")[0]
        oci = registry.oci(owner)
        is_there(oci, repository, reference, outer)
        for one in (*children, inner):
            is_there(oci, repository, one.digest, one)


def test_untagged_targets_and_no_target(owner, arm, registry, source):
    one = image()
    source.oci(owner).push("app", one, reference="1")
    oci = registry.oci(owner)
    body = by_id(source, "app:1", untaggedTargetRepositories=["plain"])
    assert run_import(arm, registry.id, body)["status"] == "Succeeded"
    is_there(oci, "plain", one.digest, one)
    assert oci.get("/v2/plain/tags/list").expect(200).json()["tags"] in ([], None)
    # Without any target it keeps its name.
    assert run_import(arm, registry.id, by_id(source, "app:1"))["status"] == "Succeeded"
    is_there(oci, "app", "1", one)


def test_force_moves_a_tag_and_its_absence_does_not(owner, arm, registry, source):
    old, new = image(), image()
    registry.oci(owner).push("app", old, reference="1")
    source.oci(owner).push("app", new, reference="1")
    refused = arm.call("POST", registry.id + "/importImage", json=by_id(source, "app:1", "app:1")).expect(409).json()["error"]
    assert refused["code"] == "Conflict"
    assert "Tag app:1 already exists in target registry." in refused["message"]
    is_there(registry.oci(owner), "app", "1", old)
    assert run_import(arm, registry.id, by_id(source, "app:1", "app:1", mode="force"))["status"] == "Succeeded"
    is_there(registry.oci(owner), "app", "1", new)


def test_a_locked_tag_stays_with_force_too(owner, arm, registry, source):
    old, new = image(), image()
    oci = registry.oci(owner)
    oci.push("app", old, reference="1")
    oci.patch("/acr/v1/app/_tags/1", json={"writeEnabled": False}).expect(200)
    source.oci(owner).push("app", new, reference="1")
    body = by_id(source, "app:1", "app:1", "elsewhere:1", mode="Force")
    status = run_import(arm, registry.id, body)
    assert status["status"] == "Failed" and status["error"]["code"] == "OperationNotAllowed", status
    # All or nothing: the other target has nothing either.
    is_there(oci, "app", "1", old)
    oci.get_manifest("elsewhere", "1").expect(404)
    assert "elsewhere" not in oci.get("/v2/_catalog").expect(200).json()["repositories"]


def test_referrers_on_request(owner, arm, registry, source):
    one = image()
    pushing = source.oci(owner)
    pushing.push("app", one, reference="1")
    sbom = artifact("application/vnd.example.sbom", one.descriptor())
    pushing.push("app", sbom)
    signature = artifact("application/vnd.example.signature", sbom.descriptor())
    pushing.push("app", signature)
    assert run_import(arm, registry.id, by_id(source, "app:1", "bare:1"))["status"] == "Succeeded"
    oci = registry.oci(owner)
    assert oci.get(f"/v2/bare/referrers/{one.digest}").expect(200).json()["manifests"] == []
    assert run_import(arm, registry.id, by_id(source, "app:1", "full:1", includeReferrers=True))["status"] == "Succeeded"
    for subject, referrer in ((one, sbom), (sbom, signature)):
        listed = oci.get(f"/v2/full/referrers/{subject.digest}").expect(200).json()["manifests"]
        assert [item["digest"] for item in listed] == [referrer.digest]
        is_there(oci, "full", referrer.digest, referrer)


def test_what_the_source_does_not_have(owner, arm, registry, source):
    source.oci(owner).push("app", image(), reference="1")
    for what in ("app:2", f"app@{random_digest()}", "nowhere:1"):
        status = run_import(arm, registry.id, by_id(source, what, "app:1"))
        assert status["status"] == "Failed" and status["error"]["code"] == "ResourceNotFound", status
    assert registry.oci(owner).get("/v2/_catalog").expect(200).json()["repositories"] in ([], None)


def test_an_index_without_one_of_its_children_is_not_imported(owner, arm, registry, source):
    child = image()
    pushing = source.oci(owner)
    pushing.push("app", child)
    pushing.push("app", index([child.descriptor(), image().descriptor()]), reference="1")
    status = run_import(arm, registry.id, by_id(source, "app:1", "app:1"))
    assert status["status"] == "Failed", status
    registry.oci(owner).get_manifest("app", "1").expect(404)


@pytest.mark.parametrize("media_type", [OCI_INDEX, DOCKER_LIST])
@pytest.mark.parametrize("size", [200, 200_000])
def test_a_build_cache(owner, arm, registry, source, media_type, size):
    """An index that lists layers instead of manifests."""
    cache = build_cache(layers=3, size=size, media_type=media_type)
    source.oci(owner).push("app", cache, reference="cache")
    status = run_import(arm, registry.id, by_id(source, "app:cache", "app:cache"))
    assert status["status"] == "Succeeded", status
    assert status["properties"]["manifests"] == 1 and status["properties"]["blobs"]["total"] == 4
    is_there(registry.oci(owner), "app", "cache", cache)


def test_the_source_decides_for_itself(new_principal, arm, owner, registry, source):
    """The linked authorization: read and pull at the source, by the caller's rights or by credentials for it."""
    one = image()
    source.oci(owner).push("app", one, reference="1")
    importer = new_principal(IMPORTER, registry.id)
    for named in ({"resourceId": source.id}, {"registryUri": source.login_server.upper()}):
        body = {"source": {**named, "sourceImage": "app:1"}, "targetTags": ["app:1"]}
        refused = importer.arm.call("POST", registry.id + "/importImage", json=body).expect(403).json()["error"]
        assert refused["code"] == "LinkedAuthorizationFailed"
        assert f"action 'read' on the linked scope(s) '{source.id}'" in refused["message"]
        assert "Unauthorized" in refused["message"]
    # A refusal by name does not tell a registry that is not there from one that is not theirs.
    unknown = {"source": {"resourceId": source.id + "x", "sourceImage": "app:1"}}
    assert importer.arm.call("POST", registry.id + "/importImage", json=unknown).expect(403).json()["error"]["code"] \
        == "LinkedAuthorizationFailed"
    # With credentials of somebody who may pull there.
    puller = new_principal("AcrPull", source.id)
    user, secret = puller.credentials
    body = {"source": {"registryUri": source.login_server, "sourceImage": "app:1",
                       "credentials": {"username": user, "password": secret}}, "targetTags": ["app:1"]}
    assert run_import(importer.arm, registry.id, body)["status"] == "Succeeded"
    is_there(registry.oci(owner), "app", "1", one)
    # Tokens without a user: the directory's, and the registry's own.
    refresh = source.oci(puller).http.post("/oauth2/exchange", host=source.login_server, form={
        "grant_type": "access_token", "service": source.login_server,
        "access_token": puller.entra_token()}).expect(200).json()["refresh_token"]
    for tag, token in (("directory", puller.entra_token()), ("registry", refresh)):
        body = {"source": {"registryUri": source.login_server, "sourceImage": "app:1", "credentials": {"password": token}},
                "targetTags": [f"app:{tag}"]}
        assert run_import(importer.arm, registry.id, body)["status"] == "Succeeded"
    # Of somebody who may not, and of nobody.
    stranger = new_principal()
    for credentials in ({"username": stranger.client_id, "password": stranger.secret},
                        {"username": user, "password": "wrong"}, {"password": "nonsense"}):
        body["source"]["credentials"] = credentials
        refused = importer.arm.call("POST", registry.id + "/importImage", json=body).expect(400).json()["error"]
        assert refused["code"] == "SourceUnauthorized" and "Unauthorized" in refused["message"]


def test_who_may_not_import_is_told_so_with_the_word(new_principal, arm, registry, source):
    pusher = new_principal("AcrPush", registry.id)
    refused = pusher.arm.call("POST", registry.id + "/importImage", json=by_id(source, "app:1")).expect(403).json()["error"]
    assert refused["code"] == "AuthorizationFailed"
    assert "importImage/action" in refused["message"] and "Unauthorized" in refused["message"]


@pytest.mark.parametrize("broken", [
    {}, {"source": {}}, {"source": {"sourceImage": "a:b"}}, {"source": []},
    {"source": {"sourceImage": "A:b", "registryUri": "x.example"}},
    {"source": {"sourceImage": "a@b", "registryUri": "x.example"}},
    {"source": {"sourceImage": "a@sha256:0", "registryUri": "x.example"}},
    {"source": {"sourceImage": "a:b", "registryUri": "x.example/path"}},
    {"source": {"sourceImage": "a:b", "registryUri": "user:password@x.example"}},
    {"source": {"sourceImage": "a:b", "registryUri": "ftp://x.example"}},
    {"source": {"sourceImage": "a:b", "registryUri": "http://x.example"}},
    {"source": {"sourceImage": "a:b", "registryUri": "127.0.0.1:5000"}},
    {"source": {"sourceImage": "a:b", "registryUri": "10.0.0.1"}},
    {"source": {"sourceImage": "a:b", "registryUri": "169.254.169.254"}},
    {"source": {"sourceImage": "a:b", "registryUri": "[::1]:5000"}},
    {"source": {"sourceImage": "a:b", "registryUri": "[::ffff:127.0.0.1]"}},
    {"source": {"sourceImage": "a:b", "registryUri": "x.example", "credentials": {"username": "u"}}},
    {"source": {"sourceImage": "a:b", "registryUri": "x.example", "credentials": {"password": ""}}},
    {"source": {"sourceImage": "a:b", "registryUri": "x.example", "credentials": {"password": "a\r\nX: y"}}},
    {"source": {"sourceImage": "a:b", "registryUri": "x.example", "credentials": "secret"}},
    {"source": {"sourceImage": "a:b", "registryUri": "x.example", "more": 1}},
    {"source": {"sourceImage": "a:b", "registryUri": "x.example"}, "mode": "Perhaps"},
    {"source": {"sourceImage": "a:b", "registryUri": "x.example"}, "mode": 1},
    {"source": {"sourceImage": "a:b", "registryUri": "x.example"}, "targetTags": "a:b"},
    {"source": {"sourceImage": "a:b", "registryUri": "x.example"}, "targetTags": ["a:b:c"]},
    {"source": {"sourceImage": "a:b", "registryUri": "x.example"}, "targetTags": ["a:b"] * 101},
    {"source": {"sourceImage": "a:b", "registryUri": "x.example"}, "untaggedTargetRepositories": ["a:b"]},
    {"source": {"sourceImage": "a:b", "registryUri": "x.example"}, "includeReferrers": "yes"},
    {"source": {"sourceImage": "a:b", "registryUri": "x.example"}, "targettags": ["a:b"]},
])
def test_bad_bodies(arm, registry, broken):
    refused = arm.call("POST", registry.id + "/importImage", json=broken).expect(400).json()["error"]
    assert refused["code"] == "InvalidParameter" and refused["message"], refused


def test_a_registry_that_exports_nothing_is_no_source(owner, arm, registry, source):
    source.oci(owner).push("app", image(), reference="1")
    answer = arm.patch_registry(source.name, properties={"publicNetworkAccess": "Disabled",
                                                         "policies": {"exportPolicy": {"status": "disabled"}}})
    if answer.status != 200:
        pytest.skip(f"the export policy cannot be disabled here: {answer}")
    refused = arm.call("POST", registry.id + "/importImage", json=by_id(source, "app:1", "app:1")).expect(409)
    assert refused.json()["error"]["code"] == "ExportPolicyDisabled"


def test_both_styles_of_polling(owner, arm, registry, source):
    source.oci(owner).push("app", image(), reference="1")
    begun = arm.call("POST", registry.id + "/importImage", json=by_id(source, "app:1", f"app:{unique()}")).expect(202)
    assert begun.header("Retry-After") == "1"
    assert wait_for(arm, begun)["status"] == "Succeeded"
    ended = arm.http.get(begun.header("Location"), headers={"Authorization": f"Bearer {arm.token}"})
    assert ended.status in (200, 204)
