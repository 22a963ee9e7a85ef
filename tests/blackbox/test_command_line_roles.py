"""`berth principal`, `group`, `role`, `deny-assignment`: names or ids, and what they change."""

import json
import re

import pytest

from harness import content
from harness.arm import ROLES
from harness.command_line import CommandLine


@pytest.fixture
def as_other(tmp_path, berth):
    """as_other(principal): the command line signed in as somebody else."""

    def make(client_id: str, secret: str) -> CommandLine:
        other = CommandLine(tmp_path / content.unique("home"))
        other("login", "--server", berth.http, "--client-id", client_id, text=secret)
        return other

    return make


def test_a_principal_from_its_making_to_its_end(signed_in, as_other):
    name = content.unique("ci")
    made = signed_in.json("principal", "create", name, "--role", "Reader")
    other = as_other(made["clientId"], made["clientSecret"])
    for one in (name, made["clientId"], made["objectId"], name.upper()):
        assert signed_in.json("principal", "show", one)["id"] == made["objectId"]
    assert name in signed_in("principal", "list").stdout

    added = signed_in.json("principal", "secret", "add", name, "--days", "3", "--display-name", "laptop")
    listed = {one["keyId"]: one for one in signed_in.json("principal", "secret", "list", name)}
    assert len(listed) == 2 and listed[added["keyId"]]["displayName"] == "laptop"
    assert added["clientSecret"] not in json.dumps(listed)
    second = as_other(made["clientId"], added["clientSecret"])
    assert "--yes" in signed_in.refused("principal", "secret", "remove", name, added["keyId"], code=2)
    signed_in("principal", "secret", "remove", name, added["keyId"], "--yes")
    second.refused("registry", "list")
    other("registry", "list")
    assert added["keyId"] in signed_in.refused("principal", "secret", "remove", name, added["keyId"], "--yes")

    signed_in("principal", "disable", name)
    assert signed_in.json("principal", "show", name)["accountEnabled"] is False
    other.refused("registry", "list")
    signed_in("principal", "enable", name)
    other("registry", "list")

    assert "--yes" in signed_in.refused("principal", "delete", name, code=2)
    signed_in("principal", "delete", name, "--yes")
    other.refused("registry", "list")
    assert name in signed_in.refused("principal", "show", name)
    assert name in signed_in.refused("principal", "delete", name, "--yes")
    # Its assignment stays and is removable by its object id.
    [left] = signed_in.json("role", "assignment", "list", "--assignee", made["objectId"], "--all")
    signed_in("role", "assignment", "delete", "--ids", left["name"])
    assert signed_in.json("role", "assignment", "list", "--assignee", made["objectId"], "--all") == []


def test_what_cannot_be_assigned_makes_no_principal(signed_in):
    name = content.unique("ci")
    assert "NoSuchRole" in signed_in.refused("principal", "create", name, "--role", "NoSuchRole")
    assert name in signed_in.refused("principal", "show", name)


def test_secrets_of_the_application_are_the_principals(signed_in, graph, new_principal):
    principal = new_principal()  # its secret is the application's
    [secret] = signed_in.json("principal", "secret", "list", principal.client_id)
    signed_in("principal", "secret", "remove", principal.client_id, secret["keyId"], "-y")
    assert graph.call("GET", f"/applications/{principal.application_id}").json()["passwordCredentials"] == []


def test_groups_of_outside_issuers_linked_and_parted(signed_in):
    name = content.unique("linked")
    signed_in("group", "create", name)
    of = ["--issuer", "https://sso.example.org/realms/people", "--value"]
    assert signed_in.json("group", "link", "list", name) == []
    for value in ("/team/dev", "/team/ops", "/team/dev"):
        signed_in("group", "link", "add", name, *of, value)
    assert [one["value"] for one in signed_in.json("group", "link", "list", name)] == ["/team/dev", "/team/ops"]
    assert "/team/ops" in signed_in("group", "link", "list", name).stdout
    assert "/team" in signed_in.refused("group", "link", "remove", name, *of, "/team")
    signed_in("group", "link", "remove", name, *of, "/team/dev")
    assert signed_in.json("group", "link", "list", name) == [{"issuer": of[1], "value": "/team/ops"}]
    assert "absolute URI" in signed_in.refused("group", "link", "add", name, "--issuer", "nowhere", "--value", "x")


