#include "rbac/policy.hpp"

#include "rbac/built_in_catalog.hpp"
#include "rbac/hash_index.hpp"
#include "rbac/operation_set.hpp"
#include "rbac/principals.hpp"
#include "rbac/standings.hpp"

#include <algorithm>
#include <functional>
#include <unordered_map>
#include <unordered_set>

namespace berth::rbac {
namespace {

// For `decide`: the first grant ends the walk, and what cannot change its outcome is not looked at.
struct RecordsNothing {
    static constexpr bool complete = false;
    void consider(const Grant&, Verdict) const noexcept {}
};

// For `explain`: everything that the principal holds, with the reason why it does or does not grant.
struct RecordsAll {
    static constexpr bool complete = true;
    std::vector<Considered> considered;
    void consider(const Grant& grant, Verdict verdict) { considered.push_back({grant.assignment, grant.role, verdict, {}}); }
};

class CompiledPolicy final : public Policy {
public:
    explicit CompiledPolicy(PolicyInput input);

    Decision decide(const Guid& principal, Operation operation, const Scope& scope,
                    const Attributes& attributes) const override {
        RecordsNothing recorder;
        auto number = principals_.find(principal);
        if (number == Principals::none) return {};
        return walk(number, operation, scope, attributes, recorder);
    }
    Explanation explain(const Guid& principal, Operation operation, const Scope& scope,
                        const Attributes& attributes) const override;
    bool has_assignment_near(const Guid& principal, const Scope& scope) const override;
    std::vector<Permission> permissions_at(const Guid& principal, const Scope& scope) const override;
    std::vector<Guid> groups_of(const Guid& principal) const override;

    const RoleDefinition* find_role(const Guid& id) const override;
    std::span<const RoleDefinition> custom_roles() const override { return input_.custom_roles; }
    std::span<const RoleAssignment> assignments() const override { return input_.assignments; }
    const RoleAssignment* find_assignment(const Guid& id) const override;

private:
    std::uint32_t find_custom_role(const Guid& id) const noexcept;
    std::vector<Grant> grants_of_assignments();

    // The one walk behind every decision and every explanation.
    template <class Recorder>
    Decision walk(std::uint32_t principal, Operation operation, const Scope& scope, const Attributes& attributes,
                  Recorder& recorder) const;
    // Calls `visit` with what the principal holds at the scope and at each one above, nearest first, until it returns
    // true. The one place that knows which scopes lie above another.
    template <class Visit>
    static void visit_upward(const Standing& standing, const Scope& scope, Visit visit);

