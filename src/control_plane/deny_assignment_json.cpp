#include "control_plane/deny_assignment_json.hpp"

#include "base/encoding.hpp"
#include "base/strict_json.hpp"
#include "base/time.hpp"
#include "base/white_space.hpp"
#include "control_plane/authorization_ids.hpp"
#include "control_plane/errors.hpp"
#include "control_plane/known_members.hpp"
#include "control_plane/role_rules.hpp"

#include <boost/json/array.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace berth::control_plane {
namespace {

using boost::json::array;
using boost::json::object;
using boost::json::value;
using rbac::DeniedPrincipal;

constexpr std::size_t longest_name = 512;
constexpr std::size_t longest_description = 2048;
constexpr std::size_t most_principals = 250;
constexpr std::string_view everyone = "00000000-0000-0000-0000-000000000000";
constexpr std::string_view everyone_type = "SystemDefined";
constexpr std::array<std::string_view, 3> principal_types{"User", "Group", "ServicePrincipal"};

constexpr std::array<std::string_view, 4> outer_members{"id", "name", "type", "properties"};
// What ARM shows may be sent back.
constexpr std::array<std::string_view, 14> members{"denyAssignmentName",
                                                   "description",
                                                   "permissions",
                                                   "principals",
                                                   "excludePrincipals",
                                                   "doNotApplyToChildScopes",
                                                   "scope",
                                                   "isSystemProtected",
                                                   "createdOn",
                                                   "updatedOn",
                                                   "createdBy",
                                                   "updatedBy",
                                                   "condition",
                                                   "conditionVersion"};
constexpr std::array<std::string_view, 3> principal_members{"id", "type", "displayName"};

std::unexpected<Error> invalid(std::string message) {
    return arm_failure(ErrorCode::invalid_parameter, "InvalidCreateDenyAssignmentRequest", std::move(message));
}

bool is_everyone(const DeniedPrincipal& principal) { return principal.id.value() == everyone; }

Result<std::string> read_text(const value& properties, std::string_view name, std::size_t least, std::size_t most) {
    const value* member = find_member(properties, name);
    if (member == nullptr && least == 0) return std::string();
    if (member == nullptr || !member->is_string() || member->get_string().size() < least ||
        member->get_string().size() > most) {
        return invalid(fmt::format("'{}' must be a string of {} to {} bytes.", name, least, most));
    }
    return std::string(member->get_string());
}

Result<std::vector<rbac::Permission>> read_permissions(const value& properties) {
    const value* member = find_member(properties, "permissions");
    if (member == nullptr) return invalid("'permissions' is missing.");
    auto permissions = rbac::parse_permissions(*member);
    if (!permissions) return invalid(permissions.error().message);
    bool denies = false;
    for (const rbac::Permission& permission : *permissions) {
        denies = denies || !permission.actions.empty();
        if (!permission.data_actions.empty() || !permission.not_data_actions.empty()) {
            return invalid("Data actions are not supported in deny assignments: 'dataActions' and 'notDataActions' must be "
                           "empty. Deny the action that the registry's mode decides on, or take the role away.");
        }
        if (permission.condition) return invalid("Conditions are not supported in deny assignments.");
        for (const std::string& action : permission.actions) {
            if (to_lower(action).ends_with("/read")) {
                return invalid(fmt::format("Read actions are not supported in deny assignments: '{}'.", action));
            }
        }
        for (const auto* list : {&permission.actions, &permission.not_actions}) {
            for (const std::string& action : *list) {
                if (is_known_pattern(action, false)) continue;
                return arm_failure(ErrorCode::invalid_parameter, "InvalidActionOrNotAction",
                                   fmt::format("'{}' does not match any of the actions supported by the providers.", action));
            }
        }
    }
    if (!denies) return invalid("A deny assignment needs at least one action in 'permissions'.");
    return permissions;
}

Result<std::string> type_of(const tenant::World& world, const Guid& id, const std::optional<std::string_view>& given) {
    std::optional<std::string> type;
    for (const std::string_view known : principal_types) {
        if (given && equals_ignoring_case(*given, known)) type = known;
    }
    if (given && !type) {
        return invalid(fmt::format("The 'type' of a principal must be one of {}, or {} for everyone.",
                                   fmt::join(principal_types, ", "), everyone_type));
    }
    const auto* principal = world.find_principal(id);
    if (principal == nullptr) {
        if (type) return *type; // who gives the type vouches for the principal, as with role assignments
        return failure(ErrorCode::principal_not_found,
                       fmt::format("Principal {} does not exist in the directory {}. Check that you have the correct "
                                   "principal ID, or give its 'type'.",
                                   id.compact(), world.tenant_id.value()));
    }
    const std::string_view actual = tenant::to_string(principal->kind);
    if (type && *type != actual) {
        return arm_failure(ErrorCode::invalid_parameter, "UnmatchedPrincipalType",
                           fmt::format("The PrincipalId '{}' has type '{}' , which is different from specified PrincipalType "
                                       "'{}'.",
                                       id.compact(), actual, *type));
    }
    return std::string(actual);
}

Result<std::vector<DeniedPrincipal>> read_principals(const value& properties, std::string_view list,
                                                     const tenant::World& world) {
    std::vector<DeniedPrincipal> out;
    const value* member = find_member(properties, list);
    if (member == nullptr) return out;
    if (!member->is_array() || member->get_array().size() > most_principals) {
        return invalid(fmt::format("'{}' must be an array of at most {} objects with 'id' and 'type'.", list, most_principals));
    }
    for (const value& item : member->get_array()) {
        if (auto known = check_known_members(item, principal_members, "a principal"); !known) {
            return invalid(known.error().message);
        }
        const auto text = find_string(item, "id");
        const auto id = text ? Guid::parse(*text) : std::nullopt;
        if (!id) return invalid(fmt::format("Each item of '{}' needs an 'id' that is a GUID.", list));
        const value* type_member = find_member(item, "type");
        if (type_member != nullptr && !type_member->is_string()) {
            return invalid(fmt::format("The 'type' of an item of '{}' must be a string.", list));
        }
        const auto given = find_string(item, "type");
        DeniedPrincipal principal{.id = *id, .type = std::string(everyone_type)};
        if (!is_everyone(principal)) {
            auto type = type_of(world, *id, given);
            if (!type) return failure(std::move(type));
            principal.type = std::move(*type);
        } else if (!given || !equals_ignoring_case(*given, everyone_type)) {
            return invalid(fmt::format("The id '{}' means everyone and has the type '{}'.", everyone, everyone_type));
        }
        if (std::ranges::find(out, principal) == out.end()) out.push_back(std::move(principal));
    }
    return out;
}

Result<void> check_targets(const DenyAssignmentBody& body) {
    if (body.principals.empty()) return invalid("'principals' must name at least one principal, or everyone.");
    for (const DeniedPrincipal& principal : body.principals) {
        if (principal.type == "Group") {
            return invalid(fmt::format("'{}' is a group, and a deny assignment cannot name one in 'principals': name users "
                                       "and service principals, or everyone with exclusions.",
                                       principal.id.value()));
        }
    }
    if (std::ranges::any_of(body.excluded_principals, is_everyone)) {
        return invalid("'excludePrincipals' cannot name everyone.");
    }
    if (std::ranges::any_of(body.principals, is_everyone) && body.excluded_principals.empty()) {
        return invalid("A deny assignment for everyone needs at least one principal in 'excludePrincipals', who can remove it "
                       "again.");
    }
    return {};
}

array to_json(const std::vector<DeniedPrincipal>& principals) {
    array out;
    for (const DeniedPrincipal& principal : principals) {
        out.push_back(object{{"id", principal.id.value()}, {"type", principal.type}});
    }
    return out;
}

} // namespace

