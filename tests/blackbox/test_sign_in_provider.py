"""The sign-in page hands people over to an outside OpenID provider, and what a bad provider or an attacker tries on the way."""

import urllib.parse

import pytest

from harness import tokens
from harness.browser import AZ_CLIENT, CALLBACK, Browser, Pkce, authorize_path, redeem
from harness.http_client import Http
from harness.identities import bootstrap_owner
from harness.openid_provider import OpenIdProvider
from harness.server import Berth


@pytest.fixture(scope="module")
def provider(tmp_path_factory):
    made = OpenIdProvider(tmp_path_factory.mktemp("provider"))
    yield made
    made.stop()


@pytest.fixture(scope="module")
def server(tmp_path_factory, provider):
    folder = tmp_path_factory.mktemp("handed-over")
    secret = folder / "client-secret"
    secret.write_text(provider.client_secret + "\n")
    made = Berth(folder, "--trusted-issuer", f"issuer={provider.issuer}", "--allow-outbound", provider.origin, "--sign-in-provider",
                 f"issuer={provider.issuer},client-id={provider.client_id},client-secret-file={secret},name=Keycloak")
    made.start()
    yield made
    made.stop()


@pytest.fixture(scope="module")
def http(server):
    client = Http(server.http)
    yield client
    client.close()


@pytest.fixture(autouse=True)
def honest(provider):
    yield
    provider.person = {"sub": "42", "preferred_username": "ada@example.org", "name": "Ada"}
    provider.change, provider.kid, provider.metadata_issuer = {}, "one", None


@pytest.fixture
def tenant(server):
    return server.bootstrap.tenant_id


@pytest.fixture
def graph(server, http):
    return bootstrap_owner(http, server.bootstrap).graph


def hand_over(browser, tenant, pkce):
    """The provider's address that the browser is sent to."""
    page = browser.get(authorize_path(tenant, pkce))
    (link,) = page.links
    assert "Keycloak" in page.text
    page = browser.get(link)
    assert page.status == 303, page.response
    return page.response.header("Location")


def come_back(browser, address):
    parts = urllib.parse.urlsplit(address)
    return browser.get(f"{parts.path}?{parts.query}")


def signed_in(http, tenant, provider):
    """The claims of the access token of whoever the provider vouches for."""
    browser, pkce = Browser(http), Pkce()
    page = come_back(browser, provider.log_in(hand_over(browser, tenant, pkce)))
    assert page.status == 200, page.response
    answer = redeem(http, tenant, page.form(CALLBACK).fields["code"], pkce).expect(200).json()
    return tokens.decode(answer["access_token"])[1], answer, browser


def test_people_from_elsewhere_become_users(http, tenant, provider, graph):
    claims, answer, browser = signed_in(http, tenant, provider)
    assert claims["upn"] == "ada_example.org#ext#@127.0.0.1" and claims["idtyp"] == "user" and claims["name"] == "Ada"
    user = graph.call("GET", f"/users/{claims['oid']}").expect(200).json()
    assert user["displayName"] == "Ada"
    assert provider.asked[-1]["code_verifier"]
    again, *_ = signed_in(http, tenant, provider)
    assert again["oid"] == claims["oid"], "the same person is the same user"
    provider.person = {"sub": "43", "preferred_username": "ada@example.org"}
    other, *_ = signed_in(http, tenant, provider)
    assert other["oid"] != claims["oid"], "a name is not who somebody is"
    http.post(f"/{tenant}/oauth2/v2.0/token", form={"grant_type": "refresh_token", "client_id": AZ_CLIENT,
                                                    "refresh_token": answer["refresh_token"]}).expect(200)
    page = browser.get(authorize_path(tenant, Pkce(), prompt="none"))
    assert page.form(CALLBACK).fields["code"], "they have a session as others do"


