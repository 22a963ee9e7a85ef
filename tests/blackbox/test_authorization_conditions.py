"""Conditions that name repositories, through every call of the data plane."""

import uuid

import pytest

from harness import challenge as challenges
from harness import content
from harness.content import digest_of
from harness.oci import Oci

R = "Microsoft.ContainerRegistry/registries/repositories"
NAME = f"@Request[{R}:name]"
WRITER, CONTRIBUTOR = "Container Registry Repository Writer", "Container Registry Repository Contributor"
READER = "Container Registry Repository Reader"


@pytest.fixture
def abac(new_registry, owner, arm):
    """With repository permissions; four repositories with one image each."""
    registry = new_registry()
    for name in ("team/app", "team/web", "teams/app", "other"):
        registry.oci(owner).push(name, content.image(), "v1")
    arm.patch_registry(registry.name, properties={"roleAssignmentMode": "AbacRepositoryPermissions"}).expect(200)
    return registry


def statuses(oci, name: str) -> dict[str, int]:
    """What each call of the data plane answers for a repository that has `v1` (200 for who may)."""
    return {
        "pull": oci.get_manifest(name, "v1").status,
        "head": oci.head(f"/v2/{name}/manifests/v1").status,
        "referrers": oci.get(f"/v2/{name}/referrers/{digest_of(content.EMPTY_BLOB)}").status,
        "tags": oci.get(f"/v2/{name}/tags/list").status,
        "attributes": oci.get(f"/acr/v1/{name}").status,
        "tags and attributes": oci.get(f"/acr/v1/{name}/_tags").status,
        "manifests and attributes": oci.get(f"/acr/v1/{name}/_manifests").status,
        "tag": oci.get(f"/acr/v1/{name}/_tags/v1").status,
        "lock": oci.patch(f"/acr/v1/{name}/_tags/v1", json={"listEnabled": True}).status,
        "push": oci.try_push_blob(name, content.random_blob()).status,
        "delete": oci.delete(f"/v2/{name}/manifests/none").status,
        "delete tag": oci.delete(f"/acr/v1/{name}/_tags/none").status,
    }


@pytest.mark.parametrize("test,reaches", [
    (f"{NAME} StringStartsWithIgnoreCase 'team/'", {"team/app", "team/web"}),
    (f"{NAME} StringStartsWithIgnoreCase 'team'", {"team/app", "team/web", "teams/app"}),
    (f"{NAME} StringEqualsIgnoreCase 'TEAM/App'", {"team/app"}),
    (f"{NAME} StringEquals 'other' OR {NAME} StringLike 'team/w*'", {"other", "team/web"}),
    (f"@Resource[{R}:name] StringEquals 'other'", {"other"})])
def test_every_call_sees_the_name(abac, arm, new_principal, test, reaches):
    principal = new_principal()
    arm.assign(CONTRIBUTOR, principal.object_id, abac.id, condition=f"({test})")
    for way in ("basic", "bearer"):
        client = abac.oci(principal, way)
        for name in ("team/app", "team/web", "teams/app", "other"):
            for call, status in statuses(client, name).items():
                if name in reaches:
                    assert status != 401, (way, name, call)
                else:
                    assert status == 401, (way, name, call, status)


def test_actions_that_a_condition_does_not_name_pass(abac, arm, new_principal):
    principal = new_principal()
    arm.assign(CONTRIBUTOR, principal.object_id, abac.id, condition=
               f"((!(ActionMatches{{'{R}/content/write'}}) AND !(ActionMatches{{'{R}/content/delete'}})) OR "
                 f"({NAME} StringStartsWithIgnoreCase 'team/'))")
    got = statuses(abac.oci(principal, "basic"), "other")
    assert {call for call, status in got.items() if status == 401} == {"push", "delete", "delete tag"}


