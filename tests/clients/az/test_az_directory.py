"""az ad: users, groups, applications and service principals."""

import pytest

from harness.content import unique

PASSWORD = "Correct-Horse-1"


@pytest.fixture
def person(az):
    """A user of the directory, deleted at the end."""
    name = unique("person")
    made = az(f"ad user create --display-name {name} --user-principal-name {name}@berth.localhost --password {PASSWORD}")
    yield made
    az.run(f"ad user delete --id {made['id']}")


def test_people_are_made_found_changed_and_deleted(az, person):
    upn = person["userPrincipalName"]
    assert az(f"ad user show --id {upn}")["id"] == person["id"]
    assert [found["id"] for found in az(f"ad user list --upn {upn}")] == [person["id"]]
    assert [found["id"] for found in az(f"ad user list --display-name {person['displayName']}")] == [person["id"]]
    assert person["id"] in [found["id"] for found in az("ad user list")]
    az(f"ad user update --id {upn} --display-name Renamed --account-enabled false")
    assert az(f"ad user show --id {upn}")["displayName"] == "Renamed"
    az(f"ad user delete --id {upn}")
    assert upn in az.refused(f"ad user show --id {upn}")
    assert az.refused(f"ad user create --display-name x --user-principal-name no-at-sign --password {PASSWORD}")


def test_groups_have_members_and_owners(az, cloud, person):
    outer, inner = unique("outer"), unique("inner")
    for name in (outer, inner):
        az(f"ad group create --display-name {name} --mail-nickname {name}")
    inner_id = az(f"ad group show -g {inner}")["id"]
    az(f"ad group member add -g {inner} --member-id {person['id']}")
    az(f"ad group member add -g {outer} --member-id {inner_id}")
    assert [found["id"] for found in az(f"ad group member list -g {inner}")] == [person["id"]]
    assert az(f"ad group member check -g {inner} --member-id {person['id']}") == {"value": True}
    assert az(f"ad group member check -g {inner} --member-id {cloud.owner.object_id}") == {"value": False}
    assert az(f"ad group get-member-groups -g {inner}")
    assert az(f"ad user get-member-groups --id {person['id']}")
    az(f"ad group owner add -g {outer} --owner-object-id {person['id']}")
    assert [found["id"] for found in az(f"ad group owner list -g {outer}")] == [person["id"]]
    az(f"ad group owner remove -g {outer} --owner-object-id {person['id']}")
    az(f"ad group member remove -g {inner} --member-id {person['id']}")
    assert az(f"ad group member list -g {inner}") == []
    assert [found["displayName"] for found in az(f"ad group list --display-name {outer}")] == [outer]
    for name in (outer, inner):
        az(f"ad group delete -g {name}")
    assert outer in az.refused(f"ad group show -g {outer}")


def test_applications_and_their_credentials(az):
    name = unique("app")
    made = az(f"ad app create --display-name {name} --web-redirect-uris https://app.example/signed-in")
    app = made["appId"]
    assert [found["appId"] for found in az(f"ad app list --display-name {name}")] == [app]
    assert az(f"ad app show --id {app}")["web"]["redirectUris"] == ["https://app.example/signed-in"]
    az(f"ad app update --id {app} --display-name {name}-2")
    assert az(f"ad app show --id {app}")["displayName"] == f"{name}-2"
    secret = az(f"ad app credential reset --id {app} --append --display-name second")
    assert secret["password"]
    keys = az(f"ad app credential list --id {app}")
    assert [key["displayName"] for key in keys] == ["second"]
    az(f"ad app credential delete --id {app} --key-id {keys[0]['keyId']}")
    assert az(f"ad app credential list --id {app}") == []
    az(f"ad app delete --id {app}")
    assert app in az.refused(f"ad app show --id {app}")


def test_applications_have_owners(az, person):
    app = az(f"ad app create --display-name {unique('app')}")["appId"]
    az(f"ad app owner add --id {app} --owner-object-id {person['id']}")
    assert person["id"] in [found["id"] for found in az(f"ad app owner list --id {app}")]
    az(f"ad app owner remove --id {app} --owner-object-id {person['id']}")
    assert person["id"] not in [found["id"] for found in az(f"ad app owner list --id {app}")]


def test_service_principals(az, cloud):
    app = az(f"ad app create --display-name {unique('app')}")["appId"]
    made = az(f"ad sp create --id {app}")
    assert made["appId"] == app
    assert az(f"ad sp show --id {app}")["id"] == made["id"]
    assert [found["id"] for found in az(f"ad sp list --display-name {made['displayName']}")] == [made["id"]]
    assert az(f"ad sp list --filter \"appId eq '{app}'\"")[0]["id"] == made["id"]
    assert az(f"ad sp credential reset --id {app}")["password"]
    assert len(az(f"ad sp credential list --id {app}")) == 1
    assert az(f"ad sp owner list --id {app}") == []
    az(f"ad sp update --id {app} --set accountEnabled=false")
    assert az(f"ad sp show --id {app}")["accountEnabled"] is False
    az(f"ad sp delete --id {app}")
    assert app in az.refused(f"ad sp show --id {app}")


def test_a_federated_credential_of_an_application(az, write):
    app = az(f"ad app create --display-name {unique('app')}")["appId"]
    document = {"name": "main", "issuer": "https://token.example/", "subject": "repo:team/app:ref:refs/heads/main",
                "audiences": ["api://AzureADTokenExchange"], "description": "the main branch"}
    made = az(f"ad app federated-credential create --id {app} --parameters @{write(document)}")
    assert made["subject"] == document["subject"]
    assert [found["name"] for found in az(f"ad app federated-credential list --id {app}")] == ["main"]
    az(f"ad app federated-credential update --id {app} --federated-credential-id main --parameters @{write(document | {'subject': 'other'})}")
    assert az(f"ad app federated-credential show --id {app} --federated-credential-id main")["subject"] == "other"
    az(f"ad app federated-credential delete --id {app} --federated-credential-id main")
    assert az(f"ad app federated-credential list --id {app}") == []


def test_a_program_with_a_certificate_is_made(az, fresh_az, cloud, registry):
    made = az(f"ad sp create-for-rbac -n {unique('sp')} --create-cert --role Reader --scopes {cloud.scope}")
    fresh = fresh_az()
    fresh(f"login --service-principal -u {made['appId']} --certificate {made['fileWithCertAndPrivateKey']} --tenant {made['tenant']}")
    assert registry.name in [found["name"] for found in fresh("acr list")]


def test_who_may_not_change_the_directory_is_told_so(sign_in, new_principal, cloud):
    stranger = sign_in(new_principal("Reader", cloud.scope))
    told = stranger.refused(f"ad group create --display-name {unique('g')} --mail-nickname g")
    assert "privileges" in told.lower(), told
