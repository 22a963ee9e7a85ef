#include "http/server/read_ahead.hpp"

#include "http/server/page_cache.hpp"

#include <algorithm>

namespace berth::http {
namespace {

// Enough for a fast disk while a window is sent, little enough that many pulls do not push each other out of memory.
constexpr std::size_t most_ahead = 4UZ * 1024 * 1024;

} // namespace

bool ReadAhead::is_in_memory(std::uint64_t offset, std::size_t length) noexcept {
    const bool may_be_on_its_way = progress_ && offset + length > progress_->read.load();
    return http::is_in_memory(file_->get(), offset, length, may_be_on_its_way);
}

bool ReadAhead::wait_for(std::uint64_t offset, std::size_t length) {
    if (!progress_) progress_ = std::make_shared<Progress>();
    read_into_memory(file_->get(), offset, length);
    // No more than that: what was read behind it before may have been forgotten.
    asked_ = offset + length;
    progress_->read = asked_;
    return true;
}

void ReadAhead::go_on(std::uint64_t offset) {
    const std::uint64_t from = std::max(asked_, offset);
    const std::uint64_t until = std::min(offset + most_ahead, end_);
    if (!progress_ || from >= until || from > offset + most_ahead / 2 || progress_->reading.exchange(true)) return;
    asked_ = until;
    workers_.submit([file = file_, progress = progress_, from, until] {
        read_into_memory(file->get(), from, static_cast<std::size_t>(until - from));
        progress->read = until;
        progress->reading = false;
    });
}

} // namespace berth::http
