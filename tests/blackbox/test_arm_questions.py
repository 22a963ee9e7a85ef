"""What clients ask before they do anything: is a name free, how full is a registry, which tenants, locations and providers."""

import pytest

from harness import content
from harness.arm import RESOURCES_VERSION, SUBSCRIPTIONS_VERSION


def check(arm, body):
    return arm.call("POST", f"{arm.bootstrap.subscription_scope}/providers/Microsoft.ContainerRegistry/checkNameAvailability", json=body)


@pytest.mark.parametrize("name, reason", [("ab12", "Invalid"), ("a-name", "Invalid"), ("x" * 51, "Invalid"), ("Ünamed", "Invalid"), ("", "Invalid")])
def test_names_that_no_registry_can_have(arm, name, reason):
    answer = check(arm, {"name": name, "type": "Microsoft.ContainerRegistry/registries"}).expect(200).json()
    assert answer["nameAvailable"] is False and answer["reason"] == reason and answer["message"]


def test_whether_a_name_is_free(arm, registry, new_principal):
    kind = "Microsoft.ContainerRegistry/registries"
    assert check(arm, {"name": content.unique("free"), "type": kind}).expect(200).json()["nameAvailable"] is True
    taken = check(arm, {"name": registry.name.upper(), "type": kind}).expect(200).json()
    assert taken["nameAvailable"] is False and taken["reason"] == "AlreadyExists" and "already in use" in taken["message"]
    for body in ({}, {"name": 5, "type": kind}, {"name": "abcde"}, {"name": "abcde", "type": "Microsoft.Storage/storageAccounts"}):
        assert check(arm, body).expect(400).json()["error"]["code"]
    assert check(new_principal().arm, {"name": "abcde", "type": kind}).status == 403


def test_usages(arm, owner, registry):
    def usages():
        return {one["name"]: one for one in arm.call("GET", f"{registry.id}/listUsages").expect(200).json()["value"]}

    before = usages()
    assert {"Size", "Webhooks", "ScopeMaps", "Tokens"} <= set(before) and before["Size"]["unit"] == "Bytes"
    assert before["Size"]["currentValue"] == 0 and before["Webhooks"]["unit"] == "Count"
    registry.oci(owner).push("app", content.image(size=10_000), "1")
    assert usages()["Size"]["currentValue"] >= 10_000
    assert all(one["limit"] >= one["currentValue"] for one in usages().values())


def test_tenants_locations_and_providers(arm, berth, new_principal):
    tenant, = arm.call("GET", "/tenants", SUBSCRIPTIONS_VERSION).expect(200).json()["value"]
    assert tenant["tenantId"] == berth.bootstrap.tenant_id
    here = arm.bootstrap.subscription_scope
    locations = arm.list(f"{here}/locations", SUBSCRIPTIONS_VERSION)
    assert berth.bootstrap.location in [one["name"] for one in locations]
    assert arm.call("GET", here, SUBSCRIPTIONS_VERSION).expect(200).json()["state"] == "Enabled"
    providers = {one["namespace"]: one for one in arm.list(f"{here}/providers", RESOURCES_VERSION)}
    assert {"Microsoft.ContainerRegistry", "Microsoft.Authorization", "Microsoft.ManagedIdentity", "Microsoft.Resources"} <= set(providers)
    assert all(one["registrationState"] == "Registered" for one in providers.values())
    types = {one["resourceType"]: one for one in providers["Microsoft.ContainerRegistry"]["resourceTypes"]}
    assert "registries" in types and "2025-11-01" in types["registries"]["apiVersions"]
    assert new_principal().arm.call("GET", here, SUBSCRIPTIONS_VERSION).status in (403, 404)


@pytest.mark.parametrize("provider", ["Microsoft.ContainerRegistry", "microsoft.authorization", "Microsoft.ManagedIdentity",
                                      "Microsoft.Management", "Microsoft.Resources", "Microsoft.Features"])
def test_operations_of_each_provider(arm, provider):
    path = f"/providers/Microsoft.Authorization/providerOperations/{provider}?$expand=resourceTypes"
    document = arm.call("GET", path, "2022-04-01").expect(200).json()
    named = [one["name"] for kind in document["resourceTypes"] for one in kind["operations"]] + [one["name"] for one in document["operations"]]
    assert named and all(one.lower().startswith(provider.lower() + "/") for one in named)
