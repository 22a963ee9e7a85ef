#include "tenant/authorization_store.hpp"
#include "tenant/tenancy.hpp"
#include "tenant/testing/tenant_database.hpp"
#include "tenant/testing/world_builder.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <thread>

namespace berth::tenant {
namespace {

using storage::Session;

TEST(Tenancy, SeesAChangeAfterARefresh) {
    TenantDatabase database;
    Tenancy tenancy(*database, {});
    ASSERT_TRUE(sync_wait(tenancy.refresh()));
    const auto before = tenancy.world();
    const Registry& registry = before->registries().front();
    EXPECT_EQ(registry.login_server, "berth0.localhost");
    EXPECT_FALSE(registry.admin_user_enabled);
    EXPECT_FALSE(registry.anonymous_pull_enabled);
    EXPECT_TRUE(registry.arm_tokens_accepted);
    EXPECT_EQ(registry.mode, RoleAssignmentMode::registry_permissions);

    Resource changed = *database.first->registry;
    changed.properties = {{"adminUserEnabled", true},
                          {"anonymousPullEnabled", true},
                          {"roleAssignmentMode", "AbacRepositoryPermissions"},
                          {"policies", {{"azureADAuthenticationAsArmPolicy", {{"status", "disabled"}}}}}};
    ASSERT_TRUE(database.write([&](Session& s) { return update_resource(s, changed); }));
    auto user = database.write([&](Session& s) { return create_user(s, database.first->tenant, "Ada", "ada@x", test_time); });
    ASSERT_TRUE(user);
    auto group = database.write([&](Session& s) { return create_group(s, database.first->tenant, "team", test_time); });
    ASSERT_TRUE(database.write([&](Session& s) { return add_group_member(s, group->id, user->id); }));
    ASSERT_TRUE(database.write([&](Session& s) { return update_principal(s, user->id, std::nullopt, false); }));
    const rbac::RoleAssignment pull{.id = Guid::random(),
                                    .scope = changed.scope,
                                    .role_definition = rbac::find_built_in_role(std::string_view("AcrPull"))->id,
                                    .principal = group->id,
                                    .principal_type = "Group",
                                    .condition = {},
                                    .description = std::nullopt,
                                    .created_at = test_time,
                                    .created_by = {},
                                    .updated_at = test_time,
                                    .updated_by = {}};
    ASSERT_TRUE(database.write([&](Session& s) { return put_role_assignment(s, database.first->tenant, pull); }));
    EXPECT_EQ(tenancy.world(), before);

    ASSERT_TRUE(sync_wait(tenancy.refresh()));
    const auto after = tenancy.world();
    EXPECT_GT(after->version, before->version);
    const Registry& now = after->registries().front();
    EXPECT_TRUE(now.admin_user_enabled);
    EXPECT_TRUE(now.anonymous_pull_enabled);
    EXPECT_FALSE(now.arm_tokens_accepted);
    EXPECT_EQ(now.mode, RoleAssignmentMode::repository_permissions);
    ASSERT_NE(after->find_user("ADA@x"), nullptr);
    EXPECT_FALSE(after->find_user("ada@x")->enabled);
    EXPECT_EQ(before->find_user("ada@x"), nullptr); // a request that holds the old world keeps it
    EXPECT_TRUE(
        after->policy->decide(user->id, rbac::Operation::known("Microsoft.ContainerRegistry/registries/pull/read"), now.scope)
            .allowed);
}

TEST(Tenancy, OddPropertiesOpenNothing) {
    TenantDatabase database;
    Tenancy tenancy(*database, {});
    Resource changed = *database.first->registry;
    changed.properties = {{"adminUserEnabled", "true"},
                          {"anonymousPullEnabled", 1},
                          {"roleAssignmentMode", 7},
                          {"policies", boost::json::array{1}}};
    ASSERT_TRUE(database.write([&](Session& s) { return update_resource(s, changed); }));
    ASSERT_TRUE(sync_wait(tenancy.refresh()));
    const auto world = tenancy.world();
    const Registry& registry = world->registries().front();
    EXPECT_FALSE(registry.admin_user_enabled);
    EXPECT_FALSE(registry.anonymous_pull_enabled);
    EXPECT_EQ(registry.mode, RoleAssignmentMode::registry_permissions);
}

TEST(Tenancy, FailsWithoutATenantAndKeepsTheWorldOnDamage) {
    storage::TemporaryDatabase empty;
    Tenancy none(*empty, {});
    EXPECT_EQ(code_of(sync_wait(none.refresh())), ErrorCode::unavailable);
    EXPECT_EQ(none.world(), nullptr);

    TenantDatabase database;
    Tenancy tenancy(*database, {});
    ASSERT_TRUE(sync_wait(tenancy.refresh()));
    const auto world = tenancy.world();
    ASSERT_TRUE(database.write([](Session& s) { return s.execute("update principals set kind = 'Robot'"); }));
    EXPECT_EQ(code_of(sync_wait(tenancy.refresh())), ErrorCode::internal);
    EXPECT_EQ(tenancy.world(), world);
}

// Reads come back only when they are let go, in any order.
class HeldReads final : public storage::Database {
public:
    explicit HeldReads(storage::Database& inner) : inner_(inner) {}

