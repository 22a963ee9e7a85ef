"""Network rules: from which addresses the data plane of a registry may be used (acr-data-plane sections 1.2 and 2.1)."""

import pytest

from harness import content, identities
from harness.fixtures import registry_from
from harness.http_client import Http
from harness.oci import error_codes

ELSEWHERE = "203.0.113.7"
HERE = "127.0.0.1"


def deny(*allowed: str) -> dict:
    return {"networkRuleSet": {"defaultAction": "Deny", "ipRules": [{"action": "Allow", "value": one} for one in allowed]}}


@pytest.fixture
def filled(new_registry, owner):
    registry = new_registry()
    registry.oci(owner).push("image", content.image(), "latest")
    return registry


def calls(registry, owner, headers=None):
    """Every door of the data plane, with credentials and without."""
    login, client = registry.login_server, registry.oci(owner, "basic")
    nobody = registry.oci(mode="none")
    more = {"headers": headers or {}}
    return [client.get("/v2/", **more), nobody.get("/v2/", **more), client.get("/v2/_catalog", **more),
            client.get("/v2/image/manifests/latest", **more), client.get("/acr/v1/image", **more),
            client.post("/v2/image/blobs/uploads/", **more), client.delete("/acr/v1/image/_tags/absent", **more),
            client.get(f"/oauth2/token?service={login}&scope=repository:image:pull", **more),
            nobody.post("/oauth2/token", form={"grant_type": "password", "service": login, "scope": "x"}, **more),
            nobody.post("/oauth2/exchange", form={"grant_type": "access_token", "service": login, "access_token": "x"}, **more)]


def refused(answers, address=HERE):
    for answer in answers:
        assert answer.status == 403, answer
        assert error_codes(answer) == ["DENIED"], answer
        message = answer.json()["errors"][0]["message"]
        assert f"client with IP '{address}' is not allowed access. Refer https://aka.ms/acr/firewall to grant access." in message
        assert answer.header("WWW-Authenticate") is None, "a client must not go and ask for a token"
    assert "CorrelationId: " in answers[-1].json()["errors"][0]["message"]


def test_denied_by_default(filled, arm, owner):
    arm.patch_registry(filled.name, properties=deny("192.0.2.0/24")).expect(200)
    refused(calls(filled, owner))
    assert f"az acr network-rule add --name {filled.name} --ip-address {HERE}" in \
        filled.oci(owner, "basic").get("/v2/").json()["errors"][0]["message"]


@pytest.mark.parametrize("rule", [HERE, "127.0.0.0/8", "0.0.0.0/0"])
def test_the_rule_that_the_refusal_names_lets_in(filled, arm, owner, rule):
    client = filled.oci(owner, "basic")
    arm.patch_registry(filled.name, properties=deny()).expect(200)
    assert client.get("/v2/").status == 403
    document = arm.patch_registry(filled.name, properties=deny("192.0.2.0/24", rule)).expect(200).json()
    assert document["properties"]["networkRuleSet"]["ipRules"][1] == {"action": "Allow", "value": rule}
    client.get_manifest("image", "latest").expect(200)


def test_rules_count_at_once_for_tokens_given_before(filled, arm, owner):
    client = filled.oci(owner)
    client.get_manifest("image", "latest").expect(200)
    arm.patch_registry(filled.name, properties=deny()).expect(200)
    assert client.get_manifest("image", "latest").status == 403
    arm.patch_registry(filled.name, properties={"networkRuleSet": {"defaultAction": "Allow"}}).expect(200)
    client.get_manifest("image", "latest").expect(200)


def test_rules_of_one_registry_are_not_anothers(filled, new_registry, arm, owner):
    other = new_registry()
    arm.patch_registry(filled.name, properties=deny()).expect(200)
    assert filled.oci(owner, "basic").get("/v2/").status == 403
    other.oci(owner, "basic").get("/v2/").expect(200)


def test_arm_is_open_to_who_locked_themselves_out(filled, arm, owner):
    arm.patch_registry(filled.name, properties={"publicNetworkAccess": "Disabled"}).expect(200)
    refused(calls(filled, owner))
    message = filled.oci(owner, "basic").get("/v2/").json()["errors"][0]["message"]
    assert f"az acr update --name {filled.name} --public-network-enabled true" in message
    # Rules do not count then.
    arm.patch_registry(filled.name, properties=deny(HERE)).expect(200)
    refused(calls(filled, owner))
    arm.patch_registry(filled.name, properties={"publicNetworkAccess": "Enabled"}).expect(200)
    filled.oci(owner, "basic").get("/v2/").expect(200)


