"""Programs that sign in without a secret: certificates, tokens of outside issuers (az-current section (b))."""

import base64
import hashlib
import subprocess
import time

import pytest

from harness.openid_provider import OpenIdProvider
from harness.tokens import ARM_SCOPE, REGISTRY_SCOPE, Key, assemble, decode, encode_part

JWT_BEARER = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


class Certificate:
    """A key with a certificate of its own."""

    def __init__(self, folder):
        folder.mkdir(parents=True, exist_ok=True)
        self.key = Key("RS256", folder)
        command = ["openssl", "req", "-x509", "-key", str(self.key.file), "-days", "30", "-subj", "/CN=robot", "-outform", "DER"]
        self.der = subprocess.run(command, check=True, capture_output=True).stdout

    def header(self, **more) -> dict:
        """As MSAL for Python writes it: `x5t` with padding."""
        return {"alg": "RS256", "typ": "JWT", "x5t": base64.urlsafe_b64encode(hashlib.sha1(self.der).digest()).decode(), **more}


def audience(berth) -> str:
    return f"{berth.http}/{berth.bootstrap.tenant_id}/oauth2/v2.0/token"


def claims_of(berth, client_id: str, **change) -> dict:
    """As MSAL for Python writes them: times with fractions."""
    now = time.time()
    claims = {"aud": audience(berth), "iss": client_id, "sub": client_id, "iat": now, "exp": now + 600, "jti": "x", **change}
    return {name: value for name, value in claims.items() if value is not None}


def ask(berth, http, client_id: str, assertion: str, scope: str = ARM_SCOPE, **more):
    form = {"grant_type": "client_credentials", "client_id": client_id, "client_assertion": assertion,
            "client_assertion_type": JWT_BEARER, "scope": scope, **more}
    return http.post(f"/{berth.bootstrap.tenant_id}/oauth2/v2.0/token", form=form)


@pytest.fixture
def robot(berth, owner, new_principal, tmp_path):
    """A principal with a certificate: (principal, certificate)."""
    principal = new_principal()
    certificate = Certificate(tmp_path / "robot")
    owner.graph.call("PATCH", f"/applications/{principal.application_id}", json={"keyCredentials": [
        {"type": "AsymmetricX509Cert", "usage": "Verify", "key": base64.b64encode(certificate.der).decode()}]}).expect(204)
    return principal, certificate


def test_a_certificate_signs_in(berth, http, robot):
    principal, certificate = robot
    digest = encode_part(hashlib.sha256(certificate.der).digest())
    lines = base64.encodebytes(certificate.der).decode()
    for header in (certificate.header(), certificate.header(x5t=encode_part(hashlib.sha1(certificate.der).digest())),
                   certificate.header(x5t=None, **{"x5t#S256": digest}), certificate.header(x5c=[lines]), certificate.header(x5c=lines)):
        header = {name: value for name, value in header.items() if value is not None}
        assertion = assemble(header, claims_of(berth, principal.client_id), certificate.key.sign)
        token = ask(berth, http, principal.client_id, assertion).expect(200).json()["access_token"]
        _, claims = decode(token)
        assert claims["oid"] == principal.object_id and claims["appid"] == principal.client_id


