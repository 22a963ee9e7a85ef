"""A real Keycloak as the provider that people sign in at and as an issuer whose tokens programs bring: docs/sign-in.md, as it is shown."""

import json
import re
import shutil
import urllib.parse
import urllib.request
from pathlib import Path

import pytest

from harness import identities
from harness.browser import AZ_CLIENT, Pkce, authorize_path, redeem
from harness.http_client import Http
from harness.server import Berth
from harness.tokens import ARM_SCOPE, decode
from programs.chromium import Chromium
from programs.keycloak import Keycloak
from programs.listener import Listener

DOCUMENT = Path(__file__).resolve().parents[3] / "docs" / "sign-in.md"
PASSWORD = "correct horse 7!"
JWT_BEARER = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


def commands() -> str:
    """What the page says to run in Keycloak."""
    section = DOCUMENT.read_text(encoding="utf-8").partition("## Keycloak, step by step")[2].partition("\n## ")[0]
    blocks = re.findall(r"```sh\n(.*?)```", section, re.S)
    assert len(blocks) >= 2 and all("kcadm.sh" in block for block in blocks)
    return "\n".join(blocks)


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """(Keycloak with the realm `people`, a berth that trusts it)"""
    folder = tmp_path_factory.mktemp("people")
    keycloak = Keycloak(folder)
    try:
        keycloak.wait()
        secret = folder / "keycloak-secret"
        secret.write_text("secret-of-berth-1\n")
        issuer = keycloak.issuer("people")
        berth = Berth(folder / "berth", "--allow-outbound", keycloak.address,
                      "--trusted-issuer", f"issuer={issuer},audience=api://berth,subject-claim=azp,groups-claim=groups",
                      "--sign-in-provider", f"issuer={issuer},client-id=berth,client-secret-file={secret},name=Keycloak")
        with berth:
            keycloak.administer(commands(), folder, BERTH=f"https://localhost:{urllib.parse.urlsplit(berth.https).port}", PASSWORD=PASSWORD)
            yield keycloak, berth
    finally:
        keycloak.stop()


@pytest.fixture(scope="module")
def http(place):
    client = Http(place[1].http)
    yield client
    client.close()


@pytest.fixture(scope="module")
def owner(place, http):
    return identities.bootstrap_owner(http, place[1].bootstrap)


@pytest.fixture(scope="module")
def builders(place, owner) -> str:
    """A group of berth's directory that is linked to Keycloak's `/builders`: its id."""
    made = owner.graph.call("POST", "/groups", json={"displayName": "builders", "mailNickname": "builders", "mailEnabled": False,
                                                     "securityEnabled": True}).expect(201).json()
    owner.graph.call("PATCH", f"/groups/{made['id']}", json={
        "berthOutsideGroups": [{"issuer": place[0].issuer("people"), "value": "/builders"}]}).expect(204)
    return made["id"]


@pytest.fixture
def chromium():
    driver, browser = shutil.which("chromedriver"), shutil.which("chromium")
    if driver is None or browser is None:
        pytest.skip("no chromium here (script/bootstrap installs chromium and chromium-driver)")
    started = Chromium(driver, browser)
    yield started
    started.stop()


def service_token(keycloak: Keycloak) -> str:
    """What a program gets from Keycloak for its own secret."""
    form = urllib.parse.urlencode({"grant_type": "client_credentials", "client_id": "pipeline", "client_secret": "secret-of-pipeline-1"})
    with urllib.request.urlopen(f"{keycloak.issuer('people')}/protocol/openid-connect/token", form.encode(), timeout=60) as answer:
        return json.load(answer)["access_token"]


