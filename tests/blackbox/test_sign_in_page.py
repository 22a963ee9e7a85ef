"""People sign in at berth's own page: codes, sessions, sign-out, and what attackers try there."""

import json
import urllib.parse

import pytest

from harness import content, tokens
from harness.browser import ARM_USER_SCOPE, AZ_CLIENT, CALLBACK, Browser, Form, Pkce, authorize_path, redeem, sign_in
from harness.oci import basic

PASSWORD = "correct horse 7!"


@pytest.fixture
def tenant(berth):
    return berth.bootstrap.tenant_id


@pytest.fixture
def person(graph):
    """A user of the directory: name and object id."""
    name = f"{content.unique('ada')}@example.org"
    made = graph.call("POST", "/users", json={"displayName": "Ada <b>", "userPrincipalName": name, "mailNickname": "ada",
                                              "accountEnabled": True, "passwordProfile": {"password": PASSWORD}}).expect(201).json()
    return name, made["id"]


@pytest.fixture
def browser(http):
    return Browser(http)


@pytest.fixture
def application(graph):
    """application(**properties) -> the application, with its service principal and a secret in `secret`."""

    def make(**properties):
        made = graph.call("POST", "/applications", json={"displayName": content.unique("app"), **properties}).expect(201).json()
        graph.create_service_principal(made["appId"])
        made["secret"] = graph.add_password(made["id"])["secretText"]
        return made

    return make


def code_of(page):
    """The code in a page that posts it to the client."""
    form = page.form(CALLBACK)
    assert form.method == "POST"
    return form.fields["code"]


def query_of(location):
    return dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(location).query))


def test_a_code_for_az(http, tenant, person, browser):
    """az-current (b): what az reads of the answer."""
    pkce = Pkce()
    page = sign_in(browser, authorize_path(tenant, pkce, prompt="select_account", client_info="1"), person[0].upper(), PASSWORD)
    assert page.status == 200, page.response
    form = page.form(CALLBACK)
    assert form.fields["state"] == "s t&1"
    answer = redeem(http, tenant, form.fields["code"], pkce).expect(200).json()
    assert answer["scope"] == ARM_USER_SCOPE and answer["token_type"] == "Bearer" and answer["refresh_token"]
    _, access = tokens.decode(answer["access_token"])
    assert access["oid"] == person[1] and access["appid"] == AZ_CLIENT and access["scp"] == "user_impersonation"
    assert access["idtyp"] == "user" and access["upn"] == person[0] and access["tid"] == tenant
    _, identity = tokens.decode(answer["id_token"])
    assert identity["aud"] == AZ_CLIENT and identity["nonce"] == "n1" and identity["preferred_username"] == person[0]
    assert identity["oid"] == person[1] and identity["sub"] and identity["tid"] == tenant
    assert json.loads(tokens.decode_part(answer["client_info"])) == {"uid": person[1], "utid": tenant}
    headers = {"Authorization": f"Bearer {answer['access_token']}"}
    http.get("/subscriptions?api-version=2022-12-01", headers=headers).expect(200)
    refused = http.get("/subscriptions?api-version=2022-12-01", headers={"Authorization": f"Bearer {answer['id_token']}"})
    assert refused.status == 401, "an id token opens nothing"


def test_pages_are_closed_to_other_sites(http, tenant, browser):
    response = browser.get(authorize_path(tenant, Pkce())).response
    policy = response.header("Content-Security-Policy")
    assert "default-src 'none'" in policy and "frame-ancestors 'none'" in policy and "script-src" not in policy
    assert "form-action 'self' http://localhost:8400" in policy
    assert response.header("X-Frame-Options") == "DENY" and response.header("Cache-Control") == "no-store"
    (cookie,) = response.header_values("Set-Cookie")
    assert "HttpOnly" in cookie and "SameSite=Lax" in cookie


