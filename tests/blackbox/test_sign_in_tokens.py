"""Device codes, refresh tokens and passwords: people's tokens without a redirect."""

import urllib.parse

import pytest

from harness import content, tokens
from harness.browser import ARM_USER_SCOPE, AZ_CLIENT, Browser, Form

PASSWORD = "correct horse 7!"
DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"


@pytest.fixture
def tenant(berth):
    return berth.bootstrap.tenant_id


@pytest.fixture
def person(graph):
    name = f"{content.unique('bob')}@example.org"
    made = graph.call("POST", "/users", json={"displayName": "Bob", "userPrincipalName": name, "mailNickname": "bob",
                                              "accountEnabled": True, "passwordProfile": {"password": PASSWORD}}).expect(201).json()
    return name, made["id"]


@pytest.fixture
def ask(http, tenant):
    """ask(grant, **fields): a request to the token endpoint, as az sends it."""

    def send(grant, path=None, **fields):
        return http.post(path or f"/{tenant}/oauth2/v2.0/token", form={"grant_type": grant, "client_id": AZ_CLIENT, **fields})

    return send


def start_device(http, tenant, **more):
    return http.post(f"/{tenant}/oauth2/v2.0/devicecode", form={"client_id": AZ_CLIENT, "scope": ARM_USER_SCOPE, **more})


def enter_code(browser, code):
    page = browser.get("/devicelogin")
    assert page.status == 200
    return browser.submit(page.form("/devicelogin"), user_code=code)


def approve(browser, code, person):
    page = enter_code(browser, code)
    assert page.status == 200, page.response
    page = browser.submit(page.form("/signin/password"), username=person[0], password=PASSWORD)
    assert page.status == 200 and "Azure CLI" in page.text and person[0] in page.text, page.response
    return browser.submit(page.form("/signin/device"), answer="continue")


def test_device_code(http, tenant, person, ask):
    started = start_device(http, "organizations").expect(200).json()
    assert started["user_code"] in started["message"] and started["verification_uri"] in started["message"]
    assert started["expires_in"] > 0 and started["interval"] > 0
    device = {"code": started["device_code"], "device_code": started["device_code"], "client_info": "1"}
    waiting = ask(DEVICE_GRANT, **device)
    assert waiting.status == 400 and waiting.json()["error"] == "authorization_pending", waiting
    code = started["user_code"]
    page = approve(Browser(http), f" {code[:4].lower()}-{code[4:]} ", person)
    assert "signed in" in page.text
    answer = ask(DEVICE_GRANT, **device).expect(200).json()
    assert answer["scope"] == ARM_USER_SCOPE and answer["refresh_token"] and answer["id_token"]
    assert tokens.decode(answer["access_token"])[1]["oid"] == person[1]
    again = ask(DEVICE_GRANT, **device)
    assert again.status == 400 and again.json()["error"] == "invalid_grant", "a device code holds once"


def test_device_code_declined(http, tenant, person, ask):
    started = start_device(http, tenant).json()
    browser = Browser(http)
    page = enter_code(browser, started["user_code"])
    page = browser.submit(page.form("/signin/password"), username=person[0], password=PASSWORD)
    page = browser.submit(page.form("/signin/device"), answer="cancel")
    assert page.status == 200 and "Nothing was signed in" in page.text
    refused = ask(DEVICE_GRANT, device_code=started["device_code"])
    assert refused.status == 400 and refused.json()["error"] == "authorization_declined"


def test_device_code_needs_the_persons_own_decision(http, tenant, person, ask):
    """Neither signing in nor a form from elsewhere agrees to anything."""
    started = start_device(http, tenant).json()
    browser = Browser(http)
    page = enter_code(browser, started["user_code"])
    page = browser.submit(page.form("/signin/password"), username=person[0], password=PASSWORD)
    question = page.form("/signin/device")
    other = Browser(http)
    other.get("/devicelogin")
    assert other.submit(question, answer="continue").status == 400
    assert browser.submit(question, headers={"Origin": "https://evil.example"}, answer="continue").status == 400
    assert ask(DEVICE_GRANT, device_code=started["device_code"]).json()["error"] == "authorization_pending"


def test_device_code_of_another_client(http, tenant, person, ask, graph):
    made = graph.call("POST", "/applications", json={"displayName": content.unique("app"),
                                                     "publicClient": {"redirectUris": ["http://localhost"]}}).expect(201).json()
    graph.create_service_principal(made["appId"])
    started = start_device(http, tenant).json()
    approve(Browser(http), started["user_code"], person)
    refused = http.post(f"/{tenant}/oauth2/v2.0/token", form={"grant_type": DEVICE_GRANT, "client_id": made["appId"],
                                                              "device_code": started["device_code"]})
    assert refused.status == 400 and refused.json()["error"] == "invalid_grant"


def test_unknown_user_codes(http):
    browser = Browser(http)
    for code in ("", "BBBBBBBBB", "x" * 500, "<script>"):
        page = enter_code(browser, code)
        assert page.status == 404 and "<script>" not in page.text