def test_what_a_certificate_does_not_prove(berth, http, robot, new_principal, tmp_path):
    principal, certificate = robot
    other, stranger = Certificate(tmp_path / "other"), new_principal()
    now = time.time()

    def refused(number: str, header: dict, claims: dict, key=certificate.key, client_id=principal.client_id):
        answer = ask(berth, http, client_id, assemble(header, claims, key.sign)).expect(401).json()
        assert answer["error"] == "invalid_client" and f"AADSTS{number}:" in answer["error_description"], answer

    good = claims_of(berth, principal.client_id)
    refused("700027", other.header(), good, other.key)  # a certificate that it does not have
    refused("700027", certificate.header(), good, other.key)  # another key signed
    refused("700027", certificate.header(x5c=[base64.b64encode(other.der).decode()]), good)
    refused("700027", {"alg": "RS256", "kid": "x"}, good)
    refused("700027", {**certificate.header(), "alg": "none"}, good)
    refused("700027", {**certificate.header(), "alg": "HS256"}, good)
    refused("50027", {**certificate.header(), "crit": ["x"]}, good)
    refused("700024", certificate.header(), {**good, "exp": now - 600})
    refused("700024", certificate.header(), {**good, "exp": now + 86_400})
    refused("700024", certificate.header(), {**good, "nbf": now + 3600})
    refused("700023", certificate.header(), {**good, "aud": "https://login.microsoftonline.com/common/oauth2/v2.0/token"})
    refused("700021", certificate.header(), claims_of(berth, stranger.client_id))
    refused("700027", certificate.header(), claims_of(berth, stranger.client_id), client_id=stranger.client_id)
    refused("50027", certificate.header(), {**good, "exp": "soon"})
    refused("50027", certificate.header(), {**good, "exp": None})
    for broken in ("x", "a.b.c", "..", "x" * 40_000):
        assert ask(berth, http, principal.client_id, broken).expect(401).json()["error"] == "invalid_client"
    both = ask(berth, http, principal.client_id, "x", client_secret=principal.secret)
    assert both.status == 400, both
    wrong_type = ask(berth, http, principal.client_id, "x", client_assertion_type="password")
    assert wrong_type.status == 401, wrong_type


def test_a_certificate_that_is_removed_ends_its_tokens(berth, http, owner, robot):
    principal, certificate = robot
    owner.arm.assign("Reader", principal.object_id, berth.bootstrap.subscription_scope)
    assertion = assemble(certificate.header(), claims_of(berth, principal.client_id), certificate.key.sign)
    token = ask(berth, http, principal.client_id, assertion).expect(200).json()["access_token"]
    bearer = {"Authorization": f"Bearer {token}"}
    assert http.get("/subscriptions?api-version=2022-12-01", headers=bearer).status == 200
    owner.graph.call("PATCH", f"/applications/{principal.application_id}", json={"keyCredentials": []}).expect(204)
    assert http.get("/subscriptions?api-version=2022-12-01", headers=bearer).status == 401
    assert ask(berth, http, principal.client_id, assertion).status == 401


# Tokens of outside issuers

@pytest.fixture
def issuer(tmp_path):
    provider = OpenIdProvider(tmp_path)
    yield provider
    provider.stop()


@pytest.fixture
def trusting(own_berth, issuer):
    """A server that trusts the issuer, and takes its tokens for `api://berth` as they are; its Owner; its Http."""
    from harness.http_client import Http
    from harness.identities import bootstrap_owner

    server = own_berth("--trusted-issuer", f"issuer={issuer.issuer},audience=api://berth", "--allow-outbound", "http://127.0.0.1")
    server.start()
    http = Http(server.http)
    return server, bootstrap_owner(http, server.bootstrap), http


def outside(issuer, key=None, kid="one", **change) -> str:
    now = int(time.time())
    claims = {"iss": issuer.issuer, "sub": "repo:octo/app:ref:refs/heads/main", "aud": "api://AzureADTokenExchange", "iat": now,
              "exp": now + 300, **change}
    return assemble({"alg": "RS256", "typ": "JWT", "kid": kid}, {n: v for n, v in claims.items() if v is not None},
                    (key or issuer.key).sign)


def federate(owner, application: str, provider, name="main", audience="api://AzureADTokenExchange", **change):
    return owner.graph.call("POST", f"/applications/{application}/federatedIdentityCredentials", json={
        "name": name, "issuer": provider.issuer, "subject": "repo:octo/app:ref:refs/heads/main", "audiences": [audience], **change})


