"""/oauth2/exchange and /oauth2/token with every grant; Basic; the null GUID; what stands in the tokens."""

import base64
import json
import re
import time

import pytest

from harness import content, tokens
from harness.oci import NULL_USER, Oci, basic, error_codes
from harness.tokens import ARM_SCOPE, GRAPH_SCOPE, REGISTRY_SCOPE


@pytest.fixture
def nobody(first_registry):
    return first_registry.oci(mode="none")


@pytest.fixture
def pushed(oci, repository):
    manifest = content.image()
    oci.push(repository, manifest, "latest")
    return manifest


def exchange(nobody, **form):
    return nobody.post("/oauth2/exchange", form=form)


def refresh_token(nobody, login: str, entra: str, **more) -> str:
    return exchange(nobody, grant_type="access_token", service=login, access_token=entra, **more).expect(200).json()["refresh_token"]


def with_token(registry, token: str) -> Oci:
    return Oci(registry.http, registry.login_server, token, "token")


# Exchange

@pytest.mark.parametrize("scope", [ARM_SCOPE, REGISTRY_SCOPE, "https://management.core.windows.net//.default",
                                   "https://management.azure.com//.default"])
def test_exchange_of_a_directory_token(nobody, first_registry, owner, berth, scope):
    answer = exchange(nobody, grant_type="access_token", service=first_registry.login_server, tenant=berth.bootstrap.tenant_id,
                      access_token=owner.entra_token(scope))
    assert answer.status == 200, answer
    assert answer.json()["refresh_token"].count(".") == 2


def test_exchange_without_tenant_and_with_a_version_in_the_query(nobody, first_registry, owner):
    """The SDKs omit the one and append the other."""
    answer = nobody.post("/oauth2/exchange?api-version=2021-07-01", form={
        "grant_type": "access_token", "service": first_registry.login_server, "access_token": owner.entra_token()})
    assert answer.status == 200, answer


def test_exchange_refuses_other_audiences(nobody, first_registry, owner):
    answer = exchange(nobody, grant_type="access_token", service=first_registry.login_server,
                      access_token=owner.entra_token(GRAPH_SCOPE))
    assert answer.status == 401 and error_codes(answer) == ["UNAUTHORIZED"], answer


def test_exchange_under_the_policy_against_arm_tokens(nobody, new_registry, owner, arm):
    """azureADAuthenticationAsArmPolicy disabled: only tokens for the registry's own audience."""
    registry = new_registry(policies={"azureADAuthenticationAsArmPolicy": {"status": "disabled"}})
    client = registry.oci(mode="none")
    refused = exchange(client, grant_type="access_token", service=registry.login_server, access_token=owner.entra_token())
    assert refused.status == 401, refused
    refresh_token(client, registry.login_server, owner.entra_token(REGISTRY_SCOPE))
    arm.patch_registry(registry.name, properties={"policies": {"azureADAuthenticationAsArmPolicy": {"status": "enabled"}}}).expect(200, 201)
    refresh_token(client, registry.login_server, owner.entra_token())


@pytest.mark.parametrize("form", [
    {}, {"grant_type": "access_token"}, {"grant_type": "access_token", "access_token": ""}, {"grant_type": "other", "access_token": "x"},
    {"grant_type": "password", "username": "a", "password": "b"}, {"grant_type": ""}, {"access_token": "x"}])
def test_exchange_with_a_form_that_lacks_something(nobody, first_registry, form):
    answer = exchange(nobody, service=first_registry.login_server, **form)
    assert answer.status in (400, 401), answer
    assert error_codes(answer)


def test_exchange_refuses_garbage_with_a_correlation_id(nobody, first_registry):
    answer = exchange(nobody, grant_type="access_token", service=first_registry.login_server, access_token="garbage")
    assert answer.status == 401, answer
    [error] = answer.json()["errors"]
    assert error["code"] == "UNAUTHORIZED"
    assert "CorrelationId: " + answer.header("X-Ms-Correlation-Request-Id") in error["message"], answer


