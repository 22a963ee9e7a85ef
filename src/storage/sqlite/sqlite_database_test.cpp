#include "storage/sqlite/sqlite_database.hpp"

#include "storage/testing/database_contract.hpp"
#include "storage/testing/temporary_folder.hpp"

#include <gtest/gtest.h>

namespace berth::storage {
namespace {

class SqlitePlace final : public DatabasePlace {
public:
    explicit SqlitePlace(const SqliteOptions& options) : options_(options) {}
    Result<std::unique_ptr<Database>> open(std::span<const Migration> steps) override {
        options_.steps = steps;
        return open_sqlite((folder_.path() / "berth.db").string(), options_);
    }

private:
    SqliteOptions options_;
    TemporaryFolder folder_;
};

DatabaseDriver sqlite(std::string name, const SqliteOptions& options) {
    return {std::move(name), [=] { return std::make_unique<SqlitePlace>(options); }};
}

INSTANTIATE_TEST_SUITE_P(Sqlite, DatabaseContract,
                         testing::Values(sqlite("Default", {}),
                                         sqlite("Cramped", {.scan_threads = 1, .group_limit = 2, .point_budget = 1,
                                                            .page_budget = 1, .checkpoint_pages = 1})),
                         [](const auto& driver) { return driver.param.name; });

} // namespace
} // namespace berth::storage
