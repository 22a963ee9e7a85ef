#include "base/strict_json.hpp"
#include "directory/graph_routes.hpp"
#include "directory/graph_type.hpp"
#include "identity/group_claim.hpp"
#include "tenant/directory_properties.hpp"
#include "tenant/directory_store.hpp"
#include "tenant/outside_group_store.hpp"

#include <boost/json/array.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace berth::directory {
namespace {

using boost::json::value;
using gateway::Context;
using storage::Session;
using tenant::PrincipalKind;
using enum Meaning;
using enum Shape;

// Applications (Graph's resource type `application`).

constexpr std::array<std::string_view, 4> audiences{"AzureADMyOrg", "AzureADMultipleOrgs", "AzureADandPersonalMicrosoftAccount",
                                                    "PersonalMicrosoftAccount"};

constexpr Property implicit_grants[] = {{.name = "enableAccessTokenIssuance", .shape = flag, .initial = "false"},
                                        {.name = "enableIdTokenIssuance", .shape = flag, .initial = "false"}};
constexpr Property web[] = {
    {.name = "homePageUrl", .shape = address, .limit = 2048},
    {.name = "logoutUrl", .shape = address},
    {.name = "redirectUris", .shape = redirect_address, .is_list = true, .initial = "[]"},
    {.name = "implicitGrantSettings", .shape = Shape::object, .initial = "{}", .members = implicit_grants}};
constexpr Property single_page[] = {{.name = "redirectUris", .shape = redirect_address, .is_list = true, .initial = "[]"}};
constexpr Property public_client[] = {{.name = "redirectUris", .shape = native_address, .is_list = true, .initial = "[]"}};
constexpr Property permission_scopes[] = {{.name = "adminConsentDescription", .limit = 2048},
                                          {.name = "adminConsentDisplayName"},
                                          {.name = "id", .shape = guid},
                                          {.name = "isEnabled", .shape = flag, .initial = "true"},
                                          {.name = "origin"},
                                          {.name = "type", .initial = "\"User\""},
                                          {.name = "userConsentDescription", .limit = 2048},
                                          {.name = "userConsentDisplayName"},
                                          {.name = "value"}};
constexpr Property pre_authorized[] = {{.name = "appId", .shape = guid},
                                       {.name = "delegatedPermissionIds", .shape = guid, .is_list = true, .initial = "[]"}};
constexpr Property api[] = {
    {.name = "acceptMappedClaims", .shape = flag},
    {.name = "knownClientApplications", .shape = guid, .is_list = true, .initial = "[]"},
    {.name = "oauth2PermissionScopes", .shape = Shape::object, .is_list = true, .initial = "[]", .members = permission_scopes},
    {.name = "preAuthorizedApplications", .shape = Shape::object, .is_list = true, .initial = "[]", .members = pre_authorized},
    {.name = "requestedAccessTokenVersion", .shape = integer, .limit = 2}};
constexpr Property application_roles[] = {{.name = "allowedMemberTypes", .is_list = true, .initial = "[]"},
                                          {.name = "description", .limit = 1024},
                                          {.name = "displayName"},
                                          {.name = "id", .shape = guid},
                                          {.name = "isEnabled", .shape = flag, .initial = "true"},
                                          {.name = "origin", .initial = "\"Application\""},
                                          {.name = "value"}};
constexpr Property resource_access[] = {{.name = "id", .shape = guid}, {.name = "type"}};
constexpr Property required_resources[] = {
    {.name = "resourceAppId", .shape = guid},
    {.name = "resourceAccess", .shape = Shape::object, .is_list = true, .initial = "[]", .members = resource_access}};
constexpr Property optional_claim[] = {{.name = "additionalProperties", .is_list = true, .initial = "[]"},
                                       {.name = "essential", .shape = flag, .initial = "false"},
                                       {.name = "name"},
                                       {.name = "source"}};
constexpr Property optional_claims[] = {
    {.name = "accessToken", .shape = Shape::object, .is_list = true, .initial = "[]", .members = optional_claim},
    {.name = "idToken", .shape = Shape::object, .is_list = true, .initial = "[]", .members = optional_claim},
    {.name = "saml2Token", .shape = Shape::object, .is_list = true, .initial = "[]", .members = optional_claim}};
constexpr Property information[] = {{.name = "logoUrl", .shape = address},
                                    {.name = "marketingUrl", .shape = address},
                                    {.name = "privacyStatementUrl", .shape = address},
                                    {.name = "supportUrl", .shape = address},
                                    {.name = "termsOfServiceUrl", .shape = address}};

constexpr Property application_properties[] = {
    {.name = "api", .shape = Shape::object, .initial = "{}", .members = api},
    {.name = "appRoles", .shape = Shape::object, .is_list = true, .initial = "[]", .members = application_roles},
    {.name = "description", .limit = 1024},
    {.name = "groupMembershipClaims"},
    {.name = "identifierUris", .shape = address, .is_list = true, .initial = "[]"},
    {.name = "info", .shape = Shape::object, .initial = "{}", .members = information},
    {.name = "isDeviceOnlyAuthSupported", .shape = flag},
    {.name = "isFallbackPublicClient", .shape = flag},
    {.name = "notes", .limit = 1024},
    {.name = "optionalClaims", .shape = Shape::object, .members = optional_claims},
    {.name = "publicClient", .shape = Shape::object, .initial = "{}", .members = public_client},
    {.name = "requiredResourceAccess", .shape = Shape::object, .is_list = true, .initial = "[]", .members = required_resources},
    {.name = "serviceManagementReference"},
    {.name = "signInAudience", .initial = "\"AzureADMyOrg\"", .words = audiences},
    {.name = "spa", .shape = Shape::object, .initial = "{}", .members = single_page},
    {.name = "tags", .is_list = true, .initial = "[]"},
    {.name = "web", .shape = Shape::object, .initial = "{}", .members = web}};
constexpr Meaning application_meanings[] = {display_name, key_credentials};
constexpr std::string_view application_read_only[] = {
    "id", "appId", "createdDateTime", "deletedDateTime", "passwordCredentials", "publisherDomain"};

Result<Guid> insert_application(Session& session, const Context& context, const Draft& draft) {
    auto made = tenant::create_application(session, context.world().tenant_id, *draft.display_name, context.now());
    if (!made) return failure(std::move(made));
    return made->id;
}

// `identifierUris` name one application.
Result<void> check_identifiers(Session& session, const Guid& id, const boost::json::object& patch) {
    const value* wanted = patch.if_contains("identifierUris");
    if (wanted == nullptr || !wanted->is_array() || wanted->get_array().empty()) return {};
    auto all = tenant::list_applications(session);
    if (!all) return failure(std::move(all));
    for (const tenant::Application& other : *all) {
        const value* taken = other.properties.if_contains("identifierUris");
        if (other.id == id || taken == nullptr || !taken->is_array()) continue;
        for (const value& one : wanted->get_array()) {
            if (std::ranges::find(taken->get_array(), one) == taken->get_array().end()) continue;
            return failure(ErrorCode::invalid_parameter,
                           fmt::format("Another object with the same value for property identifierUris already exists: '{}' "
                                       "belongs to the application '{}'.",
                                       std::string_view(one.get_string()), other.id.value()));
        }
    }
    return {};
}

// Service principals.

constexpr Property service_principal_properties[] = {{.name = "appRoleAssignmentRequired", .shape = flag, .initial = "false"},
                                                     {.name = "description", .limit = 1024},
                                                     {.name = "loginUrl", .shape = address},
                                                     {.name = "logoutUrl", .shape = address},
                                                     {.name = "notes", .limit = 1024},
                                                     {.name = "notificationEmailAddresses", .is_list = true, .initial = "[]"},
                                                     {.name = "preferredSingleSignOnMode"},
                                                     {.name = "tags", .is_list = true, .initial = "[]"}};
constexpr Meaning service_principal_meanings[] = {display_name, account_enabled, security_attributes, key_credentials, app_id};
constexpr std::string_view service_principal_read_only[] = {"id",
                                                            "appDisplayName",
                                                            "appOwnerOrganizationId",
                                                            "appRoles",
                                                            "createdDateTime",
                                                            "deletedDateTime",
                                                            "homepage",
                                                            "servicePrincipalType",
                                                            "oauth2PermissionScopes",
                                                            "servicePrincipalNames",
                                                            "passwordCredentials",
                                                            "replyUrls",
                                                            "signInAudience",
                                                            "alternativeNames"};

Result<Guid> insert_service_principal(Session& session, const Context& context, const Draft& draft) {
    auto made = tenant::create_service_principal(session, context.world().tenant_id, *draft.app_id, context.now());
    if (made) return made->id;
    if (made.error().code != ErrorCode::not_found) return failure(std::move(made));
    // az tries again for these words.
    return failure(ErrorCode::invalid_parameter,
                   fmt::format("The appId '{}' of the service principal does not reference a valid application object.",
                               draft.app_id->value()));
}

// Groups.

constexpr std::string_view no_mail = "berth has no mail, its groups are for rights.";
// What links a group to those of outside issuers, whose tokens name them (docs/sign-in.md). berth's own.
constexpr std::string_view outside_groups = "berthOutsideGroups";
constexpr Property outside_group[] = {{.name = "issuer", .shape = address, .limit = 512},
                                      {.name = "value", .limit = identity::longest_outside_group}};
constexpr Property group_properties[] = {
    {.name = outside_groups,
     .shape = Shape::object,
     .is_list = true,
     .initial = "[]",
     .most_items = tenant::max_outside_groups,
     .members = outside_group},
    {.name = "description", .limit = 1024},
    {.name = "groupTypes",
     .is_list = true,
     .initial = "[]",
     .only_because = "all groups are security groups with members "
                     "that are put in by hand."},
    {.name = "isAssignableToRole", .shape = flag, .initial = "false", .only_because = "groups hold no directory roles."},
    {.name = "mailEnabled", .shape = flag, .initial = "false", .only_because = no_mail},
    {.name = "mailNickname", .limit = 64},
    {.name = "securityEnabled", .shape = flag, .initial = "true", .only_because = "all groups are security groups."},
    {.name = "visibility"}};
constexpr Meaning group_meanings[] = {display_name};
constexpr std::string_view group_read_only[] = {"id", "createdDateTime", "deletedDateTime", "mail", "proxyAddresses"};

Result<Guid> insert_group(Session& session, const Context& context, const Draft& draft) {
    auto made = tenant::create_group(session, context.world().tenant_id, *draft.display_name, context.now());
    if (!made) return failure(std::move(made));
    return made->id;
}

// The links that decisions go by are rows; what Graph shows is written with them.
Result<void> link_outside_groups(Session& session, const Guid& id, const boost::json::object& patch) {
    const value* wanted = patch.if_contains(outside_groups);
    if (wanted == nullptr) return {};
    std::vector<tenant::OutsideGroup> linked;
    for (const value& one : wanted->is_array() ? wanted->get_array() : boost::json::array()) {
        tenant::OutsideGroup group{std::string(find_string(one, "issuer").value_or("")),
                                   std::string(find_string(one, "value").value_or(""))};
        if (group.issuer.empty() || group.value.empty()) {
            return failure(ErrorCode::invalid_parameter,
                           fmt::format("Each of '{}' must have an 'issuer' and a 'value', as the issuer's tokens have them in "
                                       "'iss' and among their groups.",
                                       outside_groups));
        }
        linked.push_back(std::move(group));
    }
    return tenant::set_outside_groups(session, id, linked);
}

// Users.

constexpr std::array<std::string_view, 2> user_kinds{"Member", "Guest"};
constexpr Property user_properties[] = {{.name = "businessPhones", .is_list = true, .initial = "[]"},
                                        {.name = "companyName", .limit = 64},
                                        {.name = "country", .limit = 128},
                                        {.name = "department", .limit = 64},
                                        {.name = "employeeId", .limit = 16},
                                        {.name = "givenName", .limit = 64},
                                        {.name = "jobTitle", .limit = 128},
                                        {.name = "mail"},
                                        {.name = "mailNickname", .limit = 64},
                                        {.name = "mobilePhone", .limit = 64},
                                        {.name = "officeLocation", .limit = 128},
                                        {.name = "onPremisesImmutableId"},
                                        {.name = "otherMails", .is_list = true, .initial = "[]"},
                                        {.name = "passwordPolicies"},
                                        {.name = "preferredLanguage", .limit = 32},
                                        {.name = "surname", .limit = 64},
                                        {.name = "usageLocation", .limit = 2},
                                        {.name = "userType", .initial = "\"Member\"", .words = user_kinds}};
constexpr Meaning user_meanings[] = {display_name, account_enabled, user_principal_name, password_profile, security_attributes};
constexpr std::string_view user_read_only[] = {"id", "createdDateTime", "deletedDateTime", "identities"};

Result<Guid> insert_user(Session& session, const Context& context, const Draft& draft) {
    auto made =
        tenant::create_user(session, context.world().tenant_id, *draft.display_name, *draft.user_principal_name, context.now());
    if (!made) return failure(std::move(made));
    return made->id;
}

constexpr std::array<const GraphType*, 4> all_types{&application_type, &service_principal_type, &group_type, &user_type};

} // namespace

