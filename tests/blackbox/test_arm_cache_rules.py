"""Cache rules and credential sets as resources: kept and checked, with nothing pulled from upstream yet."""

import pytest

from harness import content

VAULT = "https://vault.example/secrets"


def rule(source="docker.io/library/nginx", target="nginx", **more) -> dict:
    return {"properties": {"sourceRepository": source, "targetRepository": target, **more}}


def credential_set(server="docker.io", identity="SystemAssigned", **credential) -> dict:
    one = {"name": "Credential1", "usernameSecretIdentifier": f"{VAULT}/user", "passwordSecretIdentifier": f"{VAULT}/password/1",
           **credential}
    document = {"properties": {"loginServer": server, "authCredentials": [one]}}
    if identity is not None:
        document["identity"] = {"type": identity}
    return document


@pytest.fixture
def put(arm, registry):
    def put(kind: str, name: str, document: dict):
        return arm.call("PUT", f"{registry.id}/{kind}/{name}", json=document)

    return put


def test_rule(arm, registry, put):
    document = put("cacheRules", "nginx", rule(credentialSetResourceId=None)).expect(201).json()
    properties = document["properties"]
    assert properties.pop("creationDate").endswith("Z")
    assert properties == {"sourceRepository": "docker.io/library/nginx", "targetRepository": "nginx",
                          "credentialSetResourceId": None, "provisioningState": "Succeeded"}
    assert [one["name"] for one in arm.list(f"{registry.id}/cacheRules")] == ["nginx"]
    put("cacheRules", "nginx", rule()).expect(200)
    # The SDKs take 202 and 204 only.
    assert arm.call("DELETE", f"{registry.id}/cacheRules/nginx").status == 204
    assert arm.call("DELETE", f"{registry.id}/cacheRules/nginx").status == 204
    assert arm.call("GET", f"{registry.id}/cacheRules/nginx").status == 404


def test_credential_set(arm, registry, put, graph):
    document = put("credentialSets", "docker-hub", credential_set()).expect(201).json()
    assert document["identity"]["type"] == "SystemAssigned" and document["identity"]["tenantId"] == arm.bootstrap.tenant_id
    principal = document["identity"]["principalId"]
    health = document["properties"]["authCredentials"][0].pop("credentialHealth")
    assert health["status"] == "Unhealthy" and "reads none" in health["errorMessage"], "nothing is read, so nothing is healthy"
    assert document["properties"]["authCredentials"] == credential_set()["properties"]["authCredentials"]
    assert graph.call("GET", f"/servicePrincipals/{principal}").status == 200
    changed = arm.call("PATCH", f"{registry.id}/credentialSets/docker-hub", json={"properties": {"authCredentials": [
        {"name": "Credential1", "usernameSecretIdentifier": f"{VAULT}/other", "passwordSecretIdentifier": f"{VAULT}/password"}]}})
    assert changed.expect(200).json()["identity"]["principalId"] == principal
    assert arm.call("DELETE", f"{registry.id}/credentialSets/docker-hub").status == 204
    assert graph.call("GET", f"/servicePrincipals/{principal}").status == 404, "its identity ends with it"


def test_rule_with_credential_set(arm, registry, put):
    own = put("credentialSets", "docker-hub", credential_set()).expect(201).json()["id"]
    other = put("credentialSets", "quay-io", credential_set("quay.io")).expect(201).json()["id"]
    made = put("cacheRules", "nginx", rule(credentialSetResourceId=own.upper())).expect(201).json()
    assert made["properties"]["credentialSetResourceId"] == own
    answer = arm.call("DELETE", own)
    assert answer.status == 409 and answer.json()["error"]["code"] == "CredentialSetInUse", answer
    answer = arm.call("PATCH", made["id"], json={"properties": {"credentialSetResourceId": other}})
    assert answer.status == 400 and answer.json()["error"]["code"] == "CredentialSetLoginServerMismatch", answer
    for absent in (f"{own}none", registry.id, "x", 5, f"{arm.bootstrap.registry_id}/credentialSets/docker-hub"):
        answer = arm.call("PATCH", made["id"], json={"properties": {"credentialSetResourceId": absent}})
        assert answer.status == 400 and answer.json()["error"]["code"] == "CredentialSetNotFound", answer
    assert arm.call("PATCH", made["id"], json={}).expect(200).json()["properties"]["credentialSetResourceId"] == own
    freed = arm.call("PATCH", made["id"], json={"properties": {"credentialSetResourceId": None}}).expect(200).json()
    assert freed["properties"]["credentialSetResourceId"] is None
    assert arm.call("DELETE", own).status == 204


@pytest.mark.parametrize("source,target", [
    ("nginx", "nginx"), ("docker.io/", "nginx"), ("docker.io/Library", "nginx"), ("docker.io/library/nginx:1", "nginx"),
    ("docker.io/library/nginx", "Nginx"), ("docker.io/library/nginx", ""), ("docker.io/lib*", "nginx/*"),
    ("docker.io/library/*", "nginx"), ("docker.io/library/nginx", "hub/*"), ("docker.io/*/nginx", "nginx"),
    ("https://docker.io/library/nginx", "nginx"), ("user@docker.io/nginx", "nginx"), ("docker..io/x", "nginx"), (5, "nginx")])
def test_rules_that_are_none(put, source, target):
    assert put("cacheRules", "rules", rule(source, target)).status == 400


def test_rules_do_not_overlap(put, registry, owner):
    put("cacheRules", "all-hub", rule("docker.io/library/*", "hub/*")).expect(201)
    put("cacheRules", "one-hub", rule("docker.io/library/nginx", "hub/nginx")).expect(201)
    for source, target in (("quay.io/*", "hub/*"), ("quay.io/x/*", "hub/x/*"), ("quay.io/*", "*"), ("quay.io/nginx", "hub/nginx")):
        answer = put("cacheRules", "other", rule(source, target))
        assert answer.status == 409 and answer.json()["error"]["code"] == "CacheRuleConflict", answer
    answer = put("cacheRules", "one-hub", rule("docker.io/library/nginx", "elsewhere"))
    assert answer.status == 409 and "another one" in answer.json()["error"]["message"], answer
    registry.oci(owner).push("there", content.image(), "latest")
    answer = put("cacheRules", "other", rule(target="there"))
    assert answer.status == 409 and answer.json()["error"]["code"] == "CacheRuleTargetRepositoryExists", answer


@pytest.mark.parametrize("document", [
    credential_set(server="not a host"), credential_set(server=""), credential_set(name="Other"),
    credential_set(usernameSecretIdentifier="http://vault.example/secrets/x"), credential_set(passwordSecretIdentifier=None),
    credential_set(passwordSecretIdentifier="https://vault.example/keys/x"), credential_set(identity="UserAssigned"),
    credential_set(identity="Both"), {"properties": {"loginServer": "docker.io"}},
    {"properties": {"loginServer": "docker.io", "authCredentials": [{}, {}]}}, {"properties": {"authCredentials": []}},
    {**credential_set(), "identity": []}], ids=lambda one: str(one)[:70])
def test_credential_sets_that_are_none(arm, put, registry, document):
    assert put("credentialSets", "docker-hub", document).status == 400
    assert arm.list(f"{registry.id}/credentialSets") == []


@pytest.mark.parametrize("kind,document", [("cacheRules", rule()), ("credentialSets", credential_set())])
@pytest.mark.parametrize("name", ["abcd", "a" * 51, "-dashed", "with.dot"])
def test_names_that_azure_refuses(put, kind, document, name):
    assert put(kind, name, document).status == 400
