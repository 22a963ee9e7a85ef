"""Registry permissions and repository permissions: which roles count where, and what a switch does to tokens."""

import pytest

from harness import challenge as challenges
from harness import content, tokens
from harness.content import digest_of
from harness.oci import NULL_USER, Oci

LEGACY, ABAC = "LegacyRegistryPermissions", "AbacRepositoryPermissions"

# What can be asked of the data plane, and its answers for who may and for who may not.
CALLS = {
    "pull": lambda oci: oci.get_manifest("image", "v1"),
    "pull blob": lambda oci: oci.get("/v2/image/blobs/" + digest_of(content.EMPTY_BLOB)),
    "referrers": lambda oci: oci.get("/v2/image/referrers/" + digest_of(content.EMPTY_BLOB)),
    "push": lambda oci: oci.start_upload("image"),
    "delete": lambda oci: oci.delete("/v2/image/manifests/none"),
    "tags": lambda oci: oci.get("/v2/image/tags/list"),
    "attributes": lambda oci: oci.get("/acr/v1/image"),
    "manifests": lambda oci: oci.get("/acr/v1/image/_manifests"),
    "lock": lambda oci: oci.patch("/acr/v1/image/_tags/v1", json={"writeEnabled": True}),
    "delete repository": lambda oci: oci.delete("/acr/v1/none"),
    "catalog": lambda oci: oci.get("/v2/_catalog"),
    "catalog of names": lambda oci: oci.get("/acr/v1/_catalog"),
}
PULL = {"pull", "pull blob", "referrers"}
PULL_LISTS = PULL | {"tags", "catalog", "catalog of names"}
READ_ATTRIBUTES = {"tags", "attributes", "manifests"}
DELETE = {"delete", "delete repository"}
CATALOG = {"catalog", "catalog of names"}
EVERYTHING = set(CALLS)
# With repository permissions everybody who is signed in gets the part of the catalog that they may read.
ROLES = {
    "AcrPull": (PULL_LISTS, CATALOG),
    "AcrPush": (PULL_LISTS | {"push"}, CATALOG),
    "AcrDelete": (DELETE, CATALOG),
    "Owner": (EVERYTHING, CATALOG),
    "Contributor": (EVERYTHING, CATALOG),
    "Reader": (PULL_LISTS | READ_ATTRIBUTES, CATALOG),
    "Container Registry Repository Reader": (set(), PULL | READ_ATTRIBUTES | CATALOG),
    "Container Registry Repository Writer": (set(), PULL | READ_ATTRIBUTES | CATALOG | {"push", "lock"}),
    "Container Registry Repository Contributor": (set(), EVERYTHING),
    "Container Registry Repository Catalog Lister": (set(), CATALOG),
}


def switch(arm, registry, mode: str) -> None:
    arm.patch_registry(registry.name, properties={"roleAssignmentMode": mode}).expect(200)


@pytest.fixture
def image(registry, owner):
    registry.oci(owner).push("image", content.image(), "v1")
    return registry


@pytest.mark.parametrize("role", ROLES)
def test_each_role_counts_in_its_mode(image, arm, new_principal, role):
    principal = new_principal(role, image.id)
    for mode, granted in zip((LEGACY, ABAC), ROLES[role]):
        switch(arm, image, mode)
        for way in ("basic", "bearer"):
            client = image.oci(principal, way)
            for name, call in CALLS.items():
                answer = call(client)
                if name in granted:
                    assert answer.status in (200, 202, 404), (mode, way, name, answer)
                else:
                    assert answer.status == 401, (mode, way, name, answer)
                    told = challenges.parse(answer.header("WWW-Authenticate"))
                    assert told.parameters["error"] == "insufficient_scope", (mode, way, name)


def test_the_catalog_of_who_may_list_it_all_grants_no_reading(image, arm, new_principal):
    switch(arm, image, ABAC)
    lister = image.oci(new_principal("Container Registry Repository Catalog Lister", image.id))
    assert lister.get("/v2/_catalog").expect(200).json()["repositories"] == ["image"]
    assert lister.get_manifest("image", "v1").status == 401
    for role in ("Owner", "AcrPull"):
        other = image.oci(new_principal(role, image.id))
        assert other.get("/v2/_catalog").expect(200).json()["repositories"] == []


def taken(registry, principal, *scopes: str) -> str:
    return registry.oci(principal).fetch_token(registry.login_server, scopes).expect(200).json()["access_token"]