def test_exchange_gives_tokens_of_the_registry_that_was_asked(nobody, first_registry, owner):
    """Whatever `service` says: it is never another registry's."""
    answer = exchange(nobody, grant_type="access_token", service="other.example", access_token=owner.entra_token())
    _, claims = tokens.decode(answer.expect(200).json()["refresh_token"])
    assert claims["aud"] == first_registry.login_server


def test_exchange_is_for_every_identity_with_rights_or_without(nobody, first_registry, new_principal, repository):
    """The refusal comes at the resource, where clients print its reason."""
    stranger = new_principal()
    refresh = refresh_token(nobody, first_registry.login_server, stranger.entra_token())
    answer = nobody.post("/oauth2/token", form={"grant_type": "refresh_token", "service": first_registry.login_server,
                                                "scope": f"repository:{repository}:pull", "refresh_token": refresh})
    assert answer.status == 200, answer
    _, claims = tokens.decode(answer.json()["access_token"])
    assert [entry for entry in claims["access"] if entry["actions"]] == []
    refused = with_token(first_registry, answer.json()["access_token"]).get_manifest(repository, "latest")
    assert refused.status == 401 and 'error="insufficient_scope"' in refused.header("WWW-Authenticate"), refused


def test_exchange_refuses_a_disabled_identity(nobody, first_registry, new_principal, graph):
    principal = new_principal("AcrPull")
    entra = principal.entra_token()
    refresh = refresh_token(nobody, first_registry.login_server, entra)
    graph.call("PATCH", f"/servicePrincipals/{principal.object_id}", json={"accountEnabled": False}).expect(204)
    assert exchange(nobody, grant_type="access_token", service=first_registry.login_server, access_token=entra).status == 401
    assert nobody.post("/oauth2/token", form={"grant_type": "refresh_token", "service": first_registry.login_server,
                                              "scope": "repository:x:pull", "refresh_token": refresh}).status == 401


def test_exchange_refuses_a_deleted_identity(nobody, first_registry, new_principal, graph):
    principal = new_principal("AcrPull")
    entra = principal.entra_token()
    graph.call("DELETE", f"/servicePrincipals/{principal.object_id}").expect(204)
    assert exchange(nobody, grant_type="access_token", service=first_registry.login_server, access_token=entra).status == 401


# /oauth2/token

@pytest.fixture
def refresh(nobody, first_registry, owner):
    return refresh_token(nobody, first_registry.login_server, owner.entra_token())


def test_grant_refresh_token(nobody, first_registry, refresh, repository, pushed):
    answer = nobody.post("/oauth2/token", form={"grant_type": "refresh_token", "service": first_registry.login_server,
                                                "scope": f"repository:{repository}:pull", "refresh_token": refresh})
    assert answer.status == 200, answer
    client = with_token(first_registry, answer.json()["access_token"])
    assert client.get_manifest(repository, "latest").expect(200).body == pushed.data


def test_grant_password(nobody, first_registry, owner, refresh, repository, pushed):
    for user, password in (owner.credentials, (NULL_USER, refresh)):
        answer = nobody.post("/oauth2/token", form={"grant_type": "password", "service": first_registry.login_server,
                                                    "scope": f"repository:{repository}:pull", "username": user, "password": password})
        assert answer.status == 200, answer
        with_token(first_registry, answer.json()["access_token"]).get_manifest(repository, "latest").expect(200)


def test_get_with_basic(nobody, first_registry, owner, refresh, repository, pushed):
    """What docker does, with its extras."""
    for user, password in (owner.credentials, (NULL_USER, refresh)):
        answer = nobody.get(f"/oauth2/token?service={first_registry.login_server}&scope=repository:{repository}:pull&account={user}"
                            "&client_id=docker&offline_token=true", headers={"Authorization": basic(user, password)})
        assert answer.status == 200, answer
        with_token(first_registry, answer.json()["access_token"]).get_manifest(repository, "latest").expect(200)


