#include "http/server/read_ahead.hpp"

#include "http/server/page_cache.hpp"

#include <algorithm>

namespace berth::http {
namespace {

// Enough for a fast disk while a window is sent, little enough that many pulls do not push each other out of memory.
constexpr std::size_t most_ahead = 4UZ * 1024 * 1024;

} // namespace

bool ReadAhead::is_in_memory(std::uint64_t offset, std::size_t length) noexcept {
    return http::is_in_memory(file_->get(), offset, length, is_cold_);
}

bool ReadAhead::wait_for(std::uint64_t offset, std::size_t length) noexcept {
    is_cold_ = true;
    asked_ = offset; // what was read before may have been forgotten
    begin_to_read(file_->get(), offset, std::max(length, take(offset + most_ahead)));
    wait_until_read(file_->get(), offset, length);
    return true;
}

void ReadAhead::go_on(std::uint64_t offset) {
    if (!is_cold_ || asked_ > offset + most_ahead / 2) return;
    asked_ = std::max(asked_, offset);
    const std::uint64_t from = asked_;
    const std::size_t more = take(offset + most_ahead);
    if (more > 0) workers_.submit([file = file_, from, more] { begin_to_read(file->get(), from, more); });
}

std::size_t ReadAhead::take(std::uint64_t until) noexcept {
    until = std::min(until, end_);
    if (until <= asked_) return 0;
    const auto more = static_cast<std::size_t>(until - asked_);
    asked_ = until;
    return more;
}

} // namespace berth::http
