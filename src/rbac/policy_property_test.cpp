// Two evaluators agree: random policies and requests, the naive evaluator against the compiled policy. A disagreement
// is made small before it is shown. BERTH_SEED repeats a run, BERTH_PAIRS says how many policies and requests together.

#include "rbac/policy.hpp"
#include "rbac/testing/naive_evaluator.hpp"
#include "rbac/testing/policy_generator.hpp"

#include <boost/json/serialize.hpp>
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <random>
#include <set>
#include <string>

namespace berth::rbac::testing {
namespace {

std::uint64_t number_in(const char* variable, std::uint64_t otherwise) {
    const char* given = std::getenv(variable);
    return given ? std::strtoull(given, nullptr, 10) : otherwise;
}

// Sanitizers slow the naive evaluator down most of all: a tenth will do there.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr std::size_t usual_pairs = 100'000;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
constexpr std::size_t usual_pairs = 100'000;
#else
constexpr std::size_t usual_pairs = 1'000'000;
#endif
#else
constexpr std::size_t usual_pairs = 1'000'000;
#endif

// What is wrong about a decision; empty if nothing is.
std::string fault_of_decision(const Policy& policy, const NaiveEvaluator& naive, const GeneratedRequest& request,
                              const NaiveRequest& asked) {
    const auto decision = policy.decide(request.subject(), request.operation, request.scope, request.attributes());
    const bool expected = naive.allows(asked);
    if (decision.allowed != expected) return fmt::format("decide says {}, the naive evaluator {}", decision.allowed, expected);
    if (decision.allowed != (decision.granted_by != nullptr)) return "granted_by and allowed disagree";
    if (decision.allowed && (decision.denied_by || decision.condition_not_met)) return "allowed with a reason against it";
    if (decision.granted_by && (!naive.identities(asked).contains(decision.granted_by->principal.value()) ||
                                !naive.grants(*decision.granted_by, asked))) {
        return "the assignment that is said to grant does not";
    }
    const bool denied =
        std::ranges::any_of(policy.deny_assignments(), [&](const DenyAssignment& deny) { return naive.denies(deny, asked); });
    if (denied != (decision.denied_by != nullptr)) return "denied_by is wrong";
    if (decision.denied_by && !naive.denies(*decision.denied_by, asked))
        return "the deny assignment that is named does not deny";
    auto assuming = asked;
    assuming.conditions_hold = true;
    const bool may_be = policy.may_be_allowed(request.subject(), request.operation, request.scope);
    if (decision.allowed && !may_be) return "may_be_allowed refuses what is allowed";
    if (!decision.allowed && may_be != naive.allows(assuming)) return "may_be_allowed is wrong";
    if (!decision.allowed && !denied && may_be != (decision.condition_not_met != nullptr)) return "condition_not_met is wrong";
    return {};
}

std::string fault_without_conditions(const Policy& policy, const NaiveEvaluator& naive, const GeneratedRequest& request,
                                     const NaiveRequest& asked, bool allowed) {
    auto assuming = asked;
    assuming.conditions_hold = false;
    const auto decision = policy.decide_without_conditions(request.subject(), request.operation, request.scope);
    if (decision.allowed != naive.allows(assuming)) return "decide_without_conditions is wrong";
    if (decision.allowed && !allowed) return "what needs no condition is refused";
    if (!decision.allowed && allowed && !decision.condition_not_met) return "decide_without_conditions names no condition";
    return {};
}

std::string fault_of_names(const Policy& policy, const NaiveEvaluator& naive, const GeneratedRequest& request,
                           const NaiveRequest& asked, bool allowed) {
    const auto names = policy.repositories_where(request.subject(), request.operation, request.scope);
    if (allowed && !request.repository.empty() && !names.contains(request.repository)) return "repositories_where lacks a name";
    auto assuming = asked;
    assuming.conditions_hold = true;
    if (!names.empty() && !naive.allows(assuming)) return "repositories_where has names where nothing can be allowed";
    const auto ids = naive.identities(asked);
    for (const auto& assignment : policy.assignments()) {
        const auto* role = policy.find_role(assignment.role_definition);
        if (!ids.contains(assignment.principal.value()) || assignment.condition || !role) continue;
        if (std::ranges::any_of(role->permissions, [](const Permission& each) { return each.condition != nullptr; })) continue;
        const bool granted = naive.grants(assignment, asked) && naive.allows(asked);
        if (granted && !names.all) return "repositories_where is not everything under an unconditional grant";
    }
    return {};
}

std::string fault_of_considered(const Explanation& explanation, const Policy& policy, const NaiveEvaluator& naive,
                                const NaiveRequest& asked) {
    const auto ids = naive.identities(asked);
    const auto own = std::ranges::count_if(
        policy.assignments(), [&](const RoleAssignment& assignment) { return ids.contains(assignment.principal.value()); });
    if (explanation.considered.size() != static_cast<std::size_t>(own)) {
        return fmt::format("considered {} of {}", explanation.considered.size(), own);
    }
    std::set<const RoleAssignment*> seen;
    for (const auto& considered : explanation.considered) {
        const auto& assignment = *considered.assignment;
        if (!seen.insert(&assignment).second) return "an assignment was considered twice";
        if ((considered.verdict == Verdict::granted) != naive.grants(assignment, asked)) {
            return fmt::format("verdict {} on assignment {}", static_cast<int>(considered.verdict), assignment.id.value());
        }
        if ((considered.verdict == Verdict::scope_does_not_cover) == naive.covers(assignment.scope.value(), asked.scope)) {
            return fmt::format("scope of assignment {}", assignment.id.value());
        }
        // It begins at the principal or at a link.
        auto ends = asked.links;
        ends.insert(asked.principal);
        for (const auto& group : considered.through_groups) {
            auto leads = [&](const GroupMembership& each) { return ends.contains(each.member.value()) && each.group == group; };
            if (std::ranges::none_of(policy.input().memberships, leads)) return "a path through groups that is none";
            ends = {group.value()};
        }
        if (considered.through_groups.empty()) ends = {asked.principal};
        if (!ends.contains(assignment.principal.value())) return "a path that does not end at the holder";
    }
    return {};
}

std::string fault_of_denials(const Explanation& explanation, const Policy& policy, const NaiveEvaluator& naive,
                             const NaiveRequest& asked) {
    std::set<const DenyAssignment*> seen;
    for (const auto& considered : explanation.denials) {
        const auto& deny = *considered.assignment;
        if (!seen.insert(&deny).second) return "a deny assignment was considered twice";
        if ((considered.verdict == DenyVerdict::denied) != naive.denies(deny, asked)) {
            return fmt::format("verdict {} on deny assignment {}", static_cast<int>(considered.verdict), deny.id.value());
        }
        if ((considered.verdict == DenyVerdict::scope_does_not_cover) == naive.covers(deny.scope.value(), asked.scope)) {
            return fmt::format("scope of deny assignment {}", deny.id.value());
        }
    }
    for (const auto& deny : policy.deny_assignments()) {
        if (seen.contains(&deny) != naive.names(deny, asked)) return "a deny assignment was overlooked, or is not the caller's";
    }
    return {};
}

std::string fault_of_the_rest(const Policy& policy, const NaiveEvaluator& naive, const GeneratedRequest& request,
                              const NaiveRequest& asked) {
    const auto decision = policy.decide(request.subject(), request.operation, request.scope, request.attributes());
    const auto explanation = policy.explain(request.subject(), request.operation, request.scope, request.attributes());
    const auto& told = explanation.decision;
    if (told.allowed != decision.allowed || told.granted_by != decision.granted_by || told.denied_by != decision.denied_by ||
        told.condition_not_met != decision.condition_not_met) {
        return "explain and decide disagree";
    }
    if (auto fault = fault_of_considered(explanation, policy, naive, asked); !fault.empty()) return fault;
    if (auto fault = fault_of_denials(explanation, policy, naive, asked); !fault.empty()) return fault;
    if (auto fault = fault_without_conditions(policy, naive, request, asked, decision.allowed); !fault.empty()) return fault;
    if (auto fault = fault_of_names(policy, naive, request, asked, decision.allowed); !fault.empty()) return fault;

    const auto ids = naive.identities(asked);
    auto alone = asked;
    alone.links.clear();
    if (policy.groups_of(request.principal).size() + 1 != naive.identities(alone).size()) return "groups_of is wrong";
    bool near = false;
    for (const auto& assignment : policy.assignments()) {
        if (!ids.contains(assignment.principal.value())) continue;
        near =
            near || naive.covers(assignment.scope.value(), asked.scope) || naive.covers(asked.scope, assignment.scope.value());
        if (policy.covers(assignment.scope, request.scope) != naive.covers(assignment.scope.value(), asked.scope)) {
            return "covers is wrong";
        }
    }
    if (policy.has_assignment_near(request.subject(), request.scope) != near) return "has_assignment_near is wrong";
    for (const auto& above : policy.scopes_above(request.scope)) {
        if (!naive.covers(above.value(), asked.scope)) return "scopes_above is wrong";
    }
    return {};
}

std::string fault(const GeneratedPolicy& generated, const Policy& policy, const GeneratedRequest& request, bool whole) {
    const NaiveEvaluator naive(generated.input, generated.conditions);
    const auto asked = request.naive();
    if (auto found = fault_of_decision(policy, naive, request, asked); !found.empty()) return found;
    return whole ? fault_of_the_rest(policy, naive, request, asked) : std::string();
}

// Takes away whatever can be taken away without the fault going.
class Shrinking {
public:
    Shrinking(GeneratedPolicy& policy, const GeneratedRequest& request) : policy_(policy), request_(request) {
        auto& input = policy_.input;
        for (bool shrunk = true; shrunk;) {
            shrunk = shorten(input.assignments);
            shrunk = shorten(input.deny_assignments) || shrunk;
            shrunk = shorten(input.memberships) || shrunk;
            shrunk = shorten(input.management_groups) || shrunk;
            shrunk = shorten(input.custom_roles) || shrunk;
            for (std::size_t i = 0; i < input.custom_roles.size(); ++i) shrunk = shorten_role(i) || shrunk;
            for (std::size_t i = 0; i < input.assignments.size(); ++i) {
                shrunk =
                    simplify(input.assignments[i].condition,
                             [&](ConditionPointer simpler) {
                                 input.assignments.edit(i, [&](RoleAssignment& each) { each.condition = std::move(simpler); });
                             }) ||
                    shrunk;
            }
        }
    }

private:
    bool still_wrong() const { return !fault(policy_, *Policy::compile(policy_.input), request_, true).empty(); }

