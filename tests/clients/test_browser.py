"""The sign-in page in a real browser: Debian's Chromium, without a screen."""

import shutil
import urllib.parse

import pytest

from harness.browser import ARM_USER_SCOPE, AZ_CLIENT, Pkce, authorize_path, redeem
from harness.content import unique
from harness.crowd import wait_for  # what a click leads to may take a while
from programs.chromium import Chromium
from programs.listener import Listener

PASSWORD = "correct horse 7!"


@pytest.fixture(scope="module")
def chromium():
    driver, browser = shutil.which("chromedriver"), shutil.which("chromium")
    if driver is None or browser is None:
        pytest.skip("no chromium here (script/bootstrap installs chromium and chromium-driver)")
    started = Chromium(driver, browser)
    yield started
    started.stop()


@pytest.fixture
def tenant(berth):
    return berth.bootstrap.tenant_id


@pytest.fixture
def person(graph):
    name = f"{unique('ada')}@example.org"
    graph.call("POST", "/users", json={"displayName": "Ada", "userPrincipalName": name, "mailNickname": "ada", "accountEnabled": True,
                                       "passwordProfile": {"password": PASSWORD}}).expect(201)
    return name


@pytest.fixture
def site(berth):
    """The server's address with TLS, as a person opens it."""
    return f"https://localhost:{urllib.parse.urlsplit(berth.https).port}"


@pytest.fixture
def client():
    """What az runs while it waits for a browser: (address, queue of the fields that came)"""
    with Listener() as listener:
        yield listener.address, listener.came


def fill_in(chromium, name, password):
    chromium.type("#username", name)
    chromium.type("#password", password)
    chromium.click("#submit")


def test_a_person_signs_in_to_az_and_out(chromium, http, tenant, person, site, client):
    address, came = client
    pkce = Pkce()
    chromium.open(site + authorize_path(tenant, pkce, redirect_uri=address, prompt="select_account"))
    wait_for(lambda: "Azure CLI" in chromium.text)
    fill_in(chromium, person, "wrong")
    wait_for(lambda: "invalid username or password" in chromium.text)
    fill_in(chromium, person, PASSWORD)
    chromium.find("#done")  # the page has posted itself there: its policy lets it
    fields = came.get(timeout=30)
    assert fields["state"] == "s t&1"
    answer = redeem(http, tenant, fields["code"], pkce, redirect_uri=address).expect(200).json()
    assert answer["scope"] == ARM_USER_SCOPE and answer["refresh_token"]

    chromium.open(site + "/devicelogin")
    cookies = {cookie["name"]: cookie for cookie in chromium.cookies()}
    assert len(cookies) == 2 and all(name.startswith("__Host-berth-") for name in cookies)
    assert all(one["httpOnly"] and one["secure"] and one["sameSite"] == "Lax" for one in cookies.values())
    assert chromium.run("return document.cookie") == ""

    # Signed in already: one click.
    pkce = Pkce()
    chromium.open(site + authorize_path(tenant, pkce, redirect_uri=address, prompt="select_account"))
    wait_for(lambda: person in chromium.text)
    chromium.click("#continue")
    chromium.find("#done")
    redeem(http, tenant, came.get(timeout=30)["code"], pkce, redirect_uri=address).expect(200)

    chromium.open(f"{site}/{tenant}/oauth2/v2.0/logout")
    wait_for(lambda: "signed out" in chromium.text)
    chromium.open(site + authorize_path(tenant, pkce, redirect_uri=address, prompt="select_account"))
    chromium.find("#password")


def test_a_redirect_after_the_password(chromium, tenant, person, site, client):
    """The policy of the page lets the browser follow its form to the client."""
    address, _ = client
    chromium.open(f"{site}/{tenant}/oauth2/v2.0/logout")
    chromium.open(site + authorize_path(tenant, Pkce(), redirect_uri=address, response_mode="fragment", prompt="login"))
    fill_in(chromium, person, PASSWORD)
    wait_for(lambda: chromium.url.startswith(address) and "#code=" in chromium.url)


def test_a_person_signs_a_device_in(chromium, http, tenant, person, site):
    started = http.post(f"/{tenant}/oauth2/v2.0/devicecode", form={"client_id": AZ_CLIENT, "scope": ARM_USER_SCOPE}).expect(200).json()
    chromium.open(f"{site}/{tenant}/oauth2/v2.0/logout")
    chromium.open(site + "/devicelogin")
    chromium.type("#user_code", "XXXXXXXXX")
    chromium.click("#submit")
    wait_for(lambda: "not known" in chromium.text)
    chromium.type("#user_code", started["user_code"].lower())
    chromium.click("#submit")
    fill_in(chromium, person, PASSWORD)
    chromium.find("#cancel")
    wait_for(lambda: person in chromium.text and "Azure CLI" in chromium.text)
    chromium.click("#continue")
    wait_for(lambda: "You have signed in" in chromium.text)
    http.post(f"/{tenant}/oauth2/v2.0/token", form={"grant_type": "urn:ietf:params:oauth:grant-type:device_code", "client_id": AZ_CLIENT,
                                                    "device_code": started["device_code"]}).expect(200)


def test_the_page_is_in_no_frame(chromium, http, tenant, site, client):
    """Clickjacking: a page of somebody else shows nothing of it."""
    address, _ = client
    chromium.open(site + "/devicelogin")
    blocked = chromium.run("""
        const frame = document.createElement('iframe');
        frame.src = '/devicelogin';
        document.body.append(frame);
        return new Promise(done => { frame.onload = () => {
            try { done(frame.contentDocument === null || frame.contentDocument.querySelector('form') === null) }
            catch { done(true) } };
            setTimeout(() => done(true), 3000) });""")
    assert blocked


def test_no_script_runs_in_a_page(chromium, tenant, site):
    chromium.open(site + authorize_path(tenant, Pkce(), prompt="login", login_hint="\"><img src=x onerror=\"document.title='broken'\">"))
    assert chromium.run("return document.title") == "Sign in"
    assert chromium.run("return document.querySelectorAll('img').length") == 0
