"""Requests a minute of an identity, an address and a registry; failed logins: docs/reliability.md, "Under load"."""

import time

import pytest

from harness import content, identities
from harness.graph import Graph
from harness.http_client import Http
from harness.oci import Oci, basic


@pytest.fixture
def limited(own_berth):
    """limited(*flags) -> (server, its owner, its listener)"""

    def make(*flags: str):
        server = own_berth(*flags).start()
        http = Http(server.http)
        return server, identities.bootstrap_owner(http, server.bootstrap), http

    return make


def retry_after(answer) -> int:
    """A refusal has to say when to come again."""
    assert answer.status == 429, answer
    seconds = int(answer.header("Retry-After"))
    assert 1 <= seconds <= 60, answer
    return seconds


def assert_registry_shape(answer) -> None:
    retry_after(answer)
    [error] = answer.json()["errors"]
    assert error["code"] == "TOOMANYREQUESTS" and error["message"].startswith("Too many requests"), answer
    assert answer.header("Docker-Distribution-Api-Version") == "registry/2.0" or "oauth2" in answer.request
    assert answer.header("WWW-Authenticate") is None, "a client must not ask for another token"


def count_until_refused(call, most: int = 60) -> int:
    for count in range(most):
        answer = call()
        if answer.status == 429:
            assert_registry_shape(answer)
            return count
        assert answer.status < 500, answer
    return most


def test_each_identity_has_its_own_budgets(limited):
    server, owner, http = limited("--rate-limit-identity", "read=12,write=8,delete=5,referrers=2")
    login_server = server.bootstrap.login_server
    second = identities.new_principal(Graph(http, server.bootstrap, *owner.credentials), content.unique("sp"))
    owner.arm.assign("AcrPull", second.object_id, server.bootstrap.registry_id)
    one, other = (Oci(http, login_server, who.credentials, "basic") for who in (owner, second))

    digest = one.push_blob("app", b"x" * 100)  # two writes: POST and PUT
    read = lambda client: client.get(f"/v2/app/blobs/{digest}")
    assert count_until_refused(lambda: one.get(f"/v2/app/referrers/{digest}")) == 2
    assert count_until_refused(lambda: read(one)) == 10, "listing referrers is reading too"
    assert count_until_refused(lambda: one.post("/v2/app/blobs/uploads/")) == 6
    assert count_until_refused(lambda: one.delete(f"/v2/app/manifests/{content.random_digest()}")) == 5
    assert count_until_refused(lambda: read(other)) == 12, "somebody else's requests are not this one's"

    # ARM has its own budget, its own shape, and the same numbers.
    answers = [owner.arm.get_registry(server.bootstrap.registry_name) for _ in range(15)]
    refused = [answer for answer in answers if answer.status == 429]
    assert refused and [answer.status for answer in answers].index(429) <= 12
    assert refused[0].json()["error"]["code"] == "TooManyRequests", refused[0]
    retry_after(refused[0])

    measures = http.get("/metrics").expect(200).body.decode()
    for kind in ("read", "write", "delete", "referrers"):
        assert f'berth_limited_requests_total{{budget="identity",kind="{kind}"}}' in measures
    assert http.get("/berth/v1/ready").status == 200, "health is not limited"


def test_it_goes_on_after_the_time_that_the_refusal_names(limited):
    server, owner, http = limited("--rate-limit-identity", "read=30")
    client = Oci(http, server.bootstrap.login_server, owner.credentials, "basic")
    assert 30 <= count_until_refused(lambda: client.get("/v2/")) <= 33
    refused = client.get("/v2/")
    if refused.status == 429:
        assert retry_after(refused) <= 2, "one of thirty a minute is free after two seconds"
        time.sleep(retry_after(refused))
        assert client.get("/v2/").status == 200


def test_an_address_is_limited_before_anybody_looks_at_credentials(limited):
    server, _, http = limited("--rate-limit-address", "read=10,oauth=3", "--trusted-proxy", "127.0.0.1")
    oci = Oci(http, server.bootstrap.login_server, None, "none")

    def challenged(address: str):
        return oci.get("/v2/", headers={"X-Forwarded-For": address})

    assert count_until_refused(lambda: challenged("192.0.2.1")) == 10
    assert challenged("192.0.2.2").status == 401
    assert count_until_refused(lambda: challenged("2001:db8::1")) == 10
    assert challenged("2001:db8::ffff").status == 429, "one host has a whole /64"
    assert challenged("2001:db8:0:1::1").status == 401
    token = lambda: oci.get(f"/oauth2/token?service={server.bootstrap.login_server}",
                            headers={"X-Forwarded-For": "192.0.2.3"})
    assert count_until_refused(token) == 3