def test_cookies_over_tls(berth, tenant):
    from harness.http_client import Http
    client = Http(berth.https, ca_file=str(berth.bootstrap.ca_file))
    (cookie,) = client.get(authorize_path(tenant, Pkce())).expect(200).header_values("Set-Cookie")
    assert cookie.startswith("__Host-") and "Secure" in cookie


def test_nothing_from_outside_gets_into_a_page_unescaped(tenant, browser):
    evil = "\"><script>alert(1)</script>"
    page = browser.get(authorize_path(tenant, Pkce(), login_hint=evil))
    assert "<script>" not in page.text and "&lt;script&gt;" in page.text
    page = browser.get(authorize_path(tenant, Pkce(), redirect_uri="https://x/" + evil))
    assert page.status == 400 and "<script>" not in page.text


@pytest.mark.parametrize("mode,separator", [("query", "?"), ("", "?"), ("fragment", "#")])
def test_other_response_modes(tenant, person, browser, mode, separator):
    page = sign_in(browser, authorize_path(tenant, Pkce(), response_mode=mode), person[0], PASSWORD)
    assert page.status == 303, page.response
    location = page.response.header("Location")
    assert location.startswith(CALLBACK + separator + "code=") and location.endswith("&state=s%20t%261")


def test_a_session_signs_in_again_without_a_password(http, tenant, person, browser):
    sign_in(browser, authorize_path(tenant, Pkce()), person[0], PASSWORD)
    pkce = Pkce()
    page = browser.get(authorize_path(tenant, pkce, prompt="none"))
    redeem(http, tenant, code_of(page), pkce).expect(200)
    pkce = Pkce()
    page = browser.get(authorize_path(tenant, pkce, prompt="select_account"))
    assert person[0] in page.text
    page = browser.submit(page.form("/signin/continue"))
    redeem(http, tenant, code_of(page), pkce).expect(200)
    page = browser.get(authorize_path(tenant, pkce, prompt="select_account"))
    assert browser.submit(page.form("/signin/other")).form("/signin/password")
    assert browser.get(authorize_path(tenant, pkce, prompt="login")).form("/signin/password")


def test_signing_out_ends_the_session(tenant, person, browser):
    sign_in(browser, authorize_path(tenant, Pkce()), person[0], PASSWORD)
    stolen = dict(browser.cookies)
    page = browser.get(f"/{tenant}/oauth2/v2.0/logout")
    assert page.status == 200 and "signed out" in page.text
    assert not browser.cookies
    browser.cookies = stolen
    answer = browser.get(authorize_path(tenant, Pkce(), prompt="none", response_mode="query"))
    assert query_of(answer.response.header("Location"))["error"] == "login_required"


def test_signing_out_goes_on_to_addresses_of_the_client_only(tenant, browser):
    path = f"/{tenant}/oauth2/v2.0/logout?client_id={AZ_CLIENT}&post_logout_redirect_uri="
    assert browser.get(path + "http%3A%2F%2Flocalhost%3A1234").response.header("Location") == "http://localhost:1234"
    for evil in ("https%3A%2F%2Fevil.example", "%2F%2Fevil.example", "http%3A%2F%2Flocalhost%40evil.example",
                 "http%3A%2F%2Flocalhost.evil.example", "javascript%3Aalert(1)"):
        page = browser.get(path + evil)
        assert page.status == 200 and page.response.header("Location") is None, evil


