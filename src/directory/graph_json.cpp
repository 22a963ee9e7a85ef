#include "directory/graph_json.hpp"

#include "base/strict_json.hpp"
#include "base/time.hpp"
#include "directory/graph_list.hpp"
#include "directory/key_credentials.hpp"
#include "gateway/response.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace berth::directory {
namespace {

using boost::json::array;
using boost::json::object;
using boost::json::value;
using storage::Session;
using tenant::DirectoryRecord;
using tenant::Principal;
using tenant::PrincipalKind;
using tenant::World;

// Graph wants a mail nickname for every group and user; berth has no mail and makes it of the name.
std::string mail_nickname(std::string_view name) {
    std::string out;
    for (const char c : name.substr(0, name.find('@'))) {
        const bool plain =
            (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
        if (plain) out += c;
    }
    return out;
}

void add_service_principal(object& out, const World& world, const Principal& principal, const DirectoryRecord& record) {
    const std::string client = principal.application_id ? principal.application_id->value() : std::string();
    const object application = shown_properties(application_type.properties, record.application.value_or(object()));
    array names{value(client)};
    for (const value& identifier : application.at("identifierUris").get_array()) names.push_back(identifier);
    array replies;
    for (const std::string_view platform : {"web", "spa", "publicClient"}) {
        for (const value& uri : application.at(platform).at("redirectUris").get_array()) replies.push_back(uri);
    }
    array alternative;
    if (principal.managed_resource) {
        alternative.emplace_back("isExplicit=True");
        alternative.emplace_back(*principal.managed_resource);
    }
    out["appId"] = client;
    out["appDisplayName"] = principal.display_name;
    out["appOwnerOrganizationId"] = world.tenant_id.value();
    out["appRoles"] = application.at("appRoles");
    out["alternativeNames"] = std::move(alternative);
    out["homepage"] = application.at("web").at("homePageUrl");
    out["oauth2PermissionScopes"] = application.at("api").at("oauth2PermissionScopes");
    out["replyUrls"] = std::move(replies);
    out["servicePrincipalNames"] = std::move(names);
    out["servicePrincipalType"] = principal.managed_resource ? "ManagedIdentity" : "Application";
    out["signInAudience"] = application.at("signInAudience");
    out["keyCredentials"] = array{};
    out["passwordCredentials"] = array{};
}

} // namespace

object to_json(const tenant::Application& application) {
    object out{{"id", application.id.value()},
               {"deletedDateTime", nullptr},
               {"appId", application.application_id.value()},
               {"displayName", application.display_name},
               {"createdDateTime", to_rfc3339(application.created_at)},
               {"publisherDomain", nullptr},
               {"keyCredentials", array{}},
               {"passwordCredentials", array{}}};
    for (auto& [name, shown] : shown_properties(application_type.properties, application.properties)) {
        out[name] = std::move(shown);
    }
    return out;
}

object to_json(const World& world, const Principal& principal, const DirectoryRecord& record) {
    const GraphType& type = type_of(principal.kind);
    object out{{"@odata.type", fmt::format("#microsoft.graph.{}", type.name)},
               {"id", principal.id.value()},
               {"deletedDateTime", nullptr},
               {"displayName", principal.display_name},
               {"createdDateTime", to_rfc3339(record.created_at)}};
    for (auto& [name, shown] : shown_properties(type.properties, record.properties)) out[name] = std::move(shown);
    switch (principal.kind) {
    case PrincipalKind::service_principal:
        out["accountEnabled"] = principal.enabled;
        add_service_principal(out, world, principal, record);
        break;
    case PrincipalKind::group:
        out["mail"] = nullptr;
        out["proxyAddresses"] = array{};
        if (out["mailNickname"].is_null()) out["mailNickname"] = mail_nickname(principal.display_name);
        break;
    case PrincipalKind::user:
        out["accountEnabled"] = principal.enabled;
        out["userPrincipalName"] = principal.user_principal_name.value_or("");
        if (out["mailNickname"].is_null()) out["mailNickname"] = mail_nickname(principal.user_principal_name.value_or(""));
        break;
    }
    return out;
}

array to_json(std::span<const tenant::CredentialInfo> credentials) {
    array out;
    for (const tenant::CredentialInfo& info : credentials) {
        out.push_back(object{{"customKeyIdentifier", nullptr},
                             {"displayName", info.display_name ? value(*info.display_name) : value(nullptr)},
                             {"endDateTime", to_rfc3339(info.ends_at)},
                             {"hint", info.hint},
                             {"keyId", info.key_id.value()},
                             {"secretText", nullptr},
                             {"startDateTime", to_rfc3339(info.starts_at)}});
    }
    return out;
}

Result<std::vector<object>> list_entities(Session& session, const World& world, const GraphType& type) {
    std::vector<object> out;
    if (!type.kind) {
        auto applications = tenant::list_applications(session);
        if (!applications) return failure(std::move(applications));
        for (const auto& application : *applications) out.push_back(to_json(application));
        return out;
    }
    auto records = tenant::list_directory_records(session, *type.kind);
    if (!records) return failure(std::move(records));
    for (const DirectoryRecord& record : *records) {
        const Principal* principal = world.find_principal(record.id);
        if (principal != nullptr) out.push_back(to_json(world, *principal, record));
    }
    return out;
}

Result<void> complete(Session& session, const GraphType& type, object& entity) {
    if (!type.has_credentials) return {};
    auto passwords = tenant::list_credentials(session, *Guid::parse(entity.at("id").get_string()));
    if (!passwords) return failure(std::move(passwords));
    entity["passwordCredentials"] = to_json(*passwords);
    auto keys = tenant::list_key_credentials(session, *Guid::parse(entity.at("id").get_string()));
    if (!keys) return failure(std::move(keys));
    entity["keyCredentials"] = to_json(*keys);
    return {};
}

Result<std::optional<object>> find_entity(Session& session, const World& world, const Guid& id) {
    object out;
    const Principal* principal = world.find_principal(id);
    if (principal != nullptr) {
        auto record = tenant::find_directory_record(session, id);
        if (!record) return failure(std::move(record));
        if (!*record) return std::optional<object>();
        out = to_json(world, *principal, **record);
    } else {
        auto application = tenant::read_application(session, id);
        if (!application && application.error().code == ErrorCode::not_found) return std::optional<object>();
        if (!application) return failure(std::move(application));
        out = to_json(*application);
        out["@odata.type"] = "#microsoft.graph.application";
    }
    auto completed = complete(session, principal != nullptr ? type_of(principal->kind) : application_type, out);
    if (!completed) return failure(std::move(completed));
    return std::optional(std::move(out));
}

Result<std::vector<object>> find_entities(Session& session, const World& world, std::span<const Guid> ids) {
    std::vector<object> out;
    for (const Guid& id : ids) {
        auto entity = find_entity(session, world, id);
        if (!entity) return failure(std::move(entity));
        if (*entity) out.push_back(std::move(**entity));
    }
    return out;
}

http::Response entity_response(const gateway::Context& context, unsigned status, std::string_view collection, object entity) {
    object body{{"@odata.context", fmt::format("{}/v1.0/$metadata#{}/$entity", context.base_address(), collection)}};
    for (auto& [name, member] : selected(context, std::move(entity))) body[name] = std::move(member);
    return gateway::json_response(status, body);
}

} // namespace berth::directory
