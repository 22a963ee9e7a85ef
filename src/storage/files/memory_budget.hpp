#pragma once

#include <atomic>
#include <cstddef>
#include <utility>

namespace berth::storage {

/// So many bytes for all uploads together. Thread-safe.
class MemoryBudget {
public:
    explicit MemoryBudget(std::size_t bytes) noexcept : left_(bytes) {}

    /// False if there is not so much left.
    bool take(std::size_t bytes) noexcept {
        std::size_t left = left_.load(std::memory_order_relaxed);
        while (left >= bytes) {
            if (left_.compare_exchange_weak(left, left - bytes, std::memory_order_relaxed)) return true;
        }
        return false;
    }
    void give(std::size_t bytes) noexcept { left_.fetch_add(bytes, std::memory_order_relaxed); }
    std::size_t left() const noexcept { return left_.load(std::memory_order_relaxed); }

private:
    std::atomic<std::size_t> left_;
};

/// A part of the budget; given back when it goes.
class MemoryShare {
public:
    explicit MemoryShare(MemoryBudget& budget) noexcept : budget_(&budget) {}
    MemoryShare(MemoryShare&& other) noexcept : budget_(other.budget_), bytes_(std::exchange(other.bytes_, 0)) {}
    MemoryShare& operator=(MemoryShare&&) = delete;
    ~MemoryShare() { clear(); }

    /// Makes it larger; false if the budget has not so much left.
    bool grow(std::size_t bytes) noexcept {
        if (!budget_->take(bytes)) return false;
        bytes_ += bytes;
        return true;
    }
    void clear() noexcept { budget_->give(std::exchange(bytes_, 0)); }

private:
    MemoryBudget* budget_;
    std::size_t bytes_ = 0;
};

} // namespace berth::storage