const GraphType application_type{.collection = "applications",
                                 .name = "application",
                                 .noun = "an application",
                                 .in_list = "applications",
                                 .kind = std::nullopt,
                                 .properties = application_properties,
                                 .meanings = application_meanings,
                                 .read_only = application_read_only,
                                 .has_credentials = true,
                                 .has_owners = true,
                                 .create = &permissions::applications_create,
                                 .read = &permissions::applications_read,
                                 .update = &permissions::applications_update,
                                 .remove = &permissions::applications_delete,
                                 .set_keys = &permissions::applications_credentials,
                                 .update_owners = &permissions::applications_owners_update,
                                 .insert = insert_application,
                                 .check = check_identifiers};

const GraphType service_principal_type{.collection = "servicePrincipals",
                                       .name = "servicePrincipal",
                                       .noun = "a service principal",
                                       .in_list = "service principals",
                                       .kind = PrincipalKind::service_principal,
                                       .properties = service_principal_properties,
                                       .meanings = service_principal_meanings,
                                       .read_only = service_principal_read_only,
                                       .has_credentials = true,
                                       .has_owners = true,
                                       .create = &permissions::service_principals_create,
                                       .read = &permissions::service_principals_read,
                                       .update = &permissions::service_principals_update,
                                       .remove = &permissions::service_principals_delete,
                                       .enable = &permissions::service_principals_enable,
                                       .disable = &permissions::service_principals_disable,
                                       .set_keys = &permissions::service_principals_credentials,
                                       .read_attributes = &permissions::service_principals_attributes_read,
                                       .update_attributes = &permissions::service_principals_attributes_update,
                                       .update_owners = &permissions::service_principals_owners_update,
                                       .insert = insert_service_principal};

