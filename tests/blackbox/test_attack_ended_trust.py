"""What a review of signing in and imports found: assertions passed on, and trust that was taken away but counted on."""

import base64
import time

import pytest

from harness import identities
from harness.content import image
from harness.fixtures import registry_from
from harness.http_client import Http
from harness.identities import bootstrap_owner
from harness.openid_provider import OpenIdProvider
from harness.server import Berth
from harness.source_registry import SourceRegistry, run_import
from harness.tokens import ARM_SCOPE, assemble
from test_import_remote import Place, body_of
from test_sign_in_assertions import Certificate, ask, claims_of, federate, outside
from test_sign_in_provider import signed_in

SUBSCRIPTIONS = "/subscriptions?api-version=2022-12-01"


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def keys(certificate: Certificate, **more) -> dict:
    return {"keyCredentials": [{"type": "AsymmetricX509Cert", "usage": "Verify",
                                "key": base64.b64encode(certificate.der).decode(), **more}]}


def test_an_assertion_for_another_server_passed_on_under_its_name(berth, http, owner, new_principal, tmp_path):
    """Who runs a server that a program signs in to holds an assertion for that server, and sends whatever Host it likes."""
    principal, certificate = new_principal(), Certificate(tmp_path / "robot")
    owner.graph.call("PATCH", f"/applications/{principal.application_id}", json=keys(certificate)).expect(204)
    for host in ("evil.example", "evil.example:8443", f"evil.{berth.bootstrap.login_server}", "127.0.0.1.evil.example"):
        for tenant in (berth.bootstrap.tenant_id, "common"):
            path = f"/{tenant}/oauth2/v2.0/token"
            meant = claims_of(berth, principal.client_id, aud=f"http://{host}{path}")
            form = {"grant_type": "client_credentials", "client_id": principal.client_id, "scope": ARM_SCOPE,
                    "client_assertion": assemble(certificate.header(), meant, certificate.key.sign),
                    "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"}
            answer = http.post(path, form=form, host=host)
            assert answer.status == 401 and "AADSTS700023:" in answer.json()["error_description"], (host, answer)
    # By names that are berth's own it is for berth.
    own = Http(berth.http, host=berth.bootstrap.login_server)
    claims = claims_of(berth, principal.client_id,
                       aud=f"http://{berth.bootstrap.login_server}/{berth.bootstrap.tenant_id}/oauth2/v2.0/token")
    ask(berth, own, principal.client_id, assemble(certificate.header(), claims, certificate.key.sign)).expect(200)


def test_a_certificate_replaced_under_its_key_id(berth, http, owner, new_principal, tmp_path):
    """Tokens made with the old one end, although the new one was given its id."""
    principal, old, new = new_principal(), Certificate(tmp_path / "old"), Certificate(tmp_path / "new")
    path = f"/applications/{principal.application_id}"
    owner.graph.call("PATCH", path, json=keys(old)).expect(204)
    (kept,) = owner.graph.call("GET", path).expect(200).json()["keyCredentials"]
    token = ask(berth, http, principal.client_id, assemble(old.header(), claims_of(berth, principal.client_id), old.key.sign)).expect(
        200).json()["access_token"]
    assert http.get(SUBSCRIPTIONS, headers=bearer(token)).status == 200
    owner.graph.call("PATCH", path, json=keys(old, keyId=kept["keyId"])).expect(204)  # the same again: nothing ended
    assert http.get(SUBSCRIPTIONS, headers=bearer(token)).status == 200
    owner.graph.call("PATCH", path, json=keys(new, keyId=kept["keyId"])).expect(204)
    assert http.get(SUBSCRIPTIONS, headers=bearer(token)).status == 401


@pytest.fixture
def issuer(tmp_path):
    (tmp_path / "issuer").mkdir()
    made = OpenIdProvider(tmp_path / "issuer")
    yield made
    made.stop()


def trusting_flags(issuer) -> list[str]:
    return ["--trusted-issuer", f"issuer={issuer.issuer},audience=api://berth", "--allow-outbound", "http://127.0.0.1"]


def exchanged(http, token: str) -> str:
    return http.post("/oauth2/exchange", form={"grant_type": "access_token", "service": "x", "access_token": token}).expect(
        200).json()["refresh_token"]


def catalog_token(http, refresh: str):
    return http.post("/oauth2/token", form={"grant_type": "refresh_token", "service": "x", "refresh_token": refresh,
                                            "scope": "registry:catalog:*"})


@pytest.mark.parametrize("change", [{"subject": "repo:octo/other"}, {"issuer": "https://elsewhere.example"},
                                    {"audiences": ["api://other"]}], ids=["subject", "issuer", "audience"])
