#include "http/server/event_loop.hpp"

#include <csignal>
#include <pthread.h>

namespace berth::http {
namespace {

using namespace std::chrono_literals;

// While there are connections the timer also measures how late the loop comes to what is ready; without any it sleeps.
constexpr auto busy_interval = 10ms;
constexpr auto idle_interval = 1s;

// Signals belong to the main thread, and sendfile(2) has no other way to be spared SIGPIPE.
void block_signals() noexcept {
    sigset_t signals;
    ::sigemptyset(&signals);
    for (const int signal : {SIGPIPE, SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2, SIGCHLD}) {
        ::sigaddset(&signals, signal);
    }
    ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);
}

} // namespace

EventLoop::EventLoop()
    : context_(1), work_(context_.get_executor()), timer_(context_.get_executor()), posted_event_(context_.get_executor()) {
    error_code error;
    posted_event_.assign(posted_.descriptor(), error);
    if (error) throw boost::system::system_error(error); // as Asio does for what it needs itself
}

EventLoop::~EventLoop() {
    stop();
    posted_event_.release(); // it is closed by `posted_`
}

void EventLoop::start() {
    thread_ = std::thread([this] { run(); });
}

void EventLoop::stop() noexcept {
    context_.stop();
    if (thread_.joinable()) thread_.join();
}

void EventLoop::run() noexcept {
    block_signals();
    set_current(this);
    delay_.emplace();
    schedule();
    wait_for_posted();
    context_.run();
    set_current(nullptr);
}

void EventLoop::post(std::move_only_function<void()> function) { posted_.push(std::move(function)); }

void EventLoop::wait_for_posted() {
    posted_event_.async_read_some(asio::buffer(&posted_count_, sizeof(posted_count_)), [this](error_code error, std::size_t) {
        if (error) return;
        posted_.run();
        wait_for_posted();
    });
}

void EventLoop::add(LoopMember& member) noexcept {
    const bool was_idle = members_.empty();
    members_.push_back(member);
    if (was_idle) schedule();
}

void EventLoop::remove(LoopMember& member) noexcept { members_.erase(members_.iterator_to(member)); }

void EventLoop::schedule() {
    due_ = Clock::now() + (members_.empty() ? Clock::duration(idle_interval) : Clock::duration(busy_interval));
    timer_.expires_at(due_); // ends a wait that is under way
    timer_.async_wait([this](error_code error) {
        if (!error) tick();
    });
}

void EventLoop::tick() {
    const auto at = Clock::now();
    const std::int64_t late = std::chrono::duration_cast<std::chrono::microseconds>(at - due_).count();
    if (late > longest_stall_.load(std::memory_order_relaxed)) longest_stall_.store(late, std::memory_order_relaxed);
    const std::int64_t block = late - delay_->take().count();
    if (block > longest_block_.load(std::memory_order_relaxed)) longest_block_.store(block, std::memory_order_relaxed);

    const std::int64_t now = std::chrono::duration_cast<std::chrono::seconds>(at - started_).count();
    if (now != now_) {
        now_ = now;
        for (LoopMember& member : members_) member.tick(now);
    }
    schedule();
}

void EventLoop::drain() {
    post([this] {
        draining_ = true;
        for (LoopMember& member : members_) member.drain();
    });
}

void EventLoop::abort_all() {
    post([this] {
        for (LoopMember& member : members_) member.abort();
    });
}

std::chrono::microseconds EventLoop::take_longest_stall() noexcept {
    return std::chrono::microseconds(longest_stall_.exchange(0, std::memory_order_relaxed));
}

std::chrono::microseconds EventLoop::take_longest_block() noexcept {
    return std::chrono::microseconds(longest_block_.exchange(0, std::memory_order_relaxed));
}

} // namespace berth::http
