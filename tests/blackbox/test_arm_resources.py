"""Generic resources: lists and their filters, tags by themselves, moving, the activity log."""

import urllib.parse

import pytest

from harness import content
from harness.arm import RESOURCES_VERSION
from harness.crowd import wait_for

TYPE = "Microsoft.ContainerRegistry/registries"


@pytest.fixture
def new_group(arm):
    names = []

    def make() -> str:
        names.append(content.unique("moving"))
        arm.put_group(names[-1]).expect(201)
        return names[-1]

    yield make
    for name in names:
        arm.call("DELETE", arm.group_path(name), RESOURCES_VERSION)


def new_name() -> str:
    return content.unique("generic").replace("-", "")


def listed(arm, filter_text: str, scope: str | None = None, more: str = "") -> list[dict]:
    query = f"?$filter={urllib.parse.quote(filter_text)}{more}"
    return arm.list(f"{scope or arm.bootstrap.subscription_scope}/resources{query}", RESOURCES_VERSION)


def test_filters_of_resources_and_groups(arm, new_group):
    group, name, tag = new_group(), new_name(), content.unique("tag")
    registry = arm.put_registry(name, group, tags={tag: "Blue"}).expect(201).json()["id"]
    for text in (f"name eq '{name}'", f"substringof('{name[3:]}', name)", f"tagName eq '{tag}'",
                 f"tagname eq '{tag.upper()}' and tagvalue eq 'Blue'",
                 f"resourceType eq '{TYPE.upper()}' and resourceGroup eq '{group}'",
                 f"(name eq '{name}' or name eq 'none') and resourceType ne 'Microsoft.Web/sites'"):
        assert [one["id"] for one in listed(arm, text)] == [registry], text
    for text in (f"name eq '{name}' and location eq 'elsewhere'", f"tagName eq '{tag}' and tagValue eq 'blue'"):
        assert listed(arm, text) == [], text

    def expanded() -> dict:
        return listed(arm, f"name eq '{name}'", more="&$expand=createdTime,changedTime,provisioningState&$top=1")[0]
    wait_for(lambda: expanded()["provisioningState"] == "Succeeded", what="the registry is still being made")
    assert expanded()["createdTime"] <= expanded()["changedTime"]
    arm.call("PATCH", arm.group_path(group), RESOURCES_VERSION, json={"tags": {tag: "1"}}).expect(200)
    filter_text = urllib.parse.quote(f"tagname eq '{tag}' and tagvalue eq '1'")
    groups = arm.list(f"{arm.bootstrap.subscription_scope}/resourcegroups?$filter={filter_text}", RESOURCES_VERSION)
    assert [one["name"] for one in groups] == [group]


@pytest.mark.parametrize("text", ["id eq 'x'", "name gt 'a'", "name eq 'a' union select", "name eq", "atScope()", "name eq 'a"])
def test_other_filters_are_refused(arm, text):
    path = f"{arm.bootstrap.subscription_scope}/resources?$filter={urllib.parse.quote(text)}"
    error = arm.call("GET", path, RESOURCES_VERSION).expect(400).json()["error"]
    assert error["message"]


def test_tags_by_themselves(arm, berth, new_group, new_principal):
    group = new_group()
    registry = arm.put_registry(new_name(), group, tags={"a": "1"}).expect(201).json()["id"]
    for scope in (registry, arm.group_path(group), berth.bootstrap.subscription_scope):
        path = f"{scope}/providers/Microsoft.Resources/tags/default"

        def patch(operation: str, tags: dict):
            answer = arm.call("PATCH", path, RESOURCES_VERSION, json={"operation": operation, "properties": {"tags": tags}})
            return answer.expect(200).json()["properties"]["tags"]

        written = arm.call("PUT", path, RESOURCES_VERSION, json={"properties": {"tags": {"one": "1", "Two": "2"}}}).expect(200)
        assert written.json() == {"id": path, "name": "default", "type": "Microsoft.Resources/tags",
                                  "properties": {"tags": {"one": "1", "Two": "2"}}}
        assert patch("Merge", {"TWO": "3"}) == {"one": "1", "TWO": "3"}
        assert patch("Delete", {"two": ""}) == {"one": "1"}
        assert patch("Replace", {"x": "y"}) == {"x": "y"}
        assert arm.call("GET", path, RESOURCES_VERSION).expect(200).json()["properties"]["tags"] == {"x": "y"}
        for bad in ({}, {"operation": "Merge"}, {"operation": "Other", "properties": {"tags": {}}},
                    {"operation": "Merge", "properties": {"tags": {"a": 1}}}, {"properties": {"tags": {"a": "x" * 300}}}):
            assert arm.call("PATCH", path, RESOURCES_VERSION, json=bad).status == 400, bad
    assert arm.call("GET", registry).expect(200).json()["tags"] == {"x": "y"}
    names = {one["tagName"]: one for one in arm.list(f"{berth.bootstrap.subscription_scope}/tagNames", RESOURCES_VERSION)}
    assert names["x"]["count"]["value"] == 3 and names["x"]["values"][0]["tagValue"] == "y"
    reader = new_principal("Reader", registry)
    refused = reader.arm.call("PUT", f"{registry}/providers/Microsoft.Resources/tags/default", RESOURCES_VERSION,
                              json={"properties": {"tags": {}}}).expect(403)
    assert "Microsoft.Resources/tags/write" in refused.json()["error"]["message"]
    for scope in (registry, arm.group_path(group), berth.bootstrap.subscription_scope):
        arm.call("DELETE", f"{scope}/providers/Microsoft.Resources/tags/default", RESOURCES_VERSION).expect(200)
    assert arm.call("GET", registry).expect(200).json()["tags"] == {}


