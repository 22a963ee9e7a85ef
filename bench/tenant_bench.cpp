// How long a change takes until every request sees it, at the sizes that berth is made for: 4,000 role assignments, 5,000
// custom roles, 200 groups. The commit of the change itself is not counted.

#include "storage/testing/temporary_database.hpp"
#include "tenant/authorization_store.hpp"
#include "tenant/directory_store.hpp"
#include "tenant/tenancy.hpp"
#include "tenant/testing/tenant_database.hpp"
#include "tenant/world_reader.hpp"

#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <cstdlib>
#include <memory>
#include <vector>

namespace {

using namespace berth;
using namespace berth::tenant;
using storage::Session;

constexpr std::size_t role_count = 5000;
constexpr std::size_t assignment_count = 3998; // and the Owner's, and the one that comes and goes
constexpr std::size_t group_count = 200;
constexpr std::size_t user_count = 2000;

// A tenant of that size.
class Tenant {
public:
    Tenant() {
        const auto filled = database.write([this](Session& session) { return fill(session); });
        if (!filled || !sync_wait(tenancy.refresh())) std::abort();
    }

    TenantDatabase database;
    Tenancy tenancy{*database, {}};
    std::vector<Guid> users;
    std::vector<Guid> groups;

    rbac::RoleAssignment assignment(const Guid& principal, const Guid& role) const {
        return {.id = Guid::random(),
                .scope = database.first->registry->scope,
                .role_definition = role,
                .principal = principal,
                .principal_type = "User",
                .condition = {},
                .description = {},
                .created_at = test_time,
                .created_by = {},
                .updated_at = test_time,
                .updated_by = {}};
    }

private:
    Result<void> fill(Session& session) {
        const Guid tenant = database.first->tenant;
        for (std::size_t i = 0; i < user_count; ++i) {
            auto user = create_user(session, tenant, fmt::format("user {}", i), fmt::format("user{}@x", i), test_time);
            if (!user) return failure(std::move(user));
            users.push_back(user->id);
        }
        for (std::size_t i = 0; i < group_count; ++i) {
            auto group = create_group(session, tenant, fmt::format("group {}", i), test_time);
            if (!group) return failure(std::move(group));
            groups.push_back(group->id);
            for (std::size_t j = 0; j < 10; ++j) {
                if (auto added = add_group_member(session, group->id, users[(i * 10 + j) % user_count]); !added) return added;
            }
        }
        std::vector<Guid> roles;
        for (std::size_t i = 0; i < role_count; ++i) {
            rbac::RoleDefinition role{.id = Guid::random(),
                                      .name = fmt::format("role {}", i),
                                      .description = {},
                                      .permissions = {{.actions = {"Microsoft.ContainerRegistry/registries/pull/read",
                                                                   "Microsoft.ContainerRegistry/*/write"},
                                                       .not_actions = {"Microsoft.ContainerRegistry/registries/push/write"},
                                                       .data_actions = {},
                                                       .not_data_actions = {}}},
                                      .assignable_scopes = {database.first->registry->scope},
                                      .created_at = test_time,
                                      .created_by = {},
                                      .updated_at = test_time,
                                      .updated_by = {}};
            if (auto put = put_role_definition(session, tenant, role); !put) return put;
            roles.push_back(role.id);
        }
        for (std::size_t i = 0; i < assignment_count; ++i) {
            const Guid& principal = i % 4 == 0 ? groups[i / 4 % group_count] : users[i % user_count];
            if (auto put = put_role_assignment(session, tenant, assignment(principal, roles[i % role_count])); !put) return put;
        }
        return {};
    }
};

Tenant& tenant_of_that_size() {
    static Tenant made;
    return made;
}

// Each iteration commits a change outside the measured time, then measures until it is visible.
template <class Change>
void measure(benchmark::State& state, Change change) {
    Tenant& tenant = tenant_of_that_size();
    for (auto _ : state) {
        state.PauseTiming();
        if (!tenant.database.write([&](Session& session) { return change(tenant, session); })) std::abort();
        state.ResumeTiming();
        if (!sync_wait(tenant.tenancy.refresh())) std::abort();
    }
}

void assignment_made_or_deleted(benchmark::State& state) {
    std::optional<Guid> made;
    const Guid role = rbac::find_built_in_role(std::string_view("AcrPull"))->id;
    measure(state, [&](Tenant& tenant, Session& session) -> Result<void> {
        if (made) {
            const Guid id = *made;
            made.reset();
            return delete_role_assignment(session, id);
        }
        const auto one = tenant.assignment(Guid::random(), role);
        made = one.id;
        return put_role_assignment(session, tenant.database.first->tenant, one);
    });
    if (made) {
        const auto undo = [&](Session& session) { return delete_role_assignment(session, *made); };
        static_cast<void>(tenant_of_that_size().database.write(undo));
    }
}
BENCHMARK(assignment_made_or_deleted)->Unit(benchmark::kMillisecond)->MeasureProcessCPUTime()->UseRealTime();

void group_member_added_or_removed(benchmark::State& state) {
    bool is_member = false;
    measure(state, [&](Tenant& tenant, Session& session) -> Result<void> {
        is_member = !is_member;
        return is_member ? add_group_member(session, tenant.groups.back(), tenant.users.front())
                         : remove_group_member(session, tenant.groups.back(), tenant.users.front());
    });
    if (is_member) {
        auto& tenant = tenant_of_that_size();
        const auto undo = [&](Session& session) {
            return remove_group_member(session, tenant.groups.back(), tenant.users.front());
        };
        static_cast<void>(tenant.database.write(undo));
    }
}
BENCHMARK(group_member_added_or_removed)->Unit(benchmark::kMillisecond)->MeasureProcessCPUTime()->UseRealTime();

void principal_renamed(benchmark::State& state) {
    int number = 0;
    measure(state, [&](Tenant& tenant, Session& session) -> Result<void> {
        return update_principal(session, tenant.users.front(), fmt::format("name {}", ++number), std::nullopt);
    });
}
BENCHMARK(principal_renamed)->Unit(benchmark::kMillisecond)->MeasureProcessCPUTime()->UseRealTime();

void nothing_changed(benchmark::State& state) {
    Tenant& tenant = tenant_of_that_size();
    for (auto _ : state) {
        if (!sync_wait(tenant.tenancy.refresh())) std::abort();
    }
}
BENCHMARK(nothing_changed)->Unit(benchmark::kMillisecond)->MeasureProcessCPUTime()->UseRealTime();

void everything_read(benchmark::State& state) {
    Tenant& tenant = tenant_of_that_size();
    for (auto _ : state) {
        auto world = tenant.database.read([](Session& session) { return read_world(session, {}, nullptr); });
        if (!world) std::abort();
        benchmark::DoNotOptimize(world);
    }
}
BENCHMARK(everything_read)->Unit(benchmark::kMillisecond)->MeasureProcessCPUTime()->UseRealTime();

} // namespace
