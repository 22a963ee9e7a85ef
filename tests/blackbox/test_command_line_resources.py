"""`berth registry`, `token`, `scope-map`: what they print, in each format, and what they change."""

import json

import pytest

from harness import content
from harness.oci import Oci


def test_a_registry_from_its_making_to_its_end(signed_in, arm):
    name = content.unique("reg")
    made = signed_in("registry", "create", name, "--permissions", "repository", "--anonymous-pull", "on", "--admin-user", "on")
    assert name in made.stdout and "repository" in made.stdout
    properties = arm.get_registry(name).expect(200).json()["properties"]
    assert properties["roleAssignmentMode"] == "AbacRepositoryPermissions"
    assert properties["anonymousPullEnabled"] is True and properties["adminUserEnabled"] is True
    assert name in signed_in.refused("registry", "create", name)

    assert name in [one["name"] for one in signed_in.json("registry", "list")]
    assert name in [one["name"] for one in signed_in.json("registry", "list", "--resource-group", arm.bootstrap.resource_group)]
    shown = signed_in.json("registry", "show", name)
    assert shown == signed_in.json("registry", "show", shown["id"]) == signed_in.json(
        "registry", "show", name.upper(), "-g", arm.bootstrap.resource_group)

    changed = signed_in.json("registry", "update", name, "--role-assignment-mode", "rbac", "--anonymous-pull", "off", "--sku", "Standard")
    assert changed["properties"]["roleAssignmentMode"] == "LegacyRegistryPermissions" and changed["sku"]["name"] == "Standard"
    assert changed["properties"]["anonymousPullEnabled"] is False and changed["properties"]["adminUserEnabled"] is True
    assert "--permissions" in signed_in.refused("registry", "update", name, code=2)
    assert "same" in signed_in.refused("registry", "update", name, "--permissions", "registry", "--role-assignment-mode", "rbac", code=2)

    assert [one["name"] for one in signed_in.json("registry", "usage", name)["value"]]
    assert "Size" in signed_in("registry", "usage", name).stdout

    first = signed_in.json("registry", "credential", "show", name)
    assert first["username"] == name
    second = signed_in.json("registry", "credential", "regenerate", name, "--password", "password2")
    before, after = ({one["name"]: one["value"] for one in each["passwords"]} for each in (first, second))
    assert before["password"] == after["password"] and before["password2"] != after["password2"]
    assert after["password"] in signed_in("registry", "credential", "show", name).stdout

    said = signed_in.refused("registry", "delete", name, code=2)
    assert "--yes" in said and name in said
    arm.get_registry(name).expect(200)
    assert "deleted" in signed_in("registry", "delete", name, "--yes").stdout
    arm.get_registry(name).expect(404)
    assert name in signed_in.refused("registry", "delete", name, "--yes")
    assert name in signed_in.refused("registry", "show", name)


def test_the_server_says_why_a_registry_cannot_be(signed_in):
    assert "between 5 and 50 characters" in signed_in.refused("registry", "create", "x")
    assert "nosuchgroup" in signed_in.refused("registry", "create", content.unique("reg"), "-g", "nosuchgroup")


def test_at_a_terminal_it_asks(signed_in, registry, arm):
    code, shown = signed_in.at_terminal("n", "registry", "delete", registry.name)
    assert code == 1 and "[y/N]" in shown and "Nothing was done" in shown
    arm.get_registry(registry.name).expect(200)
    code, shown = signed_in.at_terminal("", "registry", "delete", registry.name)
    assert code == 1 and "Nothing was done" in shown
    code, shown = signed_in.at_terminal("y", "registry", "delete", registry.name)
    assert code == 0 and "deleted" in shown
    arm.get_registry(registry.name).expect(404)


def test_every_format_says_the_same(signed_in, registry):
    yaml = pytest.importorskip("yaml")
    for words in (["registry", "list"], ["registry", "show", registry.name], ["registry", "usage", registry.name], ["scope-map", "list", "-r", registry.name],
                  ["token", "list", "-r", registry.name], ["role", "definition", "list"], ["role", "assignment", "list", "--all"], ["principal", "list"],
                  ["group", "list"], ["deny-assignment", "list"], ["whoami"], ["commands"]):
        from_json, from_yaml = signed_in.json(*words), yaml.safe_load(signed_in(*words, "-o", "yaml").stdout)
        assert from_json == from_yaml, words
        assert json.loads(signed_in(*words, "--json").stdout) == from_json
        table = signed_in(*words).stdout.splitlines()
        assert table, words
        if isinstance(from_json, list):
            assert table[0] == table[0].upper()
            assert len(table) in (len(from_json) + 1, len(from_json) + 2), table


def test_names_cannot_steer_a_terminal(signed_in, graph):
    group = graph.create_group("\x1b[2Jgroup" + content.unique())
    assert "\x1b" not in signed_in("group", "list").stdout
    assert "\x1b" not in signed_in("group", "show", group["id"]).stdout
    signed_in("group", "delete", group["id"], "--yes")


def test_lists_follow_every_page(signed_in, graph, registry):
    names = {content.unique("page") for _ in range(105)}  # Graph's pages hold 100
    made = [graph.create_group(name)["id"] for name in names]
    listed = [one["id"] for one in signed_in.json("group", "list")]
    assert set(made) <= set(listed) and len(listed) == len(set(listed))
    for group in made:
        graph.call("DELETE", f"/groups/{group}").expect(204)


def test_a_name_is_never_a_way_up(signed_in, registry, arm):
    for name in ("..", "."):
        assert "no name" in signed_in.refused("token", "delete", name, "-r", registry.name, "--yes", code=2)
    for name in ("../scopeMaps/x", "x?y=z", "a/../../b", "#"):
        signed_in.refused("token", "delete", name, "-r", registry.name, "--yes")
    arm.get_registry(registry.name).expect(200)