def test_a_federated_token_signs_in(trusting, issuer, tmp_path):
    from harness.identities import new_principal as make

    berth, owner, http = trusting
    robot = make(owner.graph, "robot")
    token = outside(issuer)
    answer = ask(berth, http, robot.client_id, token).expect(401).json()
    assert "AADSTS700213:" in answer["error_description"] and "octo/app" in answer["error_description"]
    made = federate(owner, robot.application_id, issuer).expect(201).json()
    access = ask(berth, http, robot.client_id, token).expect(200).json()["access_token"]
    assert decode(access)[1]["oid"] == robot.object_id

    def refused(number: str, assertion: str, client_id=robot.client_id):
        answer = ask(berth, http, client_id, assertion).expect(401).json()
        assert f"AADSTS{number}:" in answer["error_description"], answer

    refused("700212", outside(issuer, aud="api://other"))
    refused("700213", outside(issuer, sub="repo:octo/app:ref:refs/heads/other"))
    refused("700213", token, make(owner.graph, "another").client_id)
    refused("700211", outside(issuer, iss="https://elsewhere.example"))
    refused("50027", outside(issuer, key=Key("RS256", tmp_path)))
    refused("50027", outside(issuer, kid="unknown"))
    refused("50027", outside(issuer, exp=int(time.time()) - 900))

    # What was made with the credential ends with it.
    owner.arm.assign("Reader", robot.object_id, berth.bootstrap.subscription_scope)
    bearer = {"Authorization": f"Bearer {access}"}
    assert http.get("/subscriptions?api-version=2022-12-01", headers=bearer).status == 200
    owner.graph.call("DELETE", f"/applications/{robot.application_id}/federatedIdentityCredentials/{made['id']}").expect(204)
    assert http.get("/subscriptions?api-version=2022-12-01", headers=bearer).status == 401
    refused("700213", token)


def test_life_of_a_federated_credential(trusting, issuer):
    from harness.identities import new_principal as make

    berth, owner, http = trusting
    robot = make(owner.graph, "robot")
    path = f"/applications/{robot.application_id}/federatedIdentityCredentials"
    made = federate(owner, robot.application_id, issuer, description="why").expect(201).json()
    assert made["name"] == "main" and made["audiences"] == ["api://AzureADTokenExchange"] and made["description"] == "why"
    for key in (made["id"], "main", "MAIN"):
        assert owner.graph.call("GET", f"{path}/{key}").expect(200).json()["id"] == made["id"]
    assert [one["name"] for one in owner.graph.call("GET", path).expect(200).json()["value"]] == ["main"]
    owner.graph.call("PATCH", f"{path}/main", json={"subject": "other"}).expect(204)
    assert owner.graph.call("GET", f"{path}/main").expect(200).json()["subject"] == "other"
    assert federate(owner, robot.application_id, issuer).status == 409  # the name
    assert federate(owner, robot.application_id, issuer, name="second", subject="other").status == 409
    for change in ({"name": "a b"}, {"issuer": "nowhere"}, {"subject": ""}, {"audiences": []}, {"audiences": ["a", "b"]}, {"name": 7}):
        assert federate(owner, robot.application_id, issuer, **{"name": "x1", "subject": "x1", **change}).status == 400, change
    assert owner.graph.call("GET", f"{path}/absent").status == 404
    assert robot.graph.call("GET", path).status == 403
    owner.graph.call("DELETE", f"{path}/main").expect(204)
    assert owner.graph.call("DELETE", f"{path}/main").status == 404


