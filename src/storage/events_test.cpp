#include "storage/events.hpp"

#include "storage/testing/temporary_database.hpp"

#include <gtest/gtest.h>

namespace berth::storage {
namespace {

TEST(Events, AreNumberedAndKeptWithTheChange) {
    TemporaryDatabase database;
    const auto append = [&](const Event& event, bool fail) {
        return sync_wait(database->write([&](Session& session) -> Result<bool> {
            auto done = append_event(session, from_microseconds(42), event);
            if (!done) return failure(std::move(done));
            if (fail) return failure(ErrorCode::conflict, "no");
            return true;
        }));
    };
    ASSERT_TRUE(append({"manifest.push", 7, "someone", {{"tag", "v1"}}}, false));
    ASSERT_FALSE(append({"manifest.push", 7, "someone", {{"tag", "lost"}}}, true));
    ASSERT_TRUE(append({"roleAssignment.write", std::nullopt, "anonymous", {}}, false));

    const auto seen = sync_wait(database->read(ReadKind::page, [](Session& session) -> Result<std::string> {
        std::string out;
        auto rows = session.query("select sequence, at, registry_id, actor, kind, detail from events order by sequence");
        if (!rows) return failure(std::move(rows));
        while (true) {
            auto row = rows->next();
            if (!row) return failure(std::move(row));
            if (!*row) return out;
            out += fmt::format("{} {} {} {} {} {}\n", rows->integer(0), to_microseconds(rows->time(1)),
                               rows->is_null(2) ? "-" : std::to_string(rows->integer(2)), rows->text(3), rows->text(4),
                               rows->text(5));
        }
    }));
    ASSERT_TRUE(seen) << seen.error().message;
    EXPECT_EQ(*seen, "1 42 7 someone manifest.push {\"tag\":\"v1\"}\n2 42 - anonymous roleAssignment.write {}\n");
}

} // namespace
} // namespace berth::storage
