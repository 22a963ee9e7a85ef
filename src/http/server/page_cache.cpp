#include "http/server/page_cache.hpp"

#include <fcntl.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>

namespace berth::http {
namespace {

// cachestat(2), Linux 6.5; the C library of Debian 12 does not know it yet.
constexpr long cachestat_number = 451;
struct CacheRange {
    std::uint64_t offset;
    std::uint64_t length;
};
struct CacheState {
    std::uint64_t cached;
    std::uint64_t dirty;
    std::uint64_t writeback;
    std::uint64_t evicted;
    std::uint64_t recently_evicted;
};

constexpr std::uint64_t page = 4096;
constexpr std::size_t probe_step = 64 * 1024;

std::atomic<bool> cachestat_missing = false;

} // namespace

bool is_in_memory(int file, std::uint64_t offset, std::size_t length) noexcept {
    if (length == 0) return true;
    if (!cachestat_missing.load(std::memory_order_relaxed)) {
        CacheRange range{.offset = offset, .length = length};
        CacheState state{};
        if (::syscall(cachestat_number, file, &range, &state, 0U) == 0) {
            const std::uint64_t pages = (offset + length - 1) / page - offset / page + 1;
            return state.cached >= pages;
        }
        if (errno == ENOSYS || errno == EPERM) cachestat_missing.store(true, std::memory_order_relaxed);
        if (errno == EOPNOTSUPP) return true;
    }
    // Older systems: look at single bytes, as far apart as the kernel reads ahead.
    char byte = 0;
    for (std::size_t at = 0; at < length; at += probe_step) {
        if (read_from_memory(file, std::span(&byte, 1), offset + at) < 0 && errno == EAGAIN) return false;
    }
    return read_from_memory(file, std::span(&byte, 1), offset + length - 1) >= 0 || errno != EAGAIN;
}

void bring_into_memory(int file, std::uint64_t offset, std::size_t length) noexcept {
    static_cast<void>(::posix_fadvise(file, static_cast<off_t>(offset), static_cast<off_t>(2 * length), POSIX_FADV_WILLNEED));
    std::array<char, 64 * 1024> scratch; // NOLINT: filled by the read
    for (std::size_t at = 0; at < length;) {
        const ssize_t got =
            ::pread(file, scratch.data(), std::min(scratch.size(), length - at), static_cast<off_t>(offset + at));
        if (got <= 0) return; // whoever sends the bytes meets the same error
        at += static_cast<std::size_t>(got);
    }
}

ssize_t read_from_memory(int file, std::span<char> out, std::uint64_t offset) noexcept {
    const iovec part{.iov_base = out.data(), .iov_len = out.size()};
    const ssize_t got = ::preadv2(file, &part, 1, static_cast<off_t>(offset), RWF_NOWAIT);
    if (got >= 0 || errno != EOPNOTSUPP) return got;
    return ::pread(file, out.data(), out.size(), static_cast<off_t>(offset)); // a file system in memory
}

} // namespace berth::http
