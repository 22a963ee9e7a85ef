"""az acr's settings of a registry: policies, network rules, identity, webhooks, cache rules, and what berth has no use for."""

import pytest

from harness.content import unique


def test_policies_that_are_not_there_yet_stay_off(az, registry):
    r = registry.name
    assert az(f"acr config retention show -r {r}")["status"] == "disabled"
    assert az(f"acr config soft-delete show -r {r}")["status"] == "disabled"
    assert az(f"acr config content-trust show -r {r}")["status"] == "disabled"
    az(f"acr config retention update -r {r} --status disabled --type UntaggedManifests")
    az(f"acr config soft-delete update -r {r} --status disabled")
    az(f"acr config content-trust update -r {r} --status disabled -y")
    for words in ("retention update --type UntaggedManifests --days 7", "soft-delete update --days 7 -y"):
        told = az.refused(f"acr config {words} -r {r} --status enabled")
        assert "UnsupportedPropertyValue" in told, told


def test_whether_tokens_of_arm_are_taken_is_a_setting(az, registry):
    r = registry.name
    assert az(f"acr config authentication-as-arm update -r {r} --status disabled")["status"] == "disabled"
    assert az(f"acr config authentication-as-arm show -r {r}")["status"] == "disabled"
    assert az(f"acr login -n {r} --expose-token")["accessToken"]
    assert az(f"acr config authentication-as-arm update -r {r} --status enabled")["status"] == "enabled"


def test_network_rules_hold(az, registry):
    r = registry.name
    az(f"acr network-rule add -n {r} --ip-address 10.1.0.0/16")
    rules = az(f"acr network-rule list -n {r}")
    assert [rule["ipAddressOrRange"] for rule in rules["ipRules"]] == ["10.1.0.0/16"]
    az(f"acr update -n {r} --default-action Deny")
    assert "don't have access to registry" in az.refused(f"acr repository list -n {r}")
    az(f"acr network-rule add -n {r} --ip-address 127.0.0.1")
    az(f"acr network-rule remove -n {r} --ip-address 10.1.0.0/16")
    assert [rule["ipAddressOrRange"] for rule in az(f"acr network-rule list -n {r}")["ipRules"]] == ["127.0.0.1"]
    az(f"acr update -n {r} --default-action Allow")
    assert az(f"acr repository list -n {r}") == []


def test_a_registry_without_a_public_network_lets_nobody_in(az, registry):
    r = registry.name
    assert az(f"acr update -n {r} --public-network-enabled false")["publicNetworkAccess"] == "Disabled"
    az.refused(f"acr repository list -n {r}")
    # az denied by default as well when it disabled the network
    az(f"acr update -n {r} --public-network-enabled true --default-action Allow")
    assert az(f"acr repository list -n {r}") == []


def test_a_registry_has_identities(az, cloud, registry):
    r, name = registry.name, unique("identity")
    made = az(f"identity create -g {cloud.group} -n {name}")
    az(f"acr identity assign -n {r} --identities [system] {made['id']}")
    shown = az(f"acr identity show -n {r}")
    assert shown["type"].replace(" ", "") == "SystemAssigned,UserAssigned" and shown["principalId"]
    assert [found["principalId"] for found in shown["userAssignedIdentities"].values()] == [made["principalId"]]
    az(f"acr identity remove -n {r} --identities {made['id']}")
    assert az(f"acr identity show -n {r}")["type"] == "SystemAssigned"
    az(f"acr identity remove -n {r} --identities [system]")
    assert (az(f"acr identity show -n {r}") or {"type": "None"})["type"] == "None"
    az(f"identity delete -g {cloud.group} -n {name}")