    PolicyInput input_;
    HashIndex roles_;                          // of input_.custom_roles, by id
    HashIndex assignments_;                    // of input_.assignments, by id
    std::vector<OperationSet> custom_granted_; // by custom role; only of those that are assigned
    Principals principals_;
    std::vector<Grant> grants_; // by assignment
    Standings standings_;
};

HashIndex index_by_id(const auto& items) {
    HashIndex out(items.size());
    for (std::uint32_t i = 0; i < items.size(); ++i) out.insert(std::hash<Guid>{}(items[i].id), i);
    return out;
}

CompiledPolicy::CompiledPolicy(PolicyInput input)
    : input_(std::move(input)), roles_(index_by_id(input_.custom_roles)), assignments_(index_by_id(input_.assignments)),
      custom_granted_(input_.custom_roles.size()), principals_(input_.assignments, input_.memberships),
      grants_(grants_of_assignments()), standings_(principals_, grants_) {}

std::vector<Grant> CompiledPolicy::grants_of_assignments() {
    static const OperationSet nothing;
    const auto& catalog = BuiltInCatalog::instance();
    std::vector<bool> compiled(input_.custom_roles.size());
    std::vector<Grant> out;
    out.reserve(input_.assignments.size());
    for (const auto& assignment : input_.assignments) {
        if (auto built_in = catalog.find(assignment.role_definition)) {
            out.push_back({&assignment, &catalog.roles()[*built_in], &catalog.operations()[*built_in]});
            continue;
        }
        auto custom = find_custom_role(assignment.role_definition);
        if (custom == HashIndex::none) {
            out.push_back({&assignment, nullptr, &nothing});
            continue;
        }
        if (!compiled[custom]) custom_granted_[custom] = operations_of(input_.custom_roles[custom]);
        compiled[custom] = true;
        out.push_back({&assignment, &input_.custom_roles[custom], &custom_granted_[custom]});
    }
    return out;
}

// Why a role that does not grant the operation does not.
Verdict why_not(const RoleDefinition* role, Operation operation) {
    if (!role) return Verdict::role_unknown;
    auto matches = [&](const std::string& pattern) { return matches_action(pattern, operation.name()); };
    const bool included = std::ranges::any_of(role->permissions, [&](const Permission& permission) {
        return std::ranges::any_of(operation.is_data_action() ? permission.data_actions : permission.actions, matches);
    });
    return included ? Verdict::action_excluded : Verdict::action_not_included;
}

template <class Visit>
void CompiledPolicy::visit_upward(const Standing& standing, const Scope& scope, Visit visit) {
    for (const auto& level : scope.levels()) {
        const auto* holding = standing.at(level, scope.key().data());
        if (holding && visit(*holding)) return;
    }
}

template <class Recorder>
Decision CompiledPolicy::walk(std::uint32_t principal, Operation operation, const Scope& scope, const Attributes& attributes,
                              Recorder& recorder) const {
    Decision out;
    auto judge = [&](const Grant& grant) {
        if (!grant.operations->contains(operation)) {
            if constexpr (Recorder::complete) return why_not(grant.role, operation);
            return Verdict::action_not_included;
        }
        const auto& condition = grant.assignment->condition;
        if (condition && !condition->holds(operation, attributes)) return Verdict::condition_not_met;
        return Verdict::granted;
    };
    auto standing = standings_.of(principal);
    visit_upward(*standing, scope, [&](const Standing::Holding& holding) {
        if (!Recorder::complete && !holding.operations.contains(operation)) return false;
        for (const auto& grant : Recorder::complete ? standing->all(holding) : standing->decisive(holding)) {
            auto verdict = judge(grant);
            recorder.consider(grant, verdict);
            if (verdict != Verdict::granted || out.allowed) continue;
            out = {true, grant.assignment};
            if (!Recorder::complete) return true;
        }
        return false;
    });
    if constexpr (Recorder::complete) {
        for (const auto& holding : standing->holdings()) {
            if (holding.scope->covers(scope)) continue;
            for (const auto& grant : standing->all(holding)) recorder.consider(grant, Verdict::scope_does_not_cover);
        }
    }
    return out;
}

Explanation CompiledPolicy::explain(const Guid& principal, Operation operation, const Scope& scope,
                                    const Attributes& attributes) const {
    auto number = principals_.find(principal);
    if (number == Principals::none) return {};
    RecordsAll recorder;
    auto decision = walk(number, operation, scope, attributes, recorder);

    auto reached = principals_.reach(number);
    std::unordered_map<std::uint32_t, std::uint32_t> place;
    for (std::uint32_t i = 0; i < reached.size(); ++i) place.emplace(reached[i].number, i);
    for (auto& considered : recorder.considered) {
        auto at = place.at(principals_.find(considered.assignment->principal));
        for (; at != 0; at = reached[at].from) considered.through_groups.push_back(principals_.id(reached[at].number));
        std::ranges::reverse(considered.through_groups);
    }
    return {decision, std::move(recorder.considered)};
}

bool CompiledPolicy::has_assignment_near(const Guid& principal, const Scope& scope) const {
    auto number = principals_.find(principal);
    if (number == Principals::none) return false;
    auto standing = standings_.of(number);
    return std::ranges::any_of(standing->holdings(), [&](const Standing::Holding& holding) {
        return holding.scope->covers(scope) || scope.covers(*holding.scope);
    });
}

std::vector<Permission> CompiledPolicy::permissions_at(const Guid& principal, const Scope& scope) const {
    std::vector<Permission> out;
    auto number = principals_.find(principal);
    if (number == Principals::none) return out;
    auto standing = standings_.of(number);
    std::unordered_set<const RoleDefinition*> seen;
    visit_upward(*standing, scope, [&](const Standing::Holding& holding) {
        for (const auto& grant : standing->all(holding)) {
            if (!grant.role || grant.assignment->condition || !seen.insert(grant.role).second) continue;
            out.insert(out.end(), grant.role->permissions.begin(), grant.role->permissions.end());
        }
        return false;
    });
    return out;
}

std::vector<Guid> CompiledPolicy::groups_of(const Guid& principal) const {
    std::vector<Guid> out;
    auto number = principals_.find(principal);
    if (number == Principals::none) return out;
    auto reached = principals_.reach(number);
    for (std::size_t i = 1; i < reached.size(); ++i) out.push_back(principals_.id(reached[i].number));
    return out;
}

std::uint32_t CompiledPolicy::find_custom_role(const Guid& id) const noexcept {
    return roles_.find(std::hash<Guid>{}(id), [&](std::uint32_t i) { return input_.custom_roles[i].id == id; });
}

const RoleDefinition* CompiledPolicy::find_role(const Guid& id) const {
    if (const auto* built_in = find_built_in_role(id)) return built_in;
    auto custom = find_custom_role(id);
    return custom == HashIndex::none ? nullptr : &input_.custom_roles[custom];
}

const RoleAssignment* CompiledPolicy::find_assignment(const Guid& id) const {
    auto found = assignments_.find(std::hash<Guid>{}(id), [&](std::uint32_t i) { return input_.assignments[i].id == id; });
    return found == HashIndex::none ? nullptr : &input_.assignments[found];
}

} // namespace

std::shared_ptr<const Policy> Policy::compile(PolicyInput input) {
    return std::make_shared<const CompiledPolicy>(std::move(input));
}

} // namespace berth::rbac
