#pragma once

#include "storage/testing/temporary_database.hpp"
#include "tenant/bootstrap.hpp"

#include <cstdio>
#include <cstdlib>
#include <utility>

namespace berth::tenant {

inline const Timestamp test_time = from_microseconds(1'800'000'000'000'000);

/// A database after the first start, for tests of what is in it.
class TenantDatabase {
public:
    explicit TenantDatabase(BootstrapOptions options = {}) {
        const CredentialInfo info{Guid::random(), "abc", std::nullopt, test_time, test_time + std::chrono::days(365)};
        auto made = sync_wait(bootstrap(*database_, std::move(options), info, "sha256$00", test_time));
        if (!made) {
            std::fputs(made.error().message.c_str(), stderr);
            std::abort();
        }
        first.emplace(std::move(*made));
    }

    storage::Database& operator*() const noexcept { return *database_; }
    storage::Database* operator->() const noexcept { return &*database_; }

    /// Runs the closure in a transaction and waits.
    template <class Work>
    auto write(Work work) {
        return sync_wait(database_->write(std::move(work)));
    }
    template <class Work>
    auto read(Work work) {
        return sync_wait(database_->read(storage::ReadKind::page, std::move(work)));
    }
    /// The one integer of a query without parameters.
    std::int64_t count(std::string_view sql) {
        auto out = read([&](storage::Session& session) -> Result<std::int64_t> {
            auto rows = session.query(sql);
            if (!rows) return failure(std::move(rows));
            auto more = rows->next();
            if (!more) return failure(std::move(more));
            return rows->integer(0);
        });
        return out ? *out : -1;
    }

    std::optional<Bootstrap> first; ///< what the first start made; always set

private:
    storage::TemporaryDatabase database_;
};

/// The code of a failure, or nullopt for success: for comparing in one line.
template <class T>
std::optional<ErrorCode> code_of(const Result<T>& result) {
    return result ? std::nullopt : std::optional(result.error().code);
}

} // namespace berth::tenant
