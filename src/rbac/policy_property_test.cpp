// Two evaluators agree: random policies and requests, the naive evaluator against the compiled policy. A disagreement
// is made small before it is shown. BERTH_SEED repeats a run.

#include "rbac/policy.hpp"
#include "rbac/testing/naive_evaluator.hpp"

#include <boost/json/serialize.hpp>
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cctype>
#include <cstdlib>
#include <iostream>
#include <random>
#include <set>
#include <string>

namespace berth::rbac {
namespace {

struct Request {
    Guid principal;
    Operation operation;
    Scope scope;
};

class Generator {
public:
    explicit Generator(std::uint64_t seed) : engine_(seed) {}

    std::size_t below(std::size_t limit) { return std::uniform_int_distribution<std::size_t>(0, limit - 1)(engine_); }
    bool one_in(std::size_t n) { return below(n) == 0; }
    const auto& any_of(const auto& items) { return items[below(std::size(items))]; }

    // Few of each kind, so that they meet often. Ids 0.. are principals, 100.. groups, 200.. custom roles.
    static Guid id(std::size_t number) { return *Guid::parse(fmt::format("00000000-0000-4000-8000-{:012}", number)); }
    Guid principal() { return id(below(6)); }
    Guid group() { return id(100 + below(5)); }
    Operation operation() { return Operation::at(below(Operation::count())); }

    std::string scramble(std::string text) {
        if (!one_in(3)) return text;
        for (auto& c : text) {
            if (one_in(4))
                c = static_cast<char>(std::isupper(static_cast<unsigned char>(c)) ? std::tolower(c) : std::toupper(c));
        }
        return text;
    }

    std::string scope() {
        if (one_in(20)) return "/";
        if (one_in(20)) return "/providers/Microsoft.Management/managementGroups/m" + std::to_string(below(2));
        std::string out = "/subscriptions/s" + std::to_string(below(2));
        if (one_in(6)) return scramble(out);
        if (one_in(10)) return scramble(out + "/providers/Microsoft.Authorization/roleDefinitions/r");
        constexpr const char* groups[] = {"rg1", "rg10", "rg2"};
        out += std::string("/resourceGroups/") + any_of(groups);
        if (one_in(4)) return scramble(out);
        constexpr const char* registries[] = {"reg", "reg1", "other"};
        out += std::string("/providers/Microsoft.ContainerRegistry/registries/") + any_of(registries);
        if (one_in(5)) out += "/tokens/t" + std::to_string(below(2));
        if (one_in(10)) out += "/providers/Microsoft.Authorization/roleAssignments/a";
        return scramble(out);
    }

    std::string pattern(bool data_action) {
        auto picked = operation();
        while (picked.is_data_action() != data_action && !one_in(4)) picked = operation();
        std::string name(picked.name());
        auto first = below(name.size() + 1);
        auto second = first + below(name.size() - first + 1);
        switch (below(8)) {
        case 0: return "*";
        case 1: return "*/read";
        case 2: return scramble(name.substr(0, first) + "*");
        case 3: return scramble("*" + name.substr(first));
        case 4: return scramble(name.substr(0, first) + "*" + name.substr(second));
        case 5: return name.substr(0, first) + "*" + name.substr(second) + "*";
        default: return scramble(name);
        }
    }
    std::vector<std::string> patterns(bool data_action, std::size_t most) {
        std::vector<std::string> out(below(most + 1));
        for (auto& each : out) each = pattern(data_action);
        return out;
    }

