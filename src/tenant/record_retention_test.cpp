#include "tenant/record_retention.hpp"

#include "storage/events.hpp"
#include "tenant/operation_store.hpp"
#include "tenant/testing/tenant_database.hpp"

#include <gtest/gtest.h>

namespace berth::tenant {
namespace {

using std::chrono::seconds;
using storage::Session;

class RecordRetention : public testing::Test {
protected:
    TenantDatabase database;
    const Resource registry = *database.first->registry;

    void SetUp() override {
        ASSERT_TRUE(database.write([](Session& s) { return s.execute("delete from events"); }));
    }
    void leave_event(Timestamp at) {
        const storage::Event event{.kind = "tag.delete", .registry = std::nullopt, .actor = "anonymous", .detail = {}};
        ASSERT_FALSE(code_of(database.write([&](Session& s) { return storage::append_event(s, at, event); })));
    }
    Guid begin(std::optional<Timestamp> ended_at) {
        const Operation operation{.tenant = registry.tenant,
                                  .kind = "importImage",
                                  .scope = registry.scope,
                                  .resource_row = registry.row,
                                  .actor = "somebody",
                                  .status = ended_at ? OperationStatus::succeeded : OperationStatus::running,
                                  .started_at = test_time,
                                  .updated_at = test_time,
                                  .ended_at = ended_at};
        EXPECT_FALSE(code_of(database.write([&](Session& s) { return create_operation(s, operation); })));
        return operation.id;
    }
    ForgottenRecords forget(Timestamp now, std::int64_t at_once = 100) {
        auto done = database.write([&](Session& s) { return forget_old_records(s, now, at_once); });
        EXPECT_TRUE(done);
        return done.value_or(ForgottenRecords{-1, -1});
    }
    bool is_there(const Guid& id) {
        auto found = database.read([&](Session& s) { return find_operation(s, id); });
        return found && found->has_value();
    }
};

TEST_F(RecordRetention, OperationsCanBePolledForAWeekAfterTheirEnd) {
    const Guid ended = begin(test_time);
    const Guid later = begin(test_time + seconds(5));
    const Guid running = begin(std::nullopt);
    EXPECT_EQ(forget(test_time + ended_operations_kept).operations, 0);
    EXPECT_EQ(forget(test_time + ended_operations_kept + seconds(1)).operations, 1);
    EXPECT_FALSE(is_there(ended));
    EXPECT_TRUE(is_there(later));
    EXPECT_EQ(forget(test_time + std::chrono::days(1000)).operations, 1);
    EXPECT_TRUE(is_there(running)) << "however long it takes";
}

TEST_F(RecordRetention, EventsAreKeptForNinetyDays) {
    for (const int second : {0, 1, 2}) leave_event(test_time + seconds(second));
    EXPECT_EQ(forget(test_time + events_kept).events, 0);
    EXPECT_EQ(forget(test_time + events_kept + seconds(2)).events, 2);
    EXPECT_EQ(database.count("select count(*) from events"), 1);
    EXPECT_EQ(forget(test_time + events_kept + seconds(3)).events, 1) << "and none is left to stop at";
    leave_event(test_time + events_kept);
    EXPECT_EQ(database.count("select sequence from events"),
              database.count("select seq from sqlite_sequence where name = 'events'"))
        << "numbers are not given twice";
}

TEST_F(RecordRetention, AnEventOfAnEarlierClockGoesWithThoseBeforeIt) {
    leave_event(test_time);
    leave_event(test_time + seconds(10));
    leave_event(test_time + seconds(1)); // the clock was set back
    EXPECT_EQ(forget(test_time + events_kept + seconds(2)).events, 1) << "what stands behind a younger one waits for it";
    EXPECT_EQ(forget(test_time + events_kept + seconds(11)).events, 2);
}

TEST_F(RecordRetention, NoTransactionTakesMoreThanItsPiece) {
    for (int i = 0; i < 5; ++i) {
        leave_event(test_time);
        begin(test_time);
    }
    const Timestamp end = test_time + std::chrono::days(100);
    EXPECT_EQ(forget(end, 3), (ForgottenRecords{3, 3}));
    EXPECT_EQ(forget(end, 3), (ForgottenRecords{2, 2}));
    EXPECT_EQ(forget(end, 3), ForgottenRecords());
}

} // namespace
} // namespace berth::tenant
