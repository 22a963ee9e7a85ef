"""The program's own commands: signing in, the README's story, mistakes, help."""

import http.server
import json
import re
import stat
import threading

import pytest

from harness import content
from harness.oci import Oci


@pytest.fixture
def image(oci, repository):
    oci.push(repository, content.image(), "latest")
    return repository


def pull(registry, credentials, repository):
    return Oci(registry.http, registry.login_server, credentials).get_manifest(repository, "latest")


def test_the_readmes_story(signed_in, first_registry, image):
    """A principal is made, refused, given the role, let in, and loses it again."""
    made = json.loads(signed_in("principal", "create", content.unique("ci"), "--json").stdout)
    client_id, secret = made["clientId"], made["clientSecret"]
    assert not secret.startswith("-")
    assert pull(first_registry, (client_id, secret), image).status == 401
    signed_in("role", "assignment", "create", "--assignee", client_id, "--role", "AcrPull", "--registry", first_registry.name)
    pull(first_registry, (client_id, secret), image).expect(200)
    listed = signed_in("role", "assignment", "list", "--assignee", client_id, "--registry", first_registry.name)
    assert "AcrPull" in listed.stdout
    signed_in("role", "assignment", "delete", "--assignee", client_id, "--role", "AcrPull", "--registry", first_registry.name)
    assert pull(first_registry, (client_id, secret), image).status == 401


def test_principal_with_a_role_in_one_step(signed_in, first_registry, image):
    made = signed_in.json("principal", "create", content.unique("ci"), "--role", "AcrPull", "--registry", first_registry.name)
    pull(first_registry, (made["clientId"], made["clientSecret"]), image).expect(200)


@pytest.mark.parametrize("listener", ["http", "https"])
@pytest.mark.parametrize("way", ["standard input", "file", "environment"])
def test_sign_in_as_a_service_principal(run, berth, new_principal, first_registry, listener, way):
    principal = new_principal("Reader", first_registry.id)
    extra = ["--ca", berth.bootstrap.ca_file] if listener == "https" else []
    more = {}
    if way == "standard input":
        more["text"] = principal.secret + "\n"
    elif way == "file":
        (run.folder / "secret").write_text(principal.secret + "\n")
        extra += ["--secret-file", "secret"]
    else:
        more["variables"] = {"BERTH_CLIENT_SECRET": principal.secret}
    said = run("login", "--server", getattr(berth, listener) + "/", "--client-id", principal.client_id, *extra, **more)
    assert principal.client_id in said.stdout and principal.secret not in said.stdout
    who = run.json("whoami")
    assert who["clientId"] == principal.client_id and who["objectId"] == principal.object_id
    assert who["tenantId"] == berth.bootstrap.tenant_id and who["subscriptionId"] == berth.bootstrap.subscription_id
    assert principal.secret not in json.dumps(who)
    refused = run.refused("role", "assignment", "create", "--assignee", principal.object_id, "--role", "Owner", "--registry", first_registry.id)
    # The server's sentence, whole: who, what, where, and the role that would do.
    for part in (principal.object_id, "does not have authorization to perform action", "Microsoft.Authorization/roleAssignments/write",
                 first_registry.id, "smallest built-in role"):
        assert part in refused, refused


def test_a_secret_typed_at_a_terminal_is_not_shown(run, berth, new_principal):
    principal = new_principal("Reader")
    code, shown = run.at_terminal(principal.secret, "login", "--server", berth.http, "--client-id", principal.client_id)
    assert code == 0 and "Secret: " in shown and "Signed in" in shown
    assert principal.secret not in shown


def test_sign_in_keeps_secrets_to_oneself(signed_in):
    files = [path for path in signed_in.folder.rglob("*") if path.is_file()]
    assert files
    for file in files:
        assert stat.S_IMODE(file.stat().st_mode) & 0o077 == 0, file


def test_signing_out_leaves_no_secret(signed_in, owner):
    assert "Signed out" in signed_in("logout").stdout
    assert not [path for path in signed_in.folder.rglob("*") if path.is_file() and owner.secret in path.read_text()]
    assert "berth login" in signed_in.refused("registry", "list")
    assert "Nobody was signed in" in signed_in("logout").stdout


def test_refused_sign_ins(run, berth, owner):
    for arguments, text, code, word in (
            (("--server", berth.http, "--client-id", owner.client_id), "wrong\n", 1, "AADSTS7000215"),
            (("--server", berth.http, "--client-id", "x"), "y\n", 1, "AADSTS"),
            (("--server", "http://127.0.0.1:1", "--client-id", "x"), "y\n", 1, "Does berth serve at http://127.0.0.1:1?"),
            (("--server", berth.https, "--client-id", owner.client_id), owner.secret + "\n", 1, "--ca FILE"),
            (("--server", berth.https, "--client-id", owner.client_id, "--ca", "/nowhere.pem"), owner.secret + "\n", 1, "/nowhere.pem"),
            (("--server", berth.http, "--client-id", owner.client_id, "--subscription", "nosuch"), owner.secret + "\n", 1, "nosuch"),
            (("--server", "registry.example.com", "--client-id", "x"), "y\n", 2, "https://"),
            (("--server", "http://registry.example.com", "--client-id", "x"), "y\n", 2, "in the clear"),
            (("--server", berth.http), "y\n", 2, "--client-id"),
            (("--server", berth.http, "--client-id", "x"), "", 2, "no secret"),
            (("--server", berth.http, "--client-id", "x", "--secret-file", "/nowhere"), "", 1, "/nowhere"),
            (("--data", "/nowhere"), "", 1, "/nowhere/bootstrap.json"),
            (("--data", str(berth.data), "--server", berth.http), "", 2, "--data"), ((), "", 2, "--data")):
        said = run.refused("login", *arguments, text=text, code=code)
        assert word in said and owner.secret not in said, said
        assert not (run.folder / ".config").exists(), "a refused sign-in is not kept"


