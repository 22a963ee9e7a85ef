"""Content discovery: tags, and the catalog that came before it."""

import random

import pytest

from harness import content
from harness.oci import next_link

NAMES = ["Z", "a", "B", "b", "10", "9", "_x", "v1.0", "v1.0-rc", "v1_0", "latest", "a.a", "a-a", "aa"]


@pytest.fixture
def tagged(oci, repository):
    """A repository with NAMES as its tags, pushed in disorder."""
    manifest = content.image()
    oci.push(repository, manifest)
    names = NAMES.copy()
    random.Random(7).shuffle(names)
    for name in names:
        oci.put_manifest(repository, name, manifest.data).expect(201)
    return repository


def lexical(names: list[str]) -> list[str]:
    return sorted(names, key=str.lower)


def in_order(names: list[str]) -> bool:
    """Either order of the specification."""
    return names == sorted(names) or [name.lower() for name in names] == sorted(name.lower() for name in names)


def test_list_has_its_form(oci, tagged):
    answer = oci.get(f"/v2/{tagged}/tags/list")
    assert answer.status == 200, answer
    document = answer.json()
    assert document["name"] == tagged
    assert sorted(document["tags"]) == sorted(NAMES)


def test_list_is_in_order(oci, tagged):
    assert in_order(oci.tags(tagged))


def test_list_may_be_empty(oci, repository):
    oci.push(repository, content.image())
    assert oci.tags(repository) == []


def test_unknown_repository_is_404(oci, repository):
    assert oci.get(f"/v2/{repository}/nowhere/tags/list").status == 404


@pytest.mark.parametrize("count", [1, 3, len(NAMES), len(NAMES) + 5])
def test_n_limits_the_page(oci, tagged, count):
    whole = oci.tags(tagged)
    answer = oci.get(f"/v2/{tagged}/tags/list?n={count}").expect(200)
    page = answer.json()["tags"]
    assert page == whole[:len(page)]
    assert len(page) == min(count, len(whole)) or next_link(answer) is not None
    if len(page) < len(whole):
        assert next_link(answer) is not None


@pytest.mark.parametrize("count", [1, 2, 5])
def test_links_lead_through_all_pages(oci, tagged, count):
    seen, path = [], f"/v2/{tagged}/tags/list?n={count}"
    for _ in range(len(NAMES) + 2):
        answer = oci.get(path).expect(200)
        page = answer.json()["tags"]
        assert len(page) <= count
        seen += page
        path = next_link(answer)
        if path is None:
            break
    assert path is None
    assert seen == oci.tags(tagged)


def test_last_page_has_no_link(oci, tagged):
    whole = oci.tags(tagged)
    assert next_link(oci.get(f"/v2/{tagged}/tags/list?n={len(whole)}").expect(200)) is None
    assert next_link(oci.get(f"/v2/{tagged}/tags/list?n=2&last={whole[-3]}").expect(200)) is None


def test_n_of_0_is_an_empty_page_without_a_link(oci, tagged):
    answer = oci.get(f"/v2/{tagged}/tags/list?n=0").expect(200)
    assert answer.json()["tags"] == []
    assert answer.header("Link") is None
    assert oci.get(f"/v2/{tagged}/tags/list?n=0&last=a").expect(200).json()["tags"] == []


def test_last_begins_behind_the_tag(oci, tagged):
    whole = oci.tags(tagged)
    for position in (0, 5, len(whole) - 2):
        page = oci.tags(tagged, f"?n=2&last={whole[position]}")
        assert page == whole[position + 1:position + 3]


def test_last_without_n(oci, tagged):
    whole = oci.tags(tagged)
    assert oci.tags(tagged, f"?last={whole[4]}") == whole[5:]


def test_last_behind_the_end_is_an_empty_page(oci, tagged):
    assert oci.tags(tagged, f"?last={oci.tags(tagged)[-1]}") == []


def test_last_need_not_exist(oci, repository):
    manifest = content.image()
    oci.push(repository, manifest)
    for tag in ("a", "b", "d", "e"):
        oci.put_manifest(repository, tag, manifest.data).expect(201)
    assert oci.tags(repository, "?last=c") == ["d", "e"]
    assert oci.tags(repository, "?n=1&last=c") == ["d"]


def test_catalog_lists_repositories_page_by_page(new_registry, owner):
    oci = new_registry().oci(owner)
    names = ["a", "a/b", "b", "ba", "c/d/e"]
    for name in names:
        oci.push(name, content.image(layers=0), "latest")
    assert oci.get("/v2/_catalog").expect(200).json()["repositories"] == names
    seen, path = [], "/v2/_catalog?n=2"
    while path is not None:
        answer = oci.get(path).expect(200)
        assert len(answer.json()["repositories"]) <= 2
        seen += answer.json()["repositories"]
        path = next_link(answer)
    assert seen == names
    assert oci.get("/v2/_catalog?last=b").expect(200).json()["repositories"] == ["ba", "c/d/e"]
    assert oci.get("/v2/_catalog?n=0").expect(200).json()["repositories"] == []
