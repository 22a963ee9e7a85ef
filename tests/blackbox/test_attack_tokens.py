"""Credentials that are somebody else's, something else's, or narrower than what is asked with them."""

import json
import urllib.parse

import pytest

from harness import content, identities, tokens
from harness.http_client import Http
from harness.oci import NULL_USER, Oci, basic
from harness.tokens import GRAPH_SCOPE, REGISTRY_SCOPE


@pytest.fixture
def pushed(registry, owner):
    registry.oci(owner).push("image", content.image(), "latest")
    return registry


def narrowed(registry, principal, scope: str) -> str:
    return registry.oci(principal).fetch_token(registry.login_server, [scope]).expect(200).json()["access_token"]


# Scope escape through another authentication scheme (Gitea CVE-2026-28699, CVE-2025-68944)


@pytest.mark.parametrize("user", [NULL_USER, "<token>", "anything"])
def test_a_narrow_token_as_a_password_is_as_narrow(pushed, owner, user):
    """An access token for `pull`, of somebody who may do everything."""
    value = basic(user, narrowed(pushed, owner, "repository:image:pull"))
    nobody = pushed.oci(mode="none")
    for method, path in (("POST", "/v2/image/blobs/uploads/"), ("DELETE", "/v2/image/manifests/latest"),
                         ("GET", "/v2/other/tags/list"), ("GET", "/v2/_catalog"), ("DELETE", "/acr/v1/image")):
        answer = nobody.request(method, path, headers={"Authorization": value})
        assert answer.status == 401, answer


def test_a_narrow_token_does_not_ask_for_a_wider_one(pushed, owner):
    narrow = narrowed(pushed, owner, "repository:image:pull")
    service, wide = pushed.login_server, "repository:image:pull,push,delete"
    nobody = pushed.oci(mode="none")
    query = urllib.parse.urlencode({"service": service, "scope": wide})
    attempts = [
        nobody.get(f"/oauth2/token?{query}", headers={"Authorization": basic(NULL_USER, narrow)}),
        nobody.get(f"/oauth2/token?{query}", headers={"Authorization": f"Bearer {narrow}"}),
        nobody.post("/oauth2/token", form={"grant_type": "refresh_token", "service": service, "scope": wide,
                                           "refresh_token": narrow}),
        nobody.post("/oauth2/token", form={"grant_type": "password", "service": service, "scope": wide,
                                           "username": NULL_USER, "password": narrow}),
        nobody.post("/oauth2/exchange", form={"grant_type": "access_token", "service": service, "access_token": narrow}),
        nobody.post("/oauth2/exchange", form={"grant_type": "refresh_token", "service": service, "refresh_token": narrow}),
    ]
    for answer in attempts:
        if answer.status != 200:
            assert answer.status in (400, 401), answer
            continue
        got = answer.json()
        for token in filter(None, (got.get("access_token"), got.get("refresh_token"))):
            for value in (f"Bearer {token}", basic(NULL_USER, token)):
                for method, path in (("POST", "/v2/image/blobs/uploads/"), ("DELETE", "/v2/image/manifests/none")):
                    again = nobody.request(method, path, headers={"Authorization": value})
                    assert again.status == 401, again


@pytest.mark.parametrize("scope", ["repository:image:pull,*", "repository:*:*", "repository:image:push,pull,delete,admin",
                                   "registry:catalog:*", "repository:image:*"])
def test_asking_for_more_gives_no_more(pushed, new_principal, scope):
    """What a token was asked for narrows; it never grants."""
    principal = new_principal("AcrPull", pushed.id)
    token = Oci(pushed.http, pushed.login_server, narrowed(pushed, principal, scope), "token")
    assert token.start_upload("image").status == 401
    assert token.delete("/v2/image/manifests/latest").status == 401
    assert token.patch("/acr/v1/image", json={"deleteEnabled": False}).status == 401


