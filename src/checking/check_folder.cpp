#include "checking/check_folder.hpp"

#include "checking/check_list.hpp"
#include "storage/sqlite/sqlite_integrity.hpp"

namespace berth::checking {

using storage::SqliteConnection;

std::vector<Check> all_checks() {
    std::vector<Check> out;
    for (const auto& part : {database_checks(), blob_checks(), manifest_checks(), garbage_checks(), resource_checks(),
                             directory_checks(), authorization_checks()}) {
        out.insert(out.end(), part.begin(), part.end());
    }
    return out;
}

namespace {

constexpr std::string_view opening = "database-file";

// A database that cannot even be opened is what was asked about, and no failure of the question.
CheckReport unreadable(const Error& error) {
    CheckReport out;
    out.checks.push_back({.name = opening, .promise = "The database opens.", .seen = 1, .wrong = 1});
    out.findings.push_back({.check = opening, .message = error.message});
    return out;
}

Result<void> check_version(int version) {
    const int known = storage::migrations().back().version;
    if (version == known) return {};
    if (version > known) {
        return failure(ErrorCode::conflict,
                       fmt::format("The data folder was written by a newer berth (data version {}, this program knows {}). "
                                   "Check it with that program.",
                                   version, known));
    }
    return failure(ErrorCode::conflict,
                   fmt::format("The data folder is of an earlier version (data version {}, this program's is "
                               "{}). Start 'berth serve' on it once, which brings it up to date, and "
                               "check it then.",
                               version, known));
}

} // namespace

Result<CheckReport> check_folder(const std::string& folder, const CheckOptions& options) {
    std::error_code problem;
    const std::filesystem::path path(folder);
    const auto database = path / "berth.db";
    if (!std::filesystem::exists(database, problem)) {
        if (problem) {
            return failure(ErrorCode::storage_read_only, fmt::format("'{}' cannot be read: {}.", folder, problem.message()));
        }
        return failure(
            ErrorCode::not_found,
            fmt::format("'{}' holds no data of berth. Name the folder that 'berth serve --data' was given.", folder));
    }
    auto connection = SqliteConnection::open(database.string(), {}, SqliteConnection::Access::inspect);
    if (!connection) {
        if (connection.error().code != ErrorCode::internal) return failure(std::move(connection));
        return unreadable(connection.error());
    }
    const auto version = storage::read_data_version(**connection);
    if (!version && version.error().code != ErrorCode::internal) return std::unexpected(version.error());
    if (!version) return unreadable(version.error());
    if (auto checked = check_version(*version); !checked) return failure(std::move(checked));

    Inspection inspection(path, **connection, options);
    for (const Check& check : all_checks()) inspection.run(check);
    return inspection.take_report();
}

} // namespace berth::checking