def test_an_outside_token_counts_as_it_is(trusting, issuer, tmp_path):
    """By ARM and by the exchange, for whom a federated credential names; what is made with it ends with it."""
    from harness.identities import new_principal as make

    berth, owner, http = trusting
    robot = make(owner.graph, "robot")
    federate(owner, robot.application_id, issuer, audience="api://berth").expect(201)
    owner.arm.assign("Reader", robot.object_id, berth.bootstrap.subscription_scope)
    end = int(time.time()) + 200
    token = outside(issuer, aud="api://berth", exp=end)

    def subscriptions(bearer: str):
        return http.get("/subscriptions?api-version=2022-12-01", headers={"Authorization": f"Bearer {bearer}"})

    assert len(subscriptions(token).expect(200).json()["value"]) == 1
    for wrong in (outside(issuer, aud="api://other"), outside(issuer, aud="api://berth", sub="nobody"), outside(issuer, aud="api://berth", kid="x"),
                  outside(issuer, aud="api://berth", key=Key("RS256", tmp_path)), outside(issuer, aud="api://berth", exp=end - 1000),
                  outside(issuer, aud="api://berth", iss="https://elsewhere.example")):
        assert subscriptions(wrong).status == 401
    assert owner.graph.call("GET", "/users", headers={"Authorization": f"Bearer {token}"}).status == 401  # Graph takes none

    def tokens_of(bearer: str):
        return http.post("/oauth2/exchange", form={"grant_type": "access_token", "service": "x", "access_token": bearer})

    refresh = tokens_of(token).expect(200).json()["refresh_token"]
    assert decode(refresh)[1]["exp"] <= end
    access = http.post("/oauth2/token", form={"grant_type": "refresh_token", "service": "x", "refresh_token": refresh,
                                              "scope": "registry:catalog:*"}).expect(200).json()["access_token"]
    assert decode(access)[1]["exp"] <= end
    assert tokens_of(outside(issuer, aud="api://other")).status == 401
    owner.graph.call("DELETE", f"/applications/{robot.application_id}/federatedIdentityCredentials/main").expect(204)
    assert subscriptions(token).status == 401
    assert http.post("/oauth2/token", form={"grant_type": "refresh_token", "service": "x", "refresh_token": refresh,
                                            "scope": "registry:catalog:*"}).status == 401


def subscriptions_of(http, bearer: str):
    return http.get("/subscriptions?api-version=2022-12-01", headers={"Authorization": f"Bearer {bearer}"})


def whose(http, token: str) -> str:
    """The object id of who the token is taken for: what `/oauth2/exchange` makes of it."""
    made = http.post("/oauth2/exchange", form={"grant_type": "access_token", "service": "x", "access_token": token}).expect(200)
    return decode(made.json()["refresh_token"])[1]["oid"]


def test_nobody_takes_the_tokens_of_another(trusting, issuer):
    """A token that is taken as it is stands for one: who claims it later is refused, in every way to claim it, and changes nothing."""
    from harness.identities import new_principal as make

    berth, owner, http = trusting
    first, second = make(owner.graph, "one"), make(owner.graph, "two")
    token = outside(issuer, aud="api://berth")
    kept = federate(owner, first.application_id, issuer, name="kept-by-one", audience="api://berth").expect(201).json()
    owner_of_it = whose(http, token)

    def claimed(answer, in_directory: bool = True) -> None:
        """Refused; whose they are is told to those who may read all applications, and to nobody else."""
        assert answer.status == 409, answer
        message = answer.json()["error"]["message"]
        assert "stand for another" in message
        assert all((word in message) == in_directory for word in ("'kept-by-one'", first.application_id)), message
        assert whose(http, token) == owner_of_it

    for audience in ("api://berth", "api://berth/"):
        claimed(federate(owner, second.application_id, issuer, audience=audience))
    # By changing one that was for others.
    path = f"/applications/{second.application_id}/federatedIdentityCredentials"
    for number, change in enumerate(({"subject": "other"}, {"audience": "api://other"}, {"issuer": "https://other.example"})):
        made = federate(owner, second.application_id, issuer, name=f"n{number}", **{"audience": "api://berth", **change}).expect(201).json()
        claimed(owner.graph.call("PATCH", f"{path}/{made['id']}", json={
            "issuer": issuer.issuer, "subject": kept["subject"], "audiences": ["api://berth"]}))
        owner.graph.call("PATCH", f"{path}/{made['id']}", json={"description": "still there"}).expect(204)
        owner.graph.call("DELETE", f"{path}/{made['id']}").expect(204)
    # By a user-assigned identity.
    identity = f"{berth.bootstrap.group_scope}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/claims"
    owner.arm.call("PUT", identity, "2024-11-30", json={"location": berth.bootstrap.location}).expect(201)
    body = {"properties": {"issuer": issuer.issuer, "subject": kept["subject"], "audiences": ["api://berth"]}}
    claimed(owner.arm.call("PUT", f"{identity}/federatedIdentityCredentials/main", "2024-11-30", json=body), False)
    body["properties"]["subject"] = "other"
    owner.arm.call("PUT", f"{identity}/federatedIdentityCredentials/main", "2024-11-30", json=body).expect(201)
    body["properties"]["subject"] = kept["subject"]
    claimed(owner.arm.call("PUT", f"{identity}/federatedIdentityCredentials/main", "2024-11-30", json=body), False)
    # The first may be changed in what does not matter, and given up: then it is free.
    mine = f"/applications/{first.application_id}/federatedIdentityCredentials/{kept['id']}"
    owner.graph.call("PATCH", mine, json={"name": "renamed", "description": "x"}).expect(204)
    assert whose(http, token) == owner_of_it
    owner.graph.call("DELETE", mine).expect(204)
    assert subscriptions_of(http, token).status == 401
    federate(owner, second.application_id, issuer, audience="api://berth").expect(201)
    assert whose(http, token) != owner_of_it