def test_az_denies_by_default_when_it_disables_the_network(filled, arm, owner):
    """So the advice names both settings, where only both let the client in."""
    arm.patch_registry(filled.name, properties={"publicNetworkAccess": "Disabled", **deny()}).expect(200)
    message = filled.oci(owner, "basic").get("/v2/").expect(403).json()["errors"][0]["message"]
    assert message.endswith("--public-network-enabled true --default-action Allow"), message


def test_nobody_is_asked_for_credentials_first(filled, arm):
    """A refused client learns nothing of whether a password is right."""
    arm.patch_registry(filled.name, properties=deny()).expect(200)
    for password in ("wrong", ""):
        answer = filled.oci(mode="none").get("/v2/", headers={"Authorization": "Basic eDp5"} if password else {})
        assert answer.status == 403, answer


@pytest.mark.parametrize("rules", [
    {"ipRules": [{"value": "no address"}]}, {"ipRules": [{"value": "192.0.2.0/33"}]}, {"ipRules": [{"value": 5}]},
    {"ipRules": [{"action": "Deny", "value": HERE}]}, {"ipRules": {}}, {"ipRules": [HERE]}, {"defaultAction": "Maybe"},
    {"ipRules": [{"value": f"192.0.2.{number}"} for number in range(101)]},
    {"virtualNetworkRules": [{"id": "/subscriptions/x"}]}, [], "Deny"], ids=str)
def test_rules_that_are_none(filled, arm, rules):
    answer = arm.patch_registry(filled.name, properties={"networkRuleSet": rules})
    assert answer.status == 400, answer
    assert "networkRuleSet" in answer.json()["error"]["message"]


@pytest.mark.parametrize("properties", [deny(), deny(HERE), {"networkRuleSet": {"ipRules": [{"value": HERE}]}},
                                        {"publicNetworkAccess": "Disabled"}], ids=str)
def test_only_premium_has_rules(new_registry, arm, properties):
    registry = new_registry(sku="Standard")
    error = arm.patch_registry(registry.name, properties=properties).expect(400).json()["error"]
    assert error["code"] == "SkuNotSupported" and "Premium" in error["message"]
    arm.patch_registry(registry.name, sku={"name": "Premium"}, properties=properties).expect(200)
    assert arm.patch_registry(registry.name, sku={"name": "Basic"}).status == 400, "rules that are not shown would go on"


@pytest.fixture
def behind_proxy(own_berth):
    """A berth that trusts a proxy on this machine."""
    server = own_berth("--trusted-proxy", HERE)
    server.start()
    http = Http(server.http)
    owner = identities.bootstrap_owner(http, server.bootstrap)
    yield registry_from(http, owner.arm.get_registry(server.bootstrap.registry_name).expect(200).json()), owner
    http.close()


def test_behind_a_trusted_proxy_the_clients_address_counts(behind_proxy):
    registry, owner = behind_proxy
    owner.arm.patch_registry(registry.name, properties=deny(ELSEWHERE)).expect(200)
    client = registry.oci(owner, "basic")
    refused(calls(registry, owner), HERE)
    for headers in ({"X-Forwarded-For": ELSEWHERE}, {"Forwarded": f"for={ELSEWHERE}"},
                    {"X-Forwarded-For": f"192.0.2.66, {ELSEWHERE}"}):
        client.get("/v2/", headers=headers).expect(200)
    # What is left of the last address that is no trusted proxy's was written by the client.
    refused(calls(registry, owner, {"X-Forwarded-For": f"{ELSEWHERE}, 192.0.2.66"}), "192.0.2.66")


def test_without_a_trusted_proxy_nobody_says_where_they_come_from(filled, arm, owner):
    arm.patch_registry(filled.name, properties=deny(ELSEWHERE)).expect(200)
    for headers in ({"X-Forwarded-For": ELSEWHERE}, {"Forwarded": f"for={ELSEWHERE}"}, {"X-Real-IP": ELSEWHERE}):
        assert filled.oci(owner, "basic").get("/v2/", headers=headers).status == 403


def test_exports_can_be_disabled_with_the_network_only(filled, arm):
    exports = {"policies": {"exportPolicy": {"status": "disabled"}}}
    error = arm.patch_registry(filled.name, properties=exports).expect(400).json()["error"]
    assert "publicNetworkAccess" in error["message"]
    document = arm.patch_registry(filled.name, properties={**exports, "publicNetworkAccess": "Disabled"}).expect(200).json()
    assert document["properties"]["policies"]["exportPolicy"]["status"] == "disabled"
    assert arm.patch_registry(filled.name, properties={"publicNetworkAccess": "Enabled"}).status == 400