def test_the_access_list_of_a_token_decides_nothing(pushed, owner, arm, new_principal):
    """It is written for clients: what it says was granted then is not granted now."""
    principal = new_principal()
    given = arm.assign("AcrPush", principal.object_id, pushed.id)
    token = narrowed(pushed, principal, "repository:image:pull,push")
    assert sorted(tokens.decode(token)[1]["access"][0]["actions"]) == ["pull", "push"]
    arm.unassign(given)
    client = Oci(pushed.http, pushed.login_server, token, "token")
    assert client.get_manifest("image", "latest").status == 401
    assert client.start_upload("image").status == 401


# Tokens of another registry, tenant, audience


def test_tokens_of_another_registry(pushed, new_registry, owner):
    """Every kind, in every place where a credential is taken."""
    other = new_registry()
    other.oci(owner).push("image", content.image(), "latest")
    access = narrowed(other, owner, "repository:image:pull,push,delete")
    exchanged = other.oci(mode="none").post("/oauth2/exchange", form={
        "grant_type": "access_token", "service": other.login_server, "access_token": owner.entra_token()})
    refresh = exchanged.expect(200).json()["refresh_token"]
    for value in (f"Bearer {access}", f"Bearer {refresh}", basic(NULL_USER, access), basic(NULL_USER, refresh)):
        answer = pushed.oci(mode="none").get_manifest("image", "latest", headers={"Authorization": value})
        assert answer.status == 401, answer
    for service in (pushed.login_server, other.login_server):
        for token in (access, refresh):
            answer = pushed.oci(mode="none").post("/oauth2/token", form={
                "grant_type": "refresh_token", "service": service, "scope": "repository:image:pull", "refresh_token": token})
            assert answer.status in (400, 401), answer


@pytest.fixture(scope="module")
def foreign(tmp_path_factory):
    """Another server, which is another tenant, and the administrator of all of it."""
    from harness.server import Berth

    with Berth(tmp_path_factory.mktemp("foreign")) as server:
        yield identities.bootstrap_owner(Http(server.http), server.bootstrap)


def test_tokens_of_another_tenant(http, arm, pushed, owner, foreign):
    """Signed by another server for the same audience; and its principal's id may even hold a role here."""
    assert foreign.bootstrap.tenant_id != arm.bootstrap.tenant_id
    given = arm.assign("Owner", foreign.object_id, pushed.id)
    token = foreign.entra_token()
    for base in (pushed.id, arm.bootstrap.subscription_scope):
        answer = http.get(f"{base}?api-version=2025-11-01", headers={"Authorization": f"Bearer {token}"})
        assert answer.status == 401, answer
    graph = http.get("/v1.0/applications", headers={"Authorization": f"Bearer {foreign.entra_token(GRAPH_SCOPE)}"})
    assert graph.status == 401
    for tenant in (arm.bootstrap.tenant_id, foreign.bootstrap.tenant_id, ""):
        for one in (token, foreign.entra_token(REGISTRY_SCOPE)):
            answer = pushed.oci(mode="none").post("/oauth2/exchange", form={
                "grant_type": "access_token", "service": pushed.login_server, "tenant": tenant, "access_token": one})
            assert answer.status in (400, 401), answer
    # Its secret is none here either.
    assert pushed.oci(foreign, "basic").get_manifest("image", "latest").status == 401
    signing_in = tokens.ask(http, arm.bootstrap.tenant_id, foreign.client_id, foreign.secret)
    assert signing_in.status in (400, 401), signing_in
    arm.unassign(given)


def test_a_principal_id_that_two_tenants_know(http, arm, graph, pushed, foreign):
    """A role given to the id of a principal elsewhere is a role of nobody here: only a token of this tenant says who one is."""
    stranger = identities.new_principal(foreign.graph, "stranger")
    given = arm.assign("Reader", stranger.object_id, pushed.id)
    assert http.get(f"{pushed.id}?api-version=2025-11-01",
                    headers={"Authorization": f"Bearer {stranger.arm.token}"}).status == 401
    assert pushed.oci(stranger, "basic").get_manifest("image", "latest").status == 401
    assert graph.call("GET", f"/servicePrincipals/{stranger.object_id}").status == 404
    arm.unassign(given)