def test_who_may_make_identities_occupies_nobodys_tokens(trusting, issuer):
    """An administrator of the directory gives them to an application, whatever identity claimed them before."""
    from harness.identities import new_principal as make

    berth, owner, http = trusting
    contributor = make(owner.graph, "contributor")
    owner.arm.assign("Contributor", contributor.object_id, berth.bootstrap.group_scope)
    token = outside(issuer, aud="api://berth")
    body = {"properties": {"issuer": issuer.issuer, "subject": "repo:octo/app:ref:refs/heads/main", "audiences": ["api://berth"]}}
    squatters = []
    for name in ("squatter", "another"):
        path = f"{berth.bootstrap.group_scope}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/{name}"
        made = contributor.arm.call("PUT", path, "2024-11-30", json={"location": berth.bootstrap.location}).expect(201).json()
        squatters.append((made["properties"]["principalId"], f"{path}/federatedIdentityCredentials/main"))
    contributor.arm.call("PUT", squatters[0][1], "2024-11-30", json=body).expect(201)
    assert whose(http, token) == squatters[0][0]
    refused = contributor.arm.call("PUT", squatters[1][1], "2024-11-30", json=body).expect(409).json()["error"]["message"]
    assert squatters[0][0] not in refused
    # The directory decides, at once and for whatever the identity does then.
    first, second = make(owner.graph, "one"), make(owner.graph, "two")
    given = federate(owner, first.application_id, issuer, audience="api://berth").expect(201).json()
    assert whose(http, token) == first.object_id
    contributor.arm.call("PUT", squatters[0][1], "2024-11-30", json=body)
    assert whose(http, token) == first.object_id
    contributor.arm.call("DELETE", squatters[0][1], "2024-11-30").expect(200)
    refused = contributor.arm.call("PUT", squatters[0][1], "2024-11-30", json=body).expect(409).json()["error"]["message"]
    assert first.application_id not in refused and first.object_id not in refused
    assert federate(owner, second.application_id, issuer, audience="api://berth").status == 409
    owner.graph.call("DELETE", f"/applications/{first.application_id}/federatedIdentityCredentials/{given['id']}").expect(204)
    contributor.arm.call("PUT", squatters[0][1], "2024-11-30", json=body).expect(201)
    assert whose(http, token) == squatters[0][0]


