#include "storage/sqlite/sqlite_migrations.hpp"

#include <cctype>

namespace berth::storage {
namespace {

Result<std::int64_t> number(SqliteConnection& connection, std::string_view sql) {
    auto rows = connection.query(sql);
    if (!rows) return failure(std::move(rows));
    auto row = rows->next();
    if (!row) return failure(std::move(row));
    return *row ? rows->integer(0) : 0;
}

Result<void> apply(SqliteConnection& connection, const Migration& step) {
    if (auto done = connection.run_script("begin immediate"); !done) return done;
    auto done = connection.run_script(to_sqlite(step.sql) + fmt::format(";pragma application_id = {};pragma user_version = {};",
                                                                        sqlite_application_id, step.version));
    if (done) {
        const auto broken = number(connection, "select count(*) from pragma_foreign_key_check");
        if (!broken) {
            done = std::unexpected(broken.error());
        } else if (*broken != 0) {
            done = failure(ErrorCode::conflict, fmt::format("{} rows refer to nothing", *broken));
        }
    }
    if (done) done = connection.run_script("commit");
    if (done) return {};
    if (connection.in_transaction()) static_cast<void>(connection.run_script("rollback"));
    const Error& error = done.error();
    return failure(error.code, fmt::format("The data could not be brought from version {} to {} and is as it was: {}",
                                           step.version - 1, step.version, error.message));
}

} // namespace

std::string to_sqlite(std::string_view sql) {
    constexpr std::string_view word = "bytea";
    const auto is_word_character = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; };
    std::string out;
    out.reserve(sql.size());
    for (std::size_t at = 0; at < sql.size();) {
        const bool begins = at == 0 || !is_word_character(sql[at - 1]);
        const auto end = at + word.size();
        if (begins && sql.substr(at).starts_with(word) && (end == sql.size() || !is_word_character(sql[end]))) {
            out += "blob";
            at = end;
        } else {
            out += sql[at++];
        }
    }
    return out;
}

Result<void> migrate_sqlite(SqliteConnection& connection, std::span<const Migration> steps) {
    connection.begin_work(0);
    const int known = steps.empty() ? 0 : steps.back().version;
    const auto version = number(connection, "pragma user_version");
    if (!version) return std::unexpected(version.error());
    const auto owner = number(connection, "pragma application_id");
    if (!owner) return std::unexpected(owner.error());
    const auto tables = number(connection, "select count(*) from sqlite_schema");
    if (!tables) return std::unexpected(tables.error());

    if (*owner != sqlite_application_id && (*tables != 0 || *version != 0)) {
        return failure(ErrorCode::conflict,
                       "The database in the data folder was not made by berth. Choose another data folder.");
    }
    if (*version > known) {
        return failure(ErrorCode::conflict,
                       fmt::format("The data folder was written by a newer berth (data version {}, this program knows {}). "
                                   "Start the newer program, or restore a backup from before the upgrade.",
                                   *version, known));
    }
    if (*version == known) return {};

    // Steps may rebuild tables that others refer to; what refers to nothing afterwards is found before the commit.
    if (auto done = connection.run_script("pragma foreign_keys = off"); !done) return done;
    for (const Migration& step : steps) {
        if (step.version <= *version) continue;
        if (auto done = apply(connection, step); !done) return done;
    }
    return connection.run_script("pragma foreign_keys = on");
}

} // namespace berth::storage
