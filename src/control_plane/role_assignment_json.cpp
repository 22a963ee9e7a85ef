#include "control_plane/role_assignment_json.hpp"

#include "base/encoding.hpp"
#include "base/strict_json.hpp"
#include "base/time.hpp"
#include "control_plane/authorization_ids.hpp"
#include "control_plane/errors.hpp"
#include "control_plane/known_members.hpp"

#include <fmt/format.h>

#include <array>

namespace berth::control_plane {
namespace {

using boost::json::object;
using boost::json::value;

constexpr std::size_t longest_description = 2048;
constexpr std::array<std::string_view, 5> principal_types{"User", "Group", "ServicePrincipal", "ForeignGroup", "Device"};

constexpr std::array<std::string_view, 4> outer_members{"id", "name", "type", "properties"};
// What ARM shows may be sent back; only the first six are read.
constexpr std::array<std::string_view, 13> members{"roleDefinitionId",
                                                   "principalId",
                                                   "principalType",
                                                   "description",
                                                   "condition",
                                                   "conditionVersion",
                                                   "scope",
                                                   "canDelegate",
                                                   "delegatedManagedIdentityResourceId",
                                                   "createdOn",
                                                   "updatedOn",
                                                   "createdBy",
                                                   "updatedBy"};

std::unexpected<Error> invalid(std::string message) {
    return arm_failure(ErrorCode::invalid_parameter, "InvalidCreateRoleAssignmentRequest", std::move(message));
}

Result<std::string> parse_principal_type(const value& type) {
    for (const std::string_view known : principal_types) {
        if (type.is_string() && equals_ignoring_case(type.get_string(), known)) return std::string(known);
    }
    return invalid(fmt::format("'principalType' must be one of {}.", fmt::join(principal_types, ", ")));
}

std::unexpected<Error> invalid_condition(std::string_view why) {
    return arm_failure(ErrorCode::invalid_parameter, "InvalidRoleAssignmentCondition",
                       fmt::format("The given role assignment condition is invalid. {}", why));
}

Result<rbac::ConditionPointer> parse_condition(const value& properties) {
    const value* condition = find_member(properties, "condition");
    const value* version = find_member(properties, "conditionVersion");
    const auto is_empty = [](const value& text) { return text.is_string() && text.get_string().empty(); };
    if (condition == nullptr || is_empty(*condition)) {
        if (version == nullptr || is_empty(*version)) return rbac::ConditionPointer();
        if (version->is_string() && version->get_string() == "2.0") return rbac::ConditionPointer();
        return invalid_condition("'conditionVersion' must be '2.0', and it says something only beside a 'condition'.");
    }
    if (!condition->is_string()) return invalid_condition("'condition' must be a string.");
    if (version == nullptr || !version->is_string() || version->get_string() != "2.0") {
        return invalid_condition("'conditionVersion' must be '2.0': no other version is supported.");
    }
    auto parsed = rbac::Condition::parse(condition->get_string());
    if (!parsed) return invalid_condition(parsed.error().message);
    return std::move(*parsed);
}

value or_null(const std::optional<std::string>& text) { return text ? value(*text) : value(nullptr); }

} // namespace

Result<RoleAssignmentBody> parse_role_assignment(const value& body) {
    if (!body.is_object()) return invalid("The request content must be a JSON object with 'properties'.");
    const value* member = find_member(body, "properties");
    const value& properties = member != nullptr ? *member : body;
    if (member != nullptr) {
        if (auto known = check_known_members(body, outer_members, "a role assignment"); !known) {
            return invalid(known.error().message);
        }
    }
    if (auto known = check_known_members(properties, members, "a role assignment's 'properties'"); !known) {
        return invalid(known.error().message);
    }
    const auto role = find_string(properties, "roleDefinitionId");
    const auto principal = find_string(properties, "principalId");
    if (!role) return invalid("'properties.roleDefinitionId' is missing or no string.");
    if (!principal) return invalid("'properties.principalId' is missing or no string.");
    auto role_id = parse_role_definition_id(*role);
    if (!role_id) return failure(std::move(role_id));
    const auto principal_id = Guid::parse(*principal);
    if (!principal_id) {
        return arm_failure(ErrorCode::invalid_parameter, "InvalidPrincipalId",
                           fmt::format("The Principal ID '{}' is not valid. Principal ID must be a GUID.", *principal));
    }
    RoleAssignmentBody out{std::move(*role_id), *principal_id, std::nullopt, std::nullopt, nullptr};
    if (const value* type = find_member(properties, "principalType")) {
        auto parsed = parse_principal_type(*type);
        if (!parsed) return failure(std::move(parsed));
        out.principal_type = std::move(*parsed);
    }
    if (const value* description = find_member(properties, "description")) {
        if (!description->is_string() || description->get_string().size() > longest_description) {
            return invalid(fmt::format("'description' must be a string of at most {} bytes.", longest_description));
        }
        out.description = std::string(description->get_string());
    }
    auto condition = parse_condition(properties);
    if (!condition) return failure(std::move(condition));
    out.condition = std::move(*condition);
    return out;
}

object to_json(const tenant::World& world, const rbac::RoleAssignment& assignment, const rbac::Scope& shown_at) {
    // An assignment above all subscriptions names the role as the subscription that asks would.
    const rbac::Scope& role_at = subscription_of(world, assignment.scope) != nullptr ? assignment.scope : shown_at;
    return {{"properties", object{{"roleDefinitionId", role_definition_id(world, role_at, assignment.role_definition)},
                                  {"principalId", assignment.principal.value()},
                                  {"principalType", assignment.principal_type},
                                  {"scope", assignment.scope.value()},
                                  {"condition", assignment.condition ? value(assignment.condition->text()) : value()},
                                  {"conditionVersion", assignment.condition ? value("2.0") : value()},
                                  {"createdOn", to_rfc3339(assignment.created_at)},
                                  {"updatedOn", to_rfc3339(assignment.updated_at)},
                                  {"createdBy", assignment.created_by},
                                  {"updatedBy", assignment.updated_by},
                                  {"delegatedManagedIdentityResourceId", nullptr},
                                  {"description", or_null(assignment.description)}}},
            {"id", extension_id(assignment.scope.value(), role_assignments_type, assignment.id)},
            {"type", role_assignments_type},
            {"name", assignment.id.value()}};
}

} // namespace berth::control_plane