def test_a_group_from_its_making_to_its_end(signed_in, new_principal, registry, as_other):
    name, inner = content.unique("group"), content.unique("inner")
    member = new_principal()
    group = signed_in.json("group", "create", name)
    signed_in("group", "create", inner)
    signed_in("group", "member", "add", name, inner)
    signed_in("group", "member", "add", inner, member.client_id)
    assert [one["displayName"] for one in signed_in.json("group", "member", "list", name)] == [inner]
    assert member.object_id in signed_in("group", "member", "list", inner).stdout
    assert "already exist" in signed_in.refused("group", "member", "add", name, inner)

    other = as_other(*member.credentials)
    assert "nobody gave you a role" in other.refused("registry", "list")
    signed_in("role", "assignment", "create", "--assignee", name, "--role", "Reader", "--registry", registry.name)
    assert [one["name"] for one in other.json("registry", "list")] == [registry.name]
    assert signed_in.json("role", "assignment", "list", "--assignee", member.client_id, "--all") == []
    [through] = signed_in.json("role", "assignment", "list", "--assignee", member.client_id, "--all", "--include-groups")
    assert through["principalName"] == name and through["properties"]["principalType"] == "Group"
    signed_in("group", "member", "remove", inner, member.object_id)
    assert "nobody gave you a role" in other.refused("registry", "list")

    assert "through it" in signed_in.refused("group", "delete", name, code=2)
    for one in (name, inner):
        signed_in("group", "delete", one, "--yes")
    assert group["id"] not in signed_in("group", "list").stdout
    assert "no group called" in signed_in.refused("group", "show", name)
    assert "no group called" in signed_in.refused("group", "show", member.object_id)


def role_file(name: str, **more) -> str:
    return json.dumps({"Name": name, "Description": "d", "Actions": ["Microsoft.ContainerRegistry/registries/read"], **more})


def test_a_role_from_its_making_to_its_end(signed_in, first_registry, new_principal):
    name = content.unique("role")
    (signed_in.folder / "role.json").write_text(role_file(name))
    made = signed_in.json("role", "definition", "create", "role.json")
    assert made["properties"]["roleName"] == name and made["properties"]["assignableScopes"] == [made["id"].split("/providers")[0]]
    assert name in signed_in.refused("role", "definition", "create", "role.json")

    assert [one["name"] for one in signed_in.json("role", "definition", "list", "--name", name)] == [made["name"]]
    custom = signed_in.json("role", "definition", "list", "--custom")
    assert made["name"] in [one["name"] for one in custom] and {one["properties"]["type"] for one in custom} == {"CustomRole"}
    assert {one["properties"]["type"] for one in signed_in.json("role", "definition", "list")} == {"CustomRole", "BuiltInRole"}
    for one in (name, made["name"], made["id"]):
        assert signed_in.json("role", "definition", "show", one)["name"] == made["name"]

    signed_in("role", "definition", "update", "-", text=role_file(name, Actions=["*/read"]))
    shown = signed_in.json("role", "definition", "show", name)
    assert shown["properties"]["permissions"][0]["actions"] == ["*/read"]
    # What `show` printed can be edited and given back.
    shown["properties"]["description"] = "edited"
    signed_in("role", "definition", "update", "-", text=json.dumps(shown))
    assert signed_in.json("role", "definition", "show", name)["properties"]["description"] == "edited"

    holder = new_principal().display_name
    signed_in("role", "assignment", "create", "--assignee", holder, "--role", name, "--registry", first_registry.name)
    assert "existing role assignments" in signed_in.refused("role", "definition", "delete", name, "--yes")
    signed_in("role", "assignment", "delete", "--assignee", holder, "--role", name, "--registry", first_registry.name)
    assert "--yes" in signed_in.refused("role", "definition", "delete", name, code=2)
    signed_in("role", "definition", "delete", name, "--yes")
    assert name in signed_in.refused("role", "definition", "show", name)
    assert name in signed_in.refused("role", "definition", "update", "role.json")