def test_a_switch_ends_access_tokens_and_nothing_else(image, arm, owner, new_principal):
    principal = new_principal("AcrPull", image.id)
    arm.assign("Container Registry Repository Reader", principal.object_id, image.id)
    refresh = image.oci(mode="none").post("/oauth2/exchange", form={
        "grant_type": "access_token", "service": image.login_server,
        "access_token": principal.entra_token()}).expect(200).json()["refresh_token"]
    before = Oci(image.http, image.login_server, taken(image, principal, "repository:image:pull"), "token")
    going_on = {"basic": image.oci(principal, "basic"),
                "refresh token as password": Oci(image.http, image.login_server, (NULL_USER, refresh), "basic")}
    before.get_manifest("image", "v1").expect(200)
    seen = [before]
    for mode in (ABAC, LEGACY, ABAC):
        switch(arm, image, mode)
        for old in seen:
            answer = old.get_manifest("image", "v1")
            assert answer.status == 401, mode
            assert challenges.parse(answer.header("WWW-Authenticate")).parameters["error"] == "invalid_token"
        for name, client in going_on.items():
            assert client.get_manifest("image", "v1").status == 200, (mode, name)
        renewed = image.oci(mode="none").post("/oauth2/token", form={
            "grant_type": "refresh_token", "service": image.login_server, "scope": "repository:image:pull",
            "refresh_token": refresh}).expect(200).json()["access_token"]
        now = Oci(image.http, image.login_server, renewed, "token")
        now.get_manifest("image", "v1").expect(200)
        seen.append(now)
    # What changes nothing of the mode ends nothing.
    arm.patch_registry(image.name, properties={"roleAssignmentMode": ABAC}).expect(200)
    arm.patch_registry(image.name, tags={"a": "b"}).expect(200)
    seen[-1].get_manifest("image", "v1").expect(200)


def test_an_old_access_token_as_a_password_ends_too(image, arm, new_principal):
    principal = new_principal("AcrPull", image.id)
    arm.assign("Container Registry Repository Reader", principal.object_id, image.id)
    client = Oci(image.http, image.login_server, (NULL_USER, taken(image, principal, "repository:image:pull")), "basic")
    client.get_manifest("image", "v1").expect(200)
    switch(arm, image, ABAC)
    assert client.get_manifest("image", "v1").status == 401
    switch(arm, image, LEGACY)
    assert client.get_manifest("image", "v1").status == 401


def test_wildcard_repositories_count_with_registry_permissions_only(image, arm, new_principal):
    principal = new_principal("AcrPull", image.id)
    arm.assign("Container Registry Repository Reader", principal.object_id, image.id)
    for mode, status in ((LEGACY, 200), (ABAC, 401)):
        switch(arm, image, mode)
        token = taken(image, principal, "repository:*:pull", "registry:catalog:*")
        client = Oci(image.http, image.login_server, token, "token")
        answer = client.get_manifest("image", "v1")
        assert answer.status == status, mode
        if status == 401:
            told = challenges.parse(answer.header("WWW-Authenticate"))
            assert told.scope == "repository:image:pull" and told.parameters["error"] == "insufficient_scope"
            assert all(entry["name"] != "*" for entry in tokens.decode(token)[1]["access"])
        assert client.get("/v2/_catalog").expect(200).json()["repositories"] == ["image"], mode


def test_only_repository_permissions_show_an_aad_identity(image, arm, new_principal):
    principal = new_principal("AcrPull", image.id)
    for mode in (LEGACY, ABAC):
        switch(arm, image, mode)
        refresh = image.oci(mode="none").post("/oauth2/exchange", form={
            "grant_type": "access_token", "service": image.login_server,
            "access_token": principal.entra_token()}).expect(200).json()["refresh_token"]
        claims = tokens.decode(refresh)[1]
        assert ("aad_identity" in claims) == (mode == ABAC)


@pytest.mark.parametrize("mode,names", [(LEGACY, "'AcrPush'"), (ABAC, "'Container Registry Repository Writer'")])
def test_a_refusal_advises_a_role_of_the_mode_that_works(image, arm, new_principal, mode, names):
    switch(arm, image, mode)
    principal = new_principal()
    client = image.oci(principal, "basic")
    refused = client.start_upload("image").expect(401)
    message = refused.json()["errors"][0]["message"]
    assert names in message and principal.object_id in message and image.id in message, message
    arm.assign(names.strip("'"), principal.object_id, image.id)
    client.start_upload("image").expect(202)
