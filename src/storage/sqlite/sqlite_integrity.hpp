#pragma once

#include "storage/sqlite/sqlite_connection.hpp"

#include <string>
#include <vector>

namespace berth::storage {

/// What is wrong with a database as a file, one sentence each: SQLite's own check of pages, indexes and constraints
/// (<https://www.sqlite.org/pragma.html#pragma_integrity_check>), at most 100 of its findings. Reads everything.
Result<std::vector<std::string>> find_damage(SqliteConnection& connection);

/// Rows that refer to rows that are not there, one sentence each, at most 100.
Result<std::vector<std::string>> find_broken_references(SqliteConnection& connection);

/// Tables, columns, indexes and triggers that are not as `steps` make them, one sentence each.
Result<std::vector<std::string>> find_schema_differences(SqliteConnection& connection, std::span<const Migration> steps);

/// The data version. `conflict` for a database that is not berth's.
Result<int> read_data_version(SqliteConnection& connection);

} // namespace berth::storage
