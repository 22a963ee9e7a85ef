"""The catalog of who may not list all of it: with repository permissions exactly what they may read, page by page."""

import urllib.parse

import pytest

from harness import content

NAME = "@Request[Microsoft.ContainerRegistry/registries/repositories:name]"
READER = "Container Registry Repository Reader"
NAMES = sorted([f"team/app-{number:02}" for number in range(30)] + [f"other/app-{number:02}" for number in range(30)] +
               ["team", "team-x", "teams/one", "zebra"])
PATHS = ("/v2/_catalog", "/acr/v1/_catalog")


@pytest.fixture
def abac(new_registry, owner, arm):
    registry = new_registry()
    oci = registry.oci(owner, "basic")
    for name in NAMES:
        oci.push_blob(name, content.EMPTY_BLOB)
    arm.patch_registry(registry.name, properties={"roleAssignmentMode": "AbacRepositoryPermissions"}).expect(200)
    return registry


def walk(client, path: str, size: int) -> list[list[str]]:
    """The pages, one after the other as Link says."""
    pages, target = [], f"{path}?n={size}"
    while True:
        answer = client.get(target).expect(200)
        pages.append(answer.json()["repositories"])
        link = answer.header("Link")
        if link is None:
            return pages
        assert len(pages) < 100 and link.endswith('; rel="next"')
        target = link[link.index("<") + 1:link.index(">")]
        assert urllib.parse.parse_qs(urllib.parse.urlsplit(target).query)["last"] == [pages[-1][-1]]


@pytest.mark.parametrize("condition,shown", [
    (f"{NAME} StringStartsWithIgnoreCase 'Team/'", lambda name: name.startswith("team/")),
    (f"{NAME} StringStartsWith 'team'", lambda name: name.startswith("team")),
    (f"{NAME} StringEqualsIgnoreCase 'ZEBRA' OR {NAME} StringEquals 'team' OR {NAME} StringEquals 'nothing'",
     lambda name: name in ("zebra", "team")),
    (f"{NAME} StringStartsWith 'team/' AND {NAME} StringNotEquals 'team/app-07'",
     lambda name: name.startswith("team/") and name != "team/app-07"),
    (f"{NAME} StringLike '*-1?'", lambda name: name[-3:-1] == "-1"),
    (f"!({NAME} StringStartsWith 'team')", lambda name: not name.startswith("team")),
    (f"{NAME} StringEquals 'nothing'", lambda name: False)])
def test_shows_what_may_be_read_once_and_in_order(abac, arm, new_principal, condition, shown):
    principal = new_principal()
    arm.assign(READER, principal.object_id, abac.id, condition=condition)
    expected = [name for name in NAMES if shown(name)]
    for mode in ("basic", "bearer"):
        client = abac.oci(principal, mode)
        for path in PATHS:
            for size in (1, 7, 100):
                pages = walk(client, path, size)
                assert [name for page in pages for name in page] == expected, (mode, path, size)
                assert all(len(page) == size for page in pages[:-1]), "only the last page is not full"
                assert pages[-1] or len(pages) == 1, "a page is empty only at the end"
    assert client.get_manifest("other/app-00", "none").status == (404 if shown("other/app-00") else 401)


def test_two_assignments_add_up_and_overlap(abac, arm, new_principal):
    principal = new_principal()
    for condition in (f"{NAME} StringStartsWith 'team/app-0'", f"{NAME} StringStartsWith 'team/'",
                      f"{NAME} StringEquals 'team/app-03' OR {NAME} StringEquals 'zebra'"):
        arm.assign(READER if "zebra" not in condition else "Container Registry Repository Writer",
                   principal.object_id, abac.id if "app-0'" not in condition else arm.bootstrap.subscription_scope,
                   condition=condition)
    pages = walk(abac.oci(principal), "/v2/_catalog", 4)
    assert sum(pages, []) == [name for name in NAMES if name.startswith("team/") or name == "zebra"]


def test_begins_behind_any_name(abac, arm, new_principal):
    principal = new_principal()
    arm.assign(READER, principal.object_id, abac.id, condition=f"{NAME} StringStartsWith 'team/'")
    client = abac.oci(principal)
    for last, first in (("", "team/app-00"), ("a", "team/app-00"), ("team/", "team/app-00"), ("team/app-03", "team/app-04"),
                        ("team/app-03x", "team/app-04"), ("team0", None), ("team/app-29", None), ("zzz", None)):
        names = client.get(f"/v2/_catalog?n=2&last={urllib.parse.quote(last, safe='')}").expect(200).json()["repositories"]
        assert names[:1] == ([first] if first else []), last


def test_follows_every_change(abac, arm, new_principal, owner):
    principal = new_principal()
    client = abac.oci(principal, "basic")
    assert client.get("/v2/_catalog").expect(200).json()["repositories"] == []
    grant = arm.assign(READER, principal.object_id, abac.id, condition=f"{NAME} StringStartsWith 'new/'")
    assert client.get("/v2/_catalog").expect(200).json()["repositories"] == []
    writer = abac.oci(new_principal("Container Registry Repository Contributor", abac.id), "basic")
    writer.push_blob("new/one", content.EMPTY_BLOB)
    assert client.get("/v2/_catalog").expect(200).json()["repositories"] == ["new/one"]
    writer.delete("/acr/v1/new/one").expect(202)
    assert client.get("/v2/_catalog").expect(200).json()["repositories"] == []
    all_of_it = arm.assign("Container Registry Repository Catalog Lister", principal.object_id, abac.id)
    assert client.get("/v2/_catalog").expect(200).json()["repositories"] == NAMES
    arm.unassign(all_of_it)
    arm.unassign(grant)
    arm.assign(READER, principal.object_id, abac.id)
    assert client.get("/v2/_catalog").expect(200).json()["repositories"] == NAMES
    arm.patch_registry(abac.name, properties={"roleAssignmentMode": "LegacyRegistryPermissions"}).expect(200)
    assert client.get("/v2/_catalog").status == 401, "with registry permissions the catalog is all or nothing"


def test_a_token_that_was_not_asked_for_the_catalog_is_told_to(abac, new_principal):
    principal = new_principal(READER, abac.id)
    token = abac.oci(principal).fetch_token(abac.login_server, ["repository:team:pull"]).expect(200).json()["access_token"]
    answer = abac.oci(mode="none").get("/v2/_catalog", headers={"Authorization": f"Bearer {token}"}).expect(401)
    assert 'scope="registry:catalog:*"' in answer.header("WWW-Authenticate")
    assert 'error="insufficient_scope"' in answer.header("WWW-Authenticate")


def test_hidden_repositories_stay_hidden(abac, arm, new_principal):
    keeper = abac.oci(new_principal("Container Registry Repository Contributor", abac.id), "basic")
    keeper.patch("/acr/v1/team/app-00", json={"listEnabled": False}).expect(200)
    principal = new_principal()
    arm.assign(READER, principal.object_id, abac.id, condition=f"{NAME} StringStartsWith 'team/'")
    assert "team/app-00" not in abac.oci(principal).get("/v2/_catalog").expect(200).json()["repositories"]
