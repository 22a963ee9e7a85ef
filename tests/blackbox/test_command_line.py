"""The program's own commands: sign in, make a principal, give and take a role (the README's story)."""

import json
import re
import stat
import subprocess

import pytest

from harness import content
from harness.oci import Oci
from harness.server import binary, environment


@pytest.fixture
def run(tmp_path):
    """run(*arguments, text="") -> the ended process; its home is a folder of the test."""

    def call(*arguments: str, text: str = "", code: int | None = 0) -> subprocess.CompletedProcess:
        home = {"HOME": str(tmp_path / "home"), "XDG_CONFIG_HOME": str(tmp_path / "home" / ".config")}
        (tmp_path / "home").mkdir(exist_ok=True)
        ended = subprocess.run([str(binary()), *arguments], input=text, capture_output=True, text=True, timeout=30,
                               env={**environment(), **home})
        if code is not None:
            assert ended.returncode == code, f"berth {' '.join(arguments)}: {ended.returncode}\n{ended.stdout}\n{ended.stderr}"
        return ended

    return call


@pytest.fixture
def signed_in(run, berth):
    run("login", "--data", str(berth.data))
    return run


@pytest.fixture
def image(oci, repository):
    oci.push(repository, content.image(), "latest")
    return repository


def test_the_readmes_story(signed_in, berth, first_registry, image):
    """A principal is made, refused, given the role, let in, and loses it again."""
    name = content.unique("ci")
    made = json.loads(signed_in("principal", "create", name, "--json").stdout)
    text = json.dumps(made)
    [client_id] = {value for key, value in made.items() if key.lower() in ("clientid", "appid")}
    [secret] = [value for key, value in made.items() if key.lower() in ("clientsecret", "password", "secret")]
    assert not secret.startswith("-"), text
    puller = Oci(first_registry.http, first_registry.login_server, (client_id, secret))
    assert puller.get_manifest(image, "latest").status == 401
    signed_in("role", "assignment", "create", "--assignee", client_id, "--role", "AcrPull", "--registry", first_registry.name)
    puller.get_manifest(image, "latest").expect(200)
    listed = signed_in("role", "assignment", "list", "--assignee", client_id, "--registry", first_registry.name)
    assert "AcrPull" in listed.stdout
    assert json.loads(signed_in("role", "assignment", "list", "--assignee", client_id, "--registry", first_registry.name, "--json").stdout)
    signed_in("role", "assignment", "delete", "--assignee", client_id, "--role", "AcrPull", "--registry", first_registry.name)
    assert puller.get_manifest(image, "latest").status == 401


def test_principal_with_a_role_in_one_step(signed_in, first_registry, image):
    made = json.loads(signed_in("principal", "create", content.unique("ci"), "--role", "AcrPull", "--registry", first_registry.name,
                                "--json").stdout)
    [client_id] = {value for key, value in made.items() if key.lower() in ("clientid", "appid")}
    [secret] = [value for key, value in made.items() if key.lower() in ("clientsecret", "password", "secret")]
    Oci(first_registry.http, first_registry.login_server, (client_id, secret)).get_manifest(image, "latest").expect(200)


@pytest.mark.parametrize("listener", ["http", "https"])
def test_sign_in_as_a_service_principal(run, berth, new_principal, first_registry, listener):
    principal = new_principal("Reader", first_registry.id)
    extra = ("--ca-file", berth.bootstrap.ca_file) if listener == "https" else ()
    run("login", "--server", getattr(berth, listener), "--client-id", principal.client_id, *extra, text=principal.secret + "\n")
    run("role", "assignment", "list", "--registry", first_registry.name)
    refused = run("role", "assignment", "create", "--assignee", principal.client_id, "--role", "Owner", "--registry", first_registry.name, code=None)
    assert refused.returncode != 0
    assert "Microsoft.Authorization/roleAssignments/write" in refused.stderr


def test_sign_in_keeps_secrets_to_oneself(signed_in, tmp_path):
    files = [path for path in (tmp_path / "home").rglob("*") if path.is_file()]
    assert files
    for file in files:
        assert stat.S_IMODE(file.stat().st_mode) & 0o077 == 0, file


def test_refused_sign_ins(run, berth, owner):
    for arguments, text in ((("--server", berth.http, "--client-id", owner.client_id), "wrong\n"), (("--server", berth.http, "--client-id", "x"), "y\n"),
                            (("--server", "http://127.0.0.1:1", "--client-id", "x"), "y\n"), (("--data", "/nowhere"), ""),
                            (("--server", berth.https, "--client-id", owner.client_id), owner.secret + "\n")):
        ended = run("login", *arguments, text=text, code=None)
        assert ended.returncode != 0, arguments
        lines = ended.stderr.strip().splitlines()
        assert 1 <= len(lines) <= 3 and owner.secret not in ended.stderr, ended.stderr


def test_commands_before_a_sign_in(run):
    ended = run("role", "assignment", "list", code=None)
    assert ended.returncode != 0 and "berth login" in ended.stderr, ended.stderr


def test_mistakes_are_named(signed_in, first_registry):
    for arguments, word in ((("role", "assignment", "create", "--assignee", "nobody-of-that-name", "--role", "AcrPull"), "nobody-of-that-name"),
                            (("role", "assignment", "create", "--assignee", "x", "--role", "NoSuchRole"), ""),
                            (("role", "assignment", "list", "--registry", "nosuchregistry"), "nosuchregistry"),
                            (("principal", "create"), "name"), (("no-such-command",), "")):
        ended = signed_in(*arguments, code=None)
        assert ended.returncode != 0, arguments
        assert word in ended.stderr + ended.stdout, ended


def test_two_principals_of_one_name_are_not_guessed(signed_in, first_registry, new_principal):
    name = content.unique("twin")
    new_principal(name=name), new_principal(name=name)
    ended = signed_in("role", "assignment", "create", "--assignee", name, "--role", "AcrPull", "--registry", first_registry.name, code=None)
    assert ended.returncode != 0 and name in ended.stderr, ended


def test_version_and_help(run):
    assert re.search(r"\d+\.\d+\.\d+", run("--version").stdout)
    for arguments in ((), ("serve",), ("login",), ("principal", "create"), ("role", "assignment", "create")):
        assert "--help" in run(*arguments, "--help").stdout


def test_route_table(run):
    """Every route names its permission or says why it needs none."""
    lines = [line for line in run("routes").stdout.splitlines() if line.strip()]
    rows, permissions = lines[0::2], lines[1::2]
    assert len(rows) == len(permissions) > 40
    for row, permission in zip(rows, permissions):
        assert re.fullmatch(r"\S+\s+(GET|HEAD|PUT|POST|PATCH|DELETE)\s+/\S*", row.strip()), row
        assert permission.startswith(" ") and permission.strip(), row
        if permission.strip().startswith("open"):
            assert re.match(r"open: \S+", permission.strip()), f"no reason given: {row}"