def test_a_federated_credential_that_names_somebody_else_now(own_berth, issuer, change):
    """Changing it ends what it gave to whom it named before, as removing it does."""
    berth = own_berth(*trusting_flags(issuer)).start()
    http = Http(berth.http)
    owner = bootstrap_owner(http, berth.bootstrap)
    robot = identities.new_principal(owner.graph, "robot")
    made = federate(owner, robot.application_id, issuer).expect(201).json()
    token = ask(berth, http, robot.client_id, outside(issuer)).expect(200).json()["access_token"]
    refresh = exchanged(http, token)
    path = f"/applications/{robot.application_id}/federatedIdentityCredentials/{made['id']}"
    owner.graph.call("PATCH", path, json={"description": "the same as before"}).expect(204)
    assert http.get(SUBSCRIPTIONS, headers=bearer(token)).status == 200
    owner.graph.call("PATCH", path, json=change).expect(204)
    assert http.get(SUBSCRIPTIONS, headers=bearer(token)).status == 401
    assert catalog_token(http, refresh).status == 401


def test_an_issuer_that_is_trusted_no_more(own_berth, issuer):
    """What its tokens were changed into ends with the trust, whatever time it had left."""
    berth = own_berth(*trusting_flags(issuer), http="127.0.0.1:0").start()
    http = Http(berth.http)
    owner = bootstrap_owner(http, berth.bootstrap)
    robot = identities.new_principal(owner.graph, "robot")
    federate(owner, robot.application_id, issuer).expect(201)
    token = ask(berth, http, robot.client_id, outside(issuer)).expect(200).json()["access_token"]
    refresh = exchanged(http, token)
    berth.stop()
    berth.start()
    assert Http(berth.http).get(SUBSCRIPTIONS, headers=bearer(token)).status == 200, "a restart alone ends nothing"
    berth.stop()
    berth.flags = []
    berth.start()
    http = Http(berth.http)
    assert http.get(SUBSCRIPTIONS, headers=bearer(token)).status == 401
    assert catalog_token(http, refresh).status == 401


def test_a_sign_in_provider_that_is_none_any_more(tmp_path, issuer):
    """The people whom it vouched for are signed out: browsers, refresh tokens and access tokens."""
    secret = tmp_path / "client-secret"
    secret.write_text(issuer.client_secret + "\n")
    trust = ["--trusted-issuer", f"issuer={issuer.issuer}", "--allow-outbound", issuer.origin]
    berth = Berth(tmp_path / "server", *trust, "--sign-in-provider",
                  f"issuer={issuer.issuer},client-id={issuer.client_id},client-secret-file={secret},name=Keycloak")
    berth.start()
    try:
        http, tenant = Http(berth.http), berth.bootstrap.tenant_id
        _, answer, _ = signed_in(http, tenant, issuer)

        def refreshed(at, token: str):
            return at.post(f"/{tenant}/oauth2/v2.0/token", form={
                "grant_type": "refresh_token", "client_id": "04b07795-8ddb-461a-bbee-02f9e1bf7b46", "refresh_token": token,
                "scope": f"{ARM_SCOPE} offline_access"})

        berth.stop()
        berth.start()
        http = Http(berth.http)
        answer = refreshed(http, answer["refresh_token"]).expect(200).json()
        assert http.get(SUBSCRIPTIONS, headers=bearer(answer["access_token"])).status == 200, "a restart alone ends nothing"
        berth.stop()
        berth.flags = trust  # still trusted for programs
        berth.start()
        http = Http(berth.http)
        assert http.get(SUBSCRIPTIONS, headers=bearer(answer["access_token"])).status == 401
        assert refreshed(http, answer["refresh_token"]).status == 400
    finally:
        berth.kill()


