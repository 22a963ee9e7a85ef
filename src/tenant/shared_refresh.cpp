#include "tenant/shared_refresh.hpp"

namespace berth::tenant {

bool SharedRefresh::Turn::await_suspend(std::coroutine_handle<> caller) {
    const std::lock_guard lock(line_.mutex_);
    if (!line_.running_) {
        line_.running_ = true;
        leads_ = true;
        return false;
    }
    caller_ = caller;
    home_ = Executor::current();
    line_.waiting_.push_back(this);
    return true;
}

// The turn lives in the caller's frame, which may be gone as soon as it runs.
void SharedRefresh::Turn::wake() const {
    const auto caller = caller_;
    if (home_) {
        home_->post([caller] { caller.resume(); });
    } else {
        caller.resume();
    }
}

void SharedRefresh::finish(Turn& turn, const Result<void>& result) {
    std::vector<Turn*> next;
    {
        const std::lock_guard lock(mutex_);
        next.swap(waiting_);
        running_ = !next.empty();
    }
    if (!next.empty()) {
        Turn& leader = *next.front();
        leader.leads_ = true;
        leader.followers_.assign(next.begin() + 1, next.end());
        leader.wake();
    }
    for (Turn* follower : turn.followers_) {
        follower->result_ = result;
        follower->wake();
    }
}

} // namespace berth::tenant