    PolicyInput policy() {
        PolicyInput out;
        for (std::size_t i = 0, count = below(6); i < count; ++i) {
            RoleDefinition role{.id = id(200 + i),
                                .name = fmt::format("role {}", i),
                                .built_in = false,
                                .description = {},
                                .permissions = {},
                                .assignable_scopes = {},
                                .created_at = {},
                                .created_by = {},
                                .updated_at = {},
                                .updated_by = {}};
            // Now and then one that takes a built-in role's id: it must change nothing.
            if (one_in(20)) role.id = any_of(built_in_roles()).id;
            for (auto objects = 1 + below(3); objects > 0; --objects) {
                role.permissions.push_back({patterns(false, 4), patterns(false, 2), patterns(true, 3), patterns(true, 2)});
            }
            out.custom_roles.push_back(std::move(role));
        }
        for (std::size_t i = 0, count = below(20); i < count; ++i) {
            RoleAssignment assignment{.id = id(1000 + i),
                                      .scope = *Scope::parse(scope()),
                                      .role_definition = id(200 + below(7)),
                                      .principal = one_in(2) ? principal() : group(),
                                      .principal_type = "ServicePrincipal",
                                      .condition = {},
                                      .description = {},
                                      .created_at = {},
                                      .created_by = {},
                                      .updated_at = {},
                                      .updated_by = {}};
            if (one_in(3)) assignment.role_definition = any_of(built_in_roles()).id;
            if (one_in(10)) assignment.condition = Condition::never("@Request[x:y] StringEquals 'z'");
            out.assignments.push_back(std::move(assignment));
        }
        for (auto count = below(12); count > 0; --count)
            out.memberships.push_back({group(), one_in(2) ? principal() : group()});
        return out;
    }

