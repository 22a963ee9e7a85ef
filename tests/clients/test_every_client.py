"""The same story with each client: log in, push, pull; with the right identity and with the wrong one."""

import pytest

from harness import content
from programs import CLIENTS
from refusals import PULL, PUSH, refused
from sandbox import Failed


every_client = pytest.mark.parametrize("kind", CLIENTS, ids=lambda kind: kind.__name__)


@every_client
def test_what_is_pushed_comes_back(kind, log_in, way, new_principal, name, stored):
    """An AcrPush pushes, an AcrPull pulls to an empty place, and both hold the same."""
    pushed = log_in(kind, new_principal("AcrPush"), way).push(name)
    assert log_in(kind, new_principal("AcrPull"), way).pull(name) == pushed
    digests = stored(name)
    assert len(digests) > 2
    if isinstance(pushed, set):
        assert digests == pushed


@every_client
def test_a_role_counts_without_logging_in_again(kind, log_in, way, new_principal, arm, name, oci, stored):
    """Who may only pull is told what is missing; given, it works for the session that lasts; taken away, it stops."""
    principal = new_principal("AcrPull")
    client = log_in(kind, principal, way)
    with pytest.raises(Failed) as refusal:
        client.push(name)
    if kind.explains_push:
        assert PUSH in refusal.value.output and principal.object_id in refusal.value.output, refusal.value.output
    else:
        assert refused(refusal.value.output), refusal.value.output
    assert oci.get_manifest(*name.split(":")).status == 404

    assignment = arm.assign("AcrPush", principal.object_id, arm.bootstrap.registry_id)
    client.push(name)
    assert len(stored(name)) > 2

    arm.unassign(assignment)
    with pytest.raises(Failed):
        client.push(name.replace("1.0.0", "2.0.0"))


@every_client
def test_who_has_no_role_is_told_so_when_pulling(kind, log_in, way, new_principal, name, oci):
    repository, tag = name.split(":")
    oci.push(repository, content.image(), tag)
    stranger = new_principal()
    client = log_in(kind, stranger, way)
    with pytest.raises(Failed) as refusal:
        client.pull(name)
    if kind.explains_pull:
        assert PULL in refusal.value.output and stranger.object_id in refusal.value.output, refusal.value.output
    else:
        assert refused(refusal.value.output), refusal.value.output


@every_client
def test_a_wrong_secret_is_refused(kind, open_client, way, new_principal, name):
    user, password = way.credentials(new_principal("AcrPush"))
    client = open_client(kind, way.place)
    with pytest.raises(Failed) as refusal:
        client.login(user, password[:-6] + "000000")
        client.push(name)
    if client.explains_login:
        assert refused(refusal.value.output), refusal.value.output
