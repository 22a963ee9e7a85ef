"""az role: definitions, assignments in all their forms, and what a refusal says."""

import uuid

import pytest

from harness.arm import ROLES
from harness.content import image, unique

PULL, PUSH = ROLES["AcrPull"], ROLES["AcrPush"]


@pytest.fixture
def custom_role(cloud):
    """A role document as people write it for az, and its name."""
    name = unique("role")
    return {"Name": name, "IsCustom": True, "Description": "Pulls images", "Actions": ["Microsoft.ContainerRegistry/registries/pull/read"],
            "NotActions": [], "DataActions": [], "NotDataActions": [], "AssignableScopes": [cloud.scope]}


def test_built_in_roles_are_found(az, cloud):
    found = az("role definition list --name AcrPull")
    assert [(role["name"], role["roleType"]) for role in found] == [(PULL, "BuiltInRole")]
    assert found[0]["permissions"][0]["actions"] == ["Microsoft.ContainerRegistry/registries/pull/read"]
    assert az(f"role definition show --name {PULL} --scope {cloud.scope}")["roleName"] == "AcrPull"
    names = [role["roleName"] for role in az("role definition list --query [].{roleName:roleName}")]
    assert {"Owner", "Contributor", "Reader", *ROLES} <= set(names)


def test_a_custom_role_lives(az, write, custom_role):
    name = custom_role["Name"]
    made = az(f"role definition create --role-definition @{write(custom_role)}")
    assert made["roleType"] == "CustomRole"
    assert [role["roleName"] for role in az(f"role definition list --custom-role-only --name {name}")] == [name]
    changed = custom_role | {"Description": "Pulls and pushes", "Actions": [*custom_role["Actions"], "Microsoft.ContainerRegistry/registries/push/write"]}
    assert az(f"role definition update --role-definition @{write(changed)}")["description"] == "Pulls and pushes"
    assert "RoleDefinitionWithSameNameExists" in az.refused(f"role definition create --role-definition @{write(custom_role)}")
    az(f"role definition delete --name {name}")
    assert az(f"role definition list --name {name}") == []


@pytest.mark.parametrize(("member", "value", "told"), [
    ("Actions", ["Microsoft.ContainerRegistry/registries/fly/action"], "InvalidActionOrNotAction"),
    ("AssignableScopes", [], "assignable"),
    ("AssignableScopes", ["/subscriptions/00000000-0000-0000-0000-000000000001"], "AuthorizationFailed"),
])
def test_a_wrong_role_is_refused(az, write, custom_role, member, value, told):
    assert told in az.refused(f"role definition create --role-definition @{write(custom_role | {member: value})}")


def test_a_role_that_somebody_holds_is_not_deleted(az, write, custom_role, new_principal, registry):
    name = custom_role["Name"]
    az(f"role definition create --role-definition @{write(custom_role)}")
    principal = new_principal()
    az(f'role assignment create --assignee {principal.client_id} --role {name} --scope {registry.id}')
    assert "RoleDefinitionHasAssignments" in az.refused(f"role definition delete --name {name}")
    az(f"role assignment delete --assignee {principal.client_id} --role {name} --scope {registry.id}")
    az(f"role definition delete --name {name}")


def test_an_assignment_counts_at_once(az, cloud, new_principal, registry):
    """By client id, by object id with and without its type, and by role name or GUID."""
    registry.oci(cloud.owner).push("app", image(), reference="1")
    for assignee in ("--assignee {0.client_id}", "--assignee-object-id {0.object_id}",
                     "--assignee-object-id {0.object_id} --assignee-principal-type ServicePrincipal"):
        principal = new_principal()
        registry.oci(principal).get_manifest("app", "1").expect(401)
        made = az(f"role assignment create {assignee.format(principal)} --role AcrPull --scope {registry.id}")
        assert made["principalId"] == principal.object_id and made["roleDefinitionId"].endswith(PULL)
        registry.oci(principal).get_manifest("app", "1").expect(200)
        az(f"role assignment delete --ids {made['id']}")
        registry.oci(principal).get_manifest("app", "1").expect(401)