    // Makes the change, and takes it back if the fault goes with it.
    template <class List, class Change>
    bool try_to(List& list, Change change) {
        auto kept = list;
        change(list);
        if (still_wrong()) return true;
        list = std::move(kept);
        return false;
    }
    template <class List>
    bool shorten(List& list) {
        bool shrunk = false;
        for (std::size_t i = list.size(); i-- > 0;) {
            shrunk = try_to(list,
                            [i](List& shorter) {
                                if constexpr (requires { shorter.pointers(); }) {
                                    shorter.erase(i);
                                } else {
                                    shorter.erase(shorter.begin() + static_cast<std::ptrdiff_t>(i));
                                }
                            }) ||
                     shrunk;
        }
        return shrunk;
    }
    bool shorten_role(std::size_t at) {
        auto& roles = policy_.input.custom_roles;
        bool shrunk = false;
        for (std::size_t i = roles[at].permissions.size(); i-- > 0;) {
            const bool gone = try_to(roles, [&](auto& list) {
                list.edit(at, [&](RoleDefinition& role) {
                    role.permissions.erase(role.permissions.begin() + static_cast<std::ptrdiff_t>(i));
                });
            });
            shrunk = gone || shrunk;
            if (gone) continue;
            shrunk =
                simplify(roles[at].permissions[i].condition,
                         [&](ConditionPointer simpler) {
                             roles.edit(at, [&](RoleDefinition& role) { role.permissions[i].condition = std::move(simpler); });
                         }) ||
                shrunk;
        }
        return shrunk;
    }
    // None, or a part of it, in its place.
    template <class Set>
    bool simplify(const ConditionPointer condition, Set set) {
        if (!condition) return false;
        set(nullptr);
        if (still_wrong()) return true;
        auto known = policy_.conditions.find(condition->text());
        if (known != policy_.conditions.end()) {
            for (const auto& part : std::vector<NaiveCondition>(known->second.parts)) {
                const auto text = part.print(1);
                policy_.conditions.emplace(text, part);
                set(*Condition::parse(text));
                if (still_wrong()) return true;
            }
        }
        set(condition);
        return false;
    }