def test_bad_role_files(signed_in):
    for text, code, word in (("", 1, ""), ("{", 1, ""), ("[]", 1, "object"), ('{"Name":"x","Action":[]}', 2, "'Action'"), ('{"Actions":[]}', 2, "'Name'"),
                             (role_file(content.unique("r"), Actions=["Microsoft.ContainerRegistry/registries/nosuch/read"]), 1, "nosuch"),
                             (role_file(content.unique("r"), AssignableScopes=["/"]), 1, ""), (role_file("Owner"), 1, "Owner"), ("x" * 3_000_000, 1, "longer")):
        said = signed_in.refused("role", "definition", "create", "-", text=text, code=code)
        assert word in said, said
    assert "/nowhere.json" in signed_in.refused("role", "definition", "create", "/nowhere.json")


CONDITION = ("((!(ActionMatches{'Microsoft.ContainerRegistry/registries/repositories/content/read'})) OR "
             "(@Request[Microsoft.ContainerRegistry/registries/repositories:name] StringEqualsIgnoreCase 'hello'))")


def test_assignments_with_a_condition(signed_in, new_principal, registry):
    principal = new_principal()
    role = "Container Registry Repository Reader"
    at = ("--assignee", principal.client_id, "--role", role, "--registry", registry.name)
    said = signed_in.refused("role", "assignment", "create", *at, "--condition", "no condition")
    assert "The given role assignment condition is invalid." in said and "line 1" in said
    (signed_in.folder / "condition.txt").write_text(CONDITION + "\n")
    for condition in (CONDITION, "@condition.txt"):
        made = signed_in.json("role", "assignment", "create", *at, "--condition", condition, "--description", "only hello")
        assert made["properties"]["condition"] == CONDITION and made["properties"]["conditionVersion"] == "2.0"
        shown = signed_in("role", "assignment", "show", made["name"]).stdout
        assert "only hello" in shown and "StringEqualsIgnoreCase" in shown and role in shown
        assert "role assignment already exists" in signed_in.refused("role", "assignment", "create", *at, "--condition", condition)
        signed_in("role", "assignment", "delete", "--ids", made["id"])
    assert "/nowhere" in signed_in.refused("role", "assignment", "create", *at, "--condition", "@/nowhere")
    # An attribute may begin a condition and is no file.
    bare = "@Request[Microsoft.ContainerRegistry/registries/repositories:name] StringEquals 'x'"
    assert signed_in.json("role", "assignment", "create", *at, "--condition", bare)["properties"]["condition"] == bare


def test_lists_of_assignments(signed_in, new_principal, registry, arm):
    principal = new_principal("AcrPull", registry.id)
    arm.assign("Reader", principal.object_id, arm.bootstrap.group_scope)
    who = ("--assignee", principal.display_name)

    def roles(*arguments):
        return sorted(one["roleDefinitionName"] for one in signed_in.json("role", "assignment", "list", *who, *arguments))

    assert roles() == []
    assert roles("--all") == ["AcrPull", "Reader"]
    assert roles("--registry", registry.name) == roles("--scope", registry.id) == roles("--scope", registry.id.upper() + "/") == ["AcrPull"]
    assert roles("--registry", registry.id, "--include-inherited") == ["AcrPull", "Reader"]
    assert roles("-g", arm.bootstrap.resource_group) == ["Reader"]
    assert roles("-g", arm.bootstrap.resource_group, "--all") == ["AcrPull", "Reader"]
    assert roles("--all", "--role", "Reader") == roles("--all", "--role", ROLES["Reader"]) == ["Reader"]
    assert "--all looks below" in signed_in("role", "assignment", "list", *who).stdout
    assert principal.display_name in signed_in("role", "assignment", "list", *who, "--all").stdout


