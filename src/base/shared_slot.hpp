#pragma once

#include <memory>
#include <mutex>
#include <utility>

namespace berth {

/// Holds the current one of values that never change and are exchanged as a whole. Thread-safe.
///
/// Not `std::atomic<std::shared_ptr>`: in the library of GCC 12 a load gives its lock back without release order, so that
/// on machines that reorder memory the next store may overtake what the load still reads. ThreadSanitizer says so.
template <class T>
class SharedSlot {
public:
    SharedSlot() = default;
    explicit SharedSlot(std::shared_ptr<const T> value) noexcept : value_(std::move(value)) {}

    std::shared_ptr<const T> load() const noexcept {
        const std::lock_guard lock(mutex_);
        return value_;
    }
    void store(std::shared_ptr<const T> value) noexcept {
        const std::lock_guard lock(mutex_);
        value_.swap(value); // the old one goes with the argument, after the lock
    }

private:
    mutable std::mutex mutex_;
    std::shared_ptr<const T> value_;
};

} // namespace berth