def test_one_outside_subject_may_sign_in_as_several(trusting, issuer):
    """Where the client is named, as in Azure: the same subject may stand for two applications and an identity."""
    from harness.identities import new_principal as make

    berth, owner, http = trusting
    robots = [make(owner.graph, name) for name in ("one", "two")]
    for robot in robots:
        federate(owner, robot.application_id, issuer).expect(201)
    for robot in robots:
        access = ask(berth, http, robot.client_id, outside(issuer)).expect(200).json()["access_token"]
        assert decode(access)[1]["oid"] == robot.object_id
    identity = f"{berth.bootstrap.group_scope}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/third"
    made = owner.arm.call("PUT", identity, "2024-11-30", json={"location": berth.bootstrap.location}).expect(201).json()["properties"]
    assert ask(berth, http, made["clientId"], outside(issuer)).status == 401
    credential = f"{identity}/federatedIdentityCredentials/main"
    owner.arm.call("PUT", credential, "2024-11-30", json={"properties": {
        "issuer": issuer.issuer, "subject": "repo:octo/app:ref:refs/heads/main", "audiences": ["api://AzureADTokenExchange"]}}).expect(201)
    access = ask(berth, http, made["clientId"], outside(issuer)).expect(200).json()["access_token"]
    assert decode(access)[1]["oid"] == made["principalId"]
    owner.arm.call("DELETE", credential, "2024-11-30").expect(200)
    assert ask(berth, http, made["clientId"], outside(issuer)).status == 401
    assert subscriptions_of(http, access).status == 401
    # What a token is for beside berth says nothing of whose it is.
    assert subscriptions_of(http, outside(issuer, aud=["api://berth", "api://AzureADTokenExchange"])).status == 401


def test_who_was_first_when_tokens_are_taken_later(own_berth, issuer):
    """Two with the same, made while berth took no tokens as they are: the one counts that has stood for them longest. It is no use to
    have an old one and change it."""
    from harness.http_client import Http
    from harness.identities import bootstrap_owner, new_principal as make

    trust = f"issuer={issuer.issuer}"
    server = own_berth("--allow-outbound", "http://127.0.0.1", "--trusted-issuer", trust).start()
    http = Http(server.http)
    owner = bootstrap_owner(http, server.bootstrap)
    crafty, honest, later = (make(owner.graph, name) for name in ("crafty", "honest", "later"))
    old = federate(owner, crafty.application_id, issuer, audience="api://berth", subject="something else").expect(201).json()
    federate(owner, honest.application_id, issuer, audience="api://berth").expect(201)
    federate(owner, later.application_id, issuer, audience="api://berth").expect(201)
    owner.graph.call("PATCH", f"/applications/{crafty.application_id}/federatedIdentityCredentials/{old['id']}",
                     json={"subject": "repo:octo/app:ref:refs/heads/main"}).expect(204)
    # Others that are for something else do not hide it, however many there are.
    for number in range(12):
        federate(owner, make(owner.graph, f"n{number}").application_id, issuer, audience=f"api://{number}").expect(201)
    server.stop()
    server.flags[-1] = f"{trust},audience=api://berth"
    server.start()
    http = Http(server.http)
    assert whose(http, outside(issuer, aud="api://berth")) == honest.object_id
    assert whose(http, outside(issuer, aud=["account", "api://berth/"])) == honest.object_id


def test_an_issuer_that_does_not_answer(trusting, issuer):
    from harness.identities import new_principal as make

    berth, owner, http = trusting
    robot = make(owner.graph, "robot")
    federate(owner, robot.application_id, issuer).expect(201)
    token = outside(issuer)
    issuer.stop()
    assert ask(berth, http, robot.client_id, token).status == 503


def test_an_issuer_whose_metadata_is_anothers(trusting, issuer):
    from harness.identities import new_principal as make

    berth, owner, http = trusting
    issuer.metadata_issuer = "https://elsewhere.example"
    robot = make(owner.graph, "robot")
    federate(owner, robot.application_id, issuer).expect(201)
    assert ask(berth, http, robot.client_id, outside(issuer)).status == 503


@pytest.mark.parametrize("setting", ["", "issuer=", "issuer=nowhere", "issuer=https://a.example,colour=red", "audience=x",
                                     "issuer=https://a.example,issuer=https://b.example"])
def test_a_trusted_issuer_that_is_none_is_refused_at_start(own_berth, setting):
    server = own_berth("--trusted-issuer", setting or "=")
    with pytest.raises(Exception):
        server.start()
    assert "--trusted-issuer" in server.log