def test_a_person_of_keycloak_signs_in(chromium, place, http, owner, builders):
    keycloak, berth = place
    tenant, site = berth.bootstrap.tenant_id, f"https://localhost:{urllib.parse.urlsplit(berth.https).port}"
    pkce = Pkce()
    with Listener() as client:
        chromium.open(site + authorize_path(tenant, pkce, redirect_uri=client.address, prompt="select_account"))
        chromium.follow("Sign in with Keycloak")
        assert chromium.url.startswith(keycloak.issuer("people"))
        chromium.type("#username", "ada")
        chromium.type("#password", PASSWORD)
        chromium.click("#kc-login")
        chromium.find("#done")
        fields = client.came.get(timeout=30)
    answer = redeem(http, tenant, fields["code"], pkce, redirect_uri=client.address).expect(200).json()
    claims = decode(answer["access_token"])[1]
    assert claims["upn"] == "ada#ext#@127.0.0.1" and claims["name"] == "Ada Lovelace" and claims["idtyp"] == "user"
    # A role makes somebody of her; disabled here she is nobody, whatever Keycloak says.
    bearer = {"Authorization": f"Bearer {answer['access_token']}"}
    assert http.get("/subscriptions?api-version=2022-12-01", headers=bearer).expect(200).json()["value"] == []
    owner.arm.assign("Reader", claims["oid"], berth.bootstrap.subscription_scope, "User")
    assert len(http.get("/subscriptions?api-version=2022-12-01", headers=bearer).expect(200).json()["value"]) == 1
    # What her group in Keycloak has she has, too.
    group = f"{berth.bootstrap.group_scope}?api-version=2022-09-01"
    body = {"location": berth.bootstrap.location, "tags": {"by": "ada"}}
    assert http.put(group, headers=bearer, json=body).status == 403
    assignment = owner.arm.assign("Contributor", builders, berth.bootstrap.group_scope, "Group")
    http.put(group, headers=bearer, json=body).expect(200)
    owner.arm.unassign(assignment)
    assert http.put(group, headers=bearer, json=body).status == 403
    http.post(f"/{tenant}/oauth2/v2.0/token", form={"grant_type": "refresh_token", "client_id": AZ_CLIENT,
                                                    "refresh_token": answer["refresh_token"]}).expect(200)
    owner.graph.call("PATCH", f"/users/{claims['oid']}", json={"accountEnabled": False}).expect(204)
    assert http.get("/subscriptions?api-version=2022-12-01", headers=bearer).status == 401


def test_a_program_of_keycloak_brings_its_token(place, http, owner, builders):
    """As a client assertion, and as it is, with its groups."""
    keycloak, berth = place
    robot = identities.new_principal(owner.graph, "pipeline")
    token = service_token(keycloak)
    claims = decode(token)[1]
    assert claims["groups"] == ["/builders"]
    assert claims["azp"] == "pipeline" and "api://berth" in claims["aud"]
    bearer = {"Authorization": f"Bearer {token}"}
    told = http.get("/subscriptions?api-version=2022-12-01", headers=bearer).expect(401).json()["error"]["message"]
    assert "'pipeline'" in told and "federated credential" in told
    for name, subject in (("as-it-is", "pipeline"), ("assertion", claims["sub"])):
        owner.graph.call("POST", f"/applications/{robot.application_id}/federatedIdentityCredentials", json={
            "name": name, "issuer": keycloak.issuer("people"), "subject": subject, "audiences": ["api://berth"]}).expect(201)
    owner.arm.assign("AcrPush", builders, berth.bootstrap.registry_id, "Group")
    owner.arm.assign("Reader", robot.object_id, berth.bootstrap.subscription_scope)
    assert len(http.get("/subscriptions?api-version=2022-12-01", headers=bearer).expect(200).json()["value"]) == 1
    refresh = http.post("/oauth2/exchange", form={"grant_type": "access_token", "service": "x", "access_token": token}).expect(200).json()["refresh_token"]
    access = http.post("/oauth2/token", form={"grant_type": "refresh_token", "service": "x", "refresh_token": refresh,
                                              "scope": "repository:app:pull,push"}).expect(200).json()["access_token"]
    http.post("/v2/app/blobs/uploads/", headers={"Authorization": f"Bearer {access}"}).expect(202)
    answer = http.post(f"/{berth.bootstrap.tenant_id}/oauth2/v2.0/token", form={
        "grant_type": "client_credentials", "client_id": robot.client_id, "client_assertion": token, "client_assertion_type": JWT_BEARER,
        "scope": ARM_SCOPE})
    assert decode(answer.expect(200).json()["access_token"])[1]["oid"] == robot.object_id
