"""`berth subscription`, `resource-group`, `lock`, `user` and `identity`: what they print and what they change."""

import pytest

from harness import content


def test_a_subscription_from_its_making_to_its_end(signed_in):
    name, other = content.unique("subscription"), content.unique("subscription")
    made = signed_in.json("subscription", "create", name)
    assert made["displayName"] == name and made["state"] == "Enabled"
    assert "already" in signed_in.refused("subscription", "create", name.upper())
    assert name in signed_in("subscription", "list").stdout
    assert signed_in.json("subscription", "show", made["subscriptionId"])["displayName"] == name

    group = content.unique("group")
    signed_in("resource-group", "create", group, "--subscription", name)
    assert group in signed_in("subscription", "use", name).stdout
    assert signed_in.json("whoami")["subscriptionId"] == made["subscriptionId"]
    registry = content.unique("reg")
    assert signed_in.json("registry", "create", registry)["id"].startswith(made["id"] + "/resourceGroups/" + group)

    signed_in("subscription", "rename", name, other)
    assert signed_in.json("subscription", "show", other)["subscriptionId"] == made["subscriptionId"]
    assert name in signed_in.refused("subscription", "show", name)

    assert "--yes" in signed_in.refused("subscription", "cancel", other, code=2)
    signed_in("subscription", "cancel", other, "--yes")
    assert signed_in.json("subscription", "show", other)["state"] != "Enabled"
    signed_in.refused("resource-group", "create", content.unique("group"), "--subscription", other)
    signed_in("subscription", "enable", other)
    assert signed_in.json("subscription", "show", other)["state"] == "Enabled"


def test_a_name_that_two_subscriptions_bear(signed_in):
    name, other = content.unique("subscription"), content.unique("subscription")
    ids = {signed_in.json("subscription", "create", one)["subscriptionId"] for one in (name, other)}
    signed_in("subscription", "rename", other, name)
    said = signed_in.refused("subscription", "use", name)
    assert all(one in said for one in ids)


def test_management_groups(run, own_berth):
    """On a server of its own: roles at the root reach everything."""
    server = own_berth().start()
    run("login", "--data", str(server.data))
    facts = server.bootstrap
    run.refused("management-group", "create", "sites")
    assert "User Access Administrator" in run("management-group", "elevate").stdout
    root = f"/providers/Microsoft.Management/managementGroups/{facts.tenant_id}"
    run("role", "assignment", "create", "--assignee", facts.owner_client_id, "--role", "Owner", "--scope", root)
    run("role", "assignment", "delete", "--assignee", facts.owner_client_id, "--role", "User Access Administrator", "--scope", "/", "--yes")
    assert run.json("management-group", "create", "sites", "--display-name", "All sites")["properties"]["displayName"] == "All sites"
    assert run.json("management-group", "create", "north", "--parent", "sites")["properties"]["details"]["parent"]["name"] == "sites"
    assert "already" in run.refused("management-group", "create", "north")
    assert {"sites", "north"} <= {one["name"] for one in run.json("management-group", "list")}
    assert "north" in run("management-group", "subscription", "add", "north", facts.subscription_id).stdout
    run.refused("management-group", "delete", "north", "--yes")
    run("management-group", "subscription", "remove", "north", "berth")
    run("management-group", "delete", "north", "--yes")
    assert "north" in run.refused("management-group", "show", "north")


def test_a_registry_moves_to_another_group(signed_in, registry, arm):
    group = content.unique("group")
    signed_in("resource-group", "create", group)
    assert group in signed_in("registry", "move", registry.name, "--to-resource-group", group).stdout
    assert f"/resourceGroups/{group}/" in signed_in.json("registry", "show", registry.name)["id"]
    assert registry.name in signed_in.refused("registry", "move", registry.name + "x", "--to-resource-group", group)
    assert "nosuchgroup" in signed_in.refused("registry", "move", registry.name, "--to-resource-group", "nosuchgroup")


def test_a_resource_group_and_everything_in_it(signed_in, arm):
    name = content.unique("group")
    assert signed_in.json("resource-group", "create", name, "--location", "northeurope")["location"] == "northeurope"
    assert "already" in signed_in.refused("resource-group", "create", name)
    registry = content.unique("reg")
    signed_in("registry", "create", registry, "-g", name)
    assert name in [one["name"] for one in signed_in.json("resource-group", "list")]
    assert name in signed_in.refused("resource-group", "delete", name, code=2)
    signed_in("resource-group", "delete", name, "--yes")
    assert name in signed_in.refused("resource-group", "show", name)
    assert registry not in [one["name"] for one in signed_in.json("registry", "list")]