@pytest.fixture
def image(registry, owner, repository):
    registry.oci(owner).push(repository, content.image(), "latest")
    return repository


def pull(registry, credentials, repository) -> int:
    return Oci(registry.http, registry.login_server, credentials).get_manifest(repository, "latest").status


def test_a_token_from_its_making_to_its_end(signed_in, registry, image):
    at = ("--registry", registry.name)
    made = signed_in("token", "create", "ci-token", *at, "--repository", image, "content/read", "metadata/read", "--days", "2")
    rows = [line.split() for line in made.stdout.splitlines()]
    assert rows[0] == ["NAME", "PASSWORD", "EXPIRES"] and "shown this once" in made.stdout
    password = rows[1][1]
    assert pull(registry, ("ci-token", password), image) == 200
    assert pull(registry, ("ci-token", "wrong"), image) == 401

    scope_map = signed_in.json("scope-map", "show", "ci-token-scope-map", *at)
    assert set(scope_map["properties"]["actions"]) == {f"repositories/{image}/content/read", f"repositories/{image}/metadata/read"}
    shown = signed_in.json("token", "show", "ci-token", *at)
    assert shown["properties"]["scopeMapId"] == scope_map["id"] and password not in json.dumps(shown)
    assert "ci-token-scope-map" in signed_in("token", "list", *at).stdout

    signed_in("scope-map", "update", "ci-token-scope-map", *at, "--add-repository", "other", "content/read", "--remove-repository", image, "content/read",
              "metadata/read")
    assert signed_in.json("scope-map", "show", "ci-token-scope-map", *at)["properties"]["actions"] == ["repositories/other/content/read"]
    assert pull(registry, ("ci-token", password), image) == 401
    signed_in("token", "update", "ci-token", *at, "--scope-map", "_repositories_pull")
    assert pull(registry, ("ci-token", password), image) == 200
    signed_in("token", "update", "ci-token", *at, "--status", "disabled")
    assert pull(registry, ("ci-token", password), image) == 401
    signed_in("token", "update", "ci-token", *at, "--status", "enabled")

    renewed = signed_in.json("token", "credential", "generate", "ci-token", *at, "--password", "password1", "--expiration", "2099-01-31T00:00:00Z")
    assert renewed["username"] == "ci-token"
    values = {one["name"]: one.get("value") for one in renewed["passwords"]}
    assert pull(registry, ("ci-token", password), image) == 401
    assert pull(registry, ("ci-token", values["password1"]), image) == 200

    assert "--yes" in signed_in.refused("token", "delete", "ci-token", *at, code=2)
    signed_in("token", "delete", "ci-token", *at, "--yes")
    assert pull(registry, ("ci-token", values["password1"]), image) == 401
    assert signed_in.json("token", "list", *at) == []
    signed_in.refused("token", "delete", "ci-token", *at, "--yes")


def test_a_scope_map_from_its_making_to_its_end(signed_in, registry):
    at = ("-r", registry.name)
    made = signed_in.json("scope-map", "create", "two-things", *at, "--repository", "Hello", "Content/Read", "--repository", "team/*", "content/read",
                          "content/write", "--description", "for two")
    assert set(made["properties"]["actions"]) == {"repositories/hello/content/read", "repositories/team/*/content/read", "repositories/team/*/content/write"}
    assert made["properties"]["description"] == "for two"
    listed = {one["name"]: one["properties"]["type"] for one in signed_in.json("scope-map", "list", *at)}
    assert listed["two-things"] == "UserDefined" and listed["_repositories_pull"] == "SystemDefined"
    signed_in("token", "create", "with-map", *at, "--scope-map", "two-things", "--no-passwords")
    assert "Tokens that hold it" in signed_in.refused("scope-map", "delete", "two-things", *at, code=2)
    signed_in("token", "delete", "with-map", *at, "-y")
    signed_in("scope-map", "delete", "two-things", *at, "-y")
    assert "two-things" not in signed_in("scope-map", "list", *at).stdout


def test_bad_tokens_and_scope_maps(signed_in, registry):
    at = ("-r", registry.name)
    for arguments, code, word in ((("scope-map", "create", "some-map", *at, "--repository", "hello"), 2, "at least one action"),
                                  (("scope-map", "create", "some-map", *at, "--repository", "hello", "content/eat"), 2, "content/eat"),
                                  (("scope-map", "create", "some-map", *at), 2, "--repository"),
                                  (("scope-map", "update", "some-map", *at), 2, "--add-repository"),
                                  (("scope-map", "update", "some-map", *at, "--add-repository", "hello", "content/read"), 1, "some-map"),
                                  (("scope-map", "delete", "_repositories_pull", *at, "-y"), 1, ""),
                                  (("token", "create", "some-token", *at), 2, "--scope-map"),
                                  (("token", "create", "some-token", *at, "--scope-map", "nosuchmap"), 1, "nosuchmap"),
                                  (("token", "create", "some-token", *at, "--scope-map", "_repositories_pull", "--days", "0"), 2, "--days"),
                                  (("token", "credential", "generate", "nosuchtoken", *at), 1, "nosuchtoken"),
                                  (("token", "credential", "generate", "some-token", *at, "--expiration", "tomorrow"), 2, "--expiration"),
                                  (("token", "update", "some-token", *at), 2, "--status"), (("token", "list"), 2, "--registry"),
                                  (("token", "list", "-r", "nosuchregistry"), 1, "nosuchregistry")):
        said = signed_in.refused(*arguments, code=code)
        assert word in said, said
