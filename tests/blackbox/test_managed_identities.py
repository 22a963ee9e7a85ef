"""User-assigned identities: the ARM type, its service principal, the endpoint where it is used (az-current section (b))."""

import pytest

from harness.tokens import ARM_SCOPE, ask, decode

VERSION = "2024-11-30"
AUDIENCE = "https://management.azure.com"


class Identities:
    def __init__(self, arm):
        self.arm = arm
        self.collection = (f"{arm.group_path(arm.bootstrap.resource_group)}"
                           "/providers/Microsoft.ManagedIdentity/userAssignedIdentities")

    def call(self, method: str, tail: str = "", **more):
        return self.arm.call(method, self.collection + (f"/{tail}" if tail else ""), VERSION, **more)

    def put(self, name: str, **more):
        return self.call("PUT", name, json={"location": self.arm.bootstrap.location, **more})


@pytest.fixture
def identities(arm):
    return Identities(arm)


def token(http, secret: str, header="X-IDENTITY-HEADER", path="/msi/token", version="2019-08-01", resource=AUDIENCE, **query):
    names = "".join(f"&{name}={value}" for name, value in query.items())
    headers = {header: secret, "Metadata": "true"} if secret else {}
    return http.get(f"{path}?api-version={version}&resource={resource}{names}", headers=headers)


def test_life_of_an_identity(berth, identities, owner):
    made = identities.put("builder", tags={"a": "b"}).expect(201).json()
    properties = made["properties"]
    assert made["type"] == "Microsoft.ManagedIdentity/userAssignedIdentities" and made["tags"] == {"a": "b"}
    assert properties["tenantId"] == berth.bootstrap.tenant_id
    again = identities.put("builder").expect(200).json()["properties"]
    assert again == properties
    assert identities.call("PATCH", "BUILDER", json={"tags": {"c": "d"}}).expect(200).json()["properties"] == properties
    assert "builder" in [one["name"] for one in identities.call("GET").expect(200).json()["value"]]
    principal = owner.graph.call("GET", f"/servicePrincipals/{properties['principalId']}").expect(200).json()
    assert principal["appId"] == properties["clientId"] and principal["servicePrincipalType"] == "ManagedIdentity"
    assert made["id"] in principal["alternativeNames"]
    assert owner.graph.call("DELETE", f"/servicePrincipals/{properties['principalId']}").status == 400  # it ends with the resource
    identities.call("DELETE", "builder").expect(200)
    assert owner.graph.call("GET", f"/servicePrincipals/{properties['principalId']}").status == 404
    identities.call("DELETE", "builder").expect(204)
    assert identities.put("builder").expect(201).json()["properties"]["principalId"] != properties["principalId"]
    identities.call("DELETE", "builder").expect(200)


@pytest.mark.parametrize("name", ["ab", "-ab", "a.b.c", "x" * 129])
def test_names_that_azure_refuses(identities, name):
    assert identities.put(name).status == 400


def test_the_endpoint_gives_tokens(http, identities, arm, berth):
    properties = identities.put("runner").expect(201).json()["properties"]
    made = identities.call("POST", "runner/createIdentityEndpoint", json={"displayName": "runner-7"}).expect(200).json()
    assert made["identityEndpoint"].endswith("/msi/token")
    secret = made["identityHeader"]
    for more in ({}, {"header": "secret", "version": "2017-09-01"}, {"path": "/metadata/identity/oauth2/token", "version": "2018-02-01"},
                 {"client_id": properties["clientId"]}, {"object_id": properties["principalId"]},
                 {"mi_res_id": f"{identities.collection}/RUNNER"}):
        answer = token(http, secret, **more).expect(200).json()
        assert answer["token_type"] == "Bearer" and isinstance(answer["expires_on"], str) and answer["resource"] == AUDIENCE
        claims = decode(answer["access_token"])[1]
        assert claims["oid"] == properties["principalId"] and claims["tid"] == berth.bootstrap.tenant_id
    bearer = {"Authorization": f"Bearer {answer['access_token']}"}
    assert http.get("/subscriptions?api-version=2022-12-01", headers=bearer).status == 200

    assert token(http, "").status == 401
    for wrong in ("x", secret + "x", secret.split(".")[0], properties["clientId"] + ".x"):
        assert token(http, wrong).expect(401).json()["error"] == "unauthorized_client"
    for more in ({"client_id": berth.bootstrap.owner_client_id}, {"object_id": "x"}, {"mi_res_id": "/x"}, {"resource": ""}, {"version": ""}):
        assert token(http, secret, **more).status == 400, more
    # The secret is for its endpoint alone.
    assert ask(http, berth.bootstrap.tenant_id, properties["clientId"], secret, ARM_SCOPE).status == 401

    listed = identities.call("POST", "runner/listIdentityEndpoints").expect(200).json()["value"]
    assert [one["displayName"] for one in listed] == ["runner-7"] and secret not in str(listed)
    identities.call("POST", "runner/deleteIdentityEndpoint", json={"keyId": made["keyId"]}).expect(204)
    assert token(http, secret).status == 401
    assert http.get("/subscriptions?api-version=2022-12-01", headers=bearer).status == 401  # and what was made with it
    assert identities.call("POST", "runner/deleteIdentityEndpoint", json={"keyId": made["keyId"]}).status == 404
    identities.call("DELETE", "runner").expect(200)


