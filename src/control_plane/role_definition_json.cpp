#include "control_plane/role_definition_json.hpp"

#include "base/encoding.hpp"
#include "base/time.hpp"
#include "base/white_space.hpp"
#include "control_plane/authorization_ids.hpp"
#include "control_plane/errors.hpp"

#include <boost/json/array.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace berth::control_plane {
namespace {

using boost::json::array;
using boost::json::object;
using boost::json::value;

constexpr std::size_t longest_name = 512;         // azure-rbac-and-arm section 1.7
constexpr std::size_t longest_description = 2048; // bytes
constexpr std::size_t most_scopes = 2000;

// Of both forms, and what ARM and az show, which may be sent back; letter case aside.
constexpr std::array<std::string_view, 20> members{
    "roleName",   "name",        "type",           "roleType",         "description",   "permissions", "actions",
    "notActions", "dataActions", "notDataActions", "assignableScopes", "createdOn",     "updatedOn",   "createdBy",
    "updatedBy",  "id",          "isCustom",       "properties",       "isServiceRole", "systemData"};

std::unexpected<Error> invalid(std::string message) {
    return arm_failure(ErrorCode::invalid_parameter, "InvalidRoleDefinition", std::move(message));
}

// The member of any of these names, letter case aside; null is as good as missing.
const value* find(const object& in, std::initializer_list<std::string_view> names) {
    for (const std::string_view name : names) {
        for (const auto& [key, member] : in) {
            if (equals_ignoring_case(key, name) && !member.is_null()) return &member;
        }
    }
    return nullptr;
}

Result<std::string> read_text(const value& member, std::string_view name, std::size_t least, std::size_t most) {
    const auto* text = member.if_string();
    if (text == nullptr || text->size() < least || text->size() > most) {
        return invalid(fmt::format("'{}' must be a string of {} to {} characters.", name, least, most));
    }
    return std::string(*text);
}

Result<std::vector<rbac::Scope>> parse_scopes(const value* member) {
    if (member == nullptr || !member->is_array() || member->get_array().empty()) {
        return invalid("'assignableScopes' must be an array with at least one scope, such as "
                       "'/subscriptions/00000000-0000-0000-0000-000000000000'.");
    }
    if (member->get_array().size() > most_scopes) {
        return invalid(fmt::format("A role has at most {} assignable scopes.", most_scopes));
    }
    std::vector<rbac::Scope> out;
    for (const value& item : member->get_array()) {
        const std::string_view text = item.is_string() ? std::string_view(item.get_string()) : std::string_view();
        auto scope = rbac::Scope::parse(text);
        if (!scope || text.contains('*') || scope->kind() == rbac::ScopeKind::root || scope->kind() == rbac::ScopeKind::other) {
            return invalid(fmt::format("'{}' in 'assignableScopes' is no scope that a custom role can have: name a "
                                       "management group, a subscription, a resource group or a resource, without "
                                       "wildcards.",
                                       text));
        }
        if (std::ranges::find(out, *scope) == out.end()) out.push_back(std::move(*scope));
    }
    return out;
}

// The permissions, or the four lists of one permission beside the role's name.
Result<std::vector<rbac::Permission>> parse_all_permissions(const object& in) {
    value permissions;
    if (const value* member = find(in, {"permissions"})) {
        permissions = *member;
    } else {
        object one;
        for (const std::string_view list : {"actions", "notActions", "dataActions", "notDataActions"}) {
            if (const value* patterns = find(in, {list})) one[list] = *patterns;
        }
        permissions = array{std::move(one)};
    }
    auto parsed = rbac::parse_permissions(permissions);
    if (!parsed) return invalid(parsed.error().message);
    const bool grants = std::ranges::any_of(*parsed, [](const rbac::Permission& permission) {
        return !permission.actions.empty() || !permission.data_actions.empty();
    });
    if (!grants) return invalid("A role needs at least one action or data action in 'permissions'.");
    return parsed;
}

} // namespace

Result<rbac::RoleDefinition> parse_role_definition(const value& body, const Guid& id) {
    if (!body.is_object()) return invalid("The request content must be a JSON object that describes the role.");
    const value* properties = find(body.get_object(), {"properties"});
    if (properties != nullptr && !properties->is_object()) return invalid("'properties' must be an object.");
    const object& in = properties != nullptr ? properties->get_object() : body.get_object();

    for (const auto& [key, member] : in) {
        const std::string_view given = key;
        const bool known = std::ranges::any_of(members, [&](std::string_view one) { return equals_ignoring_case(one, given); });
        if (!known) {
            return invalid(fmt::format("'{}' is no property of a role definition. It has roleName, description, type, "
                                       "permissions and assignableScopes.",
                                       given.substr(0, longest_name)));
        }
    }

    rbac::RoleDefinition role{id, {}, false, {}, {}, {}, {}, {}, {}, {}};
    const value* name = find(in, {"roleName", "name"});
    if (name == nullptr) return invalid("'roleName' is missing.");
    auto text = read_text(*name, "roleName", 1, longest_name);
    if (!text) return failure(std::move(text));
    if (has_outer_white_space(*text)) {
        return invalid(fmt::format("'roleName' is '{}': a role's name begins and ends with no white space, which would make it "
                                   "look like another role. Leave it out.",
                                   *text));
    }
    role.name = std::move(*text);
    if (const value* type = find(in, {"type", "roleType"})) {
        // The resource's own type may stand beside the role's in the flat form.
        if (!type->is_string() || (!equals_ignoring_case(type->get_string(), "CustomRole") &&
                                   !equals_ignoring_case(type->get_string(), role_definitions_type))) {
            return invalid("'type' must be 'CustomRole': built-in roles are part of berth and cannot be written.");
        }
    }
    if (const value* description = find(in, {"description"})) {
        text = read_text(*description, "description", 0, longest_description);
        if (!text) return failure(std::move(text));
        role.description = std::move(*text);
    }
    auto permissions = parse_all_permissions(in);
    if (!permissions) return failure(std::move(permissions));
    role.permissions = std::move(*permissions);
    auto scopes = parse_scopes(find(in, {"assignableScopes"}));
    if (!scopes) return failure(std::move(scopes));
    role.assignable_scopes = std::move(*scopes);
    return role;
}

object to_json(const tenant::World& world, const rbac::RoleDefinition& role, const rbac::Scope& shown_at) {
    array scopes;
    for (const rbac::Scope& scope : role.assignable_scopes) scopes.emplace_back(scope.value());
    const auto by = [](const std::string& who) { return who.empty() ? value(nullptr) : value(who); };
    return {{"id", role_definition_id(world, shown_at, role.id)},
            {"type", role_definitions_type},
            {"name", role.id.value()},
            {"properties", object{{"roleName", role.name},
                                  {"type", role.built_in ? "BuiltInRole" : "CustomRole"},
                                  {"description", role.description},
                                  {"assignableScopes", std::move(scopes)},
                                  {"permissions", rbac::to_json(role.permissions)},
                                  {"createdOn", to_rfc3339(role.created_at)},
                                  {"updatedOn", to_rfc3339(role.updated_at)},
                                  {"createdBy", by(role.created_by)},
                                  {"updatedBy", by(role.updated_by)}}}};
}

} // namespace berth::control_plane
