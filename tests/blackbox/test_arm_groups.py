"""Resource groups."""

import pytest

from harness import content
from harness.arm import RESOURCES_VERSION
from harness.fixtures import registry_from


@pytest.fixture
def name(arm):
    name = content.unique("group")
    yield name
    arm.call("DELETE", arm.group_path(name), RESOURCES_VERSION)


def test_life_of_a_group(arm, berth, name):
    path = arm.group_path(name)
    assert arm.call("HEAD", path, RESOURCES_VERSION).status == 404
    missing = arm.call("GET", path, RESOURCES_VERSION).expect(404).json()["error"]
    assert missing == {**missing, "code": "ResourceGroupNotFound", "message": f"Resource group '{name}' could not be found."}
    created = arm.call("PUT", path, RESOURCES_VERSION, json={"location": berth.bootstrap.location, "tags": {"a": "1"}})
    assert created.status == 201, created
    document = created.json()
    assert document["id"] == f"{berth.bootstrap.subscription_scope}/resourceGroups/{name}"
    assert document["type"] == "Microsoft.Resources/resourceGroups"
    assert document["name"] == name and document["location"] == berth.bootstrap.location and document["tags"] == {"a": "1"}
    assert document["properties"] == {"provisioningState": "Succeeded"}
    assert arm.call("HEAD", path, RESOURCES_VERSION).status == 204
    assert arm.call("GET", path, RESOURCES_VERSION).expect(200).json() == document
    changed = arm.call("PUT", path, RESOURCES_VERSION, json={"location": berth.bootstrap.location, "tags": {"b": "2"}})
    assert changed.status == 200 and changed.json()["tags"] == {"b": "2"}, changed
    listed = arm.list(f"{berth.bootstrap.subscription_scope}/resourcegroups", RESOURCES_VERSION)
    assert name in [group["name"] for group in listed] and berth.bootstrap.resource_group in [group["name"] for group in listed]
    gone = arm.call("DELETE", path, RESOURCES_VERSION).expect(202)
    assert arm.call("GET", path, RESOURCES_VERSION).status == 404
    # Done when it is answered, and polled as Azure's is: by Location alone.
    assert int(gone.header("Retry-After")) >= 1 and gone.header("Azure-AsyncOperation") is None
    poll = {"Authorization": f"Bearer {arm.token}"}
    ended = arm.http.get(gone.header("Location"), headers=poll).expect(200)
    assert ended.body == b"", ended


def test_name_is_kept_as_written_and_found_without_case(arm, name):
    mixed = name.replace("g", "G")
    arm.put_group(mixed).expect(201)
    assert arm.call("GET", arm.group_path(mixed.upper()), RESOURCES_VERSION).expect(200).json()["name"] == mixed
    assert arm.put_group(mixed.lower()).status == 200


@pytest.mark.parametrize("location", [None, "", 5])
def test_location_is_needed(arm, name, location):
    answer = arm.call("PUT", arm.group_path(name), RESOURCES_VERSION, json={} if location is None else {"location": location})
    assert answer.status == 400 and answer.json()["error"]["code"], answer


def test_location_cannot_change(arm, name):
    arm.put_group(name, "westeurope").expect(201)
    answer = arm.put_group(name, "northeurope")
    assert answer.status == 409, answer
    assert answer.json()["error"]["code"] == "InvalidResourceGroupLocation"


@pytest.mark.parametrize("good", ["a", "A-b_c.d(e)f", "1", "g" * 90])
def test_names_that_azure_takes(arm, good):
    name = good if len(good) > 60 else f"{content.unique()}{good}"
    arm.put_group(name).expect(200, 201)
    arm.call("DELETE", arm.group_path(name), RESOURCES_VERSION).expect(200, 202)


@pytest.mark.parametrize("bad", ["ends.", "g" * 91, "a%20b", "a%26b", "a%3Ab", "%C3%A4", "a$b", "a,b"])
def test_names_that_azure_refuses(arm, bad):
    answer = arm.put_group(bad)
    assert answer.status == 400, answer
    assert answer.json()["error"]["code"]


def test_deleting_a_group_deletes_what_is_in_it(arm, name, http, owner, new_principal):
    arm.put_group(name).expect(201)
    registry = registry_from(http, arm.put_registry(content.unique("reg"), name).expect(200, 201).json())
    registry.oci(owner).push("image", content.image(), "latest")
    principal = new_principal("AcrPull", arm.group_path(name))
    registry.oci(principal).get_manifest("image", "latest").expect(200)
    arm.call("DELETE", arm.group_path(name), RESOURCES_VERSION).expect(200, 202)
    assert arm.call("GET", registry.id).status == 404
    assert registry.oci(owner, "basic").get_manifest("image", "latest").status == 404
    # The name is free again, and nobody has a right in it.
    arm.put_group(name).expect(201)
    again = registry_from(http, arm.put_registry(registry.name, name).expect(200, 201).json())
    assert again.oci(principal).get_manifest("image", "latest").status == 401


def test_groups_are_listed_for_who_may_read_them(arm, name, new_principal, berth):
    arm.put_group(name).expect(201)
    reader = new_principal("Reader", arm.group_path(name))
    answer = reader.arm.call("GET", f"{berth.bootstrap.subscription_scope}/resourcegroups", RESOURCES_VERSION).expect(200)
    assert [group["name"] for group in answer.json()["value"]] == [name]
    refused = new_principal().arm.call("GET", arm.group_path(name), RESOURCES_VERSION)
    assert refused.status == 403
    assert "Microsoft.Resources/subscriptions/resourceGroups/read" in refused.json()["error"]["message"]
