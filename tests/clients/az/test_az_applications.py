"""az ad and az role assignment with the options that change more than a name: properties of applications, permissions,
passwords, and assignments to people and groups by name."""

import pytest

from harness.content import unique

PASSWORD = "Correct-Horse-1"
GRAPH = "00000003-0000-0000-c000-000000000000"
READ_USER = "e1fe6dd8-ba31-4d61-89e7-88639da4683d"


@pytest.fixture
def app(az):
    """An application, deleted at the end."""
    made = az(f"ad app create --display-name {unique('app')}")
    yield made["appId"]
    az.run(f"ad app delete --id {made['appId']}")


def test_an_application_with_all_that_can_be_said_of_it(az, write):
    name, uri = unique("app"), f"api://{unique('app')}"
    roles = [{"allowedMemberTypes": ["User"], "description": "reads", "displayName": "Reader", "isEnabled": True, "value": "read"}]
    claims = {"idToken": [{"name": "auth_time", "essential": False}], "accessToken": [], "saml2Token": []}
    resources = [{"resourceAppId": GRAPH, "resourceAccess": [{"id": READ_USER, "type": "Scope"}]}]
    made = az(f"ad app create --display-name {name} --identifier-uris {uri} --is-fallback-public-client true "
              f"--sign-in-audience AzureADMyOrg --requested-access-token-version 2 --web-home-page-url https://app.example "
              f"--web-redirect-uris https://app.example/a https://app.example/b --public-client-redirect-uris http://localhost "
              f"--enable-id-token-issuance true --enable-access-token-issuance false --app-roles @{write(roles)} "
              f"--optional-claims @{write(claims)} --required-resource-accesses @{write(resources)}")
    shown = az(f"ad app show --id {uri}")
    assert shown["id"] == made["id"] and shown["identifierUris"] == [uri] and shown["isFallbackPublicClient"] is True
    assert shown["web"]["redirectUris"] == ["https://app.example/a", "https://app.example/b"]
    assert shown["web"]["homePageUrl"] == "https://app.example" and shown["publicClient"]["redirectUris"] == ["http://localhost"]
    assert shown["web"]["implicitGrantSettings"] == {"enableAccessTokenIssuance": False, "enableIdTokenIssuance": True}
    assert shown["api"]["requestedAccessTokenVersion"] == 2 and shown["appRoles"][0]["value"] == "read"
    assert shown["optionalClaims"]["idToken"][0]["name"] == "auth_time"
    assert shown["requiredResourceAccess"][0]["resourceAccess"] == [{"id": READ_USER, "type": "Scope"}]
    assert [found["id"] for found in az(f"ad app list --identifier-uri {uri}")] == [made["id"]]

    az(f"ad app update --id {uri} --web-redirect-uris https://app.example/c --set notes=kept")
    shown = az(f"ad app show --id {uri}")
    assert shown["web"]["redirectUris"] == ["https://app.example/c"] and shown["web"]["homePageUrl"] == "https://app.example"
    assert shown["notes"] == "kept"
    again = az(f"ad app create --display-name {name} --sign-in-audience AzureADMultipleOrgs")
    assert again["id"] == made["id"] and again["signInAudience"] == "AzureADMultipleOrgs", "az changes the one of that name"

    principal = az(f"ad sp create --id {uri}")
    assert principal["servicePrincipalNames"] == [made["appId"], uri]
    assert az(f"ad sp show --id {uri}")["appRoles"][0]["value"] == "read"
    assert "already" in az.refused(f"ad app create --display-name {unique('app')} --identifier-uris {uri}")
    assert "redirectUris" in az.refused(f"ad app update --id {uri} --web-redirect-uris http://elsewhere.example")
    az(f"ad app delete --id {uri}")


def test_permissions_that_an_application_asks_for(az, app):
    az(f"ad app permission add --id {app} --api {GRAPH} --api-permissions {READ_USER}=Scope")
    assert az(f"ad app permission list --id {app}") == [
        {"resourceAppId": GRAPH, "resourceAccess": [{"id": READ_USER, "type": "Scope"}]}]
    az(f"ad app permission delete --id {app} --api {GRAPH}")
    assert az(f"ad app permission list --id {app}") == []
    az(f"ad sp create --id {app}")
    assert az(f"ad app permission list-grants --id {app}") == []
    assert "consent" in az.refused(f"ad app permission grant --id {app} --api {app} --scope read")