def test_null_user_everywhere(nobody, first_registry, refresh, repository, pushed):
    """`docker login -u 00000000-… -p <refresh token>`, as az acr login does it, and directly on /v2."""
    headers = {"Authorization": basic(NULL_USER, refresh)}
    nobody.get("/v2/", headers=headers).expect(200)
    nobody.get_manifest(repository, "latest", headers=headers).expect(200)
    for garbage in ("garbage", "", "a.b.c"):
        refused = nobody.get("/v2/", headers={"Authorization": basic(NULL_USER, garbage)}).expect(401)
        assert "its password has to be a refresh token of this registry" in refused.json()["errors"][0]["message"]


def test_scope_may_be_repeated_and_hold_several(nobody, first_registry, owner, repository, pushed):
    one, two = f"repository:{repository}:pull", f"repository:{repository}/two:pull,push"
    for query in (f"scope={one}&scope={two}", f"scope={one}%20{two}", f"scope={one}+{two}", f"scope={one}&scope={two}&scope=registry:catalog:*"):
        answer = nobody.get(f"/oauth2/token?service={first_registry.login_server}&{query}", headers={"Authorization": basic(*owner.credentials)})
        client = with_token(first_registry, answer.expect(200).json()["access_token"])
        client.get_manifest(repository, "latest").expect(200)
        client.start_upload(f"{repository}/two").expect(202)


def test_token_without_a_scope(nobody, first_registry, owner):
    """docker login asks for none: the token says who, and opens GET /v2/."""
    answer = nobody.get(f"/oauth2/token?service={first_registry.login_server}", headers={"Authorization": basic(*owner.credentials)})
    with_token(first_registry, answer.expect(200).json()["access_token"]).get("/v2/").expect(200)


def test_wildcard_scope(nobody, first_registry, owner, repository, pushed):
    """acr-cli asks for `registry:catalog:* repository:*:*`."""
    answer = nobody.get(f"/oauth2/token?service={first_registry.login_server}&scope=registry:catalog:*%20repository:*:*",
                        headers={"Authorization": basic(*owner.credentials)})
    client = with_token(first_registry, answer.expect(200).json()["access_token"])
    client.get("/v2/_catalog").expect(200)
    client.get_manifest(repository, "latest").expect(200)
    client.start_upload(repository).expect(202)


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_bad_credentials_are_401(nobody, first_registry, owner, method):
    login = first_registry.login_server
    for user, password in ((owner.client_id, "wrong"), ("nobody", owner.secret), (NULL_USER, "garbage"), (NULL_USER, "")):
        if method == "GET":
            answer = nobody.get(f"/oauth2/token?service={login}&scope=repository:x:pull", headers={"Authorization": basic(user, password)})
        else:
            answer = nobody.post("/oauth2/token", form={"grant_type": "password", "service": login, "scope": "repository:x:pull",
                                                        "username": user, "password": password})
        assert answer.status == 401 and error_codes(answer) == ["UNAUTHORIZED"], answer


def test_bad_grants_are_refused(nobody, first_registry, refresh):
    login = first_registry.login_server
    for form, statuses in (({"grant_type": "refresh_token", "refresh_token": "garbage"}, (401,)),
                           ({"grant_type": "refresh_token", "refresh_token": refresh[:-3]}, (401,)),
                           ({"grant_type": "refresh_token"}, (400, 401)), ({"grant_type": "other"}, (400,)), ({}, (400,))):
        answer = nobody.post("/oauth2/token", form={"service": login, "scope": "repository:x:pull", **form})
        assert answer.status in statuses, answer
        assert error_codes(answer)