def test_a_wrong_ca_is_refused(run, berth, owner, own_berth):
    other = own_berth().start()
    said = run.refused("login", "--server", berth.https, "--client-id", owner.client_id, "--ca", other.bootstrap.ca_file, text=owner.secret)
    assert "certificate" in said, said


def test_a_server_that_is_not_berth(run):
    class Stranger(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            self.send_response(200)
            self.send_header("Content-Length", "5")
            self.end_headers()
            self.wfile.write(b"hello")

        def log_message(self, *_):
            pass

    with http.server.HTTPServer(("127.0.0.1", 0), Stranger) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            said = run.refused("login", "--server", f"http://127.0.0.1:{server.server_port}", "--client-id", "x", text="y\n")
        finally:
            server.shutdown()
            thread.join()
    assert "Is it berth?" in said


def test_an_expired_sign_in_says_so(run, berth, graph, new_principal):
    principal = new_principal("Reader")
    run("login", "--server", berth.http, "--client-id", principal.client_id, text=principal.secret)
    run("registry", "list")
    [secret] = graph.call("GET", f"/applications/{principal.application_id}").json()["passwordCredentials"]
    graph.call("POST", f"/applications/{principal.application_id}/removePassword", json={"keyId": secret["keyId"]}).expect(204)
    said = run.refused("registry", "list")
    assert "berth login" in said and principal.secret not in said


def test_a_server_that_is_gone(run, own_berth):
    server = own_berth().start()
    run("login", "--data", str(server.data))
    server.stop()
    assert "Does berth serve at" in run.refused("registry", "list")


def test_commands_before_a_sign_in(run):
    assert "berth login" in run.refused("role", "assignment", "list")


def test_a_damaged_profile_is_told(signed_in):
    [file] = [path for path in signed_in.folder.rglob("profile.json")]
    for text in ("", "{", "[]", '{"server":1}'):
        file.write_text(text)
        assert "berth login" in signed_in.refused("registry", "list")


def test_mistakes_are_named(signed_in, first_registry, new_principal):
    for arguments, code, word in (
            (("role", "assignment", "create", "--assignee", "nobody-of-that-name", "--role", "AcrPull"), 1, "nobody-of-that-name"),
            (("role", "assignment", "create", "--assignee", new_principal().object_id, "--role", "NoSuchRole"), 1, "NoSuchRole"),
            (("role", "assignment", "list", "--registry", "nosuchregistry"), 1, "nosuchregistry"),
            (("role", "assignment", "list", "--scope", "berth"), 2, "--registry"),
            (("role", "assignment", "list", "--include-groups"), 2, "--assignee"),
            (("registry", "list", "--subscription", "nosuch"), 1, "nosuch"),
            (("registry", "show", ".."), 2, "'..'"), (("registry", "show", ""), 2, "empty"),
            (("registry", "list", "--output", "xml"), 2, "xml"),
            (("principal", "create"), 2, "name"), (("no-such-command",), 2, "no-such-command"), (("role",), 2, "definition"), ((), 2, "login")):
        said = signed_in.refused(*arguments, code=code)
        assert word in said, said
        if code == 2 and arguments[:1] != ("registry",):
            assert "--help'" in said or "--" in said, said


def test_two_principals_of_one_name_are_not_guessed(signed_in, first_registry, new_principal):
    name = content.unique("twin")
    twins = [new_principal(name=name), new_principal(name=name)]
    said = signed_in.refused("role", "assignment", "create", "--assignee", name, "--role", "AcrPull", "--registry", first_registry.name)
    for twin in twins:
        assert twin.object_id in said and twin.client_id in said, said
    signed_in("role", "assignment", "create", "--assignee", twins[1].object_id, "--role", "AcrPull", "--registry", first_registry.name)


def test_version_and_help(run):
    assert re.search(r"\d+\.\d+\.\d+", run("--version").stdout)
    commands = [one["command"].split()[1:] for one in run.json("commands")]
    assert len(commands) > 45
    for words in ([], ["serve"], ["role"], *commands):
        shown = run(*words, "--help").stdout
        assert "--help" in shown
        if words in commands and words not in (["serve"], ["routes"]):
            assert f"Examples:\n  berth {' '.join(words)}" in shown, shown
    assert "exit status" in run("--help").stdout


def test_route_table(run):
    """Every route names its permission or says why it needs none."""
    lines = [line for line in run("routes").stdout.splitlines() if line.strip()]
    rows, permissions = lines[0::2], lines[1::2]
    assert len(rows) == len(permissions) > 40
    for row, permission in zip(rows, permissions):
        assert re.fullmatch(r"\S+\s+(GET|HEAD|PUT|POST|PATCH|DELETE|OPTIONS)\s+/\S*", row.strip()), row
        assert permission.startswith(" ") and permission.strip(), row
        if permission.strip().startswith("open"):
            assert re.match(r"open: \S+", permission.strip()), f"no reason given: {row}"


def test_secrets_are_in_no_process_list(run):
    """No command takes a secret as an argument."""
    for one in run.json("commands"):
        shown = run(*one["command"].split()[1:], "--help").stdout
        assert not re.search(r"--(client-)?secret(?!-file)|--token\b|--password (?!password)", shown), shown