    Request request(const PolicyInput& policy) {
        // Near an assignment, or there are few that hit.
        if (!policy.assignments.empty() && one_in(2)) {
            const auto& near = any_of(policy.assignments);
            auto at = near.scope.value() == "/" || one_in(3) ? near.scope.value() : near.scope.value() + "/tokens/t1";
            auto parsed = Scope::parse(at);
            if (parsed->kind() != ScopeKind::other) return {principal(), operation(), *parsed};
        }
        return {principal(), operation(), *Scope::parse(scope())};
    }

private:
    std::mt19937_64 engine_;
};

// What is wrong about the compiled policy's answers to this request; empty if nothing is.
std::string fault(const PolicyInput& input, const Policy& policy, const Request& request) {
    testing::NaiveEvaluator naive(input);
    const std::string action(request.operation.name());
    const bool data = request.operation.is_data_action();
    const auto& scope = request.scope.value();
    auto decision = policy.decide(request.principal, request.operation, request.scope);
    auto expected = naive.allows(request.principal.value(), action, data, scope);
    if (decision.allowed != expected) return fmt::format("decide says {}, the naive evaluator {}", decision.allowed, expected);
    auto ids = naive.identities(request.principal.value());
    if (decision.allowed != (decision.granted_by != nullptr)) return "granted_by and allowed disagree";
    if (decision.granted_by &&
        (!ids.contains(decision.granted_by->principal.value()) || !naive.grants(*decision.granted_by, action, data, scope))) {
        return "the assignment that is said to grant does not";
    }

    auto explanation = policy.explain(request.principal, request.operation, request.scope);
    if (explanation.decision.allowed != decision.allowed || explanation.decision.granted_by != decision.granted_by) {
        return "explain and decide disagree";
    }
    std::size_t own = 0;
    bool near = false;
    for (const auto& assignment : input.assignments) {
        if (!ids.contains(assignment.principal.value())) continue;
        ++own;
        near = near || testing::NaiveEvaluator::covers(assignment.scope.value(), scope) ||
               testing::NaiveEvaluator::covers(scope, assignment.scope.value());
    }
    if (explanation.considered.size() != own) return fmt::format("considered {} of {}", explanation.considered.size(), own);
    if (policy.has_assignment_near(request.principal, request.scope) != near) return "has_assignment_near is wrong";
    std::set<const RoleAssignment*> seen;
    for (const auto& considered : explanation.considered) {
        if (!seen.insert(considered.assignment).second) return "an assignment was considered twice";
        const auto& assignment = *considered.assignment;
        if ((considered.verdict == Verdict::granted) != naive.grants(assignment, action, data, scope)) {
            return fmt::format("verdict {} on assignment {}", static_cast<int>(considered.verdict), assignment.id.value());
        }
        if ((considered.verdict == Verdict::scope_does_not_cover) ==
            testing::NaiveEvaluator::covers(assignment.scope.value(), scope)) {
            return fmt::format("scope of assignment {}", assignment.id.value());
        }
        auto member = request.principal.value();
        for (const auto& group : considered.through_groups) {
            auto link = [&](const GroupMembership& each) { return each.member.value() == member && each.group == group; };
            if (std::ranges::none_of(input.memberships, link)) return "a path through groups that is none";
            member = group.value();
        }
        if (member != assignment.principal.value()) return "a path that does not end at the holder";
    }
    auto groups = policy.groups_of(request.principal);
    if (groups.size() + 1 != ids.size()) return "groups_of is wrong";
    return {};
}

std::string fault(const PolicyInput& input, const Request& request) { return fault(input, *Policy::compile(input), request); }

// Takes away whatever can be taken away without the fault going.
void shrink(PolicyInput& input, const Request& request) {
    auto shrink_list = [&](auto& list) {
        bool shrunk = false;
        for (std::size_t i = list.size(); i-- > 0;) {
            auto kept = list;
            if constexpr (requires { list.pointers(); }) {
                list.erase(i);
            } else {
                list.erase(list.begin() + static_cast<std::ptrdiff_t>(i));
            }
            if (fault(input, request).empty()) {
                list = std::move(kept);
            } else {
                shrunk = true;
            }
        }
        return shrunk;
    };
    for (bool shrunk = true; shrunk;) {
        shrunk = shrink_list(input.assignments);
        shrunk = shrink_list(input.memberships) || shrunk;
        shrunk = shrink_list(input.custom_roles) || shrunk;
        for (std::size_t i = 0; i < input.custom_roles.size(); ++i) {
            auto permissions = input.custom_roles[i].permissions;
            for (std::size_t j = permissions.size(); j-- > 0;) {
                auto kept = input.custom_roles.pointers()[i];
                input.custom_roles.edit(i, [&](RoleDefinition& role) {
                    role.permissions.erase(role.permissions.begin() + static_cast<std::ptrdiff_t>(j));
                });
                shrunk = !fault(input, request).empty() || shrunk;
                if (fault(input, request).empty()) input.custom_roles.edit(i, [&](RoleDefinition& role) { role = *kept; });
            }
        }
    }
}

std::string describe(const PolicyInput& input, const Request& request) {
    auto out = fmt::format("{} asks for {}{} at {}\n", request.principal.value(), request.operation.name(),
                           request.operation.is_data_action() ? " (data)" : "", request.scope.value());
    for (const auto& role : input.custom_roles) {
        out += fmt::format("role {} {}\n", role.id.value(), boost::json::serialize(to_json(role.permissions)));
    }
    for (const auto& each : input.assignments) {
        out += fmt::format("assignment {}: {} has {} at {}{}\n", each.id.value(), each.principal.value(),
                           each.role_definition.value(), each.scope.value(), each.condition ? " under a condition" : "");
    }
    for (const auto& each : input.memberships) out += fmt::format("{} is in {}\n", each.member.value(), each.group.value());
    return out;
}

std::uint64_t seed() {
    if (const char* given = std::getenv("BERTH_SEED")) return std::strtoull(given, nullptr, 10);
    return std::random_device{}();
}

TEST(PolicyProperty, TheCompiledPolicyAgreesWithTheNaiveEvaluator) {
    const auto used = seed();
    std::cout << "BERTH_SEED=" << used << "\n";
    Generator generator(used);
    std::size_t allowed = 0;
    constexpr std::size_t policies = 1000;
    constexpr std::size_t requests = 100;
    for (std::size_t i = 0; i < policies; ++i) {
        auto input = generator.policy();
        auto policy = Policy::compile(input);
        for (std::size_t j = 0; j < requests; ++j) {
            auto request = generator.request(input);
            if (auto found = fault(input, *policy, request); !found.empty()) {
                shrink(input, request);
                FAIL() << found << "\nBERTH_SEED=" << used << ", policy " << i << ", request " << j << "\n"
                       << describe(input, request);
            }
            if (policy->decide(request.principal, request.operation, request.scope).allowed) ++allowed;
        }
    }
    // A test in which nothing, or everything, is allowed would say little.
    EXPECT_GT(allowed, policies * requests / 50);
    EXPECT_LT(allowed, policies * requests / 2);
}

} // namespace
} // namespace berth::rbac
