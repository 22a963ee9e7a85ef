#include "directory/graph_json.hpp"

#include "base/time.hpp"
#include "gateway/response.hpp"

#include <fmt/format.h>

namespace berth::directory {
namespace {

using boost::json::array;
using boost::json::object;

// Graph wants a mail nickname for every group; berth has no mail and makes it of the name.
std::string mail_nickname(std::string_view display_name) {
    std::string out;
    for (const char c : display_name) {
        const bool plain =
            (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
        if (plain) out += c;
    }
    return out;
}

} // namespace

object to_json(const tenant::Application& application) {
    return {{"id", application.id.value()},
            {"deletedDateTime", nullptr},
            {"appId", application.application_id.value()},
            {"displayName", application.display_name},
            {"createdDateTime", to_rfc3339(application.created_at)},
            {"identifierUris", array{}},
            {"signInAudience", "AzureADMyOrg"},
            {"tags", array{}},
            {"requiredResourceAccess", array{}},
            {"keyCredentials", array{}},
            {"passwordCredentials", array{}}};
}

object to_json(const tenant::World& world, const tenant::Principal& principal) {
    object out{{"id", principal.id.value()}, {"deletedDateTime", nullptr}, {"displayName", principal.display_name}};
    switch (principal.kind) {
    case tenant::PrincipalKind::service_principal: {
        const std::string application = principal.application_id ? principal.application_id->value() : std::string();
        out["@odata.type"] = "#microsoft.graph.servicePrincipal";
        out["accountEnabled"] = principal.enabled;
        out["appId"] = application;
        out["appDisplayName"] = principal.display_name;
        out["appOwnerOrganizationId"] = world.tenant_id.value();
        out["servicePrincipalNames"] = array{boost::json::value(application)};
        out["servicePrincipalType"] = "Application";
        out["alternativeNames"] = array{};
        out["tags"] = array{};
        out["keyCredentials"] = array{};
        out["passwordCredentials"] = array{};
        break;
    }
    case tenant::PrincipalKind::group:
        out["@odata.type"] = "#microsoft.graph.group";
        out["description"] = nullptr;
        out["groupTypes"] = array{};
        out["mail"] = nullptr;
        out["mailEnabled"] = false;
        out["mailNickname"] = mail_nickname(principal.display_name);
        out["securityEnabled"] = true;
        break;
    case tenant::PrincipalKind::user:
        out["@odata.type"] = "#microsoft.graph.user";
        out["accountEnabled"] = principal.enabled;
        out["userPrincipalName"] = principal.user_principal_name.value_or("");
        out["mail"] = nullptr;
        out["userType"] = "Member";
        break;
    }
    return out;
}

array to_json(std::span<const tenant::CredentialInfo> credentials) {
    array out;
    for (const tenant::CredentialInfo& info : credentials) {
        out.push_back(
            object{{"customKeyIdentifier", nullptr},
                   {"displayName", info.display_name ? boost::json::value(*info.display_name) : boost::json::value(nullptr)},
                   {"endDateTime", to_rfc3339(info.ends_at)},
                   {"hint", info.hint},
                   {"keyId", info.key_id.value()},
                   {"secretText", nullptr},
                   {"startDateTime", to_rfc3339(info.starts_at)}});
    }
    return out;
}

http::Response entity_response(const gateway::Context& context, unsigned status, std::string_view collection, object entity) {
    entity["@odata.context"] = fmt::format("{}/v1.0/$metadata#{}/$entity", context.base_address(), collection);
    return gateway::json_response(status, entity);
}

} // namespace berth::directory
