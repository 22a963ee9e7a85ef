// What a condition adds to a decision: one repository, a delegation with two hundred roles, a hostile pattern; and what
// reading one of the largest costs.

#include "rbac/condition.hpp"

#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <string>

namespace {

using namespace berth;
using namespace berth::rbac;

constexpr std::string_view one_repository =
    "((!(ActionMatches{'Microsoft.ContainerRegistry/registries/repositories/content/read'}) AND "
    "!(ActionMatches{'Microsoft.ContainerRegistry/registries/repositories/metadata/read'})) OR "
    "(@Request[Microsoft.ContainerRegistry/registries/repositories:name] StringEqualsIgnoreCase 'team/hello-world'))";

Guid role(std::size_t number) { return *Guid::parse(fmt::format("6f1d3c52-9a4e-4c1b-8f00-{:012x}", number)); }

std::string delegation(std::size_t roles) {
    std::string list;
    for (std::size_t i = 0; i < roles; ++i) list += (list.empty() ? "" : ",") + role(i).value();
    return fmt::format("((!(ActionMatches{{'Microsoft.Authorization/roleAssignments/write'}})) OR "
                       "(@Request[Microsoft.Authorization/roleAssignments:RoleDefinitionId] "
                       "ForAnyOfAnyValues:GuidEquals {{{}}}))",
                       list);
}

void decide(benchmark::State& state, std::string_view text, Operation operation, const Attributes& attributes) {
    const auto condition = Condition::parse(text);
    if (!condition) {
        state.SkipWithError(condition.error().message.c_str());
        return;
    }
    for (auto _ : state) benchmark::DoNotOptimize((*condition)->holds(operation, attributes));
}

void one_repository_holds(benchmark::State& state) {
    decide(state, one_repository, Operation::known("Microsoft.ContainerRegistry/registries/repositories/content/read", true),
           {.repository = "team/hello-world"});
}
BENCHMARK(one_repository_holds);

void one_repository_does_not_hold(benchmark::State& state) {
    decide(state, one_repository, Operation::known("Microsoft.ContainerRegistry/registries/repositories/content/read", true),
           {.repository = "team/hello-there"});
}
BENCHMARK(one_repository_does_not_hold);

// The last of so many roles.
void delegation_of_roles(benchmark::State& state) {
    const auto roles = static_cast<std::size_t>(state.range(0));
    const AssignmentAttributes assignment{.role_definition = role(roles - 1), .principal = role(0), .principal_type = "User"};
    decide(state, delegation(roles), Operation::known("Microsoft.Authorization/roleAssignments/write"),
           {.requested_assignment = &assignment});
}
BENCHMARK(delegation_of_roles)->Arg(2)->Arg(20)->Arg(200);

void hostile_pattern(benchmark::State& state) {
    const std::string pattern = "*" + std::string(120, 'a') + "*b";
    const std::string name(255, 'a');
    decide(state, fmt::format("@Request[Microsoft.ContainerRegistry/registries/repositories:name] StringLike '{}'", pattern),
           Operation::at(0), {.repository = name});
}
BENCHMARK(hostile_pattern);

void reading_one_repository(benchmark::State& state) {
    for (auto _ : state) benchmark::DoNotOptimize(Condition::parse(one_repository));
}
BENCHMARK(reading_one_repository);

void reading_200_roles(benchmark::State& state) {
    const auto text = delegation(200);
    for (auto _ : state) benchmark::DoNotOptimize(Condition::parse(text));
}
BENCHMARK(reading_200_roles);

void repositories_of_one(benchmark::State& state) {
    const auto condition = *Condition::parse(one_repository);
    const auto read = Operation::known("Microsoft.ContainerRegistry/registries/repositories/content/read", true);
    for (auto _ : state) benchmark::DoNotOptimize(condition->repositories(read));
}
BENCHMARK(repositories_of_one);

// As many names as a condition has room for, each a test of its own.
void repositories_of_80_tests(benchmark::State& state) {
    std::string text;
    for (int i = 0; i < 80; ++i) {
        text += fmt::format("{}@Request[Microsoft.ContainerRegistry/registries/repositories:name] StringEquals 'team/{}'",
                            text.empty() ? "" : " OR ", i);
    }
    const auto condition = Condition::parse(text);
    if (!condition) return state.SkipWithError(condition.error().message.c_str());
    for (auto _ : state) benchmark::DoNotOptimize((*condition)->repositories(Operation::at(0)));
}
BENCHMARK(repositories_of_80_tests);

} // namespace
