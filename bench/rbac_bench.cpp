// What a decision costs at the sizes that berth is made for: 4,000 role assignments, 5,000 custom roles, a principal in
// 200 groups; and what it costs to build the policy anew after a change.

#include "rbac/policy.hpp"

#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <memory>
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

// Principal 0 is in 20 groups, they in 20 others, and so on ten deep; the rest hold what they hold directly. One
// assignment in four is made to a group, half are made to custom roles.
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
            out.assignments.push_back({.id = id(3'000'000 + i),
                                       .scope = registry(i % registry_count),
                                       .role_definition = i % 2 ? role(i) : built_in.id,
                                       .principal = i % 4 == 0 ? group(i / 4 % group_count) : id(1 + i % 500),
                                       .principal_type = "ServicePrincipal",
                                       .condition = {},
                                       .description = {},
                                       .created_at = {},
                                       .created_by = {},
                                       .updated_at = {},
                                       .updated_by = {}});
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

// Goes round the registries from `first` on, `count` of them.
void decide(benchmark::State& state, const Guid& principal, Operation operation, bool expected, std::size_t first,
            std::size_t count) {
    std::vector<Scope> scopes;
    for (std::size_t i = 0; i < count; ++i) scopes.push_back(registry(first + i));
    std::size_t i = 0;
    std::size_t wrong = 0;
    for (auto _ : state) {
        auto decision = policy().decide(principal, operation, scopes[i++ % scopes.size()]);
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

// After a change: the policy from rows that are already in memory, without and with copying them.
void Compile(benchmark::State& state) {
    for (auto _ : state) {
        state.PauseTiming();
        auto copy = input();
        std::shared_ptr<const Policy> made;
        state.ResumeTiming();
        made = Policy::compile(std::move(copy));
        benchmark::DoNotOptimize(made);
        state.PauseTiming();
        made.reset();
        state.ResumeTiming();
    }
}
void CopyAndCompile(benchmark::State& state) {
    for (auto _ : state) benchmark::DoNotOptimize(Policy::compile(input()));
}
BENCHMARK(Compile)->Unit(benchmark::kMillisecond);
BENCHMARK(CopyAndCompile)->Unit(benchmark::kMillisecond);

// The first decision for a principal after a change puts together what it holds.
void FirstDecisionThrough200Groups(benchmark::State& state) {
    auto scope = registry(3);
    auto operation = registry_operation("pull/read");
    auto principal = id(0);
    for (auto _ : state) {
        state.PauseTiming();
        auto made = Policy::compile(input());
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