Result<DenyAssignmentBody> parse_deny_assignment(const value& body, const tenant::World& world) {
    if (!body.is_object()) return invalid("The request content must be a JSON object with 'properties'.");
    const value* member = find_member(body, "properties");
    const value& properties = member != nullptr ? *member : body;
    if (!properties.is_object()) return invalid("'properties' must be an object.");
    if (member != nullptr) {
        if (auto known = check_known_members(body, outer_members, "a deny assignment"); !known) {
            return invalid(known.error().message);
        }
    }
    if (auto known = check_known_members(properties, members, "a deny assignment's 'properties'"); !known) {
        return invalid(known.error().message);
    }
    for (const std::string_view name : {"condition", "conditionVersion"}) {
        if (find_member(properties, name) != nullptr) return invalid("Conditions are not supported in deny assignments.");
    }
    DenyAssignmentBody out;
    auto name = read_text(properties, "denyAssignmentName", 1, longest_name);
    if (name && has_outer_white_space(*name)) {
        return invalid("'denyAssignmentName' begins or ends with white space, which would make it look like another one. Leave "
                       "it out.");
    }
    if (!name) return failure(std::move(name));
    out.name = std::move(*name);
    auto description = read_text(properties, "description", 0, longest_description);
    if (!description) return failure(std::move(description));
    out.description = std::move(*description);
    auto permissions = read_permissions(properties);
    if (!permissions) return failure(std::move(permissions));
    out.permissions = std::move(*permissions);
    for (const std::string_view flag : {"doNotApplyToChildScopes", "isSystemProtected"}) {
        const value* given = find_member(properties, flag);
        if (given != nullptr && !given->is_bool()) return invalid(fmt::format("'{}' must be true or false.", flag));
    }
    out.does_not_apply_to_child_scopes = find_bool(properties, "doNotApplyToChildScopes").value_or(false);
    if (find_bool(properties, "isSystemProtected").value_or(false)) {
        return invalid("'isSystemProtected' is the system's to set: leave it out.");
    }
    auto principals = read_principals(properties, "principals", world);
    if (!principals) return failure(std::move(principals));
    out.principals = std::move(*principals);
    auto excluded = read_principals(properties, "excludePrincipals", world);
    if (!excluded) return failure(std::move(excluded));
    out.excluded_principals = std::move(*excluded);
    if (auto targets = check_targets(out); !targets) return failure(std::move(targets));
    return out;
}

object to_json(const rbac::DenyAssignment& assignment) {
    return {{"properties", object{{"denyAssignmentName", assignment.name},
                                  {"description", assignment.description},
                                  {"permissions", rbac::to_json(assignment.permissions)},
                                  {"scope", assignment.scope.value()},
                                  {"doNotApplyToChildScopes", assignment.does_not_apply_to_child_scopes},
                                  {"principals", to_json(assignment.principals)},
                                  {"excludePrincipals", to_json(assignment.excluded_principals)},
                                  {"isSystemProtected", assignment.system_protected},
                                  {"createdOn", to_rfc3339(assignment.created_at)},
                                  {"updatedOn", to_rfc3339(assignment.updated_at)},
                                  {"createdBy", assignment.created_by},
                                  {"updatedBy", assignment.updated_by}}},
            {"id", extension_id(assignment.scope.value(), deny_assignments_type, assignment.id)},
            {"type", deny_assignments_type},
            {"name", assignment.id.value()}};
}

} // namespace berth::control_plane
