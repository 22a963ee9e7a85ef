#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <sys/types.h>

namespace berth::http {

/// Whether all of a file's bytes from `offset` are in memory, so that reading them does not wait for a disk. Where the
/// system cannot tell, the answer is yes. `being_read`: some of them may be on their way, so each part is looked at.
bool is_in_memory(int file, std::uint64_t offset, std::size_t length, bool being_read) noexcept;

/// Reads the bytes into memory and waits for them, without copying them. The system reads on behind them as it sees fit.
/// For workers. What cannot be read is met again by whoever sends it.
void read_into_memory(int file, std::uint64_t offset, std::size_t length) noexcept;

/// Reads only what is in memory: bytes, 0 at the file's end, or -1 with errno EAGAIN where a disk would be waited for.
ssize_t read_from_memory(int file, std::span<char> out, std::uint64_t offset) noexcept;

} // namespace berth::http