def test_a_mount_needs_both_ends(abac, arm, owner, new_principal):
    data = b"a layer that is shared"
    assert abac.oci(owner, "basic").start_upload("other").status == 401, "the owner of the registry holds nothing in it"
    writer = abac.oci(new_principal(WRITER, abac.id), "basic")
    writer.push_blob("other", data)
    writer.push_blob("team/web", data + b".")
    principal = new_principal()
    arm.assign(WRITER, principal.object_id, abac.id, condition=f"{NAME} StringStartsWithIgnoreCase 'team/'")
    client = abac.oci(principal, "basic")

    def mount(into: str, source: str, of: bytes) -> int:
        return client.start_upload(into, f"?mount={digest_of(of)}&from={source}").status
    assert mount("team/app", "team/web", data + b".") == 201
    assert mount("team/app", "other", data) == 202, "a source that may not be read is no source"
    assert mount("other", "team/web", data + b".") == 401
    assert client.start_upload("team/app", f"?mount={digest_of(data)}").status == 202, "nor one that is looked for"
    assert client.get(f"/v2/team/app/blobs/{digest_of(data)}").status == 404
    # With the right to the source it mounts at once.
    arm.assign(READER, principal.object_id, abac.id, condition=f"{NAME} StringEquals 'other'")
    assert mount("team/app", "other", data) == 201


def test_an_assignment_without_a_condition_outweighs_one_with(abac, arm, new_principal):
    principal = new_principal()
    arm.assign(READER, principal.object_id, abac.id, condition=f"{NAME} StringEquals 'team/app'")
    client = abac.oci(principal, "basic")
    assert client.get_manifest("other", "v1").status == 401
    arm.assign(WRITER, principal.object_id, abac.id)
    client.get_manifest("other", "v1").expect(200)


def test_a_condition_counts_with_registry_permissions_too(registry, owner, arm, new_principal):
    for name in ("mine", "other"):
        registry.oci(owner).push(name, content.image(), "v1")
    principal = new_principal()
    arm.assign("AcrPush", principal.object_id, registry.id, condition=
               f"(!(ActionMatches{{'Microsoft.ContainerRegistry/registries/push/write'}}) OR {NAME} StringEquals 'mine')")
    client = registry.oci(principal, "basic")
    client.get_manifest("other", "v1").expect(200)
    client.start_upload("mine").expect(202)
    assert client.start_upload("other").status == 401


def test_the_refusal_names_the_condition_and_the_repository(abac, arm, new_principal):
    principal = new_principal()
    assignment = arm.assign(READER, principal.object_id, abac.id, condition=f"{NAME} StringStartsWithIgnoreCase 'team/'")
    answer = abac.oci(principal, "basic").get_manifest("other", "v1").expect(401)
    message = answer.json()["errors"][0]["message"]
    for part in ("does not have authorization or an ABAC condition not fulfilled to perform action",
                 f"'{R}/content/read'", "'other'", principal.object_id, assignment.rsplit("/", 1)[1], READER):
        assert part in message, (part, message)
    described = challenges.parse(answer.header("WWW-Authenticate")).parameters["error_description"]
    assert "ABAC condition not fulfilled" in described and "other" in described


def test_a_changed_condition_counts_for_tokens_that_were_issued(abac, arm, new_principal):
    principal = new_principal()
    guid = str(uuid.uuid4())
    arm.assign(READER, principal.object_id, abac.id, condition=f"{NAME} StringEquals 'team/app'", guid=guid)
    token = abac.oci(principal).fetch_token(
        abac.login_server, ["repository:team/app:pull", "repository:other:pull"]).expect(200).json()["access_token"]
    client = Oci(abac.http, abac.login_server, token, "token")
    for name, condition in (("team/app", None), ("other", f"{NAME} StringEquals 'other'"),
                            ("team/app", f"{NAME} StringStartsWith 'team/'")):
        if condition:
            arm.assign(READER, principal.object_id, abac.id, condition=condition, guid=guid)
        for one in ("team/app", "other"):
            assert client.get_manifest(one, "v1").status == (200 if one == name else 401), (name, one)
