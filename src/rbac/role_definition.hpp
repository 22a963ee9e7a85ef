#pragma once

#include "base/guid.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "rbac/condition.hpp"
#include "rbac/scope.hpp"

#include <boost/json/array.hpp>
#include <boost/json/value.hpp>

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace berth::rbac {

/// One permission object of a role definition; the patterns as they were written.
struct Permission {
    std::vector<std::string> actions;
    std::vector<std::string> not_actions;
    std::vector<std::string> data_actions;
    std::vector<std::string> not_data_actions;
    ConditionPointer condition{};                            ///< null for none; always of version 2.0
    bool operator==(const Permission& other) const noexcept; ///< conditions by their text
};

struct RoleDefinition {
    Guid id;
    std::string name; ///< Azure's `roleName`
    bool built_in = false;
    std::string description;
    std::vector<Permission> permissions;
    std::vector<Scope> assignable_scopes;
    Timestamp created_at{};
    std::string created_by;
    Timestamp updated_at{};
    std::string updated_by;
};

/// The 34 built-in role definitions that concern a registry, in the order of the reference data. Assignable at `/`.
std::span<const RoleDefinition> built_in_roles();
/// A built-in role by id, or by name without regard to case; nullptr if there is none.
const RoleDefinition* find_built_in_role(const Guid& id) noexcept;
const RoleDefinition* find_built_in_role(std::string_view name) noexcept;

/// Reads `permissions` as Azure writes them (`[{"actions":[],"notActions":[],"dataActions":[],"notDataActions":[],
/// "condition":"…","conditionVersion":"2.0"}]`; missing lists are empty, a missing condition is none, without a version it
/// is 2.0; property names without regard to case). `invalid_parameter` with what is wrong where: other properties (a
/// misspelled `notActions` must not widen a role), a condition that cannot be parsed, another version or one without a
/// condition, patterns that are empty, longer than 512 bytes, with more than one `*`, with spaces or other than ASCII
/// characters; more than 64 permission objects or 4,096 patterns.
Result<std::vector<Permission>> parse_permissions(const boost::json::value& json);
/// The same back, all four lists in every object, condition and version where there is one.
boost::json::array to_json(std::span<const Permission> permissions);

} // namespace berth::rbac
