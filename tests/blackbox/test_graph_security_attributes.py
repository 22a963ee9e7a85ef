"""Custom security attributes over Graph, and the conditions that look at them."""

import uuid

import pytest

from harness import content

SELECTED = "?$select=id,customSecurityAttributes"


@pytest.fixture
def user(graph):
    name = content.unique("user")
    made = graph.call("POST", "/users", json={
        "accountEnabled": True, "displayName": name, "mailNickname": name, "userPrincipalName": f"{name}@example.org",
        "passwordProfile": {"password": "Correct-Horse-1-Battery", "forceChangePasswordNextSignIn": False}})
    return made.expect(201).json()["id"]


def put(graph, path: str, attributes) -> None:
    graph.call("PATCH", path, json={"customSecurityAttributes": attributes}).expect(204)


@pytest.mark.parametrize("kind", ["user", "service principal"])
def test_attributes_come_back_as_they_were_put(graph, new_principal, user, kind):
    path = f"/users/{user}" if kind == "user" else f"/servicePrincipals/{new_principal().object_id}"
    assert graph.call("GET", path + SELECTED).json()["customSecurityAttributes"] == {}
    work = {"@odata.type": "#Microsoft.DirectoryServices.CustomSecurityAttributeValue", "Team": "blue",
            "Project@odata.type": "#Collection(String)", "Project": ["Baker", "Cascade"]}
    put(graph, path, {"Work": work})
    assert graph.call("GET", path + SELECTED).expect(200).json()["customSecurityAttributes"] == {"Work": work}
    assert "customSecurityAttributes" not in graph.call("GET", path).json()
    # What is not named stays; null and nothing take away.
    put(graph, path, {"Work": {"Team": "red"}, "Area": {"Code": "1"}})
    now = graph.call("GET", path + SELECTED).json()["customSecurityAttributes"]
    assert now["Work"]["Team"] == "red" and now["Work"]["Project"] == ["Baker", "Cascade"] and now["Area"]["Code"] == "1"
    put(graph, path, {"Work": {"Team": None, "Project": []}})
    assert set(graph.call("GET", path + SELECTED).json()["customSecurityAttributes"]) == {"Area"}


def test_bad_attributes_change_nothing(graph, new_principal):
    path = f"/servicePrincipals/{new_principal().object_id}"
    put(graph, path, {"Work": {"Team": "blue"}})
    for bad in (None, [], "x", {"Work": "x"}, {"Work": {"Team": 4}}, {"Work": {"Team": True}}, {"Work": {"Team": "x" * 65}}, {"Wo_rk": {"Team": "x"}},
                {"Work": {"Te am": "x"}}, {"Work": {"Team": ["x", {}]}}, {"Work": {"Many": [str(one) for one in range(501)]}}):
        answer = graph.call("PATCH", path, json={"displayName": "changed", "customSecurityAttributes": bad})
        assert answer.status in (400, 403), f"{bad}: {answer}"
        assert answer.json()["error"]["message"]
    assert graph.call("GET", path + SELECTED).json()["customSecurityAttributes"]["Work"]["Team"] == "blue"
    assert graph.call("GET", path).json()["displayName"] != "changed"


def test_an_attribute_decides_from_the_next_request(new_registry, new_principal, graph, arm, owner, repository):
    registry = new_registry(roleAssignmentMode="AbacRepositoryPermissions")
    arm.assign("Container Registry Repository Reader", new_principal().object_id, registry.id)
    writer = new_principal()
    roles = {one["properties"]["roleName"]: one["name"] for one in arm.list(f"{registry.id}/providers/Microsoft.Authorization/roleDefinitions", "2022-04-01")}
    arm.put_assignment(roles["Container Registry Repository Writer"], writer.object_id, registry.id).expect(201)
    registry.oci(writer).push(repository, content.image(), "latest")
    reader = new_principal()
    condition = "@Principal[Microsoft.Directory/CustomSecurityAttributes/Id:Work_Team] StringEquals 'blue'"
    arm.call("PUT", arm.assignment_path(registry.id, uuid.uuid4()), "2022-04-01", json={"properties": {
        "roleDefinitionId": arm.role_id(roles["Container Registry Repository Reader"]), "principalId": reader.object_id,
        "principalType": "ServicePrincipal", "condition": condition, "conditionVersion": "2.0"}}).expect(201)
    oci = registry.oci(reader)
    path = f"/servicePrincipals/{reader.object_id}"
    assert oci.get_manifest(repository, "latest").status in (401, 403)
    put(graph, path, {"Work": {"Team": "blue"}})
    oci.get_manifest(repository, "latest").expect(200)
    put(graph, path, {"Work": {"Team": "red"}})
    assert oci.get_manifest(repository, "latest").status in (401, 403)
