#include "storage/sqlite/sqlite_error.hpp"

#include <fmt/format.h>
#include <sqlite3.h>

#include <cerrno>
#include <cstring>

namespace berth::storage {
namespace {

Error full() {
    return {ErrorCode::storage_full,
            "There is no space left for the database. Free space on the volume of the data folder and try again."};
}

Error read_only() {
    return {ErrorCode::storage_read_only,
            "The database cannot be written. Make the data folder and its files writable for the user that runs berth."};
}

} // namespace

Error sqlite_error(sqlite3* connection, int code) {
    const int extended = connection ? sqlite3_extended_errcode(connection) : code;
    const int system = connection ? sqlite3_system_errno(connection) : 0;
    const char* message = connection ? sqlite3_errmsg(connection) : sqlite3_errstr(code);

    switch (code & 0xff) {
    case SQLITE_CONSTRAINT:
        switch (extended) {
        case SQLITE_CONSTRAINT_UNIQUE:
        case SQLITE_CONSTRAINT_PRIMARYKEY:
        case SQLITE_CONSTRAINT_ROWID:
            return {ErrorCode::already_exists, fmt::format("There is such an entry already ({}).", message)};
        default: return {ErrorCode::conflict, fmt::format("The change contradicts what is stored ({}).", message)};
        }
    case SQLITE_FULL: return full();
    case SQLITE_READONLY: return read_only();
    case SQLITE_BUSY:
    case SQLITE_LOCKED: return {ErrorCode::unavailable, "Another program holds the database. Close it and try again."};
    case SQLITE_TOOBIG: return {ErrorCode::payload_too_large, "A value is larger than the database can keep."};
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return {ErrorCode::internal,
                fmt::format("The database is damaged ({}). Stop berth and restore the data folder from a backup.", message)};
    case SQLITE_CANTOPEN:
        if (system == EACCES || system == EROFS || system == EPERM) return read_only();
        if (system == EMFILE || system == ENFILE) {
            return {ErrorCode::unavailable, "Too many files are open. Raise the limit of open files and try again."};
        }
        break;
    case SQLITE_IOERR:
        if (system == ENOSPC || system == EDQUOT || extended == SQLITE_IOERR_SHMSIZE) return full();
        if (system == EROFS) return read_only();
        break;
    default: break;
    }
    if (system != 0 && ((code & 0xff) == SQLITE_IOERR || (code & 0xff) == SQLITE_CANTOPEN)) {
        return {ErrorCode::internal,
                fmt::format("The database failed: {} ({}, code {}).", message, std::strerror(system), extended)};
    }
    return {ErrorCode::internal, fmt::format("The database failed: {} (code {}).", message, extended)};
}

} // namespace berth::storage