def test_a_lock_stops_its_maker_too(signed_in, registry, arm):
    made = signed_in("lock", "create", "keep", "--level", "cannot-delete", "--registry", registry.name, "--notes", "all sites")
    assert "CanNotDelete" in made.stdout and "Owners too" in made.stdout
    refused = signed_in.refused("registry", "delete", registry.name, "--yes")
    assert "lock" in refused.lower()
    arm.get_registry(registry.name).expect(200)
    signed_in("registry", "update", registry.name, "--admin-user", "on")

    assert [one["name"] for one in signed_in.json("lock", "list", "--registry", registry.name)] == ["keep"]
    assert signed_in.json("lock", "show", "keep", "-r", registry.name)["properties"]["notes"] == "all sites"
    signed_in("lock", "create", "frozen", "--level", "read-only", "--registry", registry.name)
    assert "lock" in signed_in.refused("registry", "update", registry.name, "--admin-user", "off").lower()
    assert "lock" in signed_in.refused("registry", "credential", "show", registry.name).lower()
    for name in ("frozen", "keep"):
        signed_in("lock", "delete", name, "--registry", registry.name, "--yes")
    signed_in("registry", "delete", registry.name, "--yes")
    assert "--level" in signed_in.refused("lock", "create", "x", "--registry", registry.name, code=2)


def test_a_user_from_their_making_to_their_end(signed_in, graph):
    name = f"{content.unique('ada')}@example.org"
    made = signed_in.json("user", "create", name, "--display-name", "Ada Lovelace")
    assert made["userPrincipalName"] == name and made["displayName"] == "Ada Lovelace" and len(made["password"]) >= 20
    shown = signed_in("user", "show", name)
    assert name in shown.stdout and made["password"] not in shown.stdout
    again = signed_in.json("user", "reset-password", name)
    assert again["password"] != made["password"]

    (signed_in.folder / "password").write_text("correct horse battery\n")
    said = signed_in("user", "reset-password", name, "--password-file", "password").stdout
    assert "correct horse" not in said
    assert "characters" in signed_in.refused("user", "reset-password", name, "--password-file", "-", text="short\n")

    signed_in("user", "disable", name)
    assert signed_in.json("user", "show", name)["accountEnabled"] is False
    signed_in("user", "enable", made["id"])
    assert signed_in.json("user", "show", name)["accountEnabled"] is True
    assert name in [one["userPrincipalName"] for one in signed_in.json("user", "list")]

    group = content.unique("group")
    signed_in("group", "create", group)
    signed_in("group", "member", "add", group, name)
    assert "Ada Lovelace" in signed_in("group", "member", "list", group).stdout
    signed_in("role", "assignment", "create", "--assignee", name, "--role", "Reader", "--resource-group", "berth")

    assert name in signed_in.refused("user", "delete", name, code=2)
    signed_in("user", "delete", name, "--yes")
    assert name in signed_in.refused("user", "show", name)
    assert "no user called" in signed_in.refused("user", "show", group)


def test_users_that_cannot_be(signed_in):
    assert "ada@example.org" in signed_in.refused("user", "create", "no-at")
    assert "'missing' cannot be read" in signed_in.refused("user", "create", f"{content.unique('u')}@example.org", "--password-file", "missing")


def test_a_managed_identity_from_its_making_to_its_end(signed_in, registry):
    name = content.unique("identity")
    made = signed_in.json("identity", "create", name)
    assert made["properties"]["clientId"] and made["properties"]["principalId"]
    signed_in("role", "assignment", "create", "--assignee", made["properties"]["principalId"], "--role", "AcrPull", "--registry", registry.name)
    assert name in [one["name"] for one in signed_in.json("identity", "list")]
    assert signed_in.json("identity", "show", name)["id"] == signed_in.json("identity", "show", made["id"])["id"]

    at = ("--identity", name)
    credential = signed_in.json("identity", "federated-credential", "create", "main", *at, "--issuer", "https://issuer.example.com", "--subject", "repo:a/b")
    assert credential["properties"]["audiences"] == ["api://AzureADTokenExchange"]
    assert [one["name"] for one in signed_in.json("identity", "federated-credential", "list", *at)] == ["main"]
    assert "https://issuer.example.com" in signed_in("identity", "federated-credential", "show", "main", *at).stdout
    signed_in("identity", "federated-credential", "delete", "main", *at, "--yes")
    assert signed_in.json("identity", "federated-credential", "list", *at) == []

    signed_in("identity", "delete", name, "--yes")
    assert name in signed_in.refused("identity", "show", name)


@pytest.mark.parametrize("words", (["subscription", "show"], ["resource-group", "show"], ["user", "show"], ["identity", "show"]),
                         ids=lambda words: words[0])
def test_what_is_not_there_is_named(signed_in, words):
    name = content.unique("missing")
    assert name in signed_in.refused(*words, name)
