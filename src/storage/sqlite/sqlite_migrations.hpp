#pragma once

#include "storage/sqlite/sqlite_connection.hpp"

namespace berth::storage {

/// "brth" in PRAGMA application_id, <https://www.sqlite.org/pragma.html#pragma_application_id>: tells our files from others.
constexpr std::int64_t sqlite_application_id = 0x62727468;

/// Brings the data to the newest version that `steps` know, each step in a transaction of its own. `conflict` for data
/// of a newer version and for a database that is not berth's; a step that fails leaves the data as it was.
Result<void> migrate_sqlite(SqliteConnection& connection, std::span<const Migration> steps);

/// The schema's words in SQLite's own: `bytea` becomes `blob` (else SQLite would take it for a kind of number).
std::string to_sqlite(std::string_view sql);

} // namespace berth::storage