const GraphType group_type{.collection = "groups",
                           .name = "group",
                           .noun = "a group",
                           .in_list = "groups",
                           .kind = PrincipalKind::group,
                           .properties = group_properties,
                           .meanings = group_meanings,
                           .read_only = group_read_only,
                           .has_members = true,
                           .has_owners = true,
                           .create = &permissions::groups_create,
                           .read = &permissions::groups_read,
                           .update = &permissions::groups_update,
                           .remove = &permissions::groups_delete,
                           .update_members = &permissions::groups_members_update,
                           .brings_members = outside_groups,
                           .update_owners = &permissions::groups_owners_update,
                           .insert = insert_group,
                           .check = link_outside_groups};

const GraphType user_type{.collection = "users",
                          .name = "user",
                          .noun = "a user",
                          .in_list = "users",
                          .kind = PrincipalKind::user,
                          .properties = user_properties,
                          .meanings = user_meanings,
                          .read_only = user_read_only,
                          .create = &permissions::users_create,
                          .read = &permissions::users_read,
                          .update = &permissions::users_update,
                          .remove = &permissions::users_delete,
                          .enable = &permissions::users_enable,
                          .disable = &permissions::users_disable,
                          .set_password = &permissions::users_password,
                          .read_attributes = &permissions::users_attributes_read,
                          .update_attributes = &permissions::users_attributes_update,
                          .insert = insert_user};

std::span<const GraphType* const> graph_types() noexcept { return all_types; }

const GraphType& type_of(PrincipalKind kind) noexcept {
    switch (kind) {
    case PrincipalKind::user: return user_type;
    case PrincipalKind::group: return group_type;
    case PrincipalKind::service_principal: break;
    }
    return service_principal_type;
}

} // namespace berth::directory