def test_a_user_of_the_directory_is_not_taken_over(http, tenant, provider, graph):
    own = graph.call("POST", "/users", json={"displayName": "Eve", "userPrincipalName": "eve@example.org", "mailNickname": "eve",
                                             "accountEnabled": True, "passwordProfile": {"password": "correct horse 7!"}}).expect(201).json()
    provider.person = {"sub": own["id"], "preferred_username": "eve@example.org", "email": "eve@example.org", "oid": own["id"]}
    claims, *_ = signed_in(http, tenant, provider)
    assert claims["oid"] != own["id"]


def test_who_is_disabled_here_does_not_get_in(http, tenant, provider, graph):
    provider.person = {"sub": "disabled"}
    claims, *_ = signed_in(http, tenant, provider)
    graph.call("PATCH", f"/users/{claims['oid']}", json={"accountEnabled": False}).expect(204)
    browser = Browser(http)
    page = come_back(browser, provider.log_in(hand_over(browser, tenant, Pkce())))
    assert page.status == 403 and not page.forms and not any("session" in name for name in browser.cookies), page.response


@pytest.mark.parametrize("change", [{"iss": "https://evil.example"}, {"aud": "somebody"}, {"aud": ["berth", "other"], "azp": None},
                                    {"azp": "somebody"}, {"nonce": "another"}, {"nonce": None}, {"exp": 1_000_000_000}, {"sub": None},
                                    {"sub": ""}, {"sub": "x" * 256}, {"exp": None}])
def test_id_tokens_that_do_not_hold(http, tenant, provider, change):
    provider.change = change
    browser = Browser(http)
    page = come_back(browser, provider.log_in(hand_over(browser, tenant, Pkce())))
    assert page.status >= 400 and not page.forms and not any("session" in name for name in browser.cookies), page.response


def test_an_id_token_by_an_unknown_key(http, tenant, provider):
    provider.kid = "two"
    browser = Browser(http)
    page = come_back(browser, provider.log_in(hand_over(browser, tenant, Pkce())))
    assert page.status >= 400 and not page.forms, page.response


def test_metadata_of_another_issuer(http, tenant, provider):
    provider.metadata_issuer = "https://evil.example"
    browser = Browser(http)
    page = browser.get(authorize_path(tenant, Pkce()))
    assert browser.get(page.links[0]).status == 503


def test_an_answer_in_another_browser(http, tenant, provider):
    """Signing somebody in as the attacker: the state is good in one browser only."""
    address = provider.log_in(hand_over(Browser(http), tenant, Pkce()))
    victim = Browser(http)
    victim.get(authorize_path(tenant, Pkce()))
    page = come_back(victim, address)
    assert page.status == 400 and not any("session" in name for name in victim.cookies)


def test_answers_that_are_none(http, tenant, provider):
    browser = Browser(http)
    location = hand_over(browser, tenant, Pkce())
    state = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(location).query))["state"]
    answers = [{}, {"state": state}, {"state": state, "error": "access_denied"}, {"state": state, "code": ""}, {"state": "x", "code": "y"},
               {"state": state, "code": "y", "iss": "https://evil.example"}]
    for answer in answers:
        assert browser.get("/signin/provider/answer?" + urllib.parse.urlencode(answer)).status == 400, answer
    assert browser.get("/signin/provider/answer?" + urllib.parse.urlencode({"state": state, "code": "unknown"})).status == 503
    # What a page of berth's own was sealed for is no answer of a provider's.
    form = browser.get(authorize_path(tenant, Pkce())).form("/signin/password")
    query = urllib.parse.urlencode({"state": form.fields["pending"], "code": "y"})
    assert browser.get("/signin/provider/answer?" + query).status == 400


def test_without_a_provider_there_is_no_way_to_one(berth):
    browser = Browser(Http(berth.http))
    assert not browser.get(authorize_path(berth.bootstrap.tenant_id, Pkce())).links
    assert browser.get("/signin/provider?pending=x").status == 404
    assert browser.get("/signin/provider/answer?code=x&state=y").status == 404
