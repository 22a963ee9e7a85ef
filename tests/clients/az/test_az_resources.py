"""az account, resource, tag, lock, provider, identity, rest and deployments: what Resource Manager is beside registries."""

import json

import pytest

from harness.content import unique


def test_accounts_and_tokens(az, cloud):
    shown = az("account show")
    assert (shown["id"], shown["tenantId"], shown["user"]["type"]) == (cloud.subscription, cloud.tenant, "servicePrincipal")
    assert cloud.subscription in [found["id"] for found in az("account list --refresh")]
    assert az("account list-locations --query [].name")
    token = az("account get-access-token")
    assert token["tokenType"] == "Bearer" and token["subscription"] == cloud.subscription
    az(f"account set -s {cloud.subscription}")


def test_resources_are_found(az, cloud, registry, group):
    kind = "Microsoft.ContainerRegistry/registries"
    az(f"resource tag --ids {registry.id} --tags team={registry.name}")
    for words in (f"--resource-type {kind}", f"-n {registry.name}", f"-g {cloud.group}", f"--tag team={registry.name}",
                  '--tag team', "-l westeurope"):
        found = az(f"resource list {words}")
        assert registry.id in [item["id"] for item in found], words
    assert az(f"resource list -g {group}") == []
    assert az(f"resource show --ids {registry.id}")["tags"] == {"team": registry.name}
    assert az(f"resource show -g {cloud.group} -n {registry.name} --resource-type {kind}")["id"] == registry.id
    assert az(f"resource update --ids {registry.id} --set tags.b=2")["tags"]["b"] == "2"


def test_a_resource_is_made_and_deleted_without_its_own_command(az, group):
    name = unique("reg")
    made = az(f"resource create -g {group} -n {name} --resource-type Microsoft.ContainerRegistry/registries -l westeurope "
              """--is-full-object -p '{"location":"westeurope","sku":{"name":"Basic"},"properties":{}}'""")
    assert made["properties"]["loginServer"].startswith(name)
    az(f"resource delete --ids {made['id']}")
    assert az(f"resource list -g {group}") == []


def test_a_registry_moves_to_another_group(az, cloud, registry, group):
    az(f"resource move --destination-group {group} --ids {registry.id}")
    moved = az(f"acr show -n {registry.name}")
    assert moved["resourceGroup"] == group and moved["loginServer"] == registry.login_server
    az(f"acr delete -n {registry.name} -y")


def test_tags_at_a_scope(az, registry):
    az(f"tag create --resource-id {registry.id} --tags a=1 b=2")
    assert az(f"tag update --resource-id {registry.id} --operation Merge --tags c=3")["properties"]["tags"] == {"a": "1", "b": "2", "c": "3"}
    assert az(f"tag update --resource-id {registry.id} --operation Delete --tags a=1")["properties"]["tags"] == {"b": "2", "c": "3"}
    assert az(f"tag list --resource-id {registry.id}")["properties"]["tags"] == {"b": "2", "c": "3"}
    assert az(f"acr show -n {registry.name}")["tags"] == {"b": "2", "c": "3"}
    az(f"tag delete --resource-id {registry.id} -y")
    assert not az(f"acr show -n {registry.name}")["tags"]


def test_predefined_tags(az, registry):
    name = unique("team")
    assert az(f"tag create -n {name}")["tagName"] == name
    assert az(f"tag add-value -n {name} --value one")["tagValue"] == "one"
    found = next(tag for tag in az("tag list") if tag["tagName"] == name)
    assert [value["tagValue"] for value in found["values"]] == ["one"] and found["count"]["value"] == 0
    az(f"resource tag --ids {registry.id} --tags {name}=one")
    assert "TagValueInUse" in az.refused(f"tag remove-value -n {name} --value one")
    az(f"resource tag --ids {registry.id} --tags")
    az(f"tag remove-value -n {name} --value one")
    az(f"tag delete -n {name} -y")
    assert name not in [tag["tagName"] for tag in az("tag list")]


def test_there_are_no_features(az):
    assert az("feature list") == []
    assert az("feature list --namespace Microsoft.ContainerRegistry") == []
    assert az("feature registration list") == []
    assert "FeatureNotFound" in az.refused("feature show --namespace Microsoft.ContainerRegistry -n x")
    assert "FeatureNotFound" in az.refused("feature register --namespace Microsoft.ContainerRegistry -n x")


def test_a_provider_stays_registered(az):
    assert "part of berth" in az.refused("provider unregister -n Microsoft.ContainerRegistry")
    az("provider register -n Microsoft.ContainerRegistry")
    assert az("provider show -n Microsoft.ContainerRegistry")["registrationState"] == "Registered"


def test_a_lock_against_deletion(az, cloud, registry):
    where = f"-g {cloud.group} --resource {registry.name} --resource-type Microsoft.ContainerRegistry/registries"
    made = az(f"lock create -n keep {where} --lock-type CanNotDelete --notes hands-off")
    assert made["level"] == "CanNotDelete"
    assert "ScopeLocked" in az.refused(f"acr delete -n {registry.name} -y")
    az(f"acr update -n {registry.name} --tags a=b")
    assert [found["name"] for found in az(f"lock list {where}")] == ["keep"]
    assert az(f"lock show -n keep {where}")["notes"] == "hands-off"
    az(f"lock delete -n keep {where}")
    assert registry.name in [found["name"] for found in az("acr list")]


