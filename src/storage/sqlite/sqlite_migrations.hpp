#pragma once

#include "storage/sqlite/sqlite_connection.hpp"

namespace berth::storage {

/// Brings the data to the newest version that `steps` know, each step in a transaction of its own. `conflict` for data
/// of a newer version and for a database that is not berth's; a step that fails leaves the data as it was.
Result<void> migrate_sqlite(SqliteConnection& connection, std::span<const Migration> steps);

/// The schema's words in SQLite's own: `bytea` becomes `blob` (else SQLite would take it for a kind of number).
std::string to_sqlite(std::string_view sql);

} // namespace berth::storage
