"""Subscriptions by alias: making, renaming, canceling."""

import pytest

from harness import content
from harness.arm import SUBSCRIPTIONS_VERSION

ALIASES = "2021-10-01"


def alias_path(name: str) -> str:
    return f"/providers/Microsoft.Subscription/aliases/{name}"


def put(arm, name: str, **properties):
    return arm.call("PUT", alias_path(name), ALIASES, json={"properties": properties})


def test_life_of_a_subscription(arm):
    name = content.unique("alias")
    made = put(arm, name, displayName="Team A", workload="Production", billingScope="/any").expect(201).json()
    subscription = made["properties"]["subscriptionId"]
    assert made == {**made, "id": alias_path(name), "name": name, "type": "Microsoft.Subscription/aliases"}
    assert made["properties"]["provisioningState"] == "Succeeded"
    assert put(arm, name.upper(), displayName="Other").expect(200).json()["properties"]["subscriptionId"] == subscription
    assert arm.call("GET", alias_path(name), ALIASES).expect(200).json() == made
    assert name in [one["name"] for one in arm.list("/providers/Microsoft.Subscription/aliases", ALIASES)]
    path = f"/subscriptions/{subscription}"
    assert arm.call("GET", path, SUBSCRIPTIONS_VERSION).expect(200).json()["displayName"] == "Team A"
    # Who made it is its Owner.
    group = f"{path}/resourceGroups/first"
    arm.call("PUT", group, "2025-04-01", json={"location": "local"}).expect(201)
    arm.call("POST", f"{path}/providers/Microsoft.Subscription/rename", ALIASES,
             json={"subscriptionName": "Team B"}).expect(200)
    cancel = f"{path}/providers/Microsoft.Subscription/cancel"
    assert arm.call("POST", cancel, ALIASES).expect(409).json()["error"]["code"] == "SubscriptionHasResources"
    arm.call("POST", f"{cancel}?IgnoreResourceCheck=true", ALIASES).expect(200)
    shown = arm.call("GET", path, SUBSCRIPTIONS_VERSION).expect(200).json()
    assert (shown["displayName"], shown["state"]) == ("Team B", "Disabled")
    refused = arm.call("PUT", group, "2025-04-01", json={"location": "local"}).expect(409).json()["error"]
    assert refused["code"] == "ReadOnlyDisabledSubscription"
    arm.call("GET", group, "2025-04-01").expect(200)
    arm.call("POST", f"{path}/providers/Microsoft.Subscription/enable", ALIASES).expect(200)
    arm.call("PUT", group, "2025-04-01", json={"location": "local"}).expect(200)
    arm.call("DELETE", alias_path(name), ALIASES).expect(200)
    arm.call("DELETE", alias_path(name), ALIASES).expect(204)
    assert arm.call("GET", alias_path(name), ALIASES).expect(404).json()["error"]["code"] == "SubscriptionAliasNotFound"
    arm.call("GET", path, SUBSCRIPTIONS_VERSION).expect(200)


def test_an_owner_is_named_and_tags_are_kept(arm, new_principal):
    somebody = new_principal()
    name = content.unique("alias")
    made = put(arm, name, additionalProperties={"subscriptionOwnerId": somebody.object_id, "tags": {"a": "b"}})
    path = f"/subscriptions/{made.expect(201).json()['properties']['subscriptionId']}"
    assert [one["id"] for one in somebody.arm.list("/subscriptions", SUBSCRIPTIONS_VERSION)] == [path]
    tags = somebody.arm.call("GET", f"{path}/providers/Microsoft.Resources/tags/default", "2025-04-01").expect(200).json()
    assert tags["properties"]["tags"] == {"a": "b"}
    assert arm.call("GET", path, SUBSCRIPTIONS_VERSION).status == 403  # not the one who asked for it


def test_a_management_group_must_be_there(arm):
    group = f"/providers/Microsoft.Management/managementGroups/{content.unique('mg')}"
    answer = put(arm, content.unique("alias"), additionalProperties={"managementGroupId": group})
    assert answer.status in (403, 404), answer


def test_others_may_not(arm, berth, new_principal):
    somebody = new_principal("Owner", berth.bootstrap.subscription_scope)
    error = put(somebody.arm, content.unique("alias"), displayName="x").expect(403).json()["error"]
    assert error["message"]
    name = content.unique("alias")
    put(arm, name, displayName="mine").expect(201)
    assert somebody.arm.call("GET", alias_path(name), ALIASES).status == 404
    assert somebody.arm.call("DELETE", alias_path(name), ALIASES).status == 403
    assert name not in [one["name"] for one in somebody.arm.list("/providers/Microsoft.Subscription/aliases", ALIASES)]


@pytest.mark.parametrize("body", [None, [], {}, {"properties": 5}, {"properties": {"displayName": ""}},
                                  {"properties": {"displayName": "a" * 65}}, {"properties": {"displayName": "a<b"}},
                                  {"properties": {"displayName": 5}}, {"properties": {"workload": "Other"}},
                                  {"properties": {"subscriptionId": "x"}}, {"properties": {"dispayName": "x"}},
                                  {"properties": {"additionalProperties": {"subscriptionOwnerId": "x"}}},
                                  {"properties": {"additionalProperties": {"managementGroupId": "a b"}}},
                                  {"properties": {"additionalProperties": {"tags": {"a": 5}}}},
                                  {"properties": {"additionalProperties": {
                                      "subscriptionOwnerId": "11111111-1111-1111-1111-111111111111"}}}])
def test_bad_bodies(arm, body):
    name = content.unique("alias")
    assert arm.call("PUT", alias_path(name), ALIASES, json=body).status == 400
    assert arm.call("GET", alias_path(name), ALIASES).status == 404


@pytest.mark.parametrize("name", ["a%20b", "a%2Fb", "x" * 64, "%00"])
def test_bad_names(arm, name):
    assert arm.call("PUT", alias_path(name), ALIASES, json={"properties": {}}).status in (400, 404)
