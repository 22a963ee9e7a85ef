"""Registries through Azure Resource Manager: create, read, list, update, delete, and what is refused."""

import re

import pytest

from harness import content, tokens
from harness.arm import RESOURCES_VERSION
from harness.fixtures import registry_from
from harness.http_client import Http
from harness.oci import Oci


@pytest.fixture
def name(arm):
    name = content.unique("reg")
    yield name
    arm.delete_registry(name)


def test_created_with_everything_that_clients_read(arm, berth, name, owner):
    created = arm.put_registry(name, tags={"team": "x"})
    assert created.status in (200, 201), created
    document = created.json()
    facts = berth.bootstrap
    assert document["id"] == f"{facts.group_scope}/providers/Microsoft.ContainerRegistry/registries/{name}"
    assert document["name"] == name
    assert document["type"] == "Microsoft.ContainerRegistry/registries"
    assert document["location"] == facts.location
    assert document["tags"] == {"team": "x"}
    assert document["sku"] == {"name": "Premium", "tier": "Premium"}
    system = document["systemData"]
    assert system["createdByType"] == "Application" and system["lastModifiedByType"] == "Application"
    assert system["createdBy"] in (owner.client_id, owner.object_id)
    properties = document["properties"]
    assert properties["provisioningState"] in ("Creating", "Succeeded")  # test_arm_long_running.py
    assert name in properties["loginServer"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z", properties["creationDate"])
    assert properties["adminUserEnabled"] is False
    assert properties["anonymousPullEnabled"] is False
    assert properties["roleAssignmentMode"] == "LegacyRegistryPermissions"
    assert properties["publicNetworkAccess"] == "Enabled"
    assert properties["zoneRedundancy"] == "Disabled"
    policies = properties["policies"]
    assert policies["quarantinePolicy"]["status"] == "disabled"
    assert policies["trustPolicy"] == {"type": "Notary", "status": "disabled"}
    assert policies["retentionPolicy"]["days"] == 7 and policies["retentionPolicy"]["status"] == "disabled"
    assert policies["exportPolicy"]["status"] == "enabled"
    assert policies["azureADAuthenticationAsArmPolicy"]["status"] == "enabled"
    assert arm.get_registry(name).expect(200).json() == document


def test_its_address_is_an_audience_from_when_it_is_made(arm, http, owner, new_registry):
    """ARM and Graph take tokens for the address of a registry that was made after the start, until it is gone."""
    registry = new_registry()
    scope = f"https://{registry.login_server}/.default"
    token = owner.entra_token(scope)
    headers = {"Authorization": f"Bearer {token}"}
    http.get(f"{registry.id}?api-version=2025-11-01", headers=headers).expect(200)
    http.get("/v1.0/organization", headers=headers).expect(200)
    arm.delete_registry(registry.name).expect(200)
    refused = http.get("/subscriptions?api-version=2022-12-01", headers=headers).expect(401).json()["error"]
    assert refused["code"] == "InvalidAuthenticationTokenAudience"
    answer = tokens.ask(http, arm.bootstrap.tenant_id, owner.client_id, owner.secret, scope).expect(400).json()
    assert answer["error"] == "invalid_resource", answer


@pytest.mark.parametrize("sku", ["Basic", "Standard", "Premium"])
def test_each_sku(arm, name, sku):
    assert arm.put_registry(name, sku=sku).expect(200, 201).json()["sku"] == {"name": sku, "tier": sku}


def test_put_again_updates(arm, name):
    first = arm.put_registry(name, adminUserEnabled=True, tags={"a": "1"}).expect(200, 201).json()
    second = arm.put_registry(name, adminUserEnabled=False, tags={"b": "2"}).expect(200, 201).json()
    assert second["properties"]["creationDate"] == first["properties"]["creationDate"]
    assert second["properties"]["loginServer"] == first["properties"]["loginServer"]
    assert second["tags"] == {"b": "2"} and second["properties"]["adminUserEnabled"] is False


def test_patch_changes_what_it_names(arm, name):
    arm.put_registry(name, tags={"a": "1"}, adminUserEnabled=True).expect(200, 201)
    patched = arm.patch_registry(name, properties={"anonymousPullEnabled": True}).expect(200, 201).json()
    assert patched["properties"]["anonymousPullEnabled"] is True and patched["properties"]["adminUserEnabled"] is True
    assert patched["tags"] == {"a": "1"}
    assert arm.patch_registry(name, tags={"b": "2"}).expect(200, 201).json()["tags"] == {"b": "2"}
    assert arm.patch_registry(name, sku={"name": "Standard"}).expect(200, 201).json()["sku"]["name"] == "Standard"
    policies = arm.patch_registry(name, properties={"policies": {"retentionPolicy": {"days": 30, "status": "disabled"}}}) \
        .expect(200, 201).json()["properties"]["policies"]
    assert policies["retentionPolicy"]["days"] == 30
    assert policies["exportPolicy"]["status"] == "enabled" and policies["trustPolicy"]["type"] == "Notary"
    document = arm.get_registry(name).expect(200).json()
    assert document["properties"]["policies"] == policies and document["properties"]["anonymousPullEnabled"] is True


def test_read_only_fields_are_not_the_clients(arm, name, berth):
    """Harbor CVE-2019-16097: what a client writes into fields that are not its own changes nothing."""
    forged = {"loginServer": "evil.example", "creationDate": "2000-01-01T00:00:00Z", "provisioningState": "Failed"}
    answer = arm.call("PUT", arm.registry_path(name), json={
        "id": "/x", "name": "other", "type": "x", "location": berth.bootstrap.location, "sku": {"name": "Premium", "tier": "Basic"},
        "systemData": {"createdBy": "evil"}, "properties": forged})
    document = answer.expect(200, 201).json()
    assert document["name"] == name and document["sku"]["tier"] == "Premium"
    assert document["systemData"]["createdBy"] != "evil"
    for key, value in forged.items():
        assert document["properties"][key] != value


@pytest.mark.parametrize("document", [
    {"sku": {"name": "Premium"}, "properties": {}}, {"location": "westeurope", "properties": {}},
    {"location": "westeurope", "sku": {"name": "Huge"}, "properties": {}}, {"location": "westeurope", "sku": "Premium", "properties": {}},
    {"location": "westeurope", "sku": {}, "properties": {}}, {"location": 5, "sku": {"name": "Premium"}, "properties": {}},
    {"location": "westeurope", "sku": {"name": "Premium"}, "properties": []},
    {"location": "westeurope", "sku": {"name": "Premium"}, "properties": {"adminUserEnabled": "yes"}},
    {"location": "westeurope", "sku": {"name": "Premium"}, "properties": {"anonymousPullEnabled": 1}},
    {"location": "westeurope", "sku": {"name": "Premium"}, "properties": {"policies": {"retentionPolicy": {"days": -1, "status": "enabled"}}}},
    {"location": "westeurope", "sku": {"name": "Premium"}, "properties": {"policies": {"retentionPolicy": {"days": 366, "status": "enabled"}}}},
    {"location": "westeurope", "sku": {"name": "Premium"}, "properties": {"policies": {"quarantinePolicy": {"status": "maybe"}}}},
    {"location": "westeurope", "sku": {"name": "Premium"}, "properties": {"policies": []}},
    {"location": "westeurope", "sku": {"name": "Premium"}, "properties": {"roleAssignmentMode": "Anything"}},
    {"location": "westeurope", "sku": {"name": "Premium"}, "tags": [], "properties": {}},
    {"location": "westeurope", "sku": {"name": "Premium"}, "tags": {"a": 5}, "properties": {}}],
    ids=lambda document: str(document)[:60])
def test_documents_that_are_refused(arm, name, document):
    answer = arm.call("PUT", arm.registry_path(name), json=document)
    assert answer.status == 400, answer
    assert answer.json()["error"]["code"] and answer.json()["error"]["message"]
    arm.get_registry(name).expect(404)


@pytest.mark.parametrize("bad", ["abcd", "a" * 51, "with-dash", "with_line", "with.dot", "na%20me"])
def test_names_that_azure_refuses(arm, bad):
    """5 to 50 letters and digits."""
    answer = arm.put_registry(bad)
    assert answer.status == 400, answer
    assert bad[:20] in answer.json()["error"]["message"] or "50" in answer.json()["error"]["message"], answer


@pytest.mark.parametrize("length", [5, 50])
def test_names_at_the_limits(arm, length):
    name = content.unique("r").ljust(50, "0")[-length:] if length == 50 else content.unique("")[-5:]
    arm.put_registry(name).expect(200, 201)
    arm.delete_registry(name).expect(200, 202, 204)


def test_name_is_unique_everywhere_without_case(arm, name):
    """The login server is named after it."""
    arm.put_registry(name).expect(200, 201)
    group = content.unique("group")
    arm.put_group(group).expect(201)
    for other in (name, name.upper()):
        answer = arm.put_registry(other, group)
        assert answer.status == 409, answer
        assert answer.json()["error"]["code"]
    arm.call("DELETE", arm.group_path(group), RESOURCES_VERSION).expect(200, 202)


def test_in_a_group_that_is_not_there(arm):
    group = content.unique("none")
    answer = arm.put_registry(content.unique("reg"), group)
    assert answer.status == 404 and answer.json()["error"]["code"] == "ResourceGroupNotFound", answer


def test_what_is_not_there(arm, berth):
    name = content.unique("none")
    error = arm.get_registry(name).expect(404).json()["error"]
    assert error["code"] == "ResourceNotFound"
    assert f"Microsoft.ContainerRegistry/registries/{name}" in error["message"] and berth.bootstrap.resource_group in error["message"]
    assert arm.patch_registry(name, tags={}).status == 404
    assert arm.delete_registry(name).status == 204
    assert arm.call("POST", arm.registry_path(name) + "/listCredentials").status == 404


def test_deleted_is_gone(arm, name, http, owner):
    registry = registry_from(http, arm.put_registry(name).expect(200, 201).json())
    registry.oci(owner).push("image", content.image(), "latest")
    arm.delete_registry(name).expect(200, 202, 204)
    arm.get_registry(name).expect(404)
    names = [item["name"] for item in arm.list(arm.group_path(arm.bootstrap.resource_group) + "/providers/Microsoft.ContainerRegistry/registries")]
    assert name not in names


def test_listed_in_group_and_subscription(arm, berth):
    group = content.unique("group")
    arm.put_group(group).expect(201)
    names = sorted(content.unique("reg") for _ in range(3))
    for name in names:
        arm.put_registry(name, group).expect(200, 201)
    in_group = arm.list(arm.group_path(group) + "/providers/Microsoft.ContainerRegistry/registries")
    assert sorted(item["name"] for item in in_group) == names
    everywhere = arm.list(berth.bootstrap.subscription_scope + "/providers/Microsoft.ContainerRegistry/registries")
    assert set(names) | {berth.bootstrap.registry_name} <= {item["name"] for item in everywhere}
    for item in in_group:
        assert item["properties"]["loginServer"] and item["sku"]["name"] == "Premium"
    empty = content.unique("group")
    arm.put_group(empty).expect(201)
    assert arm.list(arm.group_path(empty) + "/providers/Microsoft.ContainerRegistry/registries") == []
    for made in (group, empty):
        arm.call("DELETE", arm.group_path(made), RESOURCES_VERSION).expect(200, 202)


def test_first_registry_is_as_the_bootstrap_file_says(arm, berth):
    document = arm.call("GET", berth.bootstrap.registry_id).expect(200).json()
    assert document["name"] == berth.bootstrap.registry_name
    assert document["properties"]["loginServer"] == berth.bootstrap.login_server


# Several registries in one process

def test_registries_are_told_apart_by_host(new_registry, owner):
    one, two = new_registry(), new_registry()
    first, second = content.image(), content.image()
    one.oci(owner).push("image", first, "latest")
    two.oci(owner).push("image", second, "latest")
    assert one.oci(owner).get_manifest("image", "latest").body == first.data
    assert two.oci(owner).get_manifest("image", "latest").body == second.data
    assert one.oci(owner).get("/v2/_catalog").json()["repositories"] == ["image"]
    one.oci(owner).delete(f"/v2/image/manifests/{first.digest}").expect(202)
    assert two.oci(owner).get_manifest("image", "latest").body == second.data


def test_host_is_read_without_case(new_registry, owner):
    registry = new_registry()
    manifest = content.image()
    registry.oci(owner).push("image", manifest, "latest")
    registry.login_server = registry.login_server.upper()
    client = registry.oci(owner, "basic")
    assert client.get_manifest("image", "latest").expect(200).body == manifest.data


def test_a_registry_answers_on_both_listeners(new_registry, owner, berth):
    registry = new_registry()
    manifest = content.image()
    registry.oci(owner).push("image", manifest, "latest")
    name = registry.login_server.partition(":")[0]
    for base in (berth.http, berth.https):
        port = base.rpartition(":")[2]
        client = Http(base, ca_file=berth.bootstrap.ca_file, server_name=name)
        for host in (f"{name}:{port}", registry.login_server):
            assert Oci(client, host, owner.credentials, "basic").get_manifest("image", "latest").expect(200).body == manifest.data
        client.close()
