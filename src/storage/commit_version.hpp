#pragma once

#include <atomic>
#include <cstdint>
#include <optional>

namespace berth::storage {

/// Tells whether anything was committed since. One thread at a time commits, any may ask. Thread-safe.
class CommitVersion {
public:
    /// A number that no two states of the database share; nullopt while a commit is under way, when reads may see either
    /// state.
    std::optional<std::uint64_t> current() const noexcept {
        const std::uint64_t now = count_.load(std::memory_order_acquire);
        if (now % 2 != 0) return std::nullopt;
        return now;
    }

    /// Held around a commit, whether it succeeds or not, and let go before anybody is told of it.
    class Change {
    public:
        explicit Change(CommitVersion& version) noexcept : version_(version) {
            version_.count_.fetch_add(1, std::memory_order_acq_rel);
        }
        ~Change() { version_.count_.fetch_add(1, std::memory_order_acq_rel); }
        Change(const Change&) = delete;
        Change& operator=(const Change&) = delete;

    private:
        CommitVersion& version_;
    };

private:
    std::atomic<std::uint64_t> count_ = 0; // odd: a commit is under way
};

} // namespace berth::storage
