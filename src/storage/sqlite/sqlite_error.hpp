#pragma once

#include "base/result.hpp"

struct sqlite3;

namespace berth::storage {

/// What went wrong in the last call on this connection, which gave `code`: unique and primary keys `already_exists`,
/// other constraints `conflict`, no room `storage_full`, no right to write `storage_read_only`, a database that another
/// program holds `unavailable`, a value above the engine's limit `payload_too_large`, the rest `internal`.
/// <https://www.sqlite.org/rescode.html>
Error sqlite_error(sqlite3* connection, int code);

} // namespace berth::storage
