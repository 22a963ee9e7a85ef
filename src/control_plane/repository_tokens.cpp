#include "control_plane/repository_tokens.hpp"

#include "base/encoding.hpp"
#include "base/strict_json.hpp"
#include "base/time.hpp"
#include "control_plane/errors.hpp"
#include "tenant/token_store.hpp"

#include <boost/json/array.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace berth::control_plane {
namespace {

using boost::json::array;
using boost::json::object;
using boost::json::value;
using Kind = Property::Kind;
using storage::Session;
using tenant::Resource;

constexpr std::size_t shortest_name = 5;
constexpr std::size_t longest_name = 50;
constexpr std::size_t rows_at_once = 200;

bool is_valid_name(std::string_view name) {
    return name.size() >= shortest_name && name.size() <= longest_name && std::ranges::all_of(name, [](char c) {
               return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-';
           });
}

// The registry that a token or a scope map belongs to.
std::string_view registry_of(const Resource& child) {
    const std::string_view scope = child.scope.value();
    const std::string_view without_name = scope.substr(0, scope.rfind('/'));
    return without_name.substr(0, without_name.rfind('/'));
}

// A token's scope map is one of its own registry; gives its id in the spelling of what is there.
Result<std::string> find_scope_map(Session& session, const Resource& token, std::string_view wanted) {
    auto scope = rbac::Scope::parse(wanted);
    const std::string below = fmt::format("{}/scopeMaps/", registry_of(token));
    const std::string name = scope ? scope->value().substr(scope->value().rfind('/') + 1) : std::string();
    if (scope && equals_ignoring_case(scope->value(), below + name)) {
        auto found = tenant::find_resource(session, *scope);
        if (!found) return failure(std::move(found));
        if (*found) return (*found)->scope.value();
    }
    return arm_failure(ErrorCode::invalid_parameter, "ScopeMapNotFound",
                       fmt::format("'scopeMapId' must be the id of a scope map of the same registry, such as "
                                   "'{}_repositories_pull'; '{}' is none.",
                                   below, wanted));
}

value no_credentials() { return object{{"certificates", array{}}, {"passwords", array{}}}; }

// The passwords that stay: those of before which the client still names, or all if it names none.
Result<value> kept_credentials(Session& session, const Resource* before, const value& sent) {
    const value* stored = before != nullptr ? before->properties.if_contains("credentials") : nullptr;
    value out = stored != nullptr && stored->is_object() ? *stored : no_credentials();
    const value* credentials = find_member(sent, "credentials");
    if (credentials == nullptr) return out;
    if (!credentials->is_object()) {
        return failure(ErrorCode::invalid_parameter, "The property 'properties.credentials' must be an object.");
    }
    if (const value* certificates = find_member(*credentials, "certificates");
        certificates != nullptr && (!certificates->is_array() || !certificates->get_array().empty())) {
        return arm_failure(ErrorCode::invalid_parameter, "UnsupportedPropertyValue",
                           "The property 'properties.credentials.certificates' must be empty: berth's tokens have passwords "
                           "only, from generateCredentials.");
    }
    const value* passwords = find_member(*credentials, "passwords");
    if (passwords == nullptr) return out;
    if (!passwords->is_array() || passwords->get_array().size() > 2) {
        return failure(ErrorCode::invalid_parameter,
                       "The property 'properties.credentials.passwords' must be an array of at most two objects.");
    }
    array kept;
    for (const value& password : out.at("passwords").as_array()) {
        const auto name = find_string(password, "name");
        const bool named =
            std::ranges::any_of(passwords->get_array(), [&](const value& one) { return find_string(one, "name") == name; });
        if (named) {
            kept.push_back(password);
        } else if (auto removed = tenant::delete_token_password(session, before->row, name.value_or("")); !removed) {
            return failure(std::move(removed));
        }
    }
    out.as_object()["passwords"] = std::move(kept);
    return out;
}

Result<void> check(Session& session, Resource& next, const Resource* before, const value& sent) {
    auto scope_map = find_scope_map(session, next, std::string_view(next.properties["scopeMapId"].as_string()));
    if (!scope_map) return failure(std::move(scope_map));
    next.properties["scopeMapId"] = std::move(*scope_map);
    auto credentials = kept_credentials(session, before, sent);
    if (!credentials) return failure(std::move(credentials));
    next.properties["credentials"] = std::move(*credentials);
    return {};
}

// A password that the client named no more is gone, also for who was let in with it a moment ago.
void forget_passwords(const gateway::Services& services) { services.credentials.forget_remembered(); }

void show(const gateway::Services&, const Resource& token, object& properties) {
    properties["creationDate"] = to_rfc3339(token.created_at);
}

} // namespace

Result<std::optional<std::string>> find_token_with_scope_map(Session& session, const Resource& scope_map) {
    const std::string registry(registry_of(scope_map));
    auto parent = rbac::Scope::parse(registry);
    if (!parent) return failure(std::move(parent));
    std::string after = parent->key() + "/";
    while (true) {
        auto rows = tenant::list_resources(session, scope_map.subscription, scope_map.resource_group, tenant::token_type, after,
                                           rows_at_once);
        if (!rows) return failure(std::move(rows));
        for (const Resource& token : *rows) {
            if (!parent->covers(token.scope)) return std::optional<std::string>();
            const value* id = token.properties.if_contains("scopeMapId");
            if (id != nullptr && id->is_string() && equals_ignoring_case(id->get_string(), scope_map.scope.value())) {
                return std::optional(token.name);
            }
        }
        if (rows->size() < rows_at_once) return std::optional<std::string>();
        after = rows->back().scope.key();
    }
}

ResourceType repository_tokens() {
    return {
        .name = tenant::token_type,
        .operations = tenant::token_type,
        .noun = "token",
        .event = "token",
        .has_location = false,
        .is_valid_name = is_valid_name,
        .name_rule = "The token name '{}' is not valid. It has 5 to 50 letters, digits and '-'.",
        .properties = {{.name = "scopeMapId", .kind = Kind::text, .required = true},
                       {.name = "status", .kind = Kind::choice, .initial = "enabled", .choices = {"enabled", "disabled"}},
                       {.name = "creationDate", .initial = ""},
                       {.name = "provisioningState", .initial = "Succeeded"},
                       {.name = "credentials", .initial = no_credentials()}},
        .before_write = check,
        .after_write = forget_passwords,
        .show = show,
        .api_versions = {"2026-09-01-preview", "2025-11-01", "2023-07-01", "2022-12-01", "2020-11-01-preview"},
    };
}

} // namespace berth::control_plane
