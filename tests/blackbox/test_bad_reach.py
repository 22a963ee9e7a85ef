"""Content is reached only through a repository that links it, by who may read there."""

import pytest

from harness import content
from harness.content import digest_of
from harness.oci import Oci, error_codes


@pytest.fixture
def secret(oci, repository):
    """A blob in a repository of the first registry."""
    data = content.random_blob(500)
    oci.push_blob(f"{repository}/secret", data)
    return f"{repository}/secret", data


def narrowed(registry, principal, *scopes: str) -> Oci:
    """The data plane with one token that was asked for these scopes only."""
    client = registry.oci(principal)
    token = client.fetch_token(registry.login_server, scopes).expect(200).json()["access_token"]
    return Oci(registry.http, registry.login_server, token, "token")


def test_by_digest_in_a_repository_that_does_not_link_it(oci, repository, secret):
    _, data = secret
    oci.push(f"{repository}/mine", content.image(), "latest")
    for method in ("GET", "HEAD", "DELETE"):
        assert oci.request(method, f"/v2/{repository}/mine/blobs/{digest_of(data)}").status == 404


def test_by_digest_at_another_registry(registry, owner, repository, secret):
    name, data = secret
    elsewhere = registry.oci(owner)
    elsewhere.push(name, content.image(), "latest")
    assert elsewhere.get_blob(name, digest_of(data)).status == 404
    for query in (f"?mount={digest_of(data)}&from={name}", f"?mount={digest_of(data)}"):
        assert elsewhere.post(f"/v2/{name}/blobs/uploads/{query}").status == 202


def test_mount_with_a_token_that_was_not_asked_for_the_source(first_registry, owner, repository, secret):
    name, data = secret
    target = f"{repository}/target"
    client = narrowed(first_registry, owner, f"repository:{target}:pull,push")
    answer = client.post(f"/v2/{target}/blobs/uploads/?mount={digest_of(data)}&from={name}")
    assert answer.status == 401, answer
    assert f"repository:{name}:pull" in answer.header("WWW-Authenticate"), "the challenge does not ask for the source"
    assert client.head(f"/v2/{target}/blobs/{digest_of(data)}").status == 404


def test_mount_without_from_with_a_token_that_was_not_asked_for_the_source(first_registry, owner, repository, secret):
    _, data = secret
    target = f"{repository}/target"
    client = narrowed(first_registry, owner, f"repository:{target}:pull,push")
    answer = client.post(f"/v2/{target}/blobs/uploads/?mount={digest_of(data)}")
    assert answer.status == 202, answer
    assert client.head(f"/v2/{target}/blobs/{digest_of(data)}").status == 404


def test_mount_with_a_token_for_both(first_registry, owner, repository, secret):
    name, data = secret
    target = f"{repository}/target"
    client = narrowed(first_registry, owner, f"repository:{target}:pull,push", f"repository:{name}:pull")
    client.post(f"/v2/{target}/blobs/uploads/?mount={digest_of(data)}&from={name}").expect(201)


def test_mount_by_who_may_only_push_elsewhere(new_registry, owner, new_principal, repository):
    """A role at one registry opens no other, whatever `from` says."""
    source, target = new_registry(), new_registry()
    data = content.random_blob()
    source.oci(owner).push_blob(repository, data)
    pusher = new_principal("AcrPush", target.id)
    client = target.oci(pusher)
    answer = client.post(f"/v2/{repository}/blobs/uploads/?mount={digest_of(data)}&from={repository}")
    assert answer.status == 202, answer


def test_existence_is_not_told_to_who_may_not_read(first_registry, new_principal, secret, repository):
    name, data = secret
    stranger = first_registry.oci(new_principal())
    there = stranger.get_blob(name, digest_of(data))
    absent = stranger.get_blob(name, content.random_digest())
    nowhere = stranger.get_blob(f"{repository}/nowhere", content.random_digest())
    assert [answer.status for answer in (there, absent, nowhere)] == [401, 401, 401]
    assert error_codes(there) == error_codes(absent) == error_codes(nowhere)


def test_who_may_push_only_cannot_ask_by_upload_what_exists(first_registry, arm, berth, new_principal, secret, repository):
    """POST with the digest of a blob that others have: it has to be sent all the same."""
    _, data = secret
    pusher = first_registry.oci(new_principal("AcrPush"))
    answer = pusher.post(f"/v2/{repository}/mine/blobs/uploads/?digest={digest_of(data)}", body=b"")
    assert answer.status == 400, answer
    assert pusher.head(f"/v2/{repository}/mine/blobs/{digest_of(data)}").status == 404
