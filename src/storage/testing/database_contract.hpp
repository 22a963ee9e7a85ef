#pragma once

#include "storage/database.hpp"
#include "storage/migrations.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <ostream>
#include <string>

namespace berth::storage {

/// One place for data, empty at first, that a driver's test provides; gone with the object.
class DatabasePlace {
public:
    virtual ~DatabasePlace() = default;
    /// Opens the data that is there, brought to the newest of these versions. One at a time.
    virtual Result<std::unique_ptr<Database>> open(std::span<const Migration> steps) = 0;
};

/// A driver under test.
struct DatabaseDriver {
    std::string name;
    std::function<std::unique_ptr<DatabasePlace>()> make_place;
};
inline std::ostream& operator<<(std::ostream& out, const DatabaseDriver& driver) { return out << driver.name; }

/// What every database must do, as tests (`database_contract.cpp`). A driver's own test says
/// `INSTANTIATE_TEST_SUITE_P(<Driver>, DatabaseContract, testing::Values(DatabaseDriver{…}))`.
class DatabaseContract : public testing::TestWithParam<DatabaseDriver> {
protected:
    DatabaseContract();

    void reopen();
    /// Opens with other steps than the contract's own.
    Result<std::unique_ptr<Database>> open_with(std::span<const Migration> steps);
    Database& database() { return *database_; }

    Result<std::int64_t> insert(std::int64_t id, std::string_view name);
    /// Names of all items, in order of id, joined by spaces; an error's message if there is one.
    std::string names();

private:
    std::unique_ptr<DatabasePlace> place_;
    std::unique_ptr<Database> database_;
};

} // namespace berth::storage