def test_a_lock_of_a_group_holds_below_it(az, group):
    name = unique("reg")
    az(f"acr create -g {group} -n {name} --sku Basic --admin-enabled true")
    az(f"group lock create -n frozen -g {group} --lock-type ReadOnly")
    assert "ScopeLocked" in az.refused(f"acr update -n {name} --tags a=b")
    assert "ScopeLocked" in az.refused(f"acr credential show -n {name}")
    assert "ScopeLocked" in az.refused(f"group delete -n {group} -y")
    assert az(f"acr show -n {name}")["adminUserEnabled"] is True
    assert [found["name"] for found in az(f"group lock list -g {group}")] == ["frozen"]
    az(f"group lock delete -n frozen -g {group}")
    az(f"acr delete -n {name} -y")


def test_providers_and_their_operations(az):
    assert az("provider show -n Microsoft.ContainerRegistry")["registrationState"] == "Registered"
    names = [found["namespace"] for found in az("provider list")]
    assert {"Microsoft.ContainerRegistry", "Microsoft.Authorization", "Microsoft.Resources", "Microsoft.ManagedIdentity"} <= set(names)
    az("provider register -n Microsoft.ContainerRegistry")
    shown = az("provider operation show --namespace Microsoft.ContainerRegistry")
    assert "Microsoft.ContainerRegistry/registries/importImage/action" in json.dumps(shown)
    assert {"Microsoft.ContainerRegistry", "Microsoft.Authorization"} <= {found["name"] for found in az("provider operation list")}


def test_anything_is_called_by_hand(az, cloud, registry):
    """az rest adds the token where it knows the address."""
    version = "api-version=2025-11-01"
    assert az(f"rest --method get --url {registry.id}?{version}")["name"] == registry.name
    assert az(f"rest --method get --url {cloud.url}{registry.id}?{version}")["name"] == registry.name
    changed = az(f"rest --method patch --url {registry.id}?{version} --body '{{\"tags\": {{\"by\": \"hand\"}}}}'")
    assert changed["tags"] == {"by": "hand"}
    told = az.refused(f"rest --method get --url {registry.id}")
    assert "MissingApiVersionParameter" in told, told
    told = az.refused(f"rest --method get --url {registry.id}?api-version=2011-11-11")
    assert "InvalidResourceType" in told or "api-version" in told, told


def test_an_identity_lives(az, group, registry):
    name = unique("identity")
    made = az(f"identity create -g {group} -n {name}")
    assert made["principalId"] and made["clientId"] and made["tenantId"]
    assert [found["name"] for found in az(f"identity list -g {group}")] == [name]
    assert az(f"identity show -g {group} -n {name}")["principalId"] == made["principalId"]
    az(f"role assignment create --assignee-object-id {made['principalId']} --assignee-principal-type ServicePrincipal "
       f"--role AcrPull --scope {registry.id} -o none")
    assert az(f"role assignment list --assignee {made['principalId']} --all --query [].roleDefinitionName") == ["AcrPull"]
    words = f"identity federated-credential {{}} -g {group} --identity-name {name} -n main"
    az(words.format("create") + " --issuer https://token.example --subject repo:team/app --audiences api://AzureADTokenExchange")
    assert az(words.format("show"))["subject"] == "repo:team/app"
    az(words.format("update") + " --issuer https://token.example --subject repo:team/other --audiences api://AzureADTokenExchange")
    assert [found["subject"] for found in az(f"identity federated-credential list -g {group} --identity-name {name}")] == ["repo:team/other"]
    az(words.format("delete") + " -y")
    az(f"identity delete -g {group} -n {name}")
    assert az(f"identity list -g {group}") == []


@pytest.fixture
def administrator(az, cloud):
    """The Owner while it administers the root group, which others of these tests must not find it doing."""
    az("rest --method post --url /providers/Microsoft.Authorization/elevateAccess?api-version=2016-07-01")
    az(f"role assignment create --assignee {cloud.owner.client_id} --role Owner -o none "
       f"--scope /providers/Microsoft.Management/managementGroups/{cloud.tenant}")
    yield az
    for scope in (f"/providers/Microsoft.Management/managementGroups/{cloud.tenant}", "/"):
        az(f"role assignment delete --assignee {cloud.owner.client_id} --scope {scope}")


def test_management_groups(administrator, cloud):
    """Who administers the root group makes groups below it and moves subscriptions."""
    az, name = administrator, unique("mg")
    az(f"account management-group create -n {name} --display-name Team")
    assert az(f"account management-group show -n {name}")["displayName"] == "Team"
    az(f"account management-group subscription add -n {name} -s {cloud.subscription}")
    shown = az(f"account management-group show -n {name} -e")
    assert [child["name"] for child in shown["children"]] == [cloud.subscription]
    az(f"account management-group subscription remove -n {name} -s {cloud.subscription}")
    az(f"account management-group delete -n {name}")
    assert name not in [found["name"] for found in az("account management-group list")]
