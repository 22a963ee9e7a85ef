#include "directory/graph_permissions.hpp"

namespace berth::directory::permissions {

using gateway::directory_permission;
using gateway::member_permission;

const Permission applications_create = directory_permission("microsoft.directory/applications/create");
const Permission applications_read = member_permission("microsoft.directory/applications/standard/read");
const Permission applications_update = directory_permission("microsoft.directory/applications/basic/update");
const Permission applications_delete = directory_permission("microsoft.directory/applications/delete");
const Permission applications_credentials = directory_permission("microsoft.directory/applications/credentials/update");

const Permission service_principals_create = directory_permission("microsoft.directory/servicePrincipals/create");
const Permission service_principals_read = member_permission("microsoft.directory/servicePrincipals/standard/read");
const Permission service_principals_update = directory_permission("microsoft.directory/servicePrincipals/basic/update");
const Permission service_principals_enable = directory_permission("microsoft.directory/servicePrincipals/enable");
const Permission service_principals_disable = directory_permission("microsoft.directory/servicePrincipals/disable");
const Permission service_principals_delete = directory_permission("microsoft.directory/servicePrincipals/delete");
const Permission service_principals_credentials =
    directory_permission("microsoft.directory/servicePrincipals/credentials/update");
const Permission service_principals_attributes_read =
    directory_permission("microsoft.directory/servicePrincipals/customSecurityAttributes/read");
const Permission service_principals_attributes_update =
    directory_permission("microsoft.directory/servicePrincipals/customSecurityAttributes/update");

const Permission groups_create = directory_permission("microsoft.directory/groups/create");
const Permission groups_read = member_permission("microsoft.directory/groups/standard/read");
const Permission groups_update = directory_permission("microsoft.directory/groups/basic/update");
const Permission groups_delete = directory_permission("microsoft.directory/groups/delete");
const Permission groups_members_read = member_permission("microsoft.directory/groups/members/read");
const Permission groups_members_update = directory_permission("microsoft.directory/groups/members/update");

const Permission users_create = directory_permission("microsoft.directory/users/create");
const Permission users_read = member_permission("microsoft.directory/users/standard/read");
const Permission users_update = directory_permission("microsoft.directory/users/basic/update");
const Permission users_enable = directory_permission("microsoft.directory/users/enable");
const Permission users_disable = directory_permission("microsoft.directory/users/disable");
const Permission users_password = directory_permission("microsoft.directory/users/password/update");
const Permission users_sessions = directory_permission("microsoft.directory/users/invalidateAllRefreshTokens");
const Permission users_delete = directory_permission("microsoft.directory/users/delete");
const Permission users_attributes_read = directory_permission("microsoft.directory/users/customSecurityAttributes/read");
const Permission users_attributes_update = directory_permission("microsoft.directory/users/customSecurityAttributes/update");

const Permission applications_owners_read = member_permission("microsoft.directory/applications/owners/read");
const Permission applications_owners_update = directory_permission("microsoft.directory/applications/owners/update");
const Permission service_principals_owners_read = member_permission("microsoft.directory/servicePrincipals/owners/read");
const Permission service_principals_owners_update = directory_permission("microsoft.directory/servicePrincipals/owners/update");
const Permission service_principals_owned_read = member_permission("microsoft.directory/servicePrincipals/ownedObjects/read");
const Permission service_principals_member_of_read = member_permission("microsoft.directory/servicePrincipals/memberOf/read");
const Permission service_principals_assignments_read =
    member_permission("microsoft.directory/servicePrincipals/appRoleAssignedTo/read");
const Permission groups_member_of_read = member_permission("microsoft.directory/groups/memberOf/read");
const Permission groups_owners_read = member_permission("microsoft.directory/groups/owners/read");
const Permission groups_owners_update = directory_permission("microsoft.directory/groups/owners/update");
const Permission users_member_of_read = member_permission("microsoft.directory/users/memberOf/read");
const Permission users_owned_read = member_permission("microsoft.directory/users/ownedObjects/read");
const Permission organization_read = member_permission("microsoft.directory/organization/standard/read");
const Permission grants_read = member_permission("microsoft.directory/oAuth2PermissionGrants/standard/read");
const Permission grants_create = directory_permission("microsoft.directory/oAuth2PermissionGrants/create");
const Permission roles_read = member_permission("microsoft.directory/directoryRoles/standard/read");
const Permission roles_members_read = member_permission("microsoft.directory/directoryRoles/members/read");
const Permission roles_members_update = directory_permission("microsoft.directory/directoryRoles/members/update");

} // namespace berth::directory::permissions
