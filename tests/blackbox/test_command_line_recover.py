"""`berth recover`, and what a start says when its Owner cannot sign in."""

import json
import os
import pwd

import pytest

from harness.crowd import wait_for
from harness.identities import bootstrap_owner
from harness.http_client import Http
from harness.command_line import CommandLine


@pytest.fixture
def server(own_berth):
    return own_berth().start()


def said_since(server, already: int, words: str) -> str:
    """What the server has said since its log was so long, once the words are there: it is ready a moment before it says so."""
    wait_for(lambda: words in server.log[already:], what=f"the start does not say '{words}'")
    return server.log[already:]


def owner_of(server):
    return bootstrap_owner(Http(server.http), server.bootstrap)


def application_of(owner) -> dict:
    [application] = [one for one in owner.graph.call("GET", "/applications").json()["value"] if one["appId"] == owner.client_id]
    return application


def second_administrator(server):
    """A Global Administrator beside the Owner, so that the Owner can be taken away: none can be made over Graph, so the
    test writes the row that says it, with the server stopped."""
    import sqlite3

    from harness import identities

    owner = owner_of(server)
    other = identities.new_principal(owner.graph, "second")
    owner.arm.assign("Owner", other.object_id, server.bootstrap.subscription_scope)
    server.stop()
    database = sqlite3.connect(server.data / "berth.db")
    database.execute("insert into directory_roles(principal_id, role) values (?, 'GlobalAdministrator')", (other.object_id,))
    database.commit()
    database.close()
    server.start()
    return identities.Principal(Http(server.http), server.bootstrap, *other.credentials[:1], other.object_id, other.secret, "second")


def in_charge(run: CommandLine, server) -> None:
    run("login", "--data", str(server.data))
    run("principal", "list")
    run("registry", "create", "recovered1")
    run("registry", "delete", "recovered1", "--yes")


def test_a_healthy_owner_gets_a_new_secret(run, server):
    old = server.bootstrap
    server.stop()
    done = run.json("recover", "--data", str(server.data))
    assert done["clientId"] == old.owner_client_id and done["objectId"] == old.owner_object_id
    file = server.data / "bootstrap.json"
    document = json.loads(file.read_text())
    assert document["owner"]["clientSecret"] not in (old.owner_secret, json.dumps(done))
    assert file.stat().st_mode & 0o077 == 0
    # All else is as the last start wrote it.
    assert document["http"] == old.http and document["loginServer"] == old.login_server and document["registryId"] == old.registry_id
    assert any("1 other secret" in step for step in done["steps"])
    server.start()
    in_charge(run, server)


def test_a_running_server_is_left_alone(run, server):
    said = run.refused("recover", "--data", str(server.data))
    assert f"process {server.process.pid}" in said and "stop the server" in said
    assert json.loads((server.data / "bootstrap.json").read_text())["owner"]["clientSecret"] == server.bootstrap.owner_secret
    in_charge(run, server)


def test_wrong_folders(run, tmp_path):
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").write_text("")
    for path in (tmp_path / "nowhere", tmp_path / "empty", tmp_path / "file"):
        assert "holds no data of berth" in run.refused("recover", "--data", str(path))
    assert not (tmp_path / "nowhere").exists() and not list((tmp_path / "empty").iterdir())
    assert "--data" in run.refused("recover", code=2)
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "berth.db").write_text("this is no database, but long enough to be looked into" * 100)
    run.refused("recover", "--data", str(tmp_path / "other"))


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to give a folder to somebody else")
def test_the_folder_of_another_user(run, server):
    server.stop()
    nobody = pwd.getpwnam("nobody")
    before = (server.data / "bootstrap.json").read_bytes()
    os.chown(server.data, nobody.pw_uid, nobody.pw_gid)
    said = run.refused("recover", "--data", str(server.data))
    assert "nobody" in said and "sudo -u nobody berth recover" in said
    os.chown(server.data, os.geteuid(), os.getegid())
    assert (server.data / "bootstrap.json").read_bytes() == before


def test_an_owner_whose_secret_was_removed(run, server):
    owner = owner_of(server)
    application = application_of(owner)
    for secret in application["passwordCredentials"]:
        owner.graph.call("POST", f"/applications/{application['id']}/removePassword", json={"keyId": secret["keyId"]}).expect(204)
    already = len(server.log)
    server.restart()
    said = said_since(server, already, "berth recover --data")
    assert "docker login" not in said and owner.secret not in said
    assert json.loads((server.data / "bootstrap.json").read_text())["owner"]["clientSecret"] is None
    assert "berth recover" in run.refused("login", "--data", str(server.data))
    server.stop()
    run("recover", "--data", str(server.data))
    already = len(server.log)
    server.start()
    said_since(server, already, "docker login")
    in_charge(run, server)


@pytest.mark.parametrize("broken", ["disabled", "deleted", "without a role"])
def test_an_owner_that_another_administrator_took_away(run, server, broken):
    second = second_administrator(server)
    owner = server.bootstrap.owner_object_id
    if broken == "disabled":
        second.graph.call("PATCH", f"/servicePrincipals/{owner}", json={"accountEnabled": False}).expect(204)
    elif broken == "deleted":
        second.graph.call("DELETE", f"/servicePrincipals/{owner}").expect(204)
    else:
        for one in second.arm.list_assignments(server.bootstrap.subscription_scope, f"principalId eq '{owner}'"):
            second.arm.unassign(one["id"])
    already = len(server.log)
    server.restart()
    if broken == "without a role":
        said = said_since(server, already, "AcrPush")
        assert "may not push" in said and "docker push" not in said
    else:
        assert "docker login" not in said_since(server, already, "berth recover --data")
    server.stop()
    steps = " ".join(run.json("recover", "--data", str(server.data))["steps"])
    assert {"disabled": "Enabled the Owner", "deleted": "service principal anew", "without a role": "the role Owner at the subscription"}[broken] in steps
    server.start()
    in_charge(run, server)


def test_without_a_registry(run, server):
    owner = owner_of(server)
    owner.arm.delete_registry(server.bootstrap.registry_name).expect(200, 202, 204)
    already = len(server.log)
    server.restart()
    assert "docker push" not in said_since(server, already, "berth registry create")
    document = json.loads((server.data / "bootstrap.json").read_text())
    assert document["registryName"] is None and document["registryId"] is None and document["loginServer"] is None
    assert document["resourceGroup"] == "berth" and document["location"] == "westeurope"
    run("login", "--data", str(server.data))
    run("registry", "create", "another1")
    server.restart()
    assert server.bootstrap.registry_name == "another1" and "another1.azurecr.localhost" in server.bootstrap.login_server


def test_the_welcome_names_no_push_that_is_refused(run, server):
    run("login", "--data", str(server.data))
    run("registry", "update", server.bootstrap.registry_name, "--permissions", "repository")
    already = len(server.log)
    server.restart()
    said = said_since(server, already, "role assignment create")
    assert "docker push" not in said
    [command] = [line.strip() for line in said.splitlines() if "role assignment create" in line]
    import shlex

    run("login", "--data", str(server.data))
    run(*shlex.split(command)[1:])
    already = len(server.log)
    server.restart()
    said_since(server, already, "docker push")