    std::size_t held() const { return waiting_.size(); }
    void let_go(std::size_t index) { std::exchange(waiting_[index], nullptr).resume(); }

protected:
    Task<Result<void>> run_read(storage::ReadKind kind, const std::function<Result<void>(Session&)>& work) override {
        auto inner = [&work](Session& session) { return work(session); };
        auto done = sync_wait(inner_.read(kind, inner)); // the snapshot is taken at once
        co_await Wait{waiting_};
        co_return done;
    }
    Task<Result<void>> run_write(const std::function<Result<void>(Session&)>&) override {
        co_return failure(ErrorCode::internal, "not used");
    }

private:
    struct Wait {
        std::vector<std::coroutine_handle<>>& waiting;
        bool await_ready() noexcept { return false; }
        void await_suspend(std::coroutine_handle<> handle) { waiting.push_back(handle); }
        void await_resume() noexcept {}
    };
    storage::Database& inner_;
    std::vector<std::coroutine_handle<>> waiting_;
};

Task<void> refresh_and_note(Tenancy& tenancy, bool& done) {
    auto refreshing = tenancy.refresh();
    auto refreshed = co_await std::move(refreshing);
    done = refreshed.has_value();
}

TEST(Tenancy, RefreshesThatWaitShareTheNextOne) {
    TenantDatabase database;
    HeldReads held(*database);
    Tenancy tenancy(held, {});
    bool first_done = false;
    refresh_and_note(tenancy, first_done).detach();
    auto user = database.write([&](Session& s) { return create_user(s, database.first->tenant, "Ada", "ada@x", test_time); });
    ASSERT_TRUE(user);
    // They do not settle for what the first one read, and need one reading together.
    std::array<bool, 5> later_done{};
    for (bool& done : later_done) refresh_and_note(tenancy, done).detach();
    ASSERT_EQ(held.held(), 1U);

    held.let_go(0);
    EXPECT_TRUE(first_done);
    EXPECT_EQ(tenancy.world()->find_user("ada@x"), nullptr) << "it was read before";
    EXPECT_THAT(later_done, testing::Each(false));
    ASSERT_EQ(held.held(), 2U);
    held.let_go(1);
    EXPECT_THAT(later_done, testing::Each(true));
    EXPECT_NE(tenancy.world()->find_user("ada@x"), nullptr);
    EXPECT_EQ(held.held(), 2U);

    bool last_done = false; // and the line is free again
    refresh_and_note(tenancy, last_done).detach();
    ASSERT_EQ(held.held(), 3U);
    held.let_go(2);
    EXPECT_TRUE(last_done);
}

TEST(Tenancy, AFailedRefreshFailsForAllWhoSharedIt) {
    storage::TemporaryDatabase empty;
    HeldReads held(*empty);
    Tenancy tenancy(held, {});
    std::array<bool, 3> succeeded{true, true, true};
    for (bool& done : succeeded) refresh_and_note(tenancy, done).detach();
    held.let_go(0);
    held.let_go(1);
    EXPECT_THAT(succeeded, testing::Each(false));
    EXPECT_EQ(held.held(), 2U);
    EXPECT_EQ(tenancy.world(), nullptr);
}

TEST(Tenancy, EveryRefreshSeesWhatItsCallerWrote) {
    TenantDatabase database;
    Tenancy tenancy(*database, {});
    constexpr int writers = 4;
    constexpr int rounds = 25;
    std::atomic<int> missing = 0;
    std::vector<std::thread> threads;
    for (int writer = 0; writer < writers; ++writer) {
        threads.emplace_back([&] {
            for (int round = 0; round < rounds; ++round) {
                auto group =
                    database.write([&](Session& s) { return create_group(s, database.first->tenant, "team", test_time); });
                if (!group || !sync_wait(tenancy.refresh()) || !tenancy.world()->find_principal(group->id)) ++missing;
            }
        });
    }
    for (auto& thread : threads) thread.join();
    EXPECT_EQ(missing, 0);
    EXPECT_EQ(tenancy.world()->principals().size(), writers * rounds + 1U);
}

} // namespace
} // namespace berth::tenant