def test_an_endpoint_needs_the_right_to_assign(identities, new_principal, arm):
    identities.put("guarded").expect(201)
    contributor = new_principal()
    arm.assign("Reader", contributor.object_id, identities.collection.split("/providers/")[0])
    own = Identities(contributor.arm)
    assert own.call("GET", "guarded").status == 200
    answer = own.call("POST", "guarded/createIdentityEndpoint")
    assert answer.status == 403 and "userAssignedIdentities/assign/action" in answer.json()["error"]["message"]
    identities.call("DELETE", "guarded").expect(200)


def test_the_operator_role_assigns(identities, arm, registry, new_principal):
    """Azure's Managed Identity Operator has `userAssignedIdentities/*/assign/action`, with a `*` for the identity's name."""
    made = identities.put("operated").expect(201).json()
    person = new_principal("Contributor", registry.id)
    body = {"identity": {"type": "UserAssigned", "userAssignedIdentities": {made["id"]: {}}}}
    refused = person.arm.patch_registry(registry.name, **body).expect(403).json()["error"]
    assert refused["code"] == "LinkedAuthorizationFailed" and "assign/action" in refused["message"]
    arm.assign("f1a07417-d97a-45cb-824c-7a7467783830", person.object_id, made["id"])
    assert person.arm.call("GET", made["id"], VERSION).expect(200).json()["name"] == "operated"
    shown = person.arm.patch_registry(registry.name, **body).expect(200).json()["identity"]
    assert made["id"].lower() in {one.lower() for one in shown["userAssignedIdentities"]}
    person.arm.call("POST", f"{made['id']}/listIdentityEndpoints", VERSION).expect(200)
    for method in ("PATCH", "DELETE"):
        assert person.arm.call(method, made["id"], VERSION, json={"tags": {}}).status == 403, "it operates, and changes nothing"
    arm.patch_registry(registry.name, identity={"type": "None"}).expect(200)
    identities.call("DELETE", "operated").expect(200)


def test_deleting_the_group_ends_its_identities(http, arm, owner):
    arm.put_group("short-lived").expect(201)
    path = f"{arm.group_path('short-lived')}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/gone"
    made = arm.call("PUT", path, VERSION, json={"location": arm.bootstrap.location}).expect(201).json()["properties"]
    secret = arm.call("POST", f"{path}/createIdentityEndpoint", VERSION).expect(200).json()["identityHeader"]
    assert token(http, secret).status == 200
    assert arm.call("DELETE", arm.group_path("short-lived"), "2025-04-01").status in (200, 202)
    assert token(http, secret).status == 401
    assert owner.graph.call("GET", f"/servicePrincipals/{made['principalId']}").status == 404


def test_life_of_its_federated_credentials(identities):
    identities.put("federated").expect(201)
    body = {"properties": {"issuer": "https://token.actions.githubusercontent.com", "subject": "repo:octo/app:ref:refs/heads/main",
                           "audiences": ["api://AzureADTokenExchange"]}}
    path = "federated/federatedIdentityCredentials/main"
    made = identities.call("PUT", path, json=body).expect(201).json()
    assert made["properties"] == body["properties"]
    assert identities.call("PUT", path, json=body).expect(200).json()["properties"] == body["properties"]
    assert identities.call("GET", path).expect(200).json()["properties"] == body["properties"]
    assert identities.call("PUT", "federated/federatedIdentityCredentials/other", json=body).status == 409
    for change in ({"issuer": "nowhere"}, {"subject": ""}, {"audiences": []}, {"audiences": ["a", "b"]}, {"audiences": "a"}, {"issuer": None}):
        broken = {"properties": {**body["properties"], **change}}
        assert identities.call("PUT", "federated/federatedIdentityCredentials/broken", json=broken).status == 400, change
    identities.call("DELETE", path).expect(200)
    assert identities.call("GET", path).status == 404
    identities.call("PUT", path, json=body).expect(201)
    identities.call("DELETE", "federated").expect(200)
    assert identities.call("GET", path).status == 404
