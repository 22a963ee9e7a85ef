#pragma once

#include "storage/database.hpp"

#include <atomic>

namespace berth::identity {

/// Passes everything on and counts, for tests of what needs no database.
class CountingDatabase final : public storage::Database {
public:
    explicit CountingDatabase(storage::Database& inner) : inner_(inner) {}
    int reads() const noexcept { return reads_; }

protected:
    Task<Result<void>> run_read(storage::ReadKind kind, const std::function<Result<void>(storage::Session&)>& work) override {
        ++reads_;
        auto pass = [&work](storage::Session& session) { return work(session); };
        auto reading = inner_.read(kind, pass);
        co_return co_await std::move(reading);
    }
    Task<Result<void>> run_write(const std::function<Result<void>(storage::Session&)>& work) override {
        auto pass = [&work](storage::Session& session) { return work(session); };
        auto writing = inner_.write(pass);
        co_return co_await std::move(writing);
    }

private:
    storage::Database& inner_;
    std::atomic<int> reads_ = 0;
};

} // namespace berth::identity