    GeneratedPolicy& policy_;
    const GeneratedRequest& request_;
};

std::string describe(const PolicyInput& input, const GeneratedRequest& request) {
    const auto asked = request.naive();
    auto out = fmt::format("{} asks for {}{} at {}\n", asked.principal, asked.action, asked.is_data_action ? " (data)" : "",
                           asked.scope);
    for (const auto& link : asked.links) out += fmt::format("  with the link {}\n", link);
    for (const auto& [name, values] : asked.attributes) out += fmt::format("  {} = {}\n", name, fmt::join(values, " | "));
    for (const auto& role : input.custom_roles) {
        out += fmt::format("role {} {}\n", role.id.value(), boost::json::serialize(to_json(role.permissions)));
    }
    for (const auto& each : input.assignments) {
        out += fmt::format("assignment {}: {} has {} at {}{}\n", each.id.value(), each.principal.value(),
                           each.role_definition.value(), each.scope.value(),
                           each.condition ? " where " + each.condition->text() : "");
    }
    for (const auto& each : input.deny_assignments) {
        out +=
            fmt::format("deny assignment {} at {}{}: {}", each.id.value(), each.scope.value(),
                        each.does_not_apply_to_child_scopes ? " only" : "", boost::json::serialize(to_json(each.permissions)));
        for (const auto& who : each.principals) out += fmt::format(" to {} ({})", who.id.value(), who.type);
        for (const auto& who : each.excluded_principals) out += fmt::format(" not {}", who.id.value());
        out += "\n";
    }
    for (const auto& each : input.memberships) out += fmt::format("{} is in {}\n", each.member.value(), each.group.value());
    for (const auto& each : input.management_groups)
        out += fmt::format("{} lies in {}\n", each.member.value(), each.group.value());
    return out;
}

TEST(PolicyProperty, TheCompiledPolicyAgreesWithTheNaiveEvaluator) {
    const auto seed = number_in("BERTH_SEED", std::random_device{}());
    const auto pairs = number_in("BERTH_PAIRS", usual_pairs);
    std::cout << "BERTH_SEED=" << seed << std::endl;
    PolicyGenerator generator(seed);
    GeneratedPolicy generated;
    std::shared_ptr<const Policy> policy;
    constexpr std::size_t requests = 200;
    std::size_t done = 0;
    std::size_t allowed = 0;
    std::size_t denied = 0;
    std::size_t stopped_by_conditions = 0;
    for (std::size_t round = 0; done < pairs; ++round) {
        // Each second policy is the one before with one change, built from it.
        if (round % 2 == 0) {
            generated = generator.policy();
            policy = Policy::compile(generated.input);
        } else {
            generator.change(generated);
            policy = Policy::compile(generated.input, policy.get());
        }
        for (std::size_t i = 0; i < requests; ++i, ++done) {
            const auto request = generator.request(generated.input);
            // Deciding is looked at always, all the rest in one of ten.
            if (auto found = fault(generated, *policy, request, i % 10 == 0); !found.empty()) {
                Shrinking(generated, request);
                FAIL() << found << "\nBERTH_SEED=" << seed << ", policy " << round << ", request " << i << "\n"
                       << describe(generated.input, request);
            }
            const auto decision = policy->decide(request.subject(), request.operation, request.scope, request.attributes());
            allowed += decision.allowed ? 1 : 0;
            denied += decision.denied_by ? 1 : 0;
            stopped_by_conditions += decision.condition_not_met ? 1 : 0;
        }
    }
    std::cout << fmt::format("{} pairs: {} allowed, {} denied, {} stopped by a condition\n", done, allowed, denied,
                             stopped_by_conditions);
    // A test in which nothing, or everything, happens would say little.
    EXPECT_GT(allowed, done / 50);
    EXPECT_LT(allowed, done / 2);
    EXPECT_GT(denied, done / 200);
    EXPECT_GT(stopped_by_conditions, done / 200);
}

} // namespace
} // namespace berth::rbac::testing
