#pragma once

#include <functional>

namespace berth {

/// Something that runs functions one after the other on a thread of its own: an event loop. A coroutine that waited
/// for work elsewhere goes on at the executor on which it began to wait.
class Executor {
public:
    virtual ~Executor() = default;

    /// Queues `function` to run soon on this executor's thread. Callable from any thread.
    virtual void post(std::move_only_function<void()> function) = 0;

    /// The executor whose thread this is, or nullptr on a thread that belongs to none.
    static Executor* current() noexcept { return current_; }

protected:
    /// Called by an event loop on its own thread before it runs anything.
    static void set_current(Executor* executor) noexcept { current_ = executor; }

private:
    static inline thread_local Executor* current_ = nullptr;
};

} // namespace berth