def test_nobody_gets_no_token_while_anonymous_pull_is_off(nobody, first_registry):
    login = first_registry.login_server
    assert nobody.get(f"/oauth2/token?service={login}&scope=repository:x:pull").status == 401
    assert nobody.post("/oauth2/token", form={"grant_type": "password", "service": login, "scope": "repository:x:pull"}).status == 401


# What a token is for

def test_what_was_asked_narrows_a_token(first_registry, owner, repository, pushed):
    client = first_registry.oci(owner)
    login = first_registry.login_server
    token = client.fetch_token(login, [f"repository:{repository}:pull"]).expect(200).json()["access_token"]
    narrowed = with_token(first_registry, token)
    narrowed.get_manifest(repository, "latest").expect(200)
    for answer in (narrowed.start_upload(repository), narrowed.delete(f"/v2/{repository}/manifests/latest"),
                   narrowed.get_manifest(f"{repository}/other", "latest"), narrowed.put_manifest(repository, "x", pushed.data)):
        assert answer.status == 401 and 'error="insufficient_scope"' in answer.header("WWW-Authenticate"), answer


def test_a_name_that_begins_alike_is_another(first_registry, owner, repository, pushed):
    client = first_registry.oci(owner)
    token = client.fetch_token(first_registry.login_server, [f"repository:{repository}:pull"]).expect(200).json()["access_token"]
    narrowed = with_token(first_registry, token)
    for name in (f"{repository}x", f"{repository}/x", repository[:-1]):
        assert narrowed.get_manifest(name, "latest").status == 401


def test_a_token_of_one_registry_is_none_at_another(first_registry, registry, owner, refresh):
    token = first_registry.oci(owner).fetch_token(first_registry.login_server, ["repository:x:pull"]).json()["access_token"]
    assert with_token(registry, token).get("/v2/").status == 401
    elsewhere = registry.oci(mode="none")
    assert elsewhere.get("/v2/", headers={"Authorization": basic(NULL_USER, refresh)}).status == 401
    assert elsewhere.post("/oauth2/token", form={"grant_type": "refresh_token", "service": registry.login_server,
                                                 "scope": "repository:x:pull", "refresh_token": refresh}).status == 401


def test_a_refresh_token_is_no_bearer_token(first_registry, refresh):
    assert with_token(first_registry, refresh).get("/v2/").status == 401


# What stands in a token (acr-data-plane section 1.5)

def test_claims_of_a_refresh_token(first_registry, refresh, owner):
    header, claims = tokens.decode(refresh)
    assert header["typ"] == "JWT" and header["alg"] == "ES256" and header["kid"]
    assert claims["iss"] == "Azure Container Registry"
    assert claims["aud"] == first_registry.login_server
    assert claims["grant_type"] == "refresh_token"
    assert claims["version"] == "1.0"
    assert re.fullmatch("[0-9a-f]{32}", claims["rid"])
    assert "aad_identity" not in claims, "acr-cli takes the registry for one with repository permissions"
    assert claims["nbf"] == claims["iat"] and claims["nbf"] <= time.time() - 14 * 60
    assert claims["exp"] - claims["nbf"] == 11_700
    assert claims["sub"] in (owner.object_id, owner.client_id)
    assert claims["permissions"]["actions"]


def test_claims_of_an_access_token(first_registry, owner, repository):
    answer = first_registry.oci(owner).fetch_token(first_registry.login_server, [f"repository:{repository}:pull,push"]).expect(200).json()
    _, claims = tokens.decode(answer["access_token"])
    assert claims["iss"] == "Azure Container Registry"
    assert claims["aud"] == first_registry.login_server
    assert claims["grant_type"] == "access_token"
    assert claims["exp"] - claims["nbf"] == 4_500
    [entry] = claims["access"]
    assert entry["type"] == "repository" and entry["name"] == repository and set(entry["actions"]) == {"pull", "push"}


