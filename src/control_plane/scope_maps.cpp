#include "control_plane/scope_maps.hpp"

#include "base/time.hpp"
#include "control_plane/errors.hpp"
#include "control_plane/repository_tokens.hpp"
#include "tenant/scope_map.hpp"
#include "tenant/token_store.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace berth::control_plane {
namespace {

using boost::json::object;
using Kind = Property::Kind;
using tenant::Resource;

constexpr std::size_t shortest_name = 5;
constexpr std::size_t longest_name = 50;

bool is_valid_name(std::string_view name) {
    return name.size() >= shortest_name && name.size() <= longest_name && !name.starts_with('_') &&
           std::ranges::all_of(name, [](char c) {
               return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
           });
}

bool is_action(std::string_view text) { return tenant::ScopeMapEntry::parse(text).has_value(); }

bool is_short_text(std::string_view text) { return text.size() <= 256; }

Result<void> refuse_system(const Resource& scope_map) {
    if (!tenant::is_system_scope_map(scope_map.name)) return {};
    return arm_failure(ErrorCode::invalid_parameter, "SystemScopeMapReadOnly",
                       fmt::format("The scope map '{}' belongs to the system and cannot be changed or deleted. Make one of "
                                   "your own; its name does not begin with '_'.",
                                   scope_map.name));
}

Result<void> check_writable(storage::Session&, Resource& next, const Resource*, const boost::json::value&) {
    return refuse_system(next);
}

Result<void> check_unused(storage::Session& session, const Resource& scope_map) {
    if (auto mine = refuse_system(scope_map); !mine) return mine;
    auto user = find_token_with_scope_map(session, scope_map);
    if (!user) return failure(std::move(user));
    if (!*user) return {};
    return arm_failure(ErrorCode::in_use, "ScopeMapInUse",
                       fmt::format("The scope map '{}' is in use by the token '{}'. Delete the token, or give it another "
                                   "scope map first.",
                                   scope_map.name, **user));
}

void show(const gateway::Services&, const Resource& scope_map, object& properties) {
    properties["type"] = tenant::is_system_scope_map(scope_map.name) ? "SystemDefined" : "UserDefined";
    properties["creationDate"] = to_rfc3339(scope_map.created_at);
}

} // namespace

ResourceType scope_maps() {
    return {
        .name = tenant::scope_map_type,
        .operations = tenant::scope_map_type,
        .noun = "scope map",
        .event = "scopeMap",
        .has_location = false,
        .is_valid_name = is_valid_name,
        .name_rule = "The scope map name '{}' is not valid. It has 5 to 50 letters, digits, '-' and '_', and does not begin "
                     "with '_'.",
        .properties = {{.name = "description", .kind = Kind::text, .check = is_short_text, .rule = "has at most 256 bytes."},
                       {.name = "type", .initial = "UserDefined"},
                       {.name = "creationDate", .initial = ""},
                       {.name = "provisioningState", .initial = "Succeeded"},
                       {.name = "actions",
                        .kind = Kind::texts,
                        .least = 1,
                        .most = static_cast<std::int64_t>(tenant::ScopeMap::max_entries),
                        .check = is_action,
                        .rule = "Write repositories/{name}/content/read (or content/write, content/delete, metadata/read, "
                                "metadata/write), where the name is a repository's, '*', or ends in '/*'.",
                        .required = true}},
        .before_write = check_writable,
        .before_delete = check_unused,
        .show = show,
        .api_versions = {"2026-09-01-preview", "2025-11-01", "2023-07-01", "2022-12-01", "2020-11-01-preview"},
    };
}

} // namespace berth::control_plane
