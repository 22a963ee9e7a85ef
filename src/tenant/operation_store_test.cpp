#include "tenant/operation_store.hpp"

#include "tenant/testing/tenant_database.hpp"

#include <gtest/gtest.h>

namespace berth::tenant {
namespace {

using std::chrono::seconds;
using storage::Session;

class OperationStore : public testing::Test {
protected:
    TenantDatabase database;
    const Resource registry = *database.first->registry;

    Operation operation(const std::string& kind = "importImage", seconds later = seconds(0)) const {
        return {.tenant = registry.tenant,
                .kind = kind,
                .scope = registry.scope,
                .resource_row = registry.row,
                .actor = database.first->owner->principal.id.value(),
                .request = {{"source", "sealed"}},
                .started_at = test_time + later,
                .updated_at = test_time + later};
    }
    Operation created(const std::string& kind = "importImage", seconds later = seconds(0)) {
        Operation out = operation(kind, later);
        EXPECT_FALSE(code_of(database.write([&](Session& s) { return create_operation(s, out); })));
        return out;
    }
    std::optional<Operation> found(const Guid& id) {
        auto out = database.read([&](Session& s) { return find_operation(s, id); });
        EXPECT_TRUE(out);
        return out ? *out : std::nullopt;
    }
    Result<bool> finish(const Guid& id, OperationStatus status, const std::optional<OperationFailure>& why) {
        return database.write([&](Session& s) { return finish_operation(s, id, status, why, test_time + seconds(9)); });
    }
};

TEST_F(OperationStore, IsReadBackAsItWasMade) {
    const Operation made = created();
    const auto read = found(made.id);
    ASSERT_TRUE(read);
    EXPECT_EQ(read->kind, "importImage");
    EXPECT_EQ(read->scope, registry.scope);
    EXPECT_EQ(read->resource_row, registry.row);
    EXPECT_EQ(read->actor, made.actor);
    EXPECT_EQ(read->status, OperationStatus::accepted);
    EXPECT_EQ(read->request, made.request);
    EXPECT_TRUE(read->progress.empty());
    EXPECT_EQ(read->started_at, made.started_at);
    EXPECT_FALSE(read->ended_at);
    EXPECT_FALSE(found(Guid::random()));
    EXPECT_EQ(code_of(database.write([&](Session& s) { return create_operation(s, made); })), ErrorCode::already_exists);
}

TEST_F(OperationStore, ProgressIsWrittenUntilTheEnd) {
    const Guid id = created().id;
    const auto progress = [&](boost::json::object what) {
        return database.write([&](Session& s) { return set_operation_progress(s, id, what, test_time + seconds(3)); });
    };
    EXPECT_EQ(progress({{"blobs", 3}}), true);
    auto read = found(id);
    EXPECT_EQ(read->status, OperationStatus::running);
    EXPECT_EQ(read->progress.at("blobs"), 3);
    EXPECT_EQ(read->updated_at, test_time + seconds(3));

    EXPECT_EQ(finish(id, OperationStatus::failed, OperationFailure{"ImportFailed", "The source is gone."}), true);
    EXPECT_EQ(progress({{"blobs", 4}}), false);
    read = found(id);
    EXPECT_EQ(read->status, OperationStatus::failed);
    EXPECT_EQ(read->failure, (OperationFailure{"ImportFailed", "The source is gone."}));
    EXPECT_EQ(read->progress.at("blobs"), 3);
    EXPECT_EQ(read->ended_at, test_time + seconds(9));
    EXPECT_TRUE(read->request.empty()) << "what was asked may hold sealed secrets: it is not kept";
}

TEST_F(OperationStore, EndsOnceAndWithAReasonWhenItFailed) {
    const Guid id = created().id;
    EXPECT_EQ(code_of(finish(id, OperationStatus::running, std::nullopt)), ErrorCode::internal);
    EXPECT_EQ(code_of(finish(id, OperationStatus::failed, std::nullopt)), ErrorCode::internal);
    EXPECT_EQ(code_of(finish(id, OperationStatus::succeeded, OperationFailure{"A", "b"})), ErrorCode::internal);
    EXPECT_EQ(finish(id, OperationStatus::succeeded, std::nullopt), true);
    EXPECT_EQ(finish(id, OperationStatus::canceled, std::nullopt), false);
    EXPECT_EQ(found(id)->status, OperationStatus::succeeded);
    EXPECT_EQ(finish(Guid::random(), OperationStatus::succeeded, std::nullopt), false);
}

TEST_F(OperationStore, TheUnfinishedOfAKindAreFoundOldestFirst) {
    const Guid later = created("importImage", seconds(5)).id;
    const Guid first = created("importImage").id;
    const Guid ended = created("importImage", seconds(1)).id;
    created("moveResources");
    ASSERT_EQ(finish(ended, OperationStatus::canceled, std::nullopt), true);
    auto unfinished = database.read([](Session& s) { return unfinished_operations(s, "importImage"); });
    ASSERT_TRUE(unfinished);
    ASSERT_EQ(unfinished->size(), 2U);
    EXPECT_EQ(unfinished->at(0).id, first);
    EXPECT_EQ(unfinished->at(1).id, later);
}

TEST_F(OperationStore, ThoseThatSomethingLaterReplacesAreCanceled) {
    const Guid ended = created("prepare").id;
    const Guid first = created("prepare").id;
    const Guid other = created("importImage").id;
    ASSERT_EQ(finish(ended, OperationStatus::succeeded, std::nullopt), true);
    EXPECT_EQ(database.write([&](Session& s) { return cancel_operations(s, registry.row, "prepare", test_time); }), 1);
    EXPECT_EQ(found(first)->status, OperationStatus::canceled);
    EXPECT_EQ(found(ended)->status, OperationStatus::succeeded);
    EXPECT_EQ(found(other)->status, OperationStatus::accepted);
    EXPECT_EQ(finish(first, OperationStatus::succeeded, std::nullopt), false) << "too late";
}

TEST_F(OperationStore, GoesWithItsResourceAndWithTime) {
    const Guid ended = created().id;
    const Guid running = created().id;
    ASSERT_EQ(finish(ended, OperationStatus::succeeded, std::nullopt), true);
    const auto forget = [&](seconds after) {
        return database.write([&](Session& s) { return forget_operations(s, test_time + after, 10); });
    };
    EXPECT_EQ(forget(seconds(9)), 0);
    EXPECT_EQ(forget(seconds(10)), 1);
    EXPECT_FALSE(found(ended));
    EXPECT_TRUE(found(running));
    ASSERT_FALSE(code_of(database.write([&](Session& s) { return delete_resource(s, registry.scope, test_time); })));
    EXPECT_FALSE(found(running));
}

} // namespace
} // namespace berth::tenant
