#pragma once

#include "base/file_descriptor.hpp"
#include "base/time.hpp"

#include <cstddef>
#include <cstdint>
#include <expected>
#include <span>
#include <string>
#include <vector>

namespace berth::storage {

/// A value or the `errno` of the system call that failed.
template <class T>
using SystemResult = std::expected<T, int>;

/// What berth asks about a file.
struct FileStatus {
    std::uint64_t size = 0;
    Timestamp modified;
    bool is_folder = false;
};

/// What every disk takes as a part for itself.
constexpr std::size_t direct_unit = 4096;

/// The calls by which berth touches files: the one place where tests put faults and power cuts. (SQLite has a layer of its
/// own, `SqliteOptions::file_layer`.) Each call is one system call, so a write may be short. Thread-safe.
class FileSystem {
public:
    virtual ~FileSystem() = default;

    /// open(2); `O_CLOEXEC` is added. `mode` is for files that it creates.
    virtual SystemResult<FileDescriptor> open(const std::string& path, int flags, unsigned mode) = 0;
    /// Opens for reading if that needs nothing from the disk, else fails with `EAGAIN`: safe on an event loop.
    virtual SystemResult<FileDescriptor> open_cached(const std::string& path) = 0;
    virtual SystemResult<FileStatus> status(int file) = 0;
    virtual SystemResult<std::size_t> read(int file, std::span<std::byte> out, std::uint64_t offset) = 0;
    virtual SystemResult<std::size_t> write(int file, std::span<const std::byte> bytes, std::uint64_t offset) = 0;
    /// Whether writes go straight to the disk, past the system's memory (`O_DIRECT`): then address, size and offset of each
    /// are multiples of `direct_unit`, and reads are not for such a file. `EINVAL` where the file system cannot; some only
    /// say so at the write.
    virtual SystemResult<void> set_direct(int file, bool direct) = 0;
    virtual SystemResult<void> truncate(int file, std::uint64_t size) = 0;
    /// Asks the system to begin writing a part to the disk; promises nothing.
    virtual SystemResult<void> start_writing(int file, std::uint64_t offset, std::uint64_t size) = 0;
    /// The file's bytes and size are on the disk when this returns. After a failure they may be lost, even if a second
    /// call succeeds.
    virtual SystemResult<void> sync(int file) = 0;
    /// The folder's entries are on the disk when this returns.
    virtual SystemResult<void> sync_folder(const std::string& path) = 0;
    virtual SystemResult<void> rename(const std::string& from, const std::string& to) = 0;
    virtual SystemResult<void> remove(const std::string& path) = 0;
    /// Creates a folder that only its owner may enter.
    virtual SystemResult<void> make_folder(const std::string& path) = 0;
    /// The names in a folder, in no order.
    virtual SystemResult<std::vector<std::string>> list(const std::string& path) = 0;
    /// Takes an exclusive lock that ends with the process or the descriptor, `EWOULDBLOCK` if another has it: flock(2).
    virtual SystemResult<void> lock(int file) = 0;
};

/// The system's own calls.
FileSystem& real_file_system() noexcept;

} // namespace berth::storage
