#pragma once

#include "base/digest.hpp"
#include "checking/check_folder.hpp"
#include "storage/sqlite/sqlite_connection.hpp"

#include <filesystem>
#include <type_traits>

namespace berth::checking {

/// What a check works with: the data folder, its database, and the report it adds to. Used by one thread.
class Inspection {
public:
    Inspection(std::filesystem::path folder, storage::SqliteConnection& database, const CheckOptions& options)
        : folder_(std::move(folder)), database_(database), options_(options) {}

    const std::filesystem::path& folder() const noexcept { return folder_; }
    std::filesystem::path blobs() const { return folder_ / "blobs"; }
    std::filesystem::path uploads() const { return folder_ / "uploads"; }
    const CheckOptions& options() const noexcept { return options_; }

    /// For the few checks that look at the database as a file.
    storage::SqliteConnection& database() noexcept { return database_; }
    /// Runs `work(Session&)`, which returns a `Result`, on one snapshot. Keep it short: while it lasts, the log of a
    /// running server cannot be emptied.
    template <class Work>
    std::invoke_result_t<Work&, storage::Session&> snapshot(Work work) {
        database_.begin_work(0);
        if (auto begun = database_.control("begin"); !begun) return failure(std::move(begun));
        auto out = work(static_cast<storage::Session&>(database_));
        database_.begin_work(0);
        auto ended = database_.control("commit");
        if (out && !ended) return failure(std::move(ended));
        return out;
    }

    /// Notes that so many things were looked at.
    void saw(std::uint64_t count = 1) noexcept { result_.seen += count; }
    /// Notes one thing that is wrong.
    void wrong(std::string message);

    /// Runs one check and adds what it found to the report; that it could not be run to its end is a finding, too.
    void run(const struct Check& check);
    CheckReport take_report() noexcept { return std::move(report_); }

private:
    Result<void> run_queries(const struct Check& check);

    std::filesystem::path folder_;
    storage::SqliteConnection& database_;
    const CheckOptions& options_;
    CheckResult result_;
    CheckReport report_;
};

/// A digest as the database holds it, for messages: hexadecimal when it is none.
std::string digest_text(std::span<const std::byte> stored);

} // namespace berth::checking
