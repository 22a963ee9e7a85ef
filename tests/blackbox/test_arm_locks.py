"""Resource locks: what they forbid, whatever the roles."""

import pytest

from harness import content
from harness.arm import RESOURCES_VERSION

LOCKS = "2016-09-01"


@pytest.fixture
def group(arm):
    name = content.unique("locked")
    arm.put_group(name).expect(201)
    yield name
    for lock in arm.list(f"{arm.group_path(name)}/providers/Microsoft.Authorization/locks", LOCKS):
        arm.call("DELETE", lock["id"], LOCKS)
    arm.call("DELETE", arm.group_path(name), RESOURCES_VERSION)


@pytest.fixture
def registry(arm, group):
    name = content.unique("locked").replace("-", "")
    return arm.put_registry(name, group, adminUserEnabled=True).expect(201).json()["id"]


def lock(arm, scope: str, level: str, name: str = "mine", **properties):
    return arm.call("PUT", f"{scope}/providers/Microsoft.Authorization/locks/{name}", LOCKS,
                    json={"properties": {"level": level, **properties}})


def unlock(arm, scope: str, name: str = "mine"):
    return arm.call("DELETE", f"{scope}/providers/Microsoft.Authorization/locks/{name}", LOCKS)


def refused(answer, *words: str) -> None:
    error = answer.expect(409).json()["error"]
    assert error["code"] == "ScopeLocked", error
    assert "following scope(s) are locked" in error["message"], error
    for word in words:
        assert word in error["message"], error


def test_life_of_a_lock(arm, registry):
    made = lock(arm, registry, "CanNotDelete", notes="ask Ann").expect(201).json()
    assert made["id"] == f"{registry}/providers/Microsoft.Authorization/locks/mine"
    assert made["type"] == "Microsoft.Authorization/locks" and made["name"] == "mine"
    assert made["properties"] == {"level": "CanNotDelete", "notes": "ask Ann"}
    assert arm.call("GET", made["id"].upper(), LOCKS).expect(200).json() == made
    changed = lock(arm, registry, "readonly").expect(200).json()
    assert changed["properties"] == {"level": "ReadOnly"}
    assert [one["id"] for one in arm.list(f"{registry}/providers/Microsoft.Authorization/locks", LOCKS)] == [made["id"]]
    unlock(arm, registry).expect(200)
    unlock(arm, registry).expect(204)
    assert arm.call("GET", made["id"], LOCKS).expect(404).json()["error"]["code"] == "LockNotFound"


def test_can_not_delete_lets_everything_else_be_done(arm, group, registry):
    lock(arm, registry, "CanNotDelete", notes="ask Ann").expect(201)
    refused(arm.call("DELETE", registry), "delete operation", registry, "'mine' (CanNotDelete", "ask Ann",
            "Microsoft.Authorization/locks/delete")
    refused(arm.call("DELETE", arm.group_path(group), RESOURCES_VERSION), registry)
    arm.call("PATCH", registry, json={"tags": {"a": "b"}}).expect(200)
    arm.call("POST", f"{registry}/listCredentials").expect(200)
    unlock(arm, registry).expect(200)
    arm.call("DELETE", registry).expect(200)


def test_read_only_forbids_writes_and_actions(arm, group, registry):
    lock(arm, arm.group_path(group), "ReadOnly").expect(201)
    for method, path, body in (("PATCH", registry, {"tags": {}}), ("POST", f"{registry}/listCredentials", None),
                               ("POST", f"{registry}/regenerateCredential", {"name": "password"}),
                               ("PUT", f"{registry}/scopeMaps/abcde", {"properties": {"actions": []}}),
                               ("PUT", f"{registry}x", {"location": "local", "sku": {"name": "Basic"}})):
        refused(arm.call(method, path, json=body), "write operation", arm.group_path(group))
    refused(arm.call("DELETE", registry), "delete operation")
    refused(arm.put_assignment("Reader", "11111111-1111-1111-1111-111111111111", registry), "write operation")
    arm.call("GET", registry).expect(200)
    arm.call("GET", f"{registry}/listUsages").expect(200)
    # Locks do not lock themselves.
    lock(arm, registry, "CanNotDelete", "second").expect(201)
    unlock(arm, registry, "second").expect(200)
    unlock(arm, arm.group_path(group)).expect(200)
    arm.call("PATCH", registry, json={"tags": {}}).expect(200)


def test_who_may_lock(arm, new_principal, registry):
    contributor = new_principal()
    arm.assign("Contributor", contributor.object_id, registry)
    error = lock(contributor.arm, registry, "CanNotDelete").expect(403).json()["error"]
    assert "Microsoft.Authorization/locks/write" in error["message"]
    lock(arm, registry, "CanNotDelete").expect(201)
    unlock(contributor.arm, registry).expect(403)
    # Who may not delete learns nothing of locks.
    stranger = new_principal()
    assert stranger.arm.call("DELETE", registry).status == 403


def test_lists_show_what_is_above_and_below(arm, group, registry):
    lock(arm, arm.group_path(group), "CanNotDelete", "above").expect(201)
    lock(arm, registry, "CanNotDelete", "below").expect(201)

    def names(scope: str, query: str = "") -> set[str]:
        return {one["name"] for one in arm.list(f"{scope}/providers/Microsoft.Authorization/locks{query}", LOCKS)}

    assert names(registry) == {"above", "below"}
    assert names(arm.group_path(group)) == {"above", "below"}
    assert names(arm.group_path(group), "?$filter=atScope()") == {"above"}
    assert names(arm.bootstrap.subscription_scope) >= {"above", "below"}


@pytest.mark.parametrize("body", [None, [], {}, {"properties": {}}, {"properties": {"level": "Nothing"}},
                                  {"properties": {"level": 5}}, {"properties": {"level": "ReadOnly", "note": "x"}},
                                  {"properties": {"level": "ReadOnly", "notes": "x" * 600}},
                                  {"properties": {"level": "ReadOnly", "owners": "x"}},
                                  {"properties": {"level": "ReadOnly", "owners": [{"applicationId": "x"}]}}])
def test_bad_locks(arm, berth, body):
    path = f"{berth.bootstrap.registry_id}/providers/Microsoft.Authorization/locks/bad"
    assert arm.call("PUT", path, LOCKS, json=body).status == 400
    assert arm.call("GET", path, LOCKS).status == 404


def test_bad_places_and_names(arm, berth):
    assert lock(arm, "", "ReadOnly").status in (400, 403)
    assert lock(arm, arm.group_path("nosuchgroup"), "ReadOnly").expect(404).json()["error"]["code"] == "ResourceGroupNotFound"
    assert lock(arm, berth.bootstrap.registry_id, "ReadOnly", "a%3Cb").status == 400
    for text in ("name eq 'x'", "atScope() or atScope()", "'"):
        path = f"{berth.bootstrap.registry_id}/providers/Microsoft.Authorization/locks?$filter={text.replace(' ', '%20')}"
        assert arm.call("GET", path, LOCKS).status == 400