def test_an_import_by_credentials_that_end_before_a_restart(own_berth):
    """A later run knows no longer whose the credentials were: it does not go by what was true when they were given."""
    source, hung = SourceRegistry(), []

    def hang(handler):
        hung.append(1)
        time.sleep(60)

    slow = image()
    source.push(slow, "1")
    source.answers["/v2/x/manifests/1"] = hang
    berth = own_berth("--allow-outbound", "http://127.0.0.1").start()
    place = Place(berth)
    facts = berth.bootstrap
    other = place.arm.put_registry("elsewhere").expect(200, 201).json()
    registry = registry_from(place.http, other)
    registry.oci(place.owner).push("secret", image(), reference="1")
    puller = identities.new_principal(place.owner.graph, "puller")
    assignment = place.arm.assign("AcrPull", puller.object_id, registry.id)
    importer = identities.new_principal(place.owner.graph, "importer")
    place.arm.assign("Container Registry Data Importer and Data Reader", importer.object_id, place.registry.id)
    try:
        for number in range(4):  # as many as run at once for one
            place.begin(body_of(source.host, "x:1", f"slow:{number}"))
        importer.arm.call("POST", place.registry.id + "/importImage", json=body_of(source.host, "x:1", "slow:4")).expect(202)
        while len(hung) < 5:
            time.sleep(0.01)
        user, secret = puller.credentials
        begun = importer.arm.call("POST", place.registry.id + "/importImage", json=body_of(
            registry.login_server, "secret:1", "stolen:1", credentials={"username": user, "password": secret})).expect(202)
        place.arm.unassign(assignment)
        berth.kill()
        del source.answers["/v2/x/manifests/1"]
        berth.start()
        place.reach()
        operation = begun.header("Azure-AsyncOperation").split("/")[-1].split("?")[0]
        provider = place.registry.id.split("/resourceGroups/")[0] + "/providers/Microsoft.ContainerRegistry/locations/"
        path = f"{provider}{facts.location}/operationStatuses/{operation}"
        deadline = time.monotonic() + 30
        while (status := place.arm.call("GET", path).expect(200).json())["status"] in ("Accepted", "Running"):
            assert time.monotonic() < deadline, status
            time.sleep(0.05)
        assert status["status"] == "Failed" and "credentials" in status["error"]["message"], status
        place.oci.get_manifest("stolen", "1").expect(404)
    finally:
        source.close()


def test_an_import_around_the_network_rules(arm, owner, new_registry, registry):
    """A registry that lets in nobody, not even Azure's own services, is no source of an import."""
    closed = new_registry()
    closed.oci(owner).push("app", image(), reference="1")
    body = {"source": {"resourceId": closed.id, "sourceImage": "app:1"}, "targetTags": ["taken:1"]}
    named = {"source": {"registryUri": closed.login_server, "sourceImage": "app:1"}, "targetTags": ["taken:1"]}
    for rules in ({"publicNetworkAccess": "Disabled"}, {"networkRuleSet": {"defaultAction": "Deny", "ipRules": []}}):
        arm.patch_registry(closed.name, properties={
            "publicNetworkAccess": "Enabled", "networkRuleSet": {"defaultAction": "Allow"},
            **rules, "networkRuleBypassOptions": "None"}).expect(200)
        for one in (body, named):
            answer = arm.call("POST", registry.id + "/importImage", json=one)
            assert answer.status == 409 and "networkRuleBypassOptions" in answer.json()["error"]["message"], answer
        registry.oci(owner).get_manifest("taken", "1").expect(404)
        arm.patch_registry(closed.name, properties={"networkRuleBypassOptions": "AzureServices"}).expect(200)
        assert run_import(arm, registry.id, {**body, "mode": "Force"})["status"] == "Succeeded"
        registry.oci(owner).delete("/acr/v1/taken").expect(202)


def test_an_identity_of_others_named_for_a_registry_of_ones_own(arm, registry, new_principal):
    """Who may not assign it learns neither whether it is there nor who it is."""
    path = f"{arm.group_path(arm.bootstrap.resource_group)}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/"
    there, absent = path + registry.name, path + "absent"
    made = arm.call("PUT", there, "2024-11-30", json={"location": arm.bootstrap.location}).expect(201).json()["properties"]
    contributor = new_principal("Contributor", registry.id)
    told = []
    for identity in (there, there.upper(), absent):
        answer = contributor.arm.call("PATCH", registry.id, json={
            "identity": {"type": "UserAssigned", "userAssignedIdentities": {identity: {}}}})
        assert answer.status == 403 and answer.json()["error"]["code"] == "LinkedAuthorizationFailed", answer
        assert made["principalId"] not in answer.body.decode() and made["clientId"] not in answer.body.decode()
        told.append(answer.json()["error"]["message"].lower().replace(identity.lower(), "it"))
    assert len(set(told)) == 1
    assert "identity" not in arm.get_registry(registry.name).json()
    # Who assigned it once does not stand in the way of those who only write the registry.
    document = {"identity": {"type": "UserAssigned", "userAssignedIdentities": {there: {}}}}
    arm.call("PATCH", registry.id, json=document).expect(200)
    contributor.arm.call("PATCH", registry.id, json={**document, "tags": {"a": "b"}}).expect(200)
    arm.call("DELETE", there, "2024-11-30").expect(200, 204)
