"""Webhooks as resources: kept, shown without their secrets, and honest about what is not delivered yet."""

import pytest

from harness import content

SECRET = "s3cret-header-value"
ADDRESS = "https://hooks.example/notify?code=s3cret-in-the-query"


def body(arm, **properties) -> dict:
    return {"location": arm.bootstrap.location, "properties": {"serviceUri": ADDRESS, "actions": ["push"], **properties}}


@pytest.fixture
def path(registry):
    return f"{registry.id}/webhooks/{content.unique('hook')}"


def test_made_read_changed_and_deleted(arm, registry, path):
    made = arm.call("PUT", path, json=body(arm, customHeaders={"X-Key": SECRET}, scope="image:*", status="disabled"))
    document = made.expect(201).json()
    assert document["id"].lower() == path.lower() and document["type"] == "Microsoft.ContainerRegistry/registries/webhooks"
    assert document["properties"] == {"status": "disabled", "scope": "image:*", "actions": ["push"],
                                      "provisioningState": "Succeeded"}
    assert document["location"] == arm.bootstrap.location
    assert arm.call("GET", path).expect(200).json() == document
    assert arm.list(f"{registry.id}/webhooks") == [document]
    changed = arm.call("PATCH", path, json={"tags": {"a": "b"}, "properties": {"actions": ["delete", "push"], "status": "enabled"}})
    assert changed.expect(200).json()["properties"]["actions"] == ["delete", "push"]
    assert changed.json()["properties"]["status"] == "enabled" and changed.json()["tags"] == {"a": "b"}
    config = arm.call("POST", f"{path}/getCallbackConfig").expect(200).json()
    assert config == {"serviceUri": ADDRESS, "customHeaders": {"X-Key": SECRET}}
    arm.call("DELETE", path).expect(200)
    assert arm.call("GET", path).status == 404 and arm.call("DELETE", path).status == 204


def test_secrets_are_shown_by_get_callback_config_only(arm, registry, path, new_principal, berth):
    arm.call("PUT", path, json=body(arm, customHeaders={"Authorization": SECRET})).expect(201)
    for answer in (arm.call("GET", path), arm.call("GET", f"{registry.id}/webhooks"), arm.call("PATCH", path, json={})):
        text = answer.expect(200).body.decode()
        assert "s3cret" not in text and "callback" not in text, text
    reader = new_principal("Reader", registry.id)
    reader.arm.call("GET", path).expect(200)
    assert reader.arm.call("POST", f"{path}/getCallbackConfig").status == 403
    for file in berth.data.rglob("*"):
        if file.is_file():
            assert b"s3cret-" not in file.read_bytes(), file.name


def test_put_replaces_the_address_and_patch_keeps_it(arm, path):
    arm.call("PUT", path, json=body(arm, customHeaders={"X-Key": SECRET})).expect(201)
    arm.call("PATCH", path, json={"properties": {"serviceUri": "http://other.example/"}}).expect(200)
    config = arm.call("POST", f"{path}/getCallbackConfig").expect(200).json()
    assert config == {"serviceUri": "http://other.example/", "customHeaders": {"X-Key": SECRET}}
    arm.call("PUT", path, json=body(arm)).expect(200)
    assert arm.call("POST", f"{path}/getCallbackConfig").json() == {"serviceUri": ADDRESS, "customHeaders": {}}


def test_nothing_is_delivered_and_nobody_is_told_so(arm, path):
    arm.call("PUT", path, json=body(arm)).expect(201)
    error = arm.call("POST", f"{path}/ping").expect(400).json()["error"]
    assert "Nothing was sent" in error["message"]
    assert arm.call("POST", f"{path}/listEvents").expect(200).json()["value"] == []


@pytest.mark.parametrize("properties", [
    {"serviceUri": None}, {"serviceUri": "ftp://x.example/"}, {"serviceUri": "https://user:password@x.example/"},
    {"serviceUri": "hooks.example"}, {"serviceUri": 5}, {"actions": []}, {"actions": ["pull"]}, {"actions": "push"},
    {"actions": None}, {"status": "paused"}, {"scope": "Not A Repository"}, {"scope": "image:bad tag"}, {"scope": 5},
    {"customHeaders": []}, {"customHeaders": {"Bad Name": "x"}}, {"customHeaders": {"X": "two\r\nlines"}},
    {"customHeaders": {"X": 5}}, {"customHeaders": {f"X-{n}": "y" for n in range(51)}}], ids=lambda one: str(one)[:60])
def test_documents_that_are_refused(arm, path, properties):
    answer = arm.call("PUT", path, json=body(arm, **properties))
    assert answer.status == 400 and answer.json()["error"]["message"], answer
    assert arm.call("GET", path).status == 404


@pytest.mark.parametrize("name", ["abcd", "a" * 51, "with-dash", "with.dot"])
def test_names_that_azure_refuses(arm, registry, name):
    assert arm.call("PUT", f"{registry.id}/webhooks/{name}", json=body(arm)).status == 400


def test_in_a_registry_that_is_not_there(arm, registry):
    answer = arm.call("PUT", f"{registry.id}none/webhooks/{content.unique('hook')}", json=body(arm))
    assert answer.status == 404 and answer.json()["error"]["code"] == "ParentResourceNotFound", answer


def test_each_sku_has_as_many_as_azures(arm, new_registry):
    registry = new_registry(sku="Basic")
    for number in range(2):
        arm.call("PUT", f"{registry.id}/webhooks/hook{number}", json=body(arm)).expect(201)
    answer = arm.call("PUT", f"{registry.id}/webhooks/hook2", json=body(arm))
    assert answer.status == 400 and answer.json()["error"]["code"] == "LimitExceeded", answer
    arm.call("PUT", f"{registry.id}/webhooks/hook1", json=body(arm)).expect(200)
    usages = {one["name"]: one for one in arm.call("GET", f"{registry.id}/listUsages").expect(200).json()["value"]}
    assert usages["Webhooks"] == {"name": "Webhooks", "limit": 2, "currentValue": 2, "unit": "Count"}
    assert usages["ScopeMaps"]["currentValue"] == 5 and usages["Tokens"]["currentValue"] == 0
    assert usages["IPRules"]["limit"] == 0 and usages["Geo-replications"]["limit"] == 0


def test_gone_with_the_registry(arm, new_registry):
    registry = new_registry()
    path = f"{registry.id}/webhooks/webhook"
    arm.call("PUT", path, json=body(arm)).expect(201)
    arm.delete_registry(registry.name).expect(200)
    new_registry(registry.name)
    assert arm.list(f"{registry.id}/webhooks") == []