@pytest.mark.parametrize("end", ["password", "disabled", "deleted"])
def test_a_session_ends_with_what_it_stands_on(graph, http, tenant, person, browser, end):
    pkce = Pkce()
    answer = redeem(http, tenant, code_of(sign_in(browser, authorize_path(tenant, pkce), person[0], PASSWORD)), pkce).expect(200).json()
    if end == "password":
        graph.call("PATCH", f"/users/{person[1]}", json={"passwordProfile": {"password": "another one 9!"}}).expect(204)
    elif end == "disabled":
        graph.call("PATCH", f"/users/{person[1]}", json={"accountEnabled": False}).expect(204)
    else:
        graph.call("DELETE", f"/users/{person[1]}").expect(204)
    page = browser.get(authorize_path(tenant, Pkce(), prompt="none", response_mode="query"))
    assert query_of(page.response.header("Location"))["error"] == "login_required"
    refused = http.post(f"/{tenant}/oauth2/v2.0/token", form={"grant_type": "refresh_token", "client_id": AZ_CLIENT,
                                                              "refresh_token": answer["refresh_token"], "scope": ARM_USER_SCOPE})
    assert refused.status == 400 and refused.json()["error"] == "invalid_grant", refused
    headers = {"Authorization": f"Bearer {answer['access_token']}"}
    assert http.get("/subscriptions?api-version=2022-12-01", headers=headers).status == 401


def test_wrong_passwords_and_unknown_names_are_told_alike(tenant, person, browser):
    texts = []
    for name in (person[0], f"{content.unique('nobody')}@example.org"):
        page = sign_in(browser, authorize_path(tenant, Pkce()), name, "wrong")
        assert page.status == 401
        texts.append(page.text.replace(name, "").replace(page.forms[0].fields["pending"], ""))
    assert texts[0] == texts[1]


def test_programs_do_not_sign_in_at_the_page(tenant, owner, browser):
    page = sign_in(browser, authorize_path(tenant, Pkce()), owner.client_id, owner.secret)
    assert page.status == 401


def test_lock_out(tenant, person, http, first_registry):
    """After ten wrong passwords the right one is refused too, at every door; another person is not."""
    for _ in range(10):
        sign_in(Browser(http), authorize_path(tenant, Pkce()), person[0], "wrong")
    page = sign_in(Browser(http), authorize_path(tenant, Pkce()), person[0], PASSWORD)
    assert page.status == 401 and "locked" in page.text, page.response
    grant = http.post(f"/{tenant}/oauth2/v2.0/token", form={"grant_type": "password", "client_id": AZ_CLIENT, "username": person[0],
                                                            "password": PASSWORD, "scope": ARM_USER_SCOPE})
    assert grant.status == 400 and "AADSTS50053" in grant.json()["error_description"], grant
    docker = http.get("/v2/", host=first_registry.login_server, headers={"Authorization": basic(person[0], PASSWORD)})
    assert docker.status == 429, docker


# What attackers try.


def signed_in_code(tenant, person, http, pkce, **more):
    return code_of(sign_in(Browser(http), authorize_path(tenant, pkce, **more), person[0], PASSWORD))


def assert_invalid_grant(answer):
    assert answer.status == 400 and answer.json()["error"] == "invalid_grant", answer
    assert answer.json()["error_description"].startswith("AADSTS")


def test_a_code_holds_once_and_using_it_again_ends_what_it_gave(http, tenant, person):
    pkce = Pkce()
    code = signed_in_code(tenant, person, http, pkce)
    first = redeem(http, tenant, code, pkce).expect(200).json()
    assert_invalid_grant(redeem(http, tenant, code, pkce))
    assert_invalid_grant(http.post(f"/{tenant}/oauth2/v2.0/token", form={
        "grant_type": "refresh_token", "client_id": AZ_CLIENT, "refresh_token": first["refresh_token"], "scope": ARM_USER_SCOPE}))


@pytest.mark.parametrize("verifier", ["short", "x" * 43, "x" * 129])
def test_a_code_with_a_wrong_verifier(http, tenant, person, verifier):
    pkce = Pkce()
    code = signed_in_code(tenant, person, http, pkce)
    assert_invalid_grant(redeem(http, tenant, code, Pkce(verifier)))
    assert_invalid_grant(redeem(http, tenant, code, pkce))  # the attempt has spent it


