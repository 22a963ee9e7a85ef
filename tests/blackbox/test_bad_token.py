"""Tokens that are none: forged, stolen from elsewhere, too old, too large. None of them opens anything."""

import hashlib
import hmac
import json
import time

import pytest

from harness import raw_http, tokens
from harness.clock import shifted
from harness.http_client import Http
from harness.identities import bootstrap_owner
from harness.oci import NULL_USER, Oci, basic, error_codes
from harness.tokens import ARM_SCOPE, GRAPH_SCOPE, REGISTRY_SCOPE, assemble, decode, encode_part, forge


@pytest.fixture(scope="module")
def keys(tmp_path_factory):
    folder = tmp_path_factory.mktemp("keys")
    return {kind: tokens.Key(kind, folder) for kind in ("RS256", "ES256")}


@pytest.fixture(scope="module")
def registry_token(first_registry, owner) -> str:
    return first_registry.oci(owner).fetch_token(first_registry.login_server, ["repository:a:pull", "registry:catalog:*"]) \
        .expect(200).json()["access_token"]


@pytest.fixture(scope="module")
def refresh_token(first_registry, owner) -> str:
    return first_registry.oci(mode="none").post("/oauth2/exchange", form={
        "grant_type": "access_token", "service": first_registry.login_server, "access_token": owner.entra_token()}) \
        .expect(200).json()["refresh_token"]


@pytest.fixture(scope="module")
def arm_token(owner) -> str:
    return owner.entra_token(ARM_SCOPE)


class Doors:
    """Every place that takes a token, and whether a token opens it."""

    def __init__(self, http, registry, facts):
        self.http, self.registry, self.facts = http, registry, facts

    def data_plane(self, token: str):
        nobody = self.registry.oci(mode="none")
        headers = {"Authorization": f"Bearer {token}"}
        return [nobody.get("/v2/", headers=headers), nobody.get("/v2/_catalog", headers=headers),
                nobody.get("/v2/a/manifests/latest", headers=headers)]

    def resource_manager(self, token: str):
        headers = {"Authorization": f"Bearer {token}"}
        return [self.http.get(f"{self.facts.registry_id}?api-version=2025-11-01", headers=headers)]

    def graph(self, token: str):
        return [self.http.get("/v1.0/applications", headers={"Authorization": f"Bearer {token}"})]

    def exchange(self, token: str):
        return [self.registry.oci(mode="none").post("/oauth2/exchange", form={
            "grant_type": "access_token", "service": self.registry.login_server, "access_token": token})]

    def refresh(self, token: str):
        login = self.registry.login_server
        nobody = self.registry.oci(mode="none")
        return [nobody.post("/oauth2/token", form={"grant_type": "refresh_token", "service": login, "scope": "repository:a:pull",
                                                   "refresh_token": token}),
                nobody.get(f"/oauth2/token?service={login}&scope=repository:a:pull", headers={"Authorization": basic(NULL_USER, token)}),
                nobody.get("/v2/", headers={"Authorization": basic(NULL_USER, token)})]

    def all_closed(self, token: str) -> None:
        for door in (self.data_plane, self.resource_manager, self.graph, self.exchange, self.refresh):
            for answer in door(token):
                assert answer.status == 401, f"{door.__name__}: {answer}"


@pytest.fixture(scope="module")
def doors(http, first_registry, berth):
    return Doors(http, first_registry, berth.bootstrap)


@pytest.fixture(scope="module")
def genuine(registry_token, refresh_token, arm_token, doors):
    """The three kinds, and that they do open their doors: what the refusals below are compared with."""
    assert [answer.status for answer in doors.data_plane(registry_token)][:2] == [200, 200]
    assert all(answer.status == 200 for answer in doors.refresh(refresh_token))
    assert all(answer.status == 200 for answer in doors.resource_manager(arm_token))
    return registry_token, refresh_token, arm_token


@pytest.mark.parametrize("name", ["none", "None", "NONE", "nOnE", "", None])
def test_algorithm_none(genuine, doors, name):
    for token in genuine:
        header, claims = decode(token)
        doors.all_closed(assemble({**header, "alg": name}, claims))
        without = {key: value for key, value in header.items() if key != "kid"}
        doors.all_closed(assemble({**without, "alg": name}, claims))


def test_another_key(genuine, doors, keys):
    for token in genuine:
        header, claims = decode(token)
        for key in keys.values():
            doors.all_closed(forge(header, claims, key))
            doors.all_closed(forge({"typ": "JWT"}, claims, key))


def test_key_in_the_header(genuine, doors, keys):
    """distribution CVE-2025-24976: the token says which key it wants to be checked with."""
    for token in genuine:
        header, claims = decode(token)
        for key in keys.values():
            jwk = key.public_jwk()
            doors.all_closed(forge({**header, "jwk": jwk}, claims, key))
            doors.all_closed(forge({"typ": "JWT", "jwk": jwk}, claims, key))
            doors.all_closed(forge({**header, "kid": "own", "jku": "https://keys.example/jwks", "x5u": "https://keys.example/x"}, claims, key))