def test_access_lists_what_is_granted(first_registry, new_principal, repository):
    puller = first_registry.oci(new_principal("AcrPull"))
    token = puller.fetch_token(first_registry.login_server, [f"repository:{repository}:pull,push,delete"]).expect(200).json()["access_token"]
    _, claims = tokens.decode(token)
    assert [entry["actions"] for entry in claims["access"]] == [["pull"]]


def test_payload_can_be_read_with_the_standard_alphabet(first_registry, owner, graph, arm, new_principal, refresh):
    """Azure's Go client decodes the payload so; characters that encode to - or _ stay out, whatever the names are."""
    strange = new_principal("AcrPull", name="žluťoučký ~?>>>???~~~ " + content.unique())
    payloads = [refresh.split(".")[1]]
    for principal in (owner, strange):
        for _ in range(10):
            token = first_registry.oci(principal).fetch_token(first_registry.login_server, [f"repository:{content.unique()}:pull"])
            payloads.append(token.expect(200).json()["access_token"].split(".")[1])
    for payload in payloads:
        assert "-" not in payload and "_" not in payload
        json.loads(base64.b64decode(payload + "=" * (-len(payload) % 4)))


def test_generated_secrets_do_not_begin_with_a_dash(graph, owner):
    application = graph.create_application(content.unique("app"))
    secrets = [graph.add_password(application["id"])["secretText"] for _ in range(40)]
    assert len(set(secrets)) == 40
    assert not any(secret.startswith("-") for secret in [owner.secret, *secrets])


def test_answers_that_carry_tokens_are_not_stored(nobody, first_registry, owner, berth, http):
    """RFC 6749 section 5.1."""
    answers = [exchange(nobody, grant_type="access_token", service=first_registry.login_server, access_token=owner.entra_token()),
               first_registry.oci(owner).fetch_token(first_registry.login_server, []),
               tokens.ask(http, berth.bootstrap.tenant_id, *owner.credentials)]
    for answer in answers:
        assert "no-store" in (answer.expect(200).header("Cache-Control") or ""), answer


# Basic on /v2

def test_basic_of_a_service_principal(first_registry, owner, repository, pushed):
    client = first_registry.oci(owner, "basic")
    client.get("/v2/").expect(200)
    client.push(repository, content.image(), "second")
    assert client.get_manifest(repository, "latest").expect(200).body == pushed.data


def test_basic_counts_a_removed_secret_at_once(first_registry, new_principal, graph, repository, pushed):
    principal = new_principal("AcrPull")
    second = graph.add_password(principal.application_id)
    client = Oci(first_registry.http, first_registry.login_server, (principal.client_id, second["secretText"]), "basic")
    for _ in range(3):
        client.get_manifest(repository, "latest").expect(200)
    graph.remove_password(principal.application_id, second["keyId"])
    assert client.get_manifest(repository, "latest").status == 401
    first_registry.oci(principal, "basic").get_manifest(repository, "latest").expect(200)


def test_basic_refuses_as_bearer_does(first_registry, new_principal, repository, pushed):
    client = first_registry.oci(new_principal("AcrPull"), "basic")
    client.get_manifest(repository, "latest").expect(200)
    refused = client.start_upload(repository)
    assert refused.status == 401 and 'error="insufficient_scope"' in refused.header("WWW-Authenticate"), refused


@pytest.mark.parametrize("value", ["Basic", "Basic ", "Basic !!!!", "Basic Og==", "Basic YQ==", "basic", "Negotiate abc", "Digest x", "Bearer",
                                   "Bearer ", "Bearer a b", "Bearer  x", "Token x", "", "AWS4-HMAC-SHA256 x"])
def test_authorization_that_cannot_be_read(nobody, value):
    answer = nobody.get("/v2/", headers={"Authorization": value})
    assert answer.status == 401, answer


def test_scheme_is_read_without_case(nobody, owner):
    value = basic(*owner.credentials).replace("Basic", "bASIC")
    nobody.get("/v2/", headers={"Authorization": value}).expect(200)
