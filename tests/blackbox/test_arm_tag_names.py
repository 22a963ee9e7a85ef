"""Predefined tags of a subscription, features, and providers that cannot be unregistered."""

import urllib.parse
import uuid

import pytest

from harness import content
from harness.arm import RESOURCES_VERSION

FEATURES_VERSION = "2021-07-01"


def path_of(arm, name: str, value: str | None = None) -> str:
    path = f"{arm.bootstrap.subscription_scope}/tagNames/{urllib.parse.quote(name, safe='')}"
    return path if value is None else f"{path}/tagValues/{urllib.parse.quote(value, safe='')}"


def put(arm, *names):
    return arm.call("PUT", path_of(arm, *names), RESOURCES_VERSION)


def delete(arm, *names):
    return arm.call("DELETE", path_of(arm, *names), RESOURCES_VERSION)


def listed(arm) -> dict[str, dict]:
    return {one["tagName"]: one for one in arm.list(f"{arm.bootstrap.subscription_scope}/tagNames", RESOURCES_VERSION)}


def test_life_of_a_predefined_tag(arm, registry):
    name = content.unique("Team")
    made = put(arm, name).expect(201).json()
    assert made == {"id": f"{arm.bootstrap.subscription_scope}/tagNames/{name}", "tagName": name,
                    "count": {"type": "Total", "value": 0}, "values": []}
    assert put(arm, name.upper()).expect(200).json()["tagName"] == name, "as it was first written"
    value = put(arm, name, "one two").expect(201).json()
    assert value["tagValue"] == "one two" and value["count"] == {"type": "Total", "value": 0}
    assert value["id"].endswith(f"/tagNames/{name}/tagValues/one two")
    put(arm, name, "one two").expect(200)
    put(arm, name, "One Two").expect(201)  # values differ by case
    assert [one["tagValue"] for one in listed(arm)[name]["values"]] == ["One Two", "one two"]

    arm.patch_registry(registry.name, tags={name.lower(): "one two"}).expect(200)
    assert listed(arm)[name]["count"]["value"] == 1, "predefined and in use are one"
    assert delete(arm, name, "one two").expect(409).json()["error"]["code"] == "TagValueInUse"
    delete(arm, name, "One Two").expect(200)
    assert delete(arm, name).expect(409).json()["error"]["code"] == "TagNameInUse"
    arm.patch_registry(registry.name, tags={}).expect(200)
    assert "values" in delete(arm, name).expect(409).json()["error"]["message"]
    delete(arm, name, "one two").expect(200)
    delete(arm, name, "one two").expect(204)
    delete(arm, name).expect(200)
    delete(arm, name).expect(204)
    assert name not in listed(arm)


@pytest.mark.parametrize("name, code", [
    ("a<b", "InvalidTagName"), ("a%b", "InvalidTagName"), ("x" * 513, "InvalidTagName"), (" a", "InvalidTagName"),
    ("a\u00a0", "InvalidTagName"), ("microsoft.a", "ReservedTagName"), ("Azure", "ReservedTagName"), ("windowsX", "ReservedTagName")])
def test_names_that_azure_refuses(arm, name, code):
    assert put(arm, name).expect(400).json()["error"]["code"] == code


def test_a_value_needs_its_name(arm):
    assert "Make the name first" in put(arm, content.unique("none"), "x").expect(404).json()["error"]["message"]
    assert put(arm, content.unique("none"), "x" * 257).expect(400).json()["error"]["code"] == "InvalidTagValueLength"


def test_who_may_not_write_predefines_nothing(arm, new_principal):
    reader = new_principal("Reader", arm.bootstrap.subscription_scope)
    name = content.unique("no")
    for words, right in ((("PUT", path_of(arm, name)), "tagNames/write"), (("DELETE", path_of(arm, name)), "tagNames/delete"),
                         (("PUT", path_of(arm, name, "v")), "tagNames/tagValues/write"),
                         (("DELETE", path_of(arm, name, "v")), "tagNames/tagValues/delete")):
        refused = reader.arm.call(*words, RESOURCES_VERSION).expect(403).json()["error"]
        assert refused["code"] == "AuthorizationFailed" and f"Microsoft.Resources/subscriptions/{right}" in refused["message"]
    assert name not in listed(arm)
    unknown = f"/subscriptions/00000000-0000-4000-8000-000000000000/tagNames/{name}"
    assert arm.call("PUT", unknown, RESOURCES_VERSION).status in (403, 404)


def test_who_predefines_a_name_is_not_told_who_uses_it(arm, registry, new_principal):
    """The right to write names is none to read resources: neither their values nor how many there are."""
    subscription = arm.bootstrap.subscription_scope
    guid, name = str(uuid.uuid4()), content.unique("Secret")
    arm.put_role(guid, {"roleName": content.unique("Tagger"), "assignableScopes": [subscription], "permissions": [
        {"actions": ["Microsoft.Resources/subscriptions/tagNames/*"]}]}).expect(201)
    tagger = new_principal(guid, subscription)
    arm.patch_registry(registry.name, tags={name: "hidden value"}).expect(200)
    answer = put(tagger.arm, name).expect(201)
    assert answer.json()["values"] == [] and answer.json()["count"]["value"] == 0 and "hidden" not in answer.body.decode()
    assert name in listed(tagger.arm) and listed(tagger.arm)[name]["values"] == []
    assert put(tagger.arm, name, "hidden value").expect(201).json()["count"]["value"] == 0
    arm.patch_registry(registry.name, tags={}).expect(200)
    delete(arm, name, "hidden value").expect(200)
    delete(arm, name).expect(200)


def features(arm, tail: str, method: str = "GET"):
    return arm.call(method, f"{arm.bootstrap.subscription_scope}/providers/Microsoft.Features/{tail}", FEATURES_VERSION)


def test_there_are_no_features(arm, new_principal):
    of_provider = "providers/Microsoft.ContainerRegistry/features"
    for tail in ("features", of_provider, "subscriptionFeatureRegistrations"):
        assert features(arm, tail).expect(200).json()["value"] == []
    for tail, method in ((f"{of_provider}/x", "GET"), (f"{of_provider}/x/register", "POST"), (f"{of_provider}/x/unregister", "POST")):
        refused = features(arm, tail, method).expect(404).json()["error"]
        assert refused["code"] == "FeatureNotFound" and "'x'" in refused["message"]
    assert features(new_principal("Reader", arm.bootstrap.subscription_scope).arm, "features").expect(200).json()["value"] == []
    assert features(new_principal().arm, "features").status == 403


def test_a_provider_cannot_be_unregistered(arm, new_principal):
    path = f"{arm.bootstrap.subscription_scope}/providers/microsoft.containerregistry"
    refused = arm.call("POST", f"{path}/unregister", RESOURCES_VERSION).expect(409).json()["error"]
    assert refused["code"] == "ResourceProviderAlwaysRegistered" and "part of berth" in refused["message"]
    assert arm.call("GET", path, RESOURCES_VERSION).expect(200).json()["registrationState"] == "Registered"
    reader = new_principal("Reader", arm.bootstrap.subscription_scope)
    told = reader.arm.call("POST", f"{path}/unregister", RESOURCES_VERSION).expect(403).json()["error"]["message"]
    assert "Microsoft.ContainerRegistry/unregister/action" in told
    nowhere = f"{arm.bootstrap.subscription_scope}/providers/Contoso.Widgets/unregister"
    assert arm.call("POST", nowhere, RESOURCES_VERSION).status == 404