def test_public_key_as_a_shared_secret(genuine, doors, berth, http):
    """RS256 taken for HS256: the published key signs."""
    metadata = http.get(f"/{berth.bootstrap.tenant_id}/v2.0/.well-known/openid-configuration").expect(200).json()
    published = http.get(metadata["jwks_uri"]).expect(200).json()["keys"]
    secrets = [json.dumps(key).encode() for key in published] + [key["n"].encode() for key in published if "n" in key] + [b""]
    for token in genuine:
        header, claims = decode(token)
        for secret in secrets:
            doors.all_closed(assemble({**header, "alg": "HS256"}, claims, lambda data: hmac.new(secret, data, hashlib.sha256).digest()))


@pytest.mark.parametrize("kid", ["../../etc/passwd", "' or 1=1 --", "", "x" * 3000, None, 5, ["a"], {"a": 1}])
def test_key_ids(genuine, doors, keys, kid):
    for token in genuine:
        header, claims = decode(token)
        doors.all_closed(forge({**header, "kid": kid}, claims, keys["ES256"]))


def test_changed_claims(genuine, doors):
    for token in genuine:
        head, _, signature = token.split(".")
        _, claims = decode(token)
        for name, value in (("exp", claims["exp"] + 100_000), ("sub", "someone"), ("oid", "00000000-0000-0000-0000-000000000001")):
            payload = encode_part(json.dumps({**claims, name: value}).encode())
            doors.all_closed(f"{head}.{payload}.{signature}")


def test_changed_signature(genuine, doors):
    for token in genuine:
        head, payload, signature = token.split(".")
        flipped = ("A" if signature[5] != "A" else "B")
        for changed in (signature[:5] + flipped + signature[6:], "", signature[:-4], signature + "AAAA", "A" * len(signature)):
            doors.all_closed(f"{head}.{payload}.{changed}")


@pytest.mark.parametrize("token", ["", ".", "..", "...", "a.b.c", "e30.e30.", "e30.e30.e30", "W10.W10.W10", "bnVsbA.bnVsbA.bnVsbA", "x" * 3000,
                                   "e30." * 500, "%00.%00.%00", "eyJhbGciOiJFUzI1NiJ9..x", "=.=.="], ids=lambda token: token[:12])
def test_text_that_is_no_token(doors, token):
    for door in (doors.data_plane, doors.resource_manager, doors.graph, doors.exchange, doors.refresh):
        for answer in door(token):
            assert answer.status == 401, f"{door.__name__}: {answer}"


def test_claims_of_another_kind(genuine, doors, keys):
    """Claims that are missing or of another kind, in tokens that only we have signed: refused without a fault."""
    for token in genuine:
        header, claims = decode(token)
        for name in claims:
            doors.all_closed(forge(header, {key: value for key, value in claims.items() if key != name}, keys["ES256"]))
        for value in (None, [], {}, -1, 10**30, "x" * 500):
            doors.all_closed(forge(header, {key: value for key in claims}, keys["ES256"]))
        for payload in (b"[]", b"null", b"{", b"\xff", b'{"exp":1,"exp":9999999999}'):
            data = f"{encode_part(json.dumps(header).encode())}.{encode_part(payload)}"
            doors.all_closed(f"{data}.{encode_part(keys['ES256'].sign(data.encode()))}")


def test_a_token_of_another_kind(genuine, doors, owner):
    """Each kind opens its own door only."""
    registry_token, refresh, arm_token = genuine
    graph_token, acr_token = owner.entra_token(GRAPH_SCOPE), owner.entra_token(REGISTRY_SCOPE)
    for token, closed in ((registry_token, (doors.resource_manager, doors.graph, doors.exchange)),
                          (refresh, (doors.data_plane, doors.resource_manager, doors.graph, doors.exchange)),
                          (arm_token, (doors.data_plane, doors.graph, doors.refresh)),
                          (graph_token, (doors.data_plane, doors.resource_manager, doors.exchange, doors.refresh)),
                          (acr_token, (doors.resource_manager, doors.graph, doors.refresh))):
        for door in closed:
            for answer in door(token):
                assert answer.status == 401, f"{door.__name__}: {answer}"


def test_wrong_audience_is_named(http, berth, owner):
    """azure-rbac-and-arm section 4.2."""
    answer = http.get(f"{berth.bootstrap.registry_id}?api-version=2025-11-01",
                      headers={"Authorization": f"Bearer {owner.entra_token(GRAPH_SCOPE)}"})
    error = answer.expect(401).json()["error"]
    assert error["code"] == "InvalidAuthenticationTokenAudience"
    assert "https://graph.microsoft.com" in error["message"] and "https://management.azure.com" in error["message"]


# Size

def test_long_token_that_fits_into_a_head_is_401(doors):
    token = "e30." + "a" * 20_000 + ".c"
    for answer in (*doors.data_plane(token), *doors.resource_manager(token)):
        assert answer.status == 401, answer


