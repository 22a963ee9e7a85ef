"""The custom role of Azure's page, word for word, and what it gives."""

import json
import uuid

import pytest

from harness import content
from harness.arm import AUTHORIZATION_VERSION

# As it stands on the page, with the subscription filled in.
ACR_IMPORT = """{
   "assignableScopes": [
     "/subscriptions/<optional, but you can limit the visibility to one or more subscriptions>"
   ],
   "description": "Can import images to registry",
   "Name": "AcrImport",
   "permissions": [
     {
       "actions": [
         "Microsoft.ContainerRegistry/registries/push/write",
         "Microsoft.ContainerRegistry/registries/pull/read",
         "Microsoft.ContainerRegistry/registries/read",
         "Microsoft.ContainerRegistry/registries/importImage/action"
       ],
       "dataActions": [],
       "notActions": [],
       "notDataActions": []
     }
   ],
   "roleType": "CustomRole"
 }"""
PLACEHOLDER = "<optional, but you can limit the visibility to one or more subscriptions>"
# A source that berth does not call: who may import is told so (400), who may not is refused before (403).
IMPORT = {"source": {"registryUri": "127.0.0.1:9", "sourceImage": "library/hello-world:latest"}, "targetTags": ["hello-world:latest"]}


@pytest.fixture
def path(arm):
    guid = str(uuid.uuid4())
    path = f"{arm.bootstrap.subscription_scope}/providers/Microsoft.Authorization/roleDefinitions/{guid}"
    yield path
    for assignment in arm.list_assignments(arm.bootstrap.subscription_scope):
        if assignment["properties"]["roleDefinitionId"].lower() == path.lower():
            arm.unassign(assignment["id"])
    arm.call("DELETE", path, AUTHORIZATION_VERSION)


def body(arm, form: str) -> bytes:
    text = ACR_IMPORT.replace(PLACEHOLDER, arm.bootstrap.subscription_id)
    if form == "bare":
        return text.encode()
    if form == "in properties":
        return f'{{"properties": {text}}}'.encode()
    document = json.loads(text)
    return json.dumps({"properties": {"roleName": document["Name"], "description": document["description"],
                                      "permissions": document["permissions"], "assignableScopes": document["assignableScopes"]}}).encode()


@pytest.mark.parametrize("form", ["bare", "in properties", "as az sends it"])
def test_accepted_word_for_word(arm, path, form):
    answer = arm.call("PUT", path, AUTHORIZATION_VERSION, body=body(arm, form), headers={"Content-Type": "application/json"})
    assert answer.status == 201, answer
    for document in (answer.json(), arm.call("GET", path, AUTHORIZATION_VERSION).expect(200).json()):
        properties = document["properties"]
        assert properties["roleName"] == "AcrImport"
        assert properties["type"] == "CustomRole"
        assert properties["description"] == "Can import images to registry"
        assert properties["assignableScopes"] == [arm.bootstrap.subscription_scope]
        [permission] = properties["permissions"]
        assert permission == json.loads(ACR_IMPORT)["permissions"][0]
    listed = arm.list(f"{arm.bootstrap.subscription_scope}/providers/Microsoft.Authorization/roleDefinitions"
                      "?$filter=roleName%20eq%20'AcrImport'", AUTHORIZATION_VERSION)
    assert [item["id"].lower() for item in listed] == [path.lower()]


def test_what_it_gives(arm, path, registry, new_principal):
    arm.call("PUT", path, AUTHORIZATION_VERSION, body=body(arm, "bare"), headers={"Content-Type": "application/json"}).expect(201)
    principal = new_principal()
    before = principal.arm.call("POST", registry.id + "/importImage", json=IMPORT)
    assert before.status == 403 and "importImage/action" in before.json()["error"]["message"]
    arm.assign(path.rpartition("/")[2], principal.object_id, registry.id)
    assert principal.arm.call("POST", registry.id + "/importImage", json=IMPORT).status == 400
    principal.arm.call("GET", registry.id).expect(200)
    client = registry.oci(principal)
    client.push("image", content.image(), "latest")
    assert client.delete("/v2/image/manifests/latest").status == 401
    assert principal.arm.call("PATCH", registry.id, json={"tags": {"a": "b"}}).status == 403


def test_import_with_a_broken_body_is_400_for_who_may(arm, registry):
    for broken in ({}, {"source": {}}, {"source": "x"}, {"source": {"registryUri": "r"}}, []):
        answer = arm.call("POST", registry.id + "/importImage", json=broken)
        assert answer.status == 400, answer
        assert answer.json()["error"]["code"]
