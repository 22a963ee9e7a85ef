// What a decision costs at the sizes that berth is made for: 4,000 role assignments, 5,000 custom roles, a principal in
// 200 groups; with and without conditions, deny assignments and management groups; and what it costs to build the policy
// anew after a change.

#include "rbac/policy.hpp"

#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <memory>
#include <string>
#include <vector>

namespace {

using namespace berth;
using namespace berth::rbac;

constexpr std::size_t role_count = 5000;
constexpr std::size_t assignment_count = 4000;
constexpr std::size_t group_count = 200;
constexpr std::size_t registry_count = 100;

Guid id(std::size_t number) { return *Guid::parse(fmt::format("6f1d3c52-9a4e-4c1b-8f00-{:012x}", number)); }
Guid group(std::size_t number) { return id(1'000'000 + number); }
Guid role(std::size_t number) { return id(2'000'000 + number); }

Scope registry(std::size_t number) {
    return *Scope::parse(fmt::format("/subscriptions/1c2f5a0e-54b3-4d8f-9d55-0e9a7c3b2a10/resourceGroups/group-{}/providers/"
                                     "Microsoft.ContainerRegistry/registries/registry{}",
                                     number / 10, number));
}

// The documentation's example of a condition: one repository, for reading.
std::string only_repository(std::string_view name) {
    return fmt::format("((!(ActionMatches{{'Microsoft.ContainerRegistry/registries/repositories/content/read'}}) AND "
                       "!(ActionMatches{{'Microsoft.ContainerRegistry/registries/repositories/metadata/read'}})) OR "
                       "(@Request[Microsoft.ContainerRegistry/registries/repositories:name] StringEqualsIgnoreCase '{}'))",
                       name);
}

// Delegation: ten roles may be assigned, to service principals only, and their assignments removed.
std::string ten_roles() {
    std::string roles;
    for (std::size_t i = 0; i < 10; ++i) roles += (i ? ", " : "") + built_in_roles()[5 + i].id.value();
    return fmt::format("((!(ActionMatches{{'Microsoft.Authorization/roleAssignments/write'}})) OR "
                       "(@Request[Microsoft.Authorization/roleAssignments:RoleDefinitionId] "
                       "ForAnyOfAnyValues:GuidEquals {{{0}}} AND "
                       "@Request[Microsoft.Authorization/roleAssignments:PrincipalType] "
                       "ForAnyOfAnyValues:StringEqualsIgnoreCase {{'ServicePrincipal'}})) AND "
                       "((!(ActionMatches{{'Microsoft.Authorization/roleAssignments/delete'}})) OR "
                       "(@Resource[Microsoft.Authorization/roleAssignments:RoleDefinitionId] "
                       "ForAnyOfAnyValues:GuidEquals {{{0}}}))",
                       roles);
}

Guid conditional_reader() { return id(7'000); }
Guid delegate() { return id(7'001); }

// Principal 0 is in 20 groups, they in 20 others, and so on ten deep; the rest hold what they hold directly. One
// assignment in four is made to a group, half are made to custom roles; one in 40 lets its principal read one repository of
// a registry, one delegates.
const PolicyInput& input() {
    static const PolicyInput made = [] {
        PolicyInput out;
        constexpr const char* kinds[] = {"read", "write", "delete"};
        for (std::size_t i = 0; i < role_count; ++i) {
            Permission permission;
            for (std::size_t j = 0; j < 8; ++j) {
                permission.actions.emplace_back(Operation::at((i * 7 + j * 13) % Operation::count()).name());
            }
            permission.actions.push_back(fmt::format("Microsoft.ContainerRegistry/registries/t*/{}", kinds[i % 3]));
            permission.not_actions.push_back("Microsoft.ContainerRegistry/registries/push/write");
            out.custom_roles.push_back({.id = role(i),
                                        .name = fmt::format("role {}", i),
                                        .built_in = false,
                                        .description = {},
                                        .permissions = {permission},
                                        .assignable_scopes = {Scope::root()},
                                        .created_at = {},
                                        .created_by = {},
                                        .updated_at = {},
                                        .updated_by = {}});
        }
        for (std::size_t i = 0; i < assignment_count; ++i) {
            const auto& built_in = built_in_roles()[5 + i % 4];
            RoleAssignment assignment{.id = id(3'000'000 + i),
                                      .scope = registry(i % registry_count),
                                      .role_definition = i % 2 ? role(i) : built_in.id,
                                      .principal = i % 4 == 0 ? group(i / 4 % group_count) : id(1 + i % 500),
                                      .principal_type = "ServicePrincipal",
                                      .condition = {},
                                      .description = {},
                                      .created_at = {},
                                      .created_by = {},
                                      .updated_at = {},
                                      .updated_by = {}};
            if (i % 40 == 39) {
                assignment.scope = registry(i / 40 % registry_count);
                assignment.principal = conditional_reader();
                assignment.role_definition = find_built_in_role("Container Registry Repository Reader")->id;
                assignment.condition = *Condition::parse(only_repository(fmt::format("team/app{}", i / 40)));
            }
            if (i == 37) {
                assignment.principal = delegate();
                assignment.role_definition = find_built_in_role("Role Based Access Control Administrator")->id;
                assignment.condition = *Condition::parse(ten_roles());
            }
            out.assignments.push_back(std::move(assignment));
        }
        for (std::size_t i = 0; i < group_count; ++i) {
            out.memberships.push_back({group(i), i < 20 ? id(0) : group(i - 20)});
            for (std::size_t j = 0; j < 10; ++j) out.memberships.push_back({group(i), id(10'000 + i * 10 + j)});
        }
        return out;
    }();
    return made;
}

const Policy& policy() {
    static const auto made = Policy::compile(input());
    return *made;
}

// The same with 50 deny assignments, half of them for everyone and none of them at a registry that is asked for, and with
// the subscription five management groups deep.
const Policy& policy_with_denials() {
    static const auto made = [] {
        auto out = input();
        for (std::size_t i = 0; i < 50; ++i) {
            DenyAssignment deny{
                .id = id(4'000'000 + i),
                .name = fmt::format("deny {}", i),
                .description = {},
                .permissions = {{.actions = {"*"}, .not_actions = {}, .data_actions = {"*"}, .not_data_actions = {}}},
                .scope = registry(1000 + i),
                .principals = {{id(0), "ServicePrincipal"}},
                .excluded_principals = {{id(90'000), "ServicePrincipal"}},
                .created_by = {},
                .updated_by = {}};
            if (i % 2) deny.principals = {{*Guid::parse("00000000-0000-0000-0000-000000000000"), "SystemDefined"}};
            out.deny_assignments.push_back(std::move(deny));
        }
        const auto group = [](std::size_t i) {
            return *Scope::parse(fmt::format("/providers/Microsoft.Management/managementGroups/group{}", i));
        };
        out.management_groups.push_back({*Scope::parse("/subscriptions/1c2f5a0e-54b3-4d8f-9d55-0e9a7c3b2a10"), group(0)});
        for (std::size_t i = 0; i < 4; ++i) out.management_groups.push_back({group(i), group(i + 1)});
        return Policy::compile(std::move(out));
    }();
    return *made;
}

// Goes round the registries from `first` on, `count` of them.
void decide(benchmark::State& state, const Guid& principal, Operation operation, bool expected, std::size_t first,
            std::size_t count, const Attributes& attributes = {}, const Policy& by = policy()) {
    std::vector<Scope> scopes;
    for (std::size_t i = 0; i < count; ++i) scopes.push_back(registry(first + i));
    std::size_t i = 0;
    std::size_t wrong = 0;
    for (auto _ : state) {
        auto decision = by.decide(principal, operation, scopes[i++ % scopes.size()], attributes);
        wrong += decision.allowed == expected ? 0 : 1;
        benchmark::DoNotOptimize(decision);
    }
    if (wrong != 0) state.SkipWithError("the decision is not the expected one");
}

Operation registry_operation(std::string_view name, bool is_data_action = false) {
    return Operation::known(fmt::format("Microsoft.ContainerRegistry/registries/{}", name), is_data_action);
}

void DecideThrough200Groups(benchmark::State& state) { decide(state, id(0), registry_operation("pull/read"), true, 0, 1); }
void RefuseThrough200Groups(benchmark::State& state) {
    decide(state, id(0), registry_operation("catalog/read", true), false, 0, registry_count);
}
void DecideDirect(benchmark::State& state) { decide(state, id(3), registry_operation("artifacts/delete"), true, 2, 1); }
void RefuseDirect(benchmark::State& state) { decide(state, id(3), registry_operation("push/write"), false, 0, registry_count); }
void RefuseAStranger(benchmark::State& state) {
    decide(state, id(999'999), registry_operation("pull/read"), false, 0, registry_count);
}
BENCHMARK(DecideThrough200Groups);
BENCHMARK(RefuseThrough200Groups);
BENCHMARK(DecideDirect);
BENCHMARK(RefuseDirect);
BENCHMARK(RefuseAStranger);

void DecideUnderACondition(benchmark::State& state) {
    decide(state, conditional_reader(), registry_operation("repositories/content/read", true), true, 3, 1,
           {.repository = "team/app3"});
}
void RefuseUnderACondition(benchmark::State& state) {
    decide(state, conditional_reader(), registry_operation("repositories/content/read", true), false, 0, registry_count,
           {.repository = "team/other"});
}
void DecideUnderADelegationOfTenRoles(benchmark::State& state) {
    const AssignmentAttributes last{
        .role_definition = built_in_roles()[14].id, .principal = id(5), .principal_type = "ServicePrincipal"};
    decide(state, delegate(), Operation::known("Microsoft.Authorization/roleAssignments/write"), true, 37, 1,
           {.requested_assignment = &last});
}
BENCHMARK(DecideUnderACondition);
BENCHMARK(RefuseUnderACondition);
BENCHMARK(DecideUnderADelegationOfTenRoles);

void DecideThrough200GroupsPastDenyAssignments(benchmark::State& state) {
    decide(state, id(0), registry_operation("pull/read"), true, 0, 1, {}, policy_with_denials());
}
void RefuseThrough200GroupsPastDenyAssignments(benchmark::State& state) {
    decide(state, id(0), registry_operation("catalog/read", true), false, 0, registry_count, {}, policy_with_denials());
}
void RefuseByADenyAssignment(benchmark::State& state) {
    decide(state, id(0), registry_operation("pull/read"), false, 1000, 50, {}, policy_with_denials());
}
BENCHMARK(DecideThrough200GroupsPastDenyAssignments);
BENCHMARK(RefuseThrough200GroupsPastDenyAssignments);
BENCHMARK(RefuseByADenyAssignment);

void RepositoriesWhere(benchmark::State& state) {
    const auto scope = registry(3);
    const auto operation = registry_operation("repositories/content/read", true);
    for (auto _ : state) benchmark::DoNotOptimize(policy().repositories_where(conditional_reader(), operation, scope));
}
BENCHMARK(RepositoriesWhere);

// A request whose scope is still text.
void ParseScopeAndDecide(benchmark::State& state) {
    auto text = registry(3).value();
    auto operation = registry_operation("artifacts/delete");
    auto principal = id(3);
    for (auto _ : state) benchmark::DoNotOptimize(policy().decide(principal, operation, *Scope::parse(text)));
}
BENCHMARK(ParseScopeAndDecide);

void ExplainThrough200Groups(benchmark::State& state) {
    auto scope = registry(3);
    auto operation = registry_operation("push/write");
    auto principal = id(0);
    for (auto _ : state) benchmark::DoNotOptimize(policy().explain(principal, operation, scope));
}
BENCHMARK(ExplainThrough200Groups)->Unit(benchmark::kMicrosecond);

// A policy of which nothing is known yet, as at the start.
void BuildFromNothing(benchmark::State& state) {
    for (auto _ : state) {
        auto made = Policy::compile(input());
        benchmark::DoNotOptimize(made);
        state.PauseTiming();
        made.reset();
        state.ResumeTiming();
    }
}
// After one change: copy the input, put one assignment in the place of another, build from the policy before.
void BuildAfterAChangedAssignment(benchmark::State& state) {
    auto before = Policy::compile(input());
    std::size_t i = 0;
    for (auto _ : state) {
        auto changed = before->input();
        changed.assignments.edit(i++ % assignment_count, [](RoleAssignment& each) { each.scope = registry(7); });
        auto made = Policy::compile(std::move(changed), before.get());
        state.PauseTiming();
        before = std::move(made);
        state.ResumeTiming();
    }
}
void BuildAfterAChangedRole(benchmark::State& state) {
    auto before = Policy::compile(input());
    std::size_t i = 0;
    for (auto _ : state) {
        auto changed = before->input();
        changed.custom_roles.edit(i++ % role_count, [](RoleDefinition& each) { each.permissions[0].actions[0] = "*/read"; });
        auto made = Policy::compile(std::move(changed), before.get());
        state.PauseTiming();
        before = std::move(made);
        state.ResumeTiming();
    }
}
BENCHMARK(BuildFromNothing)->Unit(benchmark::kMillisecond);
BENCHMARK(BuildAfterAChangedAssignment)->Unit(benchmark::kMillisecond);
BENCHMARK(BuildAfterAChangedRole)->Unit(benchmark::kMillisecond);

// The first decision for a principal after a change puts together what it holds.
void FirstDecisionThrough200Groups(benchmark::State& state) {
    auto scope = registry(3);
    auto operation = registry_operation("pull/read");
    auto principal = id(0);
    for (auto _ : state) {
        state.PauseTiming();
        auto made = Policy::compile(input(), &policy());
        state.ResumeTiming();
        benchmark::DoNotOptimize(made->decide(principal, operation, scope));
        state.PauseTiming();
        made.reset();
        state.ResumeTiming();
    }
}
BENCHMARK(FirstDecisionThrough200Groups)->Unit(benchmark::kMicrosecond)->Iterations(50);

void SmallestRole(benchmark::State& state) {
    const Operation operations[] = {registry_operation("push/write"), registry_operation("pull/read")};
    for (auto _ : state) benchmark::DoNotOptimize(smallest_role(operations));
}
BENCHMARK(SmallestRole);

} // namespace