def test_a_registry_has_one_budget_for_all_callers(limited):
    server, owner, http = limited("--rate-limit-registry", "write=6")
    client = Oci(http, server.bootstrap.login_server, owner.credentials, "basic")
    second = identities.new_principal(Graph(http, server.bootstrap, *owner.credentials), content.unique("sp"))
    owner.arm.assign("AcrPush", second.object_id, server.bootstrap.registry_id)
    other = Oci(http, server.bootstrap.login_server, second.credentials, "basic")
    first = [client.post("/v2/app/blobs/uploads/").status for _ in range(4)]
    assert first == [202] * 4
    assert count_until_refused(lambda: other.post("/v2/app/blobs/uploads/")) == 2
    assert client.get("/v2/").status == 200


def test_nobody_uses_up_a_registrys_budget_for_others(limited):
    """Not who is unknown, nor who gives a wrong secret, nor who may not do what they ask."""
    server, owner, http = limited("--rate-limit-registry", "read=4,write=3,oauth=5")
    host = server.bootstrap.login_server
    stranger = identities.new_principal(Graph(http, server.bootstrap, *owner.credentials), content.unique("sp"))
    nobody, without_rights = Oci(http, host, None, "none"), Oci(http, host, stranger.credentials, "basic")
    token = f"/oauth2/token?service={host}&scope=repository:app:pull"
    for _ in range(20):
        nobody.get("/v2/app/tags/list").expect(401)
        nobody.post("/v2/app/blobs/uploads/").expect(401)
        nobody.get(token).expect(401)
        nobody.post("/oauth2/token", form={"grant_type": "password", "service": host}).expect(401)
        nobody.post("/oauth2/exchange", form={"grant_type": "access_token", "access_token": "wrong"}).expect(401)
        nobody.get(token, headers={"Authorization": basic(stranger.client_id, "wrong")}).expect(401)
        without_rights.get("/v2/app/tags/list").expect(401)
        without_rights.post("/v2/app/blobs/uploads/").expect(401)
    client = Oci(http, host, owner.credentials, "basic")
    assert count_until_refused(lambda: client.get("/v2/app/tags/list")) == 4
    assert count_until_refused(lambda: client.post("/v2/app/blobs/uploads/")) == 3
    good = {"Authorization": basic(*owner.credentials)}
    assert count_until_refused(lambda: nobody.get(token, headers=good)) == 5


def test_failed_logins_stop_logging_in_from_that_address(limited):
    server, owner, http = limited("--failed-logins-per-minute", "5", "--trusted-proxy", "127.0.0.1")
    login_server = server.bootstrap.login_server
    here, elsewhere = {"X-Forwarded-For": "192.0.2.1"}, {"X-Forwarded-For": "192.0.2.2"}
    oci = Oci(http, login_server, None, "none")
    path = f"/oauth2/token?service={login_server}&scope=repository:app:pull"
    good = {"Authorization": basic(*owner.credentials)}
    bad = {"Authorization": basic(owner.client_id, "wrong-" + content.unique())}
    bearer = {"Authorization": "Bearer " + oci.get(path, headers=good | here).expect(200).json()["access_token"]}

    assert count_until_refused(lambda: oci.get(path, headers=bad | here)) == 5
    assert_registry_shape(oci.get(path, headers=good | here))
    assert_registry_shape(oci.get("/v2/", headers=good | here))
    assert_registry_shape(oci.post("/oauth2/exchange", form={"grant_type": "access_token"}, headers=here))
    sign_in = http.post(f"/{server.bootstrap.tenant_id}/oauth2/v2.0/token", headers=here,
                        form={"grant_type": "client_credentials", "client_id": owner.client_id,
                              "client_secret": owner.secret, "scope": "https://management.azure.com/.default"})
    retry_after(sign_in)
    assert sign_in.json()["error"] == "temporarily_unavailable"
    assert oci.get("/v2/", headers=bearer | here).status == 200, "tokens that were given before go on"
    assert oci.get("/v2/", headers=good | elsewhere).status == 200
    assert 'berth_limited_requests_total{budget="failed_logins"' in http.get("/metrics").body.decode()


def test_by_default_nothing_but_failed_logins_is_limited(own_berth):
    server = own_berth(limits_logins=True).start()
    http = Http(server.http)
    owner = identities.bootstrap_owner(http, server.bootstrap)
    oci = Oci(http, server.bootstrap.login_server, owner.credentials, "basic")
    assert {oci.get("/v2/").status for _ in range(1500)} == {200}
    bad = {"Authorization": basic(owner.client_id, "wrong")}
    statuses = [oci.get("/v2/", headers=bad).status for _ in range(900)]
    assert set(statuses) == {401, 429}
    # Ten more become free each second that this takes.
    assert statuses.index(429) >= 600


@pytest.mark.parametrize(("flag", "value"), [
    ("--rate-limit-identity", "reads=5"), ("--rate-limit-identity", "oauth=5"), ("--rate-limit-address", "read=-1"),
    ("--rate-limit-registry", "read"), ("--failed-logins-per-minute", "-1"), ("--connections", "0"),
    ("--body-rate", "0")])
def test_a_limit_that_means_nothing_ends_the_start(own_berth, flag, value):
    code, said = own_berth(flag, value).run_to_end()
    assert code != 0 and flag in said, said
