#pragma once

#include "base/guid.hpp"
#include "rbac/assignment.hpp"
#include "rbac/attributes.hpp"
#include "rbac/operation.hpp"
#include "rbac/role_definition.hpp"
#include "rbac/scope.hpp"

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace berth::rbac {

/// Everything a decision stands on. Assignments that name an unknown role or carry a condition (which the condition
/// evaluator of a later version will honour) grant nothing.
struct PolicyInput {
    std::vector<RoleDefinition> custom_roles;
    std::vector<RoleAssignment> assignments;
    std::vector<GroupMembership> memberships;
};

/// Why one assignment did or did not grant.
enum class Verdict : std::uint8_t {
    granted,
    action_not_included,  ///< no pattern of the role matches the action
    action_excluded,      ///< matched, but `notActions` takes it away
    scope_does_not_cover, ///< another scope than the one asked for or one above it
    role_unknown,
    condition_not_met,
};

/// One assignment of the caller (or of a group they are in) as the decision saw it.
struct Considered {
    const RoleAssignment* assignment;
    const RoleDefinition* role; ///< nullptr when unknown
    Verdict verdict;
    std::vector<Guid> through_groups; ///< the path from the caller to the group that holds the assignment
};

struct Decision {
    bool allowed = false;
    const RoleAssignment* granted_by = nullptr; ///< set when allowed; lives as long as the policy
};

struct Explanation {
    Decision decision;
    std::vector<Considered> considered; ///< nearest scope first, then those at scopes that do not cover
};

/// All definitions, assignments and groups, compiled and immutable: share it freely between threads.
class Policy {
public:
    /// A custom role with the id of a built-in one is never looked at. Cheap in the number of roles: only those that
    /// are assigned are compiled; what a principal holds is put together when it first asks, and kept.
    static std::shared_ptr<const Policy> compile(PolicyInput input);
    virtual ~Policy() = default;

    /// May this principal (with all groups it is in, transitively) do this there? A few hash look-ups and bit tests.
    virtual Decision decide(const Guid& principal, Operation operation, const Scope& scope,
                            const Attributes& attributes = {}) const = 0;
    /// The same walk with a recorder: also says what was looked at, assignments elsewhere included. The decision is the
    /// one that `decide` makes.
    virtual Explanation explain(const Guid& principal, Operation operation, const Scope& scope,
                                const Attributes& attributes = {}) const = 0;

    /// Whether the principal has any assignment at, above or below the scope: what shows it a subscription.
    virtual bool has_assignment_near(const Guid& principal, const Scope& scope) const = 0;
    /// The effective permission objects of the principal at the scope, as ARM's `permissions` lists them: those of
    /// every role that is assigned here or above without a condition, each role once, nearest first.
    virtual std::vector<Permission> permissions_at(const Guid& principal, const Scope& scope) const = 0;
    /// The principal's groups, transitively, without itself.
    virtual std::vector<Guid> groups_of(const Guid& principal) const = 0;

    /// Custom or built-in, by id; nullptr if there is none.
    virtual const RoleDefinition* find_role(const Guid& id) const = 0;
    virtual std::span<const RoleDefinition> custom_roles() const = 0;
    virtual std::span<const RoleAssignment> assignments() const = 0;
    virtual const RoleAssignment* find_assignment(const Guid& id) const = 0;
};

/// The built-in role that grants all these operations and least beside them; nullptr if none does or none is asked for.
/// Roles made for the provider of one of the operations come first, then the role that can change least, then the one
/// that can see least, counted in known operations.
const RoleDefinition* smallest_role(std::span<const Operation> operations);

} // namespace berth::rbac