def test_tokens_of_another_audience(http, pushed, owner):
    """Resource Manager, Graph and registry: each takes its own only (the exchange takes Resource Manager's by policy)."""
    for_arm, for_graph, for_registry = (owner.entra_token(scope) for scope in
                                        ("https://management.azure.com/.default", GRAPH_SCOPE, REGISTRY_SCOPE))
    access = narrowed(pushed, owner, "repository:image:pull")
    for token in (for_graph, for_registry, access):
        assert http.get(f"{pushed.id}?api-version=2025-11-01", headers={"Authorization": f"Bearer {token}"}).status == 401
    for token in (for_arm, for_registry, access):
        assert http.get("/v1.0/applications", headers={"Authorization": f"Bearer {token}"}).status == 401
    for token in (for_arm, for_graph, for_registry):
        assert pushed.oci(mode="none").get_manifest("image", "latest",
                                                    headers={"Authorization": f"Bearer {token}"}).status == 401
    assert pushed.oci(mode="none").post("/oauth2/exchange", form={
        "grant_type": "access_token", "service": pushed.login_server, "access_token": for_graph}).status in (400, 401)


# A token that lacks a claim neither passes nor fells the server (Harbor 8b822331: no `iat`)


@pytest.mark.parametrize("claim", ["iss", "aud", "exp", "nbf", "iat", "jti", "sub", "oid", "tid", "rid", "version", "access",
                                   "grant_type"])
def test_a_token_without_a_claim(http, pushed, owner, claim, tmp_path):
    """Signed by a key of our own: black-box tests have no other. That a right signature does not help a token which
    lacks a claim is tested where keys can be had (identity/registry_tokens_test, identity/directory_tokens_test)."""
    key = tokens.Key("ES256", tmp_path)
    for token, path, host in ((owner.arm.token, f"{pushed.id}?api-version=2025-11-01", None),
                              (narrowed(pushed, owner, "repository:image:pull"), "/v2/image/manifests/latest",
                               pushed.login_server)):
        header, claims = tokens.decode(token)
        claims.pop(claim, None)
        for sign in (key.sign, lambda data: b"", lambda data: b"\0" * 64):
            answer = http.get(path, host=host, headers={"Authorization": f"Bearer {tokens.assemble(header, claims, sign)}"})
            assert answer.status == 401, answer
    http.get("/berth/v1/ready").expect(200)


@pytest.mark.parametrize("value", [None, [], {}, "", -1, 2**63, 1e308, "9" * 4000, True], ids=lambda value: repr(value)[:20])
@pytest.mark.parametrize("claim", ["exp", "nbf", "aud", "oid"])
def test_claims_of_other_types(http, pushed, owner, claim, value):
    header, claims = tokens.decode(owner.arm.token)
    claims[claim] = value
    parts = owner.arm.token.split(".")
    token = ".".join([parts[0], tokens.encode_part(json.dumps(claims).encode()), parts[2]])
    answer = http.get(f"{pushed.id}?api-version=2025-11-01", headers={"Authorization": f"Bearer {token}"})
    assert answer.status in (401, 431), answer


# Default password (Harbor CVE-2026-4404)


def test_no_password_is_shipped(berth, foreign, http, registry, arm):
    """Two fresh servers have nothing in common, and a registry's admin user is off until somebody wants it."""
    assert berth.bootstrap.owner_secret != foreign.secret and len(foreign.secret) >= 32
    assert arm.get_registry(registry.name).json()["properties"]["adminUserEnabled"] is False
    for user in (registry.name, "admin", "root", berth.bootstrap.owner_client_id, NULL_USER):
        for password in ("", "admin", "Harbor12345", user):
            answer = registry.oci(mode="none").get("/v2/", headers={"Authorization": basic(user, password)})
            assert answer.status == 401, (user, password)
