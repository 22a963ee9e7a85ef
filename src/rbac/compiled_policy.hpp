#pragma once

#include "rbac/hash_index.hpp"
#include "rbac/management_groups.hpp"
#include "rbac/policy.hpp"
#include "rbac/principals.hpp"
#include "rbac/role_operations.hpp"
#include "rbac/standings.hpp"

#include <memory>
#include <vector>

namespace berth::rbac {

/// The policy that `Policy::compile` makes. Inside this room only.
class CompiledPolicy final : public Policy {
public:
    CompiledPolicy(PolicyInput input, const CompiledPolicy* previous);

    const PolicyInput& input() const override { return input_; }
    Decision decide(const Subject& subject, Operation operation, const Scope& scope,
                    const Attributes& attributes) const override;
    Explanation explain(const Subject& subject, Operation operation, const Scope& scope,
                        const Attributes& attributes) const override;
    bool may_be_allowed(const Subject& subject, Operation operation, const Scope& scope) const override;
    Decision decide_without_conditions(const Subject& subject, Operation operation, const Scope& scope) const override;
    NameSelection repositories_where(const Subject& subject, Operation operation, const Scope& registry) const override;
    std::vector<Scope> scopes_above(const Scope& scope) const override;
    bool covers(const Scope& above, const Scope& below) const override { return management_groups_.covers(above, below); }
    bool has_assignment_near(const Subject& subject, const Scope& scope) const override;
    std::vector<Permission> permissions_at(const Subject& subject, const Scope& scope) const override;
    std::vector<Guid> groups_of(const Guid& principal) const override;
    const RoleDefinition* find_role(const Guid& id) const override;
    const RoleAssignment* find_assignment(const Guid& id) const override;
    const DenyAssignment* find_deny_assignment(const Guid& id) const override;

private:
    std::uint32_t find_custom_role(const Guid& id) const noexcept;
    std::vector<Grant> grants_of_assignments(const CompiledPolicy* previous);
    std::shared_ptr<const RoleOperations> operations_of_custom_role(std::uint32_t role, const CompiledPolicy* previous) const;
    std::vector<Denial> denials_of_deny_assignments() const;

    // The one walk behind every decision and every explanation. `holds` is asked about conditions.
    template <class Holds, class Recorder>
    Decision walk(const Standing& standing, Operation operation, const Scope& scope, Holds holds, Recorder& recorder) const;
    // Its first part: the nearest deny assignment that denies.
    template <class Recorder>
    const DenyAssignment* find_denial(const Standing& standing, Operation operation, const Scope& scope,
                                      Recorder& recorder) const;
    template <class Holds, class Recorder>
    Decision decide_with(const Subject& subject, Operation operation, const Scope& scope, Holds holds,
                         Recorder& recorder) const;
    Standings::Handle standing_of(const Subject& subject) const;
    // Everybody whom a subject is, with all groups: the principal first, if the policy knows it.
    std::vector<Principals::Reached> reach(const Subject& subject) const;
    // The numbers of its links that the policy knows, in ascending order, each once.
    std::vector<std::uint32_t> known_links_of(const Subject& subject) const;
    // Calls `visit` for the scope and for each one above, nearest first, until it returns true: with the level, and the
    // scope whose level it is.
    // The one place that knows which scopes lie above another.
    template <class Visit>
    void visit_upward(const Scope& scope, Visit visit) const;

    PolicyInput input_;
    HashIndex roles_;            // of input_.custom_roles, by id
    HashIndex assignments_;      // of input_.assignments, by id
    HashIndex deny_assignments_; // of input_.deny_assignments, by id
    ManagementGroups management_groups_;
    std::vector<std::shared_ptr<const RoleOperations>> custom_operations_; // by custom role; null where not assigned
    std::vector<OperationSet> denied_;                                     // by deny assignment
    Principals principals_;
    std::vector<Grant> grants_;   // by assignment
    std::vector<Denial> denials_; // by deny assignment
    Standings standings_;
};

template <class Visit>
void CompiledPolicy::visit_upward(const Scope& scope, Visit visit) const {
    const auto levels = scope.levels();
    for (std::size_t i = 0; i < levels.size(); ++i) {
        if (visit(levels[i], scope)) return;
        if (i + 2 != levels.size()) continue;
        // Between this, the topmost in the path, and `/` lie the management groups.
        for (const auto* group : management_groups_.above(levels[i], scope.key().data())) {
            if (visit(group->levels().front(), *group)) return;
        }
    }
}

} // namespace berth::rbac
