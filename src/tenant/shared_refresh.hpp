#pragma once

#include "base/executor.hpp"
#include "base/result.hpp"

#include <coroutine>
#include <mutex>
#include <vector>

namespace berth::tenant {

/// Lets one refresh run at a time. All who ask while one is running share the next, which begins after they asked: so it
/// holds what they committed, and many changes at once cost few refreshes. Thread-safe.
class SharedRefresh {
public:
    /// One caller's turn: await it once, then either `leads()`, do the refresh and `finish`, or take `result()`.
    class Turn {
    public:
        explicit Turn(SharedRefresh& line) noexcept : line_(line) {}
        Turn(const Turn&) = delete;
        Turn& operator=(const Turn&) = delete;

        bool leads() const noexcept { return leads_; }
        /// What the one who led made of it.
        const Result<void>& result() const noexcept { return result_; }

        bool await_ready() const noexcept { return false; }
        bool await_suspend(std::coroutine_handle<> caller);
        void await_resume() const noexcept {}

    private:
        friend class SharedRefresh;
        void wake() const;

        SharedRefresh& line_;
        std::coroutine_handle<> caller_;
        Executor* home_ = nullptr;
        bool leads_ = false;
        Result<void> result_;
        std::vector<Turn*> followers_; // they live in suspended callers
    };

    /// Ends the turn of who led: wakes those who shared it, and the next one to lead.
    void finish(Turn& turn, const Result<void>& result);

private:
    std::mutex mutex_;
    bool running_ = false;
    std::vector<Turn*> waiting_;
};

} // namespace berth::tenant