@pytest.mark.parametrize("form,error", [({}, "invalid_request"), ({"client_id": AZ_CLIENT}, "invalid_scope"),
                                        ({"client_id": "x", "scope": "openid"}, "unauthorized_client"),
                                        ({"client_id": AZ_CLIENT, "scope": "https://evil.example/.default"}, "invalid_resource")])
def test_bad_device_requests(http, tenant, form, error):
    answer = http.post(f"/{tenant}/oauth2/v2.0/devicecode", form=form)
    assert answer.status == 400 and answer.json()["error"] == error, answer


def test_password_and_refresh(http, tenant, person, ask):
    first = ask("password", username=person[0], password=PASSWORD, scope=ARM_USER_SCOPE).expect(200).json()
    graph_scope = "https://graph.microsoft.com//.default offline_access openid profile"
    second = ask("refresh_token", refresh_token=first["refresh_token"], scope=graph_scope).expect(200).json()
    assert second["refresh_token"] != first["refresh_token"]
    assert second["scope"] == graph_scope
    assert tokens.decode(second["access_token"])[1]["aud"] == "https://graph.microsoft.com/"
    http.get("/v1.0/me", headers={"Authorization": f"Bearer {second['access_token']}"}).expect(200)
    third = ask("refresh_token", refresh_token=second["refresh_token"]).expect(200).json()
    assert third["access_token"]


def test_refresh_tokens_of_another_client_and_forged_ones(http, tenant, person, ask, graph):
    made = graph.call("POST", "/applications", json={"displayName": content.unique("app"),
                                                     "publicClient": {"redirectUris": ["http://localhost"]}}).expect(201).json()
    graph.create_service_principal(made["appId"])
    token = ask("password", username=person[0], password=PASSWORD, scope=ARM_USER_SCOPE).json()["refresh_token"]
    for fields in ({"client_id": made["appId"], "refresh_token": token}, {"refresh_token": "x"}, {"refresh_token": "." * 200},
                   {"refresh_token": "11111111-1111-4111-8111-111111111111.x"}):
        refused = ask("refresh_token", scope=ARM_USER_SCOPE, **fields)
        assert refused.status == 400 and refused.json()["error"] == "invalid_grant", refused
    ask("refresh_token", refresh_token=token, scope=ARM_USER_SCOPE).expect(200)


def test_without_offline_access_there_is_no_refresh_token(person, ask):
    answer = ask("password", username=person[0], password=PASSWORD, scope="https://management.azure.com/.default").expect(200).json()
    assert "refresh_token" not in answer and "id_token" not in answer


def test_forms_of_the_first_version_and_of_adfs(tenant, person, ask):
    for path in (f"/{tenant}/oauth2/token", "/adfs/oauth2/token"):
        answer = ask("password", path=path, username=person[0], password=PASSWORD, resource="https://management.azure.com/")
        assert answer.status == 200 and answer.json()["refresh_token"] and answer.json()["id_token"], answer


def test_wrong_passwords(person, ask, owner):
    for name, password in ((person[0], "wrong"), ("nobody@example.org", PASSWORD), (owner.client_id, owner.secret)):
        refused = ask("password", username=name, password=password, scope=ARM_USER_SCOPE)
        assert refused.status == 400 and refused.json()["error"] == "invalid_grant", refused
        assert refused.json()["error_description"].startswith("AADSTS50126: "), refused
    for fields in ({"username": person[0]}, {"password": "x"}, {"username": "", "password": ""}):
        assert ask("password", scope=ARM_USER_SCOPE, **fields).json()["error"] == "invalid_request"


def test_user_realm(http):
    """az asks it before it sends a password; it tells nothing of who exists."""
    answers = [http.get(f"/common/userrealm/{urllib.parse.quote(name)}?api-version=1.0").expect(200).json()
               for name in ("a@example.org", "nobody@example.org", "x")]
    assert [answer["account_type"] for answer in answers] == ["Managed"] * 3
    assert answers[0] == answers[1]


def test_metadata_names_what_there_is(http, tenant):
    for path, base in ((f"/{tenant}/v2.0", f"/{tenant}/oauth2/v2.0"), (f"/{tenant}", f"/{tenant}/oauth2"), ("/adfs", "/adfs/oauth2")):
        document = http.get(f"{path}/.well-known/openid-configuration").expect(200).json()
        for name, end in (("authorization_endpoint", "authorize"), ("token_endpoint", "token"),
                          ("device_authorization_endpoint", "devicecode"), ("end_session_endpoint", "logout")):
            assert document[name] == f"{http.base}{base}/{end}"
        assert "authorization_code" in document["grant_types_supported"]


def test_a_form_that_is_none(http, tenant):
    assert Browser(http).submit(Form("/signin/password", "POST", {})).status == 400
    for path in ("/signin/password", "/signin/continue", "/signin/other", "/signin/device", "/devicelogin"):
        assert http.post(path, body=b"%zz").status == 400
        assert http.post(path, body=b"a" * 70_000).status == 413
