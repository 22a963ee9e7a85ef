#pragma once

#include "base/guid.hpp"
#include "rbac/assignment.hpp"
#include "rbac/attributes.hpp"
#include "rbac/deny_assignment.hpp"
#include "rbac/name_selection.hpp"
#include "rbac/operation.hpp"
#include "rbac/role_definition.hpp"
#include "rbac/scope.hpp"
#include "rbac/shared_list.hpp"
#include "rbac/subject.hpp"

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace berth::rbac {

/// Everything a decision stands on. Cheap to copy but for the memberships: the records are shared.
struct PolicyInput {
    SharedList<RoleDefinition> custom_roles{};
    SharedList<RoleAssignment> assignments{}; ///< those that name an unknown role grant nothing
    std::vector<GroupMembership> memberships{};
    SharedList<DenyAssignment> deny_assignments{};
    /// A subscription or a management group without an entry lies directly under `/`. Circles are harmless.
    std::vector<ManagementGroupMembership> management_groups{};
};

/// Why one assignment did or did not grant.
enum class Verdict : std::uint8_t {
    granted,
    action_not_included,  ///< no pattern of the role matches the action
    action_excluded,      ///< matched, but `notActions` takes it away
    scope_does_not_cover, ///< another scope than the one asked for or one above it
    role_unknown,
    condition_not_met,      ///< the assignment's
    role_condition_not_met, ///< that of the role's permission objects that include the action
};

/// Why one deny assignment did or did not deny.
enum class DenyVerdict : std::uint8_t {
    denied,
    action_not_included,
    action_excluded,
    scope_does_not_cover,
    not_for_child_scopes, ///< it is at a scope above and does not apply to those below
    principal_excluded,   ///< it would deny, but the caller or a group they are in is excluded
};

/// One assignment of the caller (or of a group they are in) as the decision saw it.
struct Considered {
    const RoleAssignment* assignment;
    const RoleDefinition* role; ///< nullptr when unknown
    Verdict verdict;
    std::vector<Guid> through_groups; ///< the path from the caller to the group that holds the assignment
};

/// One deny assignment that names the caller, a group they are in, or everyone.
struct ConsideredDeny {
    const DenyAssignment* assignment;
    DenyVerdict verdict;
    std::vector<Guid> through_groups; ///< the path to the group that it names; empty where it names everyone
};

/// What the pointers point to lives as long as the policy.
struct Decision {
    bool allowed = false;
    const RoleAssignment* granted_by = nullptr; ///< set when allowed
    /// Set when a deny assignment refuses: no role helps then.
    const DenyAssignment* denied_by = nullptr;
    /// When refused and not denied: the nearest assignment that would grant if its condition held, or its role's.
    const RoleAssignment* condition_not_met = nullptr;
};

struct Explanation {
    Decision decision;
    std::vector<Considered> considered;  ///< nearest scope first, then those at scopes that do not cover
    std::vector<ConsideredDeny> denials; ///< in the same order
};

/// All definitions, assignments and groups, compiled and immutable: share it freely between threads.
class Policy {
public:
    /// A custom role with the id of a built-in one is never looked at. Cheap in the number of roles: only those that
    /// are assigned are compiled; what a principal holds is put together when it first asks, and kept. From `previous`,
    /// which is not kept, comes what was made of records that are still in use: changing little costs little. A deny
    /// assignment denies whatever conditions its permission objects carry.
    static std::shared_ptr<const Policy> compile(PolicyInput input, const Policy* previous = nullptr);
    virtual ~Policy() = default;

    /// What it was made of: copy it, change it, compile the next.
    virtual const PolicyInput& input() const = 0;

    /// May this subject (with all groups it is in, transitively) do this there? Deny assignments come first and win;
    /// they apply to everybody, also to who has no role. A few hash look-ups and bit tests.
    virtual Decision decide(const Subject& subject, Operation operation, const Scope& scope,
                            const Attributes& attributes = {}) const = 0;
    /// The same walk with a recorder: also says what was looked at, assignments elsewhere included. The decision is the
    /// one that `decide` makes.
    virtual Explanation explain(const Subject& subject, Operation operation, const Scope& scope,
                                const Attributes& attributes = {}) const = 0;

    /// Whether there are attributes for which `decide` allows it: conditions are taken to hold, deny assignments count.
    virtual bool may_be_allowed(const Subject& subject, Operation operation, const Scope& scope) const = 0;
    /// `decide` where no condition is taken to hold: allowed whatever the attributes are.
    virtual Decision decide_without_conditions(const Subject& subject, Operation operation, const Scope& scope) const = 0;
    /// On which repositories of the registry `decide` can allow it: a name that is not in it is refused; one that is, is
    /// to be decided (names are lower case, as OCI has them). Everything where a grant without a condition covers, nothing
    /// where there is none, or a denial.
    virtual NameSelection repositories_where(const Subject& subject, Operation operation, const Scope& registry) const = 0;

    /// The scope itself and all above it, management groups included, nearest first, `/` last.
    virtual std::vector<Scope> scopes_above(const Scope& scope) const = 0;
    /// Whether `below` is the scope `above` or lies below it, by its path or through management groups.
    virtual bool covers(const Scope& above, const Scope& below) const = 0;
    /// Whether the principal has any assignment at, above or below the scope: what shows it a subscription.
    virtual bool has_assignment_near(const Subject& subject, const Scope& scope) const = 0;
    /// The effective permission objects of the principal at the scope, as ARM's `permissions` lists them: those of
    /// every role that is assigned here or above, each role once (again for each condition it is assigned under, unless
    /// it is also assigned without one), nearest first. They carry the condition of the permission object, of the
    /// assignment, or both joined by AND. Deny assignments are not taken off.
    virtual std::vector<Permission> permissions_at(const Subject& subject, const Scope& scope) const = 0;
    /// The principal's groups, transitively, without itself.
    virtual std::vector<Guid> groups_of(const Guid& principal) const = 0;

    /// Custom or built-in, by id; nullptr if there is none.
    virtual const RoleDefinition* find_role(const Guid& id) const = 0;
    const SharedList<RoleDefinition>& custom_roles() const { return input().custom_roles; }
    const SharedList<RoleAssignment>& assignments() const { return input().assignments; }
    const SharedList<DenyAssignment>& deny_assignments() const { return input().deny_assignments; }
    virtual const RoleAssignment* find_assignment(const Guid& id) const = 0;
    virtual const DenyAssignment* find_deny_assignment(const Guid& id) const = 0;
};

/// The built-in role that grants all these operations and least beside them; nullptr if none does or none is asked for.
/// Roles made for the provider of one of the operations come first, then the role that can change least, then the one
/// that can see least, counted in known operations. Against a deny assignment none helps: look at `Decision::denied_by`
/// first.
const RoleDefinition* smallest_role(std::span<const Operation> operations);

} // namespace berth::rbac