def test_token_of_one_mebibyte_in_a_head(berth, first_registry):
    token = b"a" * (1 << 20)
    for target in (b"/v2/", b"/subscriptions?api-version=2022-12-01"):
        answer = raw_http.send(berth.http, b"GET " + target + b" HTTP/1.1\r\nHost: " + first_registry.login_server.encode()
                               + b"\r\nAuthorization: Bearer " + token + b"\r\n\r\n")
        assert answer.status == 431 and answer.closed, answer


def test_token_of_one_mebibyte_in_a_form(doors, first_registry):
    nobody = first_registry.oci(mode="none")
    token = "a" * (1 << 20)
    for path, field in (("/oauth2/exchange", {"grant_type": "access_token", "access_token": token}),
                        ("/oauth2/token", {"grant_type": "refresh_token", "refresh_token": token, "scope": "repository:a:pull"}),
                        ("/oauth2/token", {"grant_type": "password", "username": NULL_USER, "password": token, "scope": "repository:a:pull"})):
        answer = nobody.post(path, form={"service": first_registry.login_server, **field})
        assert answer.status == 413, answer
        assert error_codes(answer)


def test_many_scopes_have_a_limit(first_registry, owner):
    client = first_registry.oci(owner)
    answer = client.fetch_token(first_registry.login_server, [f"repository:r{number}:pull,push,delete" for number in range(500)])
    assert answer.status == 400, answer
    assert error_codes(answer)


@pytest.mark.parametrize("scope", ["", "x", "repository", "repository:", "repository::", "repository:a", ":::", "repository:../..:pull",
                                   "repository:a:pull:push:delete", "repository:A:pull", "repository:a%00:pull", "registry:catalog", "*:*:*",
                                   "repository(plugin):a:pull", "repository:localhost:5000/a:pull", "repository:a:" + "pull," * 500])
def test_scopes_of_other_forms(first_registry, owner, scope):
    """They grant nothing and break nothing."""
    client = first_registry.oci(owner)
    answer = client.fetch_token(first_registry.login_server, [scope]).expect(200)
    token = Oci(first_registry.http, first_registry.login_server, answer.json()["access_token"], "token")
    assert token.start_upload("b").status == 401


def test_two_authorization_headers(berth, first_registry, owner):
    line = f"Authorization: {basic(*owner.credentials)}\r\n"
    for second in (line, "Authorization: Bearer garbage\r\n"):
        answer = raw_http.send(berth.http, (f"GET /v2/ HTTP/1.1\r\nHost: {first_registry.login_server}\r\n{second}{line}"
                                            "Connection: close\r\n\r\n").encode())
        assert answer.status == 400, answer


# Time

def test_expired_tokens(own_berth):
    """Signed by the server itself, two days ago."""
    past = own_berth(variables=shifted("-2d")).start()
    facts = past.bootstrap
    client = Http(past.http)
    owner = bootstrap_owner(client, facts)
    arm_token, graph_token = owner.entra_token(), owner.entra_token(GRAPH_SCOPE)
    login = facts.login_server
    nobody = Oci(client, login, mode="none")
    refresh = nobody.post("/oauth2/exchange", form={"grant_type": "access_token", "service": login, "access_token": arm_token}) \
        .expect(200).json()["refresh_token"]
    access = nobody.post("/oauth2/token", form={"grant_type": "refresh_token", "service": login, "scope": "registry:catalog:*",
                                                "refresh_token": refresh}).expect(200).json()["access_token"]
    assert decode(access)[1]["exp"] < time.time() - 86_400
    nobody.get("/v2/_catalog", headers={"Authorization": f"Bearer {access}"}).expect(200)
    client.close()
    past.stop()

    present = own_berth(data=past.data).start()
    facts = present.bootstrap
    client = Http(present.http)
    nobody = Oci(client, facts.login_server, mode="none")
    assert nobody.get("/v2/_catalog", headers={"Authorization": f"Bearer {access}"}).status == 401
    assert nobody.get("/v2/", headers={"Authorization": basic(NULL_USER, refresh)}).status == 401
    assert nobody.post("/oauth2/token", form={"grant_type": "refresh_token", "service": facts.login_server, "scope": "registry:catalog:*",
                                              "refresh_token": refresh}).status == 401
    assert nobody.post("/oauth2/exchange", form={"grant_type": "access_token", "service": facts.login_server,
                                                 "access_token": arm_token}).status == 401
    answer = client.get(f"{facts.registry_id}?api-version=2025-11-01", headers={"Authorization": f"Bearer {arm_token}"})
    assert answer.status == 401 and answer.json()["error"]["code"] == "ExpiredAuthenticationToken", answer
    assert client.get("/v1.0/applications", headers={"Authorization": f"Bearer {graph_token}"}).status == 401
    # The clock is what differs: a fresh one opens.
    bootstrap_owner(client, facts).arm.get_registry(facts.registry_name).expect(200)
    client.close()
    present.stop()