def move(arm, group: str, target: str, *ids: str, action: str = "moveResources"):
    return arm.call("POST", f"{arm.group_path(group)}/{action}", RESOURCES_VERSION,
                    json={"resources": list(ids), "targetResourceGroup": target})


def new_subscription(arm) -> str:
    alias = content.unique("sub")
    made = arm.call("PUT", f"/providers/Microsoft.Subscription/aliases/{alias}", "2021-10-01",
                    json={"properties": {"displayName": alias, "workload": "Production"}}).expect(201).json()
    return made["properties"]["subscriptionId"]


def test_a_registry_moves_with_all_that_is_in_it(arm, new_group, new_principal):
    source, target, name = new_group(), new_group(), new_name()
    registry = arm.put_registry(name, source).expect(201).json()
    old, new = registry["id"], arm.registry_path(name, target)
    arm.call("PUT", f"{old}/scopeMaps/onlypull", json={"properties": {"actions": ["repositories/a/content/read"]}}).expect(201)
    arm.call("PUT", f"{old}/tokens/robot", json={"properties": {"scopeMapId": f"{old}/scopeMaps/onlypull",
                                                               "status": "enabled"}}).expect(201)
    reader = new_principal("Reader", old)
    assert move(arm, source, arm.group_path(target), old, action="validateMoveResources").status == 204
    arm.call("GET", old).expect(200)
    moved = move(arm, source, arm.group_path(target), old).expect(202)
    assert arm.http.get(moved.header("Location"), headers={"Authorization": f"Bearer {arm.token}"}).status == 200
    arm.call("GET", old).expect(404)
    there = arm.call("GET", new).expect(200).json()
    assert there["id"] == new and there["properties"]["loginServer"] == registry["properties"]["loginServer"]
    token = arm.call("GET", f"{new}/tokens/robot").expect(200).json()
    assert token["properties"]["scopeMapId"] == f"{new}/scopeMaps/onlypull"
    # Assignments at the resource do not move, and none is left behind for a name made anew.
    reader.arm.call("GET", new).expect(403)
    assert arm.put_registry(name, source).status == 409  # the name is taken where it is now
    arm.delete_registry(name, target).expect(200)
    arm.put_registry(name, source).expect(201)
    reader.arm.call("GET", old).expect(403)


def test_a_registry_moves_to_another_subscription(arm, new_group):
    source, name = new_group(), new_name()
    subscription = new_subscription(arm)
    target = f"/subscriptions/{subscription}/resourceGroups/there"
    arm.call("PUT", target, RESOURCES_VERSION, json={"location": "local"}).expect(201)
    old = arm.put_registry(name, source).expect(201).json()["id"]
    move(arm, source, target, old).expect(202)
    assert [one["name"] for one in arm.list(f"/subscriptions/{subscription}/providers/{TYPE}")] == [name]
    arm.call("DELETE", target, RESOURCES_VERSION).expect(202)


def test_moves_that_are_refused(arm, new_group):
    source, target, name = new_group(), new_group(), new_name()
    registry = arm.put_registry(name, source).expect(201).json()["id"]
    there = arm.group_path(target)
    for ids, to in (((), there), ((registry, registry), there), ((registry,), arm.group_path(source)), ((registry,), "/x"),
                    (("/subscriptions/x",), there), ((arm.registry_path(name, target),), there),
                    ((f"{registry}/scopeMaps/_repositories_pull",), there)):
        assert move(arm, source, to, *ids).status == 400, ids
    assert move(arm, source, arm.group_path("nosuchgroup"), registry).status == 404
    assert move(arm, source, there, arm.registry_path("nosuchregistry", source)).status == 404
    # All or none.
    assert move(arm, source, there, registry, arm.registry_path("nosuchregistry", source)).status == 404
    arm.call("GET", registry).expect(200)
    for scope in (registry, there):
        lock = f"{scope}/providers/Microsoft.Authorization/locks/stay"
        arm.call("PUT", lock, "2016-09-01", json={"properties": {"level": "ReadOnly"}}).expect(201)
        error = move(arm, source, there, registry).expect(409).json()["error"]
        assert error["code"] == "ScopeLocked", error
        arm.call("DELETE", lock, "2016-09-01").expect(200)
    for action in ("moveResources", "validateMoveResources"):
        assert arm.call("POST", f"{arm.group_path(source)}/{action}", RESOURCES_VERSION, json={"resource": []}).status == 400


def test_the_activity_log_tells_of_assignments(arm, berth, new_group, new_principal):
    group = arm.group_path(new_group())
    somebody = new_principal()
    assignment = arm.assign("Reader", somebody.object_id, group)
    arm.unassign(assignment)
    path = (f"{berth.bootstrap.subscription_scope}/providers/Microsoft.Insights/eventtypes/management/values?$filter="
            + urllib.parse.quote("resourceProvider eq Microsoft.Authorization and eventTimestamp ge 2020-01-01T00:00:00Z"))
    events = [one for one in arm.list(path, "2015-04-01") if one["resourceId"] == assignment]
    assert [(one["operationName"]["value"].rsplit("/", 1)[1], one["status"]["value"]) for one in events] == [
        ("delete", "Succeeded"), ("delete", "Started"), ("write", "Succeeded"), ("write", "Started")]
    assert len({one["operationId"] for one in events}) == 2
    assert somebody.object_id in events[-1]["properties"]["requestbody"]
    for text in ("eventTimestamp ge yesterday", "x eq y", "caller ne 'a'"):
        query = urllib.parse.quote(text)
        bad = f"{berth.bootstrap.subscription_scope}/providers/Microsoft.Insights/eventtypes/management/values?$filter={query}"
        assert arm.call("GET", bad, "2015-04-01").status == 400
    assert somebody.arm.call("GET", path, "2015-04-01").status == 403