def test_a_code_without_a_verifier(http, tenant, person):
    pkce = Pkce()
    code = signed_in_code(tenant, person, http, pkce)
    answer = http.post(f"/{tenant}/oauth2/v2.0/token", form={"grant_type": "authorization_code", "client_id": AZ_CLIENT, "code": code,
                                                             "redirect_uri": CALLBACK})
    assert answer.status == 400 and answer.json()["error"] == "invalid_request"


def test_a_code_of_another_client(http, tenant, person, application):
    other = application(publicClient={"redirectUris": ["http://localhost"]})
    pkce = Pkce()
    code = signed_in_code(tenant, person, http, pkce)
    assert_invalid_grant(redeem(http, tenant, code, pkce, client_id=other["appId"]))


def test_a_code_for_another_address(http, tenant, person):
    pkce = Pkce()
    code = signed_in_code(tenant, person, http, pkce)
    assert_invalid_grant(redeem(http, tenant, code, pkce, redirect_uri="http://localhost:8401"))


@pytest.mark.parametrize("uri", ["https://evil.example", "http://localhost.evil.example", "http://localhost@evil.example", "//localhost",
                                 "http://evil.example:80/http://localhost", "javascript:alert(1)//http://localhost", "http://localhost#x",
                                 "http://localhost?x=1", "http://localhost/callback", "https://localhost", "", "http://127.0.0.1:8400"])
def test_no_open_redirects(tenant, person, browser, uri):
    page = browser.get(authorize_path(tenant, Pkce(), redirect_uri=uri))
    assert page.status == 400 and page.response.header("Location") is None, page.response
    assert not page.forms and "AADSTS50011" in page.text


def test_unknown_clients_get_nothing(tenant, browser):
    page = browser.get(authorize_path(tenant, Pkce(), client_id="11111111-1111-4111-8111-111111111111"))
    assert page.status == 400 and "AADSTS700016" in page.text and not page.forms


@pytest.mark.parametrize("change,error", [({"response_type": "token"}, "unsupported_response_type"),
                                          ({"code_challenge": ""}, "invalid_request"), ({"code_challenge_method": "plain"}, "invalid_request"),
                                          ({"code_challenge": "x"}, "invalid_request"), ({"scope": ""}, "invalid_scope"),
                                          ({"prompt": "sometimes"}, "invalid_request"),
                                          ({"scope": "https://a/.default https://b/.default"}, "invalid_scope")])
def test_what_the_client_did_wrong_it_is_told(tenant, browser, change, error):
    page = browser.get(authorize_path(tenant, Pkce(), **{"response_mode": "query", **change}))
    assert page.status == 303, page.response
    told = query_of(page.response.header("Location"))
    assert told["error"] == error and told["state"] == "s t&1" and told["error_description"].startswith("AADSTS")


def test_a_form_of_another_browser_does_nothing(tenant, person, http):
    """Signing somebody in as the attacker, or as themselves for the attacker: a form is good in its own browser only."""
    attacker, victim = Browser(http), Browser(http)
    form = attacker.get(authorize_path(tenant, Pkce())).form("/signin/password")
    assert victim.submit(form, username=person[0], password=PASSWORD).status == 400  # without any cookie
    victim.get(authorize_path(tenant, Pkce()))
    page = victim.submit(form, username=person[0], password=PASSWORD)
    assert page.status == 400 and not any("session" in name for name in victim.cookies)


def test_a_form_that_another_site_sends_does_nothing(tenant, person, browser):
    form = browser.get(authorize_path(tenant, Pkce())).form("/signin/password")
    for origin in ("https://evil.example", "null"):
        page = browser.submit(form, headers={"Origin": origin}, username=person[0], password=PASSWORD)
        assert page.status == 400, page.response
    assert browser.submit(form, username=person[0], password=PASSWORD).status == 200


