#include "storage/events.hpp"
#include "storage/testing/temporary_database.hpp"

#include <gtest/gtest.h>

namespace berth::storage {
namespace {

TEST(SqliteDatabase, WritesAndReads) {
    TemporaryDatabase database;
    const auto written = sync_wait(database->write([](Session& session) -> Result<std::int64_t> {
        return session.execute("insert into tenants (id, display_name, created_at) values (?1, ?2, ?3)", "t", "Tenant", 1);
    }));
    ASSERT_TRUE(written) << written.error().message;
    EXPECT_EQ(*written, 1);
    const auto name = sync_wait(database->read(ReadKind::point, [](Session& session) -> Result<std::string> {
        auto rows = session.query("select display_name from tenants where id = ?1", "t");
        if (!rows) return failure(std::move(rows));
        auto row = rows->next();
        if (!row) return failure(std::move(row));
        return std::string(rows->text(0));
    }));
    ASSERT_TRUE(name) << name.error().message;
    EXPECT_EQ(*name, "Tenant");
}

} // namespace
} // namespace berth::storage
