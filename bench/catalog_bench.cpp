// What a page of 100 names of the catalog costs among 100,000 repositories: for who may see all, and for who may read ten
// or a hundred of them by the conditions of their roles, with repository permissions. Every name is decided.
//   nice ninja -C build/release catalog_bench && build/release/bench/catalog_bench

#include "data_plane/repository_store.hpp"
#include "gateway/decision.hpp"
#include "storage/testing/temporary_database.hpp"
#include "tenant/testing/world_builder.hpp"

#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <cstdio>

namespace {

using namespace berth;
using gateway::permissions::pull;
using storage::Session;

constexpr int teams = 1'000;
constexpr int repositories_of_a_team = 100;
constexpr std::uint64_t page = 100;
const Timestamp now{std::chrono::seconds(1'800'000'000)};

template <class T>
T must(Result<T> result) {
    if (result) return std::move(*result);
    std::fputs(result.error().message.c_str(), stderr);
    std::abort();
}

class Catalog {
public:
    Catalog() {
        builder_.add_registry("images").mode = tenant::RoleAssignmentMode::repository_permissions;
        builder_.add_service_principal("robot");
        must(sync_wait(database_->write([](Session& session) -> Result<int> {
            for (const std::string_view sql :
                 {"insert into tenants(id, display_name, created_at) values ('t', 't', 0)",
                  "insert into subscriptions(id, tenant_id, display_name, created_at) values ('s', 't', 's', 0)",
                  "insert into resources(id, guid, tenant_id, subscription_id, resource_group_key, type_key, name, "
                  "name_key, scope, scope_key, location, tags, properties, created_at, created_by, updated_at, updated_by) "
                  "values (1, 'g', 't', 's', 'g', 'microsoft.containerregistry/registries', 'r', 'r', '/r', '/r', 'here', "
                  "'{}', '{}', 0, '', 0, '')"}) {
                if (auto done = session.execute(sql); !done) return failure(std::move(done));
            }
            for (int team = 0; team < teams; ++team) {
                for (int i = 0; i < repositories_of_a_team; ++i) {
                    auto made = data_plane::push_to_repository(session, 1, fmt::format("team-{:03}/app-{:02}", team, i), now);
                    if (!made) return failure(std::move(made));
                }
            }
            return 0;
        })));
    }

    // The role of a reader, where the condition lets it pass.
    void read_where(const std::string& condition) {
        builder_.policy.assignments.clear();
        builder_.assign(builder_.principals[0], "Container Registry Repository Reader", builder_.registries[0].scope);
        if (condition.empty()) return;
        auto assignment = builder_.policy.assignments.back();
        assignment.condition = must(rbac::Condition::parse(condition));
        builder_.policy.assignments.clear();
        builder_.policy.assignments.push_back(assignment);
    }

    void measure(benchmark::State& state, std::size_t expected) {
        const auto world = builder_.build();
        const auto& registry = world.registries()[0];
        identity::Caller caller;
        caller.kind = identity::CallerKind::principal;
        caller.principal = world.principals()[0].id;
        for (auto _ : state) {
            const data_plane::RepositoryFilter filter{
                .where = world.policy->repositories_where(*caller.principal, pull.repository_permissions[0], registry.scope),
                .shows = [&](std::string_view name) {
                    return gateway::is_allowed(world, now, caller, pull, gateway::Target::in_registry(registry, name));
                }};
            const auto names = must(sync_wait(database_->read(storage::ReadKind::page, [&](Session& session) {
                return data_plane::list_repositories(session, 1, filter, "", page + 1);
            })));
            if (names.size() != expected) state.SkipWithError("another number of names than was expected");
        }
    }

private:
    storage::TemporaryDatabase database_;
    tenant::WorldBuilder builder_;
};

Catalog& catalog() {
    static Catalog made;
    return made;
}

constexpr std::string_view name_attribute = "@Request[Microsoft.ContainerRegistry/registries/repositories:name]";

void all(benchmark::State& state) {
    catalog().read_where("");
    catalog().measure(state, page + 1);
}
BENCHMARK(all);

// Ten names, one from every hundredth team.
void ten_by_name(benchmark::State& state) {
    std::string condition;
    for (int i = 0; i < 10; ++i) {
        condition +=
            fmt::format("{}{} StringEqualsIgnoreCase 'team-{:03}/app-50'", i == 0 ? "" : " OR ", name_attribute, i * 100);
    }
    catalog().read_where(condition);
    catalog().measure(state, 10);
}
BENCHMARK(ten_by_name);

// The hundred of one team, in the middle.
void hundred_by_prefix(benchmark::State& state) {
    catalog().read_where(fmt::format("{} StringStartsWithIgnoreCase 'team-500/'", name_attribute));
    catalog().measure(state, 100);
}
BENCHMARK(hundred_by_prefix);

// A hundred in ten teams: prefixes, of which the condition takes the first ten each.
void hundred_by_ten_prefixes(benchmark::State& state) {
    std::string condition;
    for (int i = 0; i < 10; ++i) {
        condition +=
            fmt::format("{}{} StringStartsWithIgnoreCase 'team-{:03}/app-0'", i == 0 ? "" : " OR ", name_attribute, i * 100);
    }
    catalog().read_where(condition);
    catalog().measure(state, 100);
}
BENCHMARK(hundred_by_ten_prefixes);

void nothing(benchmark::State& state) {
    catalog().read_where(fmt::format("{} StringEquals 'nowhere'", name_attribute));
    catalog().measure(state, 0);
}
BENCHMARK(nothing);

} // namespace
