"""The directory's token endpoints: client credentials in every form, metadata, keys."""

import pytest

from harness import tokens
from harness.clock import shifted
from harness.http_client import Http
from harness.oci import basic
from harness.tokens import ARM_SCOPE


@pytest.fixture
def tenant(berth):
    return berth.bootstrap.tenant_id


def test_v2_form(http, tenant, owner):
    answer = tokens.ask(http, tenant, *owner.credentials).expect(200).json()
    assert answer["token_type"] == "Bearer"
    assert 3000 <= answer["expires_in"] <= 90_000
    assert answer["access_token"].count(".") == 2


def test_v1_form(http, tenant, owner):
    for path in (f"/{tenant}/oauth2/token", "/adfs/oauth2/token"):
        answer = http.post(path, form={"grant_type": "client_credentials", "client_id": owner.client_id, "client_secret": owner.secret,
                                       "resource": "https://management.azure.com/"})
        assert answer.status == 200, answer
        assert answer.json()["token_type"] == "Bearer"
        _, claims = tokens.decode(answer.json()["access_token"])
        assert claims["aud"].rstrip("/") == "https://management.azure.com"


def test_adfs_with_a_scope(http, owner):
    answer = http.post("/adfs/oauth2/token", form={"grant_type": "client_credentials", "client_id": owner.client_id,
                                                   "client_secret": owner.secret, "scope": ARM_SCOPE})
    assert answer.status == 200, answer


def test_client_in_the_authorization_header(http, tenant, owner):
    """RFC 6749 section 2.3.1."""
    answer = http.post(f"/{tenant}/oauth2/v2.0/token", form={"grant_type": "client_credentials", "scope": ARM_SCOPE},
                       headers={"Authorization": basic(*owner.credentials)})
    assert answer.status == 200, answer


@pytest.mark.parametrize("scope", [
    "https://management.azure.com/.default", "https://management.azure.com//.default", "https://management.core.windows.net/.default",
    "https://management.core.windows.net//.default", "https://graph.microsoft.com/.default", "https://graph.microsoft.com//.default",
    "https://containerregistry.azure.net/.default"])
def test_known_audiences(http, tenant, owner, scope):
    answer = tokens.ask(http, tenant, *owner.credentials, scope=scope)
    assert answer.status == 200, answer
    _, claims = tokens.decode(answer.json()["access_token"])
    assert claims["aud"].rstrip("/") == scope.removesuffix(".default").rstrip("/")


def test_own_address_as_audience(berth, http, tenant, owner):
    """azure-rbac-and-arm section 0, 13; both planes take it."""
    for base in (berth.http, berth.https):
        for scope in (f"{base}/.default", f"{base}//.default"):
            token = tokens.client_credentials(http, tenant, *owner.credentials, scope=scope)
            headers = {"Authorization": f"Bearer {token}"}
            http.get(f"/subscriptions/{berth.bootstrap.subscription_id}/resourcegroups?api-version=2021-04-01", headers=headers).expect(200)
            http.get(f"/v1.0/servicePrincipals/{owner.object_id}", headers=headers).expect(200)


def test_claims(berth, http, tenant, owner):
    header, claims = tokens.decode(tokens.client_credentials(http, tenant, *owner.credentials))
    assert header["alg"] == "RS256" and header["typ"] == "JWT" and header["kid"]
    assert claims["oid"] == owner.object_id
    assert claims["appid"] == owner.client_id
    assert claims["tid"] == tenant
    assert claims["iss"] and claims["exp"] > claims["iat"] >= claims["nbf"] - 1


@pytest.mark.parametrize("scope", ["", "openid", "https://example.org/.default", "https://management.azure.com.evil.example/.default",
                                   "management", ".default", "https://management.azure.com/user_impersonation"])
def test_unknown_audiences_are_refused(http, tenant, owner, scope):
    answer = tokens.ask(http, tenant, *owner.credentials, scope=scope)
    assert answer.status == 400, answer
    assert answer.json()["error"] in ("invalid_scope", "invalid_resource", "invalid_request"), answer


def test_wrong_credentials(http, tenant, owner):
    for client_id, secret in ((owner.client_id, "wrong"), (owner.client_id, ""), ("00000000-0000-0000-0000-000000000001", owner.secret),
                              ("nobody", "x"), (owner.object_id, owner.secret)):
        answer = tokens.ask(http, tenant, client_id, secret)
        assert answer.status == 401, answer
        document = answer.json()
        assert document["error"] in ("invalid_client", "unauthorized_client", "invalid_request"), answer
        assert document["error_description"]


