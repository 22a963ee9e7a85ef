// Deciding and explaining: one walk, with a recorder that looks or one that does not.

#include "rbac/compiled_policy.hpp"

#include <algorithm>
#include <unordered_map>

namespace berth::rbac {
namespace {

// For `decide`: the first grant ends the walk, and what cannot change its outcome is not looked at.
struct RecordsNothing {
    static constexpr bool complete = false;
    void consider(const Grant&, Verdict) const noexcept {}
    void consider(const Denial&, DenyVerdict) const noexcept {}
};

// For `explain`: everything that names the principal, with the reason why it does or does not count.
struct RecordsAll {
    static constexpr bool complete = true;
    std::vector<Considered> considered;
    std::vector<ConsideredDeny> denials;
    void consider(const Grant& grant, Verdict verdict) { considered.push_back({grant.assignment, grant.role, verdict, {}}); }
    void consider(const Denial& denial, DenyVerdict verdict) { denials.push_back({denial.assignment, verdict, {}}); }
};

// Whether a pattern names the operation, so that another must have taken it away.
bool is_included(const std::vector<Permission>& permissions, Operation operation) {
    auto matches = [&](const std::string& pattern) { return matches_operation(pattern, operation); };
    return std::ranges::any_of(permissions, [&](const Permission& permission) {
        return std::ranges::any_of(operation.is_data_action() ? permission.data_actions : permission.actions, matches);
    });
}

Verdict why_not(const RoleDefinition* role, Operation operation) {
    if (!role) return Verdict::role_unknown;
    return is_included(role->permissions, operation) ? Verdict::action_excluded : Verdict::action_not_included;
}

// Conditions as they stand, asked with what the request is about.
auto asks(Operation operation, const Attributes& attributes) {
    return [operation, &attributes](const ConditionPointer& condition) { return condition->holds(operation, attributes); };
}

// Where the scopes are right: does this assignment grant the operation? Each permission object is asked by itself.
template <class Recorder, class Holds>
Verdict judge(const Grant& grant, Operation operation, Holds holds) {
    const auto& operations = *grant.operations;
    if (!operations.all.contains(operation)) {
        return Recorder::complete ? why_not(grant.role, operation) : Verdict::action_not_included;
    }
    if (!operations.unconditional.contains(operation) && std::ranges::none_of(operations.conditional, [&](const auto& part) {
            return part.operations.contains(operation) && holds(part.condition);
        })) {
        return Verdict::role_condition_not_met;
    }
    const auto& condition = grant.assignment->condition;
    return condition && !holds(condition) ? Verdict::condition_not_met : Verdict::granted;
}

template <class Recorder>
DenyVerdict judge(const Denial& denial, Operation operation, const Scope& scope) {
    if (denial.assignment->does_not_apply_to_child_scopes && denial.assignment->scope != scope) {
        return DenyVerdict::not_for_child_scopes;
    }
    if (!denial.operations->contains(operation)) {
        return Recorder::complete && is_included(denial.assignment->permissions, operation) ? DenyVerdict::action_excluded
                                                                                            : DenyVerdict::action_not_included;
    }
    return denial.is_exempt ? DenyVerdict::principal_excluded : DenyVerdict::denied;
}

} // namespace

template <class Recorder>
const DenyAssignment* CompiledPolicy::find_denial(const Standing& standing, Operation operation, const Scope& scope,
                                                  Recorder& recorder) const {
    const DenyAssignment* out = nullptr;
    const auto& denials = standing.denials();
    visit_upward(scope, [&](const Scope::Level& level, const Scope& of) {
        for (const auto& denial : denials.at(level, of.key().data())) {
            const auto verdict = judge<Recorder>(denial, operation, scope);
            recorder.consider(denial, verdict);
            if (verdict == DenyVerdict::denied && !out) out = denial.assignment;
        }
        return !Recorder::complete && out;
    });
    if constexpr (Recorder::complete) {
        for (const auto& denial : denials.all()) {
            if (!covers(denial.assignment->scope, scope)) recorder.consider(denial, DenyVerdict::scope_does_not_cover);
        }
    }
    return out;
}

template <class Holds, class Recorder>
Decision CompiledPolicy::walk(const Standing& standing, Operation operation, const Scope& scope, Holds holds,
                              Recorder& recorder) const {
    Decision out;
    if (Recorder::complete || standing.denials().operations().contains(operation)) {
        out.denied_by = find_denial(standing, operation, scope, recorder);
        if (out.denied_by && !Recorder::complete) return out;
    }
    visit_upward(scope, [&](const Scope::Level& level, const Scope& of) {
        const auto* holding = standing.at(level, of.key().data());
        if (!holding || (!Recorder::complete && !holding->operations.contains(operation))) return false;
        for (const auto& grant : Recorder::complete ? standing.all(*holding) : standing.decisive(*holding)) {
            const auto verdict = judge<Recorder>(grant, operation, holds);
            recorder.consider(grant, verdict);
            if (out.denied_by || out.allowed) continue;
            if (verdict == Verdict::granted) {
                out = {.allowed = true, .granted_by = grant.assignment};
                if (!Recorder::complete) return true;
            } else if (verdict >= Verdict::condition_not_met && !out.condition_not_met) {
                out.condition_not_met = grant.assignment;
            }
        }
        return false;
    });
    if constexpr (Recorder::complete) {
        for (const auto& holding : standing.holdings()) {
            if (covers(*holding.scope, scope)) continue;
            for (const auto& grant : standing.all(holding)) recorder.consider(grant, Verdict::scope_does_not_cover);
        }
    }
    return out;
}

std::vector<std::uint32_t> CompiledPolicy::known_links_of(const Subject& subject) const {
    std::vector<std::uint32_t> out;
    for (const auto& link : subject.links()) {
        if (auto number = principals_.find(link); number != Principals::none) out.push_back(number);
    }
    std::ranges::sort(out);
    const auto again = std::ranges::unique(out);
    out.erase(again.begin(), again.end());
    return out;
}

std::vector<Principals::Reached> CompiledPolicy::reach(const Subject& subject) const {
    return principals_.reach(principals_.find(subject.principal()), known_links_of(subject));
}

Standings::Handle CompiledPolicy::standing_of(const Subject& subject) const {
    const auto number = principals_.find(subject.principal());
    if (subject.links().empty()) return standings_.of(number);
    return standings_.of(number, known_links_of(subject));
}

template <class Holds, class Recorder>
Decision CompiledPolicy::decide_with(const Subject& subject, Operation operation, const Scope& scope, Holds holds,
                                     Recorder& recorder) const {
    const auto standing = standing_of(subject);
    return walk(*standing, operation, scope, holds, recorder);
}

Decision CompiledPolicy::decide(const Subject& subject, Operation operation, const Scope& scope,
                                const Attributes& attributes) const {
    RecordsNothing recorder;
    return decide_with(subject, operation, scope, asks(operation, attributes), recorder);
}

bool CompiledPolicy::may_be_allowed(const Subject& subject, Operation operation, const Scope& scope) const {
    RecordsNothing recorder;
    return decide_with(subject, operation, scope, [](const ConditionPointer&) { return true; }, recorder).allowed;
}

Decision CompiledPolicy::decide_without_conditions(const Subject& subject, Operation operation, const Scope& scope) const {
    RecordsNothing recorder;
    return decide_with(subject, operation, scope, [](const ConditionPointer&) { return false; }, recorder);
}

Explanation CompiledPolicy::explain(const Subject& subject, Operation operation, const Scope& scope,
                                    const Attributes& attributes) const {
    RecordsAll recorder;
    auto decision = decide_with(subject, operation, scope, asks(operation, attributes), recorder);

    const auto reached = reach(subject);
    std::unordered_map<std::uint32_t, std::uint32_t> place;
    for (std::uint32_t i = 0; i < reached.size(); ++i) {
        if (!reached[i].is_link) place.emplace(reached[i].number, i);
    }
    auto path_to = [&](std::uint32_t at) {
        std::vector<Guid> path;
        for (; reached[at].from != at; at = reached[at].from) path.push_back(principals_.id(reached[at].number));
        std::ranges::reverse(path);
        return path;
    };
    for (auto& considered : recorder.considered) {
        considered.through_groups = path_to(place.at(principals_.find(considered.assignment->principal)));
    }
    for (auto& considered : recorder.denials) {
        // The nearest of those that it names; everyone is nearer than any group.
        const auto& names = considered.assignment->principals;
        if (std::ranges::any_of(names, is_everyone)) continue;
        std::uint32_t nearest = HashIndex::none;
        for (const auto& named : names) {
            auto found = place.find(principals_.find(named.id));
            if (found != place.end()) nearest = std::min(nearest, found->second);
        }
        if (nearest != HashIndex::none) considered.through_groups = path_to(nearest);
    }
    return {decision, std::move(recorder.considered), std::move(recorder.denials)};
}

NameSelection CompiledPolicy::repositories_where(const Subject& subject, Operation operation, const Scope& registry) const {
    NameSelection out;
    const auto standing = standing_of(subject);
    RecordsNothing recorder;
    if (standing->denials().operations().contains(operation) && find_denial(*standing, operation, registry, recorder)) {
        return out;
    }
    visit_upward(registry, [&](const Scope::Level& level, const Scope& of) {
        const auto* holding = standing->at(level, of.key().data());
        if (!holding || !holding->operations.contains(operation)) return false;
        for (const auto& grant : standing->decisive(*holding)) {
            if (!grant.operations->all.contains(operation)) continue;
            auto names = NameSelection::nothing();
            if (grant.operations->unconditional.contains(operation)) names = NameSelection::everything();
            for (const auto& part : grant.operations->conditional) {
                if (part.operations.contains(operation)) names.unite(part.condition->repositories(operation));
            }
            if (const auto& condition = grant.assignment->condition) names.intersect(condition->repositories(operation));
            if (out.unite(names).all) return true;
        }
        return false;
    });
    return out;
}

} // namespace berth::rbac