def test_forged_forms_do_nothing(tenant, person, browser):
    form = browser.get(authorize_path(tenant, Pkce())).form("/signin/password")
    sealed = form.fields["pending"]
    for pending in ("", "x", sealed[:-2], sealed[:-1] + ("A" if sealed[-1] != "A" else "B"), "A" * 300):
        page = browser.submit(Form(form.action, "POST", {"pending": pending}), username=person[0], password=PASSWORD)
        assert page.status == 400, page.response


def test_a_client_on_the_web_has_to_prove_itself(http, tenant, person, application):
    callback = "https://app.example/callback?x=1"
    app = application(web={"redirectUris": [callback]})
    pkce = Pkce()

    def fresh():
        page = sign_in(Browser(http), authorize_path(tenant, pkce, client_id=app["appId"], redirect_uri=callback, response_mode="query"),
                       person[0], PASSWORD)
        location = page.response.header("Location")
        assert location.startswith(callback + "&code=")
        return query_of(location)["code"]

    code = fresh()
    for more in ({}, {"client_secret": "wrong"}):
        refused = redeem(http, tenant, code, pkce, client_id=app["appId"], redirect_uri=callback, **more)
        assert refused.status == 401 and refused.json()["error"] == "invalid_client", refused
    answer = redeem(http, tenant, code, pkce, client_id=app["appId"], redirect_uri=callback, client_secret=app["secret"]).expect(200).json()
    form = {"grant_type": "refresh_token", "client_id": app["appId"], "refresh_token": answer["refresh_token"], "scope": ARM_USER_SCOPE}
    assert http.post(f"/{tenant}/oauth2/v2.0/token", form=form).status == 401
    http.post(f"/{tenant}/oauth2/v2.0/token", form={**form, "client_secret": app["secret"]}).expect(200)
    # Without a redirect of a public client it gets no code for a device and takes no passwords.
    assert http.post(f"/{tenant}/oauth2/v2.0/devicecode", form={"client_id": app["appId"], "scope": ARM_USER_SCOPE}).status == 400
    assert http.post(f"/{tenant}/oauth2/v2.0/token", form={"grant_type": "password", "client_id": app["appId"], "username": person[0],
                                                           "password": PASSWORD, "scope": ARM_USER_SCOPE}).status == 401


def test_pages_of_single_page_applications_may_ask(http, tenant, person, application):
    """msal-browser: fragment, then a token request from the page."""
    origin = f"https://{content.unique('spa')}.example"
    app = application(spa={"redirectUris": [f"{origin}/signed-in"]})
    pkce = Pkce()
    page = sign_in(Browser(http), authorize_path(tenant, pkce, client_id=app["appId"], redirect_uri=f"{origin}/signed-in",
                                                 response_mode="fragment"), person[0], PASSWORD)
    code = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(page.response.header("Location")).fragment))["code"]
    path = f"/{tenant}/oauth2/v2.0/token"
    asked = {"Origin": origin, "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "content-type,x-client-sku"}
    allowed = http.request("OPTIONS", path, headers=asked).expect(204)
    assert allowed.header("Access-Control-Allow-Origin") == origin
    assert allowed.header("Access-Control-Allow-Headers") == "content-type,x-client-sku"
    other = http.request("OPTIONS", path, headers={**asked, "Origin": "https://evil.example"}).expect(204)
    assert other.header("Access-Control-Allow-Origin") is None
    form = {"grant_type": "authorization_code", "client_id": app["appId"], "code": code, "redirect_uri": f"{origin}/signed-in",
            "code_verifier": pkce.verifier}
    answer = http.post(path, form=form, headers={"Origin": origin}).expect(200)
    assert answer.header("Access-Control-Allow-Origin") == origin
    refused = http.post(path, form=form, headers={"Origin": origin}).expect(400)
    assert refused.header("Access-Control-Allow-Origin") == origin, "errors can be read too"
    assert http.get(f"/{tenant}/v2.0/.well-known/openid-configuration").header("Access-Control-Allow-Origin") == "*"