def test_certificates_beside_secrets(az, app):
    made = az(f"ad app credential reset --id {app} --create-cert --display-name first")
    az(f"ad app credential reset --id {app} --create-cert --append --display-name second")
    keys = az(f"ad app credential list --id {app} --cert")
    assert sorted(key["displayName"] for key in keys) == ["first", "second"] and made["fileWithCertAndPrivateKey"]
    first = next(key for key in keys if key["displayName"] == "first")
    az(f"ad app credential delete --id {app} --cert --key-id {first['keyId']}")
    assert [key["displayName"] for key in az(f"ad app credential list --id {app} --cert")] == ["second"]
    assert az(f"ad app credential list --id {app}") == []


def test_a_person_gets_a_new_password_and_another_name(az):
    name = unique("person")
    made = az(f"ad user create --display-name {name} --user-principal-name {name}@berth.localhost --password {PASSWORD} "
              f"--mail-nickname {name} --immutable-id {name}")
    az(f"ad user update --id {made['id']} --password {PASSWORD}-2 --mail-nickname other --force-change-password-next-sign-in false")
    assert az(f"ad user list --filter \"mailNickname eq 'other' and displayName eq '{name}'\" --query [].id") == [made["id"]]
    told = az.refused(f"ad user update --id {made['id']} --password {PASSWORD}-3 --force-change-password-next-sign-in true")
    assert "forceChangePasswordNextSignIn" in told
    assert "8 to 256" in az.refused(f"ad user update --id {made['id']} --password short")
    az(f"ad user delete --id {made['id']}")


def test_assignments_to_people_and_groups_by_name(az, registry):
    name = unique("person")
    upn = f"{name}@berth.localhost"
    made = az(f"ad user create --display-name {name} --user-principal-name {upn} --password {PASSWORD}")
    az(f"role assignment create --assignee {upn} --role AcrPull --scope {registry.id}")
    listed = az(f"role assignment list --assignee {upn} --scope {registry.id}")
    assert [(one["principalName"], one["principalType"], one["roleDefinitionName"]) for one in listed] == [(upn, "User", "AcrPull")]
    group = az(f"ad group create --display-name {name} --mail-nickname {name} --description words")
    again = az(f"ad group create --display-name {name} --mail-nickname {name}")
    assert again["id"] == group["id"] and again["description"] == "words", "az finds the one of that name"
    az(f"ad group member add -g {group['id']} --member-id {made['id']}")
    az(f"role assignment create --assignee {group['id']} --role AcrPush --scope {registry.id}")
    through = az(f"role assignment list --assignee {upn} --include-groups --scope {registry.id}")
    assert sorted(one["roleDefinitionName"] for one in through) == ["AcrPull", "AcrPush"]
    assert az(f"ad user get-member-groups --id {upn}") == [{"displayName": name, "id": group["id"]}]
    az(f"role assignment delete --assignee {upn} --scope {registry.id}")
    az(f"ad group delete -g {group['id']}")
    az(f"ad user delete --id {upn}")
    assert upn in az.refused(f"role assignment create --assignee {upn} --role AcrPull --scope {registry.id}")


def test_create_for_rbac_again_is_the_same_program(az, fresh_az, registry):
    name = unique("sp")
    first = az(f"ad sp create-for-rbac -n {name} --role AcrPull --scopes {registry.id}")
    second = az(f"ad sp create-for-rbac -n {name} --role AcrPull --scopes {registry.id}")
    assert first["appId"] == second["appId"] and first["password"] != second["password"]
    assert fresh_az().refused(
        f"login --service-principal -u {first['appId']} -p {first['password']} --tenant {first['tenant']} --allow-no-subscriptions")
    signed_in = fresh_az()
    signed_in(f"login --service-principal -u {second['appId']} -p {second['password']} --tenant {second['tenant']} --allow-no-subscriptions")
    assert az(f"ad sp show --id {first['appId']}")["displayName"] == name
