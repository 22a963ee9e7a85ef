#pragma once

#include "gateway/permission.hpp"

/// What Graph's routes ask for, by Entra's own names. The directory role Global Administrator holds all of them; people who
/// are users of the directory hold those that read (Entra's default permissions of members), applications none. No role on
/// Azure resources reaches into the directory.
namespace berth::directory::permissions {

using gateway::Permission;

extern const Permission applications_create;
extern const Permission applications_read;
extern const Permission applications_update;
extern const Permission applications_delete;
extern const Permission applications_credentials;
extern const Permission applications_owners_read;
extern const Permission applications_owners_update;

extern const Permission service_principals_create;
extern const Permission service_principals_read;
extern const Permission service_principals_update;
extern const Permission service_principals_enable;
extern const Permission service_principals_disable;
extern const Permission service_principals_delete;
extern const Permission service_principals_credentials;
extern const Permission service_principals_owners_read;
extern const Permission service_principals_owners_update;
extern const Permission service_principals_owned_read;
extern const Permission service_principals_member_of_read;
extern const Permission service_principals_assignments_read;
extern const Permission service_principals_attributes_read;
extern const Permission service_principals_attributes_update;

extern const Permission groups_create;
extern const Permission groups_read;
extern const Permission groups_update;
extern const Permission groups_delete;
extern const Permission groups_members_read;
extern const Permission groups_members_update;
extern const Permission groups_member_of_read;
extern const Permission groups_owners_read;
extern const Permission groups_owners_update;

extern const Permission users_create;
extern const Permission users_read;
extern const Permission users_update;
extern const Permission users_enable;
extern const Permission users_disable;
extern const Permission users_password;
extern const Permission users_sessions;
extern const Permission users_delete;
extern const Permission users_member_of_read;
extern const Permission users_owned_read;
extern const Permission users_attributes_read;
extern const Permission users_attributes_update;

extern const Permission organization_read;
extern const Permission grants_read;
extern const Permission grants_create;
extern const Permission roles_read;
extern const Permission roles_members_read;
extern const Permission roles_members_update;

} // namespace berth::directory::permissions
