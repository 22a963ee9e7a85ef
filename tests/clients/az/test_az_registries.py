"""az group and az acr: registries from the check of the name to the deletion."""

import pytest

from harness.content import unique


def test_a_registry_is_made_shown_changed_and_deleted(az, cloud):
    group, name = unique("group"), unique("reg")
    assert az(f"group create -n {group} -l westeurope --tags team=one")["properties"]["provisioningState"] == "Succeeded"
    assert az(f"acr check-name -n {name}")["nameAvailable"] is True
    made = az(f"acr create -n {name} -g {group} --sku Premium --tags a=1")
    assert made["loginServer"] == f"{name}.azurecr.localhost:{cloud.url.rsplit(':', 1)[1]}"
    assert made["provisioningState"] == "Succeeded" and made["adminUserEnabled"] is False
    taken = az(f"acr check-name -n {name}")
    assert taken["nameAvailable"] is False and taken["reason"] == "AlreadyExists"

    assert [found["name"] for found in az(f"acr list -g {group}")] == [name]
    assert name in az("acr list -o table")
    changed = az(f"acr update -n {name} --tags b=2 --anonymous-pull-enabled true --admin-enabled true --sku Standard")
    assert changed["tags"] == {"b": "2"} and changed["anonymousPullEnabled"] is True
    shown = az(f"acr show -n {name}")
    assert shown["id"] == made["id"] and shown["adminUserEnabled"] is True and shown["sku"]["name"] == "Standard"
    assert az(f"acr show-usage -n {name}")["value"]

    az(f"acr delete -n {name} -y")
    assert name in az.refused(f"acr show -n {name}")
    assert az(f"acr check-name -n {name}")["nameAvailable"] is True
    az(f"group delete -n {group} -y")
    assert az(f"group exists -n {group} -o tsv").strip() == "false"


def test_groups_are_listed_shown_and_tagged(az, group):
    assert az(f"group show -n {group}")["name"] == group
    assert az(f"group update -n {group} --tags one=1 two=2")["tags"] == {"one": "1", "two": "2"}
    assert group in [found["name"] for found in az("group list")]
    assert [found["name"] for found in az("group list --tag one=1")] == [group]
    assert az(f"group exists -n {group} -o tsv").strip() == "true"
    assert "ResourceGroupNotFound" in az.refused(f"group show -n {unique('none')}")


def test_a_group_takes_its_registries_with_it(az, group):
    name = unique("reg")
    az(f"acr create -n {name} -g {group} --sku Basic")
    az(f"group delete -n {group} -y --no-wait")
    az(f"group wait -n {group} --deleted --interval 1 --timeout 60")
    assert name not in [found["name"] for found in az("acr list")]


def test_roles_per_repository_are_a_mode_of_the_registry(az, group):
    name = unique("reg")
    made = az(f"acr create -n {name} -g {group} --sku Standard --role-assignment-mode rbac-abac")
    assert made["roleAssignmentMode"] == "AbacRepositoryPermissions"
    assert az(f"acr update -n {name} --role-assignment-mode rbac")["roleAssignmentMode"] == "LegacyRegistryPermissions"


def test_the_admin_user_has_two_passwords(az, registry):
    az(f"acr update -n {registry.name} --admin-enabled true -o none")
    first = az(f"acr credential show -n {registry.name}")
    assert first["username"] == registry.name and len(first["passwords"]) == 2
    renewed = az(f"acr credential renew -n {registry.name} --password-name password2")
    assert renewed["passwords"][0] == first["passwords"][0]
    assert renewed["passwords"][1]["value"] != first["passwords"][1]["value"]
    az(f"acr update -n {registry.name} --admin-enabled false -o none")
    assert "admin" in az.refused(f"acr credential show -n {registry.name}").lower()


@pytest.mark.parametrize(("words", "told"), [
    ("-n ab --sku Basic", "5 and 50"),
    ("-n berth-with-dashes --sku Basic", "dashes"),
    ("-n {new} --sku Gold", "Gold"),
    ("-n {new} --sku Premium --zone-redundancy Enabled", "zoneRedundancy"),
    ("-n {new} -g no-such-group --sku Basic -l westeurope", "ResourceGroupNotFound"),
])
def test_what_cannot_be_made_is_refused(az, cloud, words, told):
    words = words.format(new=unique("reg"))
    if "-g " not in words:
        words += f" -g {cloud.group}"
    assert told in az.refused(f"acr create {words}")


def test_whoever_may_only_read_is_told_what_is_missing(sign_in, new_principal, cloud, registry):
    reader = sign_in(new_principal("Reader", cloud.scope))
    assert registry.name in [found["name"] for found in reader("acr list")]
    told = reader.refused(f"acr update -n {registry.name} --tags a=b")
    assert "AuthorizationFailed" in told and "Microsoft.ContainerRegistry/registries/write" in told and "Contributor" in told


def test_whoever_may_nothing_sees_nothing(sign_in, new_principal, registry):
    stranger = sign_in(new_principal())
    assert registry.name not in str(stranger.run("acr list -o json").stdout)
    stranger.refused(f"acr show -n {registry.name}")
