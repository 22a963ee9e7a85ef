#pragma once

#include <atomic>
#include <coroutine>
#include <exception>
#include <optional>
#include <semaphore>
#include <type_traits>
#include <utility>

namespace berth {

template <class T>
class Task;

namespace detail {

// A child that finishes before its parent has suspended must not resume it: the parent goes on by itself. That keeps
// loops over results that are ready at once from growing the stack, with every compiler and sanitizer.
class TaskPromiseBase {
public:
    std::suspend_always initial_suspend() noexcept { return {}; }

    struct FinalAwaiter {
        bool await_ready() noexcept { return false; }
        template <class Promise>
        void await_suspend(std::coroutine_handle<Promise> handle) noexcept {
            TaskPromiseBase& promise = handle.promise();
            if (promise.detached_) {
                handle.destroy();
                return;
            }
            const auto continuation = promise.continuation_;
            if (promise.meeting_.exchange(true, std::memory_order_acq_rel)) continuation.resume();
        }
        void await_resume() noexcept {}
    };
    FinalAwaiter final_suspend() noexcept { return {}; }

    // Nothing in berth throws across a coroutine; what does is a bug, and going on would hide it.
    void unhandled_exception() noexcept { std::terminate(); }

    std::coroutine_handle<> continuation_;
    std::atomic<bool> meeting_ = false; // set by whoever comes first: the parent that suspended or the child that ended
    bool detached_ = false;
};

template <class T>
class TaskPromise : public TaskPromiseBase {
public:
    Task<T> get_return_object() noexcept;

    template <class U>
        requires std::is_constructible_v<T, U&&>
    void return_value(U&& value) {
        value_.emplace(std::forward<U>(value));
    }
    T take() { return std::move(*value_); }

private:
    std::optional<T> value_;
};

template <>
class TaskPromise<void> : public TaskPromiseBase {
public:
    Task<void> get_return_object() noexcept;
    void return_void() noexcept {}
    void take() noexcept {}
};

} // namespace detail

/// A coroutine that starts when it is awaited and gives one value. Move-only; awaited at most once. Everything it
/// refers to must outlive it: take parameters by value, or by reference to what the caller keeps while it awaits.
template <class T = void>
class [[nodiscard]] Task {
public:
    using promise_type = detail::TaskPromise<T>;

    explicit Task(std::coroutine_handle<promise_type> handle) noexcept : handle_(handle) {}
    Task(Task&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
    Task& operator=(Task&& other) noexcept {
        if (this != &other) {
            destroy();
            handle_ = std::exchange(other.handle_, nullptr);
        }
        return *this;
    }
    ~Task() { destroy(); }

    auto operator co_await() && noexcept {
        struct Awaiter {
            std::coroutine_handle<promise_type> handle;
            bool await_ready() noexcept { return false; }
            bool await_suspend(std::coroutine_handle<> parent) {
                auto& promise = handle.promise();
                promise.continuation_ = parent;
                handle.resume();
                // True: stay suspended, the child resumes us. False: it has ended already.
                return !promise.meeting_.exchange(true, std::memory_order_acq_rel);
            }
            T await_resume() { return handle.promise().take(); }
        };
        return Awaiter{handle_};
    }

    /// Starts the task with nobody waiting; it destroys itself when it ends.
    void detach() && {
        auto handle = std::exchange(handle_, nullptr);
        handle.promise().detached_ = true;
        handle.resume();
    }

private:
    void destroy() noexcept {
        if (handle_) handle_.destroy();
    }
    std::coroutine_handle<promise_type> handle_;
};

template <class T>
Task<T> detail::TaskPromise<T>::get_return_object() noexcept {
    return Task<T>{std::coroutine_handle<TaskPromise<T>>::from_promise(*this)};
}

inline Task<void> detail::TaskPromise<void>::get_return_object() noexcept {
    return Task<void>{std::coroutine_handle<TaskPromise<void>>::from_promise(*this)};
}

namespace detail {
template <class T>
Task<void> run_and_signal(Task<T> task, std::optional<T>& out, std::binary_semaphore& done) {
    out.emplace(co_await std::move(task));
    done.release();
}
inline Task<void> run_and_signal(Task<void> task, std::binary_semaphore& done) {
    co_await std::move(task);
    done.release();
}
} // namespace detail

/// Runs a task to its end and blocks this thread for it: for `main`, start-up and tests, never on an event loop.
template <class T>
T sync_wait(Task<T> task) {
    std::binary_semaphore done{0};
    if constexpr (std::is_void_v<T>) {
        detail::run_and_signal(std::move(task), done).detach();
        done.acquire();
    } else {
        std::optional<T> out;
        detail::run_and_signal(std::move(task), out, done).detach();
        done.acquire();
        return std::move(*out);
    }
}

} // namespace berth
