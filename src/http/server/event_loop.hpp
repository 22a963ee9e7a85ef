#pragma once

#include "base/executor.hpp"
#include "http/server/asio.hpp"
#include "http/server/counters.hpp"
#include "http/server/posted_functions.hpp"
#include "http/server/scheduler_delay.hpp"

#include <boost/intrusive/list.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <optional>
#include <thread>

namespace berth::http {

/// A connection as its event loop sees it. Lives on the loop's thread, in the loop's list from birth to death.
class LoopMember : public boost::intrusive::list_base_hook<> {
public:
    /// Once a second.
    virtual void tick(std::int64_t now) noexcept = 0;
    /// The server ends: an idle connection closes at once, a busy one after its answer.
    virtual void drain() noexcept = 0;
    /// The server ends now.
    virtual void abort() noexcept = 0;

protected:
    ~LoopMember() = default;
};

/// One thread that runs the coroutines of its connections, and one coarse timer for all their deadlines.
class EventLoop final : public Executor {
public:
    EventLoop();
    /// Stops.
    ~EventLoop();
    EventLoop(const EventLoop&) = delete;
    EventLoop& operator=(const EventLoop&) = delete;

    void start();
    /// Ends the thread; nothing runs here any more. Called from another thread.
    void stop() noexcept;

    void post(std::move_only_function<void()> function) override;
    asio::io_context& context() noexcept { return context_; }

    /// On the loop's thread: whole seconds since the loop was made, brought up to date once a second.
    const std::int64_t& now() const noexcept { return now_; }
    void add(LoopMember& member) noexcept;
    void remove(LoopMember& member) noexcept;
    bool draining() const noexcept { return draining_; }
    /// From any thread.
    void drain();
    void abort_all();

    /// Connections dealt to this loop and not yet ended. The acceptor raises it, before the loop knows of them.
    std::atomic<std::size_t> open = 0;
    Counters counters;
    /// The longest time that something ready had to wait for the loop, as far as it was seen, since the last call.
    std::chrono::microseconds take_longest_stall() noexcept;
    /// The same without the time in which the thread was ready and the system ran others.
    std::chrono::microseconds take_longest_block() noexcept;

private:
    void run() noexcept;
    void schedule();
    void tick();
    void wait_for_posted();

    using Clock = std::chrono::steady_clock;
    using Members = boost::intrusive::list<LoopMember, boost::intrusive::constant_time_size<false>>;

    PostedFunctions posted_;
    asio::io_context context_;
    asio::executor_work_guard<AsioExecutor> work_;
    Timer timer_;
    Descriptor posted_event_;
    std::uint64_t posted_count_ = 0; // where the event is read to
    Clock::time_point started_ = Clock::now();
    Clock::time_point due_{};
    std::int64_t now_ = 0;
    Members members_;
    bool draining_ = false;
    std::atomic<std::int64_t> longest_stall_ = 0; // microseconds
    std::atomic<std::int64_t> longest_block_ = 0; // microseconds
    std::optional<SchedulerDelay> delay_;         // made by the thread
    std::thread thread_;
};

} // namespace berth::http