def test_assignments_are_listed_in_every_way(az, cloud, new_principal, registry):
    principal = new_principal("AcrPull", registry.id)
    cloud.owner.arm.assign("Reader", principal.object_id, cloud.scope)
    who = principal.client_id

    def roles(words: str) -> list[str]:
        return sorted(found["roleDefinitionName"] for found in az(f"role assignment list {words}"))

    assert roles(f"--assignee {who} --all") == ["AcrPull", "Reader"]
    assert roles(f"--assignee {who} --scope {registry.id}") == ["AcrPull"]
    assert roles(f"--assignee {who} --scope {registry.id} --include-inherited") == ["AcrPull", "Reader"]
    assert roles(f"--assignee {who} --scope {registry.id} --include-inherited --role AcrPull") == ["AcrPull"]
    assert roles(f"--assignee {who}") == ["Reader"]
    assert "Owner" in roles("--all")
    plain = az(f"role assignment list --scope {registry.id} --fill-principal-name false --fill-role-definition-name false")
    assert principal.object_id in [found["principalId"] for found in plain]


def test_members_of_a_group_hold_what_it_holds(az, cloud, new_principal, registry):
    principal, group = new_principal(), unique("group")
    made = az(f"ad group create --display-name {group} --mail-nickname {group}")
    az(f"role assignment create --assignee-object-id {made['id']} --assignee-principal-type Group --role AcrPull --scope {registry.id}")
    az(f"ad group member add -g {group} --member-id {principal.object_id}")
    registry.oci(cloud.owner).push("app", image(), reference="1")
    registry.oci(principal).get_manifest("app", "1").expect(200)
    found = az(f"role assignment list --assignee {principal.client_id} --include-groups --scope {registry.id} --include-inherited")
    assert [item["principalId"] for item in found] == [made["id"]]


def test_an_assignment_with_a_condition_is_changed(az, cloud, new_principal, registry, write):
    principal = new_principal()
    condition = ("((!(ActionMatches{'Microsoft.ContainerRegistry/registries/repositories/content/read'})) OR "
                 "(@Request[Microsoft.ContainerRegistry/registries/repositories:name] StringEquals 'one'))")
    role = "Container Registry Repository Reader"
    words = f'role assignment create --assignee {principal.client_id} --role "{role}" --scope {registry.id}'
    made = az(f'{words} --condition "{condition}" --condition-version 2.0 --description first')
    assert made["condition"] == condition and made["description"] == "first"
    changed = az(f"role assignment update --role-assignment @{write(made | {'description': 'second'})}")
    assert changed["description"] == "second" and changed["condition"] == condition
    assert az.refused(f'{words.replace(registry.id, cloud.scope)} --condition "one is not two" --condition-version 2.0')


def test_the_same_assignment_again_is_the_first_one(az, new_principal, registry):
    words = f"role assignment create --assignee {new_principal().client_id} --role AcrPull --scope {registry.id}"
    assert az(words)["id"] == az(words)["id"]


def test_assignments_to_nobody_and_of_nothing_are_refused(az, new_principal, registry):
    create = f"role assignment create --scope {registry.id}"
    nobody = str(uuid.uuid4())
    assert nobody in az.refused(f"{create} --role AcrPull --assignee {nobody}")
    assert "PrincipalNotFound" in az.refused(f"{create} --role AcrPull --assignee-object-id {nobody}")
    assert "no-such-role" in az.refused(f"{create} --role no-such-role --assignee {new_principal().client_id}")


def test_who_may_not_give_roles_is_told_so(sign_in, new_principal, registry):
    contributor = sign_in(new_principal("Contributor", registry.id))
    told = contributor.refused(f"role assignment create --assignee-object-id {new_principal().object_id} "
                               f"--assignee-principal-type ServicePrincipal --role {PUSH} --scope {registry.id}")
    assert "AuthorizationFailed" in told and "Microsoft.Authorization/roleAssignments/write" in told


def test_deny_assignments_and_changes_are_listed(az, new_principal, registry):
    az(f"role assignment create --assignee {new_principal().client_id} --role AcrPull --scope {registry.id} -o none")
    assert az("role deny-assignment list") == []
    assert registry.id.lower() in str(az("role assignment list-changelogs")).lower()


def test_a_program_is_made_with_its_role(az, fresh_az, cloud, registry):
    """create-for-rbac, then the new one signs in with what it printed."""
    made = az(f"ad sp create-for-rbac -n {unique('sp')} --role AcrPush --scopes {registry.id}")
    assert made["tenant"] == cloud.tenant
    fresh = fresh_az()
    fresh(f"login --service-principal -u {made['appId']} -p {made['password']} --tenant {made['tenant']} --allow-no-subscriptions")
    assert fresh(f"acr login -n {registry.name} --expose-token")["accessToken"]
    az(f"ad sp delete --id {made['appId']}")
