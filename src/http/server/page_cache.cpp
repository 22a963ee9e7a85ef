#include "http/server/page_cache.hpp"

#include "base/file_descriptor.hpp"

#include <fcntl.h>
#include <sys/sendfile.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

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

// Opened at the start: later there may be no descriptor left.
const FileDescriptor nowhere(::open("/dev/null", O_WRONLY | O_CLOEXEC));

} // namespace

bool is_in_memory(int file, std::uint64_t offset, std::size_t length, bool being_read) noexcept {
    if (length == 0) return true;
    bool all_have_pages = false;
    if (!cachestat_missing.load(std::memory_order_relaxed)) {
        CacheRange range{.offset = offset, .length = length};
        CacheState state{};
        if (::syscall(cachestat_number, file, &range, &state, 0U) == 0) {
            const std::uint64_t pages = (offset + length - 1) / page - offset / page + 1;
            if (state.cached < pages) return false;
            all_have_pages = true;
        } else {
            if (errno == ENOSYS || errno == EPERM) cachestat_missing.store(true, std::memory_order_relaxed);
            if (errno == EOPNOTSUPP) return true;
        }
    }
    // A page that the disk is still filling counts above. Older systems do not count at all: look at single bytes, as far
    // apart as the kernel reads ahead.
    char byte = 0;
    const auto is_filled = [&](std::uint64_t at) {
        return read_from_memory(file, std::span(&byte, 1), at) >= 0 || errno != EAGAIN;
    };
    if (!all_have_pages || being_read) {
        for (std::size_t at = 0; at < length; at += probe_step) {
            if (!is_filled(offset + at)) return false;
        }
    }
    return is_filled(offset + length - 1);
}

// Sent to nowhere: reading as it comes gets large folios from the system, of which sending costs half as much as of the
// single pages that POSIX_FADV_WILLNEED leaves, and a tenth of the time to get them.
void read_into_memory(int file, std::uint64_t offset, std::size_t length) noexcept {
    auto position = static_cast<off_t>(offset);
    const off_t end = position + static_cast<off_t>(length);
    while (position < end) {
        const ssize_t count = ::sendfile(nowhere.get(), file, &position, static_cast<std::size_t>(end - position));
        if (count == 0 || (count < 0 && errno == EIO)) return;
        if (count < 0 && errno != EINTR) break;
    }
    if (position >= end) return;
    // Where there is no such device: page by page.
    static_cast<void>(::posix_fadvise(file, position, end - position, POSIX_FADV_WILLNEED));
    char byte = 0;
    const auto wait_for = [&](off_t at) { return ::pread(file, &byte, 1, at) == 1; };
    while (position < end && wait_for(position)) position += probe_step;
    if (position >= end) wait_for(end - 1);
}

ssize_t read_from_memory(int file, std::span<char> out, std::uint64_t offset) noexcept {
    const iovec part{.iov_base = out.data(), .iov_len = out.size()};
    const ssize_t got = ::preadv2(file, &part, 1, static_cast<off_t>(offset), RWF_NOWAIT);
    if (got >= 0 || errno != EOPNOTSUPP) return got;
    return ::pread(file, out.data(), out.size(), static_cast<off_t>(offset)); // a file system in memory
}

} // namespace berth::http