def test_deleting_several_assignments_asks(signed_in, new_principal, registry, arm):
    principal = new_principal("AcrPull", registry.id)
    arm.assign("AcrPush", principal.object_id, registry.id)
    who = ("--assignee", principal.object_id, "--registry", registry.name)
    assert "2 role assignments" in signed_in.refused("role", "assignment", "delete", *who, code=2)
    assert len(signed_in.json("role", "assignment", "list", *who)) == 2
    assert "2 role assignments deleted" in signed_in("role", "assignment", "delete", *who, "--yes").stdout
    assert signed_in.json("role", "assignment", "list", *who) == []
    assert "no assignment" in signed_in.refused("role", "assignment", "delete", *who)
    assert "--assignee" in signed_in.refused("role", "assignment", "delete", "--registry", registry.name, code=2)
    assert "nosuch" in signed_in.refused("role", "assignment", "delete", "--ids", "nosuch")


def test_one_who_may_not_read_the_directory_names_object_ids(signed_in, new_principal, registry, as_other):
    admin = new_principal("User Access Administrator", registry.id)
    other = as_other(*admin.credentials)
    target = new_principal()
    said = other.refused("role", "assignment", "create", "--assignee", target.display_name, "--role", "AcrPull", "--scope", registry.id)
    assert "microsoft.directory/" in said
    other("role", "assignment", "create", "--assignee", target.object_id, "--role", "AcrPull", "--scope", registry.id)
    [one] = other.json("role", "assignment", "list", "--assignee", target.object_id, "--scope", registry.id)
    assert one["roleDefinitionName"] == "AcrPull" and one["principalName"] == ""


def test_deny_assignments(signed_in, new_principal, new_registry, as_other, arm):
    registry = new_registry()
    contributor = new_principal("Contributor", registry.id)
    other = as_other(*contributor.credentials)
    name = content.unique("deny")
    at = ("--registry", registry.name)
    assert "--everyone" in signed_in.refused("deny-assignment", "create", name, "--action", "*/delete", *at, code=2)
    assert "--action" in signed_in.refused("deny-assignment", "create", name, "--everyone", *at, code=2)
    made = signed_in.json("deny-assignment", "create", name, "--everyone", "--exclude", arm.bootstrap.owner_object_id, "--action",
                          "Microsoft.ContainerRegistry/registries/write",
                          "Microsoft.ContainerRegistry/registries/delete", "--description", "kept", *at)
    assert made["properties"]["permissions"][0]["actions"] == ["Microsoft.ContainerRegistry/registries/write", "Microsoft.ContainerRegistry/registries/delete"]
    said = other.refused("registry", "update", registry.id, "--anonymous-pull", "on")
    assert name in said and "deny assignment" in said
    assert re.search(rf"{name}\s.*everyone\s+berth-owner", signed_in("deny-assignment", "list", *at).stdout)
    for one in (name, made["name"], made["id"]):
        assert signed_in.json("deny-assignment", "show", one, *at)["id"] == made["id"]
    assert "--yes" in signed_in.refused("deny-assignment", "delete", name, *at, code=2)
    signed_in("deny-assignment", "delete", name, *at, "--yes")
    other("registry", "update", registry.id, "--anonymous-pull", "on")
    assert name in signed_in.refused("deny-assignment", "delete", name, *at, "--yes")

    bound = signed_in.json("deny-assignment", "create", name, "--principal", contributor.client_id, "--action", "*", "--not-action", "*/read", *at)
    assert [one["id"] for one in bound["properties"]["principals"]] == [contributor.object_id]
    other("registry", "show", registry.id)
    other.refused("registry", "update", registry.id, "--anonymous-pull", "off")
    signed_in("deny-assignment", "delete", bound["id"], "-y")