def test_webhooks_are_kept(az, registry):
    r = registry.name
    made = az(f"acr webhook create -r {r} -n hook1 --uri https://hook.example/push --actions push delete --headers X-Key=secret --scope app:*")
    assert made["status"] == "enabled" and sorted(made["actions"]) == ["delete", "push"] and "serviceUri" not in made
    config = az(f"acr webhook get-config -r {r} -n hook1")
    assert config["serviceUri"] == "https://hook.example/push" and config["customHeaders"] == {"X-Key": "secret"}
    assert az(f"acr webhook update -r {r} -n hook1 --status disabled")["status"] == "disabled"
    assert az(f"acr webhook show -r {r} -n hook1")["scope"] == "app:*"
    assert [found["name"] for found in az(f"acr webhook list -r {r}")] == ["hook1"]
    assert az(f"acr webhook list-events -r {r} -n hook1") == []
    az(f"acr webhook delete -r {r} -n hook1")
    assert az(f"acr webhook list -r {r}") == []


def test_cache_rules_and_their_credentials_are_kept(az, registry):
    r = registry.name
    vault = "https://vault.vault.example/secrets"
    az(f"acr credential-set create -r {r} -n hub01 -l docker.io -u {vault}/user -p {vault}/password")
    az(f"acr cache create -r {r} -n rule1 -s docker.io/library/ubuntu -t ubuntu")
    assert az(f"acr cache update -r {r} -n rule1 -c hub01")["credentialSetResourceId"].endswith("/credentialSets/hub01")
    assert az(f"acr cache show -r {r} -n rule1")["sourceRepository"] == "docker.io/library/ubuntu"
    assert [found["name"] for found in az(f"acr cache list -r {r}")] == ["rule1"]
    assert az(f"acr credential-set show -r {r} -n hub01")["loginServer"] == "docker.io"
    assert az(f"acr cache update -r {r} -n rule1 --remove-cred-set")["credentialSetResourceId"] is None
    az(f"acr cache delete -r {r} -n rule1 -y")
    az(f"acr credential-set delete -r {r} -n hub01 -y")
    assert az(f"acr cache list -r {r}") == [] and az(f"acr credential-set list -r {r}") == []


@pytest.mark.parametrize("words", [
    "replication list", "private-endpoint-connection list", "connected-registry list", "task list", "task list-runs",
    "agentpool list", "taskrun list"])
def test_what_a_single_machine_has_no_use_for_is_an_empty_list(az, registry, words):
    assert az(f"acr {words} -r {registry.name}") == []


@pytest.mark.parametrize("words", [
    "replication create -r {0} -l northeurope",
    "connected-registry create -r {0} -n edge1 --repository app -y",
    "task create -r {0} -n task1 --cmd hello --context /dev/null",
    "agentpool create -r {0} -n pool1 --tier S1",
    "run -r {0} --cmd hello /dev/null",
])
def test_what_cannot_be_had_is_refused_in_words(az, registry, words):
    told = az.refused(f"acr {words.format(registry.name)}")
    assert "berth" in told, told


def test_a_refused_connected_registry_leaves_nothing_behind(az, registry):
    """az makes a scope map and a token for it first; what it does before that is refused already."""
    before = [sorted(one["name"] for one in az(f"acr {kind} list -r {registry.name}")) for kind in ("scope-map", "token")]
    assert "berth" in az.refused(f"acr connected-registry create -r {registry.name} -n edge1 --repository app -y")
    after = [sorted(one["name"] for one in az(f"acr {kind} list -r {registry.name}")) for kind in ("scope-map", "token")]
    assert before == after


def test_endpoints_are_shown(az, registry):
    assert az(f"acr show-endpoints -n {registry.name}")["loginServer"] == registry.login_server


def test_encryption_is_the_platforms(az, registry):
    assert az(f"acr encryption show -n {registry.name}")["status"] == "disabled"


def test_the_health_is_checked(az, registry):
    """With a port in the login server's name az cannot look it up, and stops there; test_names.py has it on port 443."""
    ended = az.run(f"acr check-health -n {registry.name} -y --ignore-errors")
    assert f"CONNECTIVITY_DNS_ERROR\nFailed to reach DNS for registry '{registry.login_server}'" in ended.stderr, ended.stderr