def test_unknown_name_and_wrong_secret_are_told_alike(http, tenant, owner):
    """Who asks must not learn which client ids exist."""
    wrong = tokens.ask(http, tenant, owner.client_id, "wrong")
    unknown = tokens.ask(http, tenant, "7f0a7e5e-0000-4000-8000-000000000000", "wrong")
    assert wrong.status == unknown.status
    assert wrong.json()["error"] == unknown.json()["error"]


@pytest.mark.parametrize("form", [{}, {"grant_type": "client_credentials"}, {"grant_type": "password", "username": "a", "password": "b"},
                                  {"grant_type": "authorization_code", "code": "x"}, {"grant_type": ""}])
def test_other_grants_are_refused(http, tenant, form):
    answer = http.post(f"/{tenant}/oauth2/v2.0/token", form=form)
    assert answer.status == 400, answer
    assert answer.json()["error"] in ("unsupported_grant_type", "invalid_request", "invalid_client", "invalid_grant", "unauthorized_client")


def test_another_tenant(http, owner):
    answer = tokens.ask(http, "11111111-1111-4111-8111-111111111111", *owner.credentials)
    assert answer.status == 400, answer
    assert "access_token" not in answer.json()


def test_metadata(berth, http, tenant):
    """azure-rbac-and-arm section 0, 11."""
    for path in (f"/{tenant}/v2.0/.well-known/openid-configuration", f"/{tenant}/.well-known/openid-configuration"):
        document = http.get(path).expect(200).json()
        for name in ("issuer", "jwks_uri", "authorization_endpoint", "token_endpoint"):
            assert document[name].startswith(("http://", "https://")), (path, name, document)
        keys = http.get(document["jwks_uri"]).expect(200).json()["keys"]
        assert keys


def test_keys_are_public_and_those_of_the_tokens(http, tenant, owner):
    document = http.get(f"/{tenant}/v2.0/.well-known/openid-configuration").expect(200).json()
    keys = {key["kid"]: key for key in http.get(document["jwks_uri"]).expect(200).json()["keys"]}
    header, _ = tokens.decode(tokens.client_credentials(http, tenant, *owner.credentials))
    key = keys[header["kid"]]
    assert key["kty"] == "RSA" and key["n"] and key["e"]
    for published in keys.values():
        assert not set(published) & {"d", "p", "q", "dp", "dq", "qi", "k"}, "a private part is published"


def test_keys_outlive_a_restart(own_berth):
    server = own_berth().start()
    client = Http(server.http)
    facts = server.bootstrap
    token = tokens.client_credentials(client, facts.tenant_id, facts.owner_client_id, facts.owner_secret)
    client.close()
    server.restart()
    client = Http(server.http)
    client.get(f"/subscriptions/{facts.subscription_id}/resourcegroups?api-version=2021-04-01", headers={"Authorization": f"Bearer {token}"}).expect(200)
    client.close()
    assert (server.bootstrap.owner_secret, server.bootstrap.tenant_id) == (facts.owner_secret, facts.tenant_id)
    server.stop()


def test_keys_are_rotated_and_the_old_ones_verify_on(own_berth):
    """A key older than --key-rotation-days signs no more; tokens that it signed last live on for their hour."""
    just_before, just_after = shifted("+89d"), shifted("+91d")
    first = own_berth().start()
    first.stop()

    def keys_and_token(server):
        client = Http(server.http)
        facts = server.bootstrap
        document = client.get(f"/{facts.tenant_id}/v2.0/.well-known/openid-configuration").expect(200).json()
        published = {key["kid"] for key in client.get(document["jwks_uri"]).expect(200).json()["keys"]}
        token = tokens.client_credentials(client, facts.tenant_id, facts.owner_client_id, facts.owner_secret)
        client.close()
        return published, tokens.decode(token)[0]["kid"]

    before = own_berth(data=first.data, variables=just_before).start()
    old_published, old = keys_and_token(before)
    before.stop()
    after = own_berth(data=first.data, variables=just_after).start()
    published, new = keys_and_token(after)
    after.stop()
    assert new != old and old in old_published and {old, new} <= published
