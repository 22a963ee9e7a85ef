#pragma once

#include "storage/file_system.hpp"

#include <atomic>
#include <cerrno>
#include <limits>
#include <mutex>
#include <optional>

namespace berth::storage {

/// The system's files with faults put in: every call is counted and written down, one of them can fail, writes can be
/// short, the disk can be full. Syncs are not passed on: no test can tell, and they take most of its time. Thread-safe.
class FaultyFileSystem final : public FileSystem {
public:
    explicit FaultyFileSystem(FileSystem& files = real_file_system()) : files_(files) {}

    /// The call with this number from now on (0 is the next) fails with `code`; with `half` a write is torn instead: it
    /// stores half of its bytes, then fails.
    void fail_call(std::int64_t number, int code, bool half = false) {
        const std::lock_guard lock(mutex_);
        countdown_ = number;
        code_ = code;
        half_ = half;
        fired_ = false;
    }
    /// Whether the fault has happened.
    bool fired() const {
        const std::lock_guard lock(mutex_);
        return fired_;
    }
    /// Writes take at most so many bytes at once.
    void shorten_writes(std::size_t limit) { write_limit_ = limit; }
    /// So many bytes fit on the disk from now on; nullopt: all do.
    void set_room(std::optional<std::uint64_t> bytes) {
        const std::lock_guard lock(mutex_);
        room_ = bytes;
    }
    /// What was called since the last time, as "write", "sync", "rename", …
    std::vector<std::string> take_calls() {
        const std::lock_guard lock(mutex_);
        return std::exchange(calls_, {});
    }

    SystemResult<FileDescriptor> open(const std::string& path, int flags, unsigned mode) override {
        if (auto fault = enter("open")) return std::unexpected(*fault);
        return files_.open(path, flags, mode);
    }
    SystemResult<FileDescriptor> open_cached(const std::string& path) override {
        if (auto fault = enter("open_cached")) return std::unexpected(*fault);
        return files_.open_cached(path);
    }
    SystemResult<FileStatus> status(int file) override {
        if (auto fault = enter("status")) return std::unexpected(*fault);
        return files_.status(file);
    }
    SystemResult<std::size_t> read(int file, std::span<std::byte> out, std::uint64_t offset) override {
        if (auto fault = enter("read")) return std::unexpected(*fault);
        return files_.read(file, out, offset);
    }
    SystemResult<std::size_t> write(int file, std::span<const std::byte> bytes, std::uint64_t offset) override {
        if (auto fault = enter("write")) {
            if (half_) static_cast<void>(files_.write(file, bytes.first(bytes.size() / 2), offset));
            return std::unexpected(*fault);
        }
        std::size_t size = std::min(bytes.size(), write_limit_.load());
        {
            const std::lock_guard lock(mutex_);
            if (room_) {
                size = static_cast<std::size_t>(std::min<std::uint64_t>(size, *room_));
                *room_ -= size;
                if (size == 0 && !bytes.empty()) return std::unexpected(ENOSPC);
            }
        }
        return files_.write(file, bytes.first(size), offset);
    }
    SystemResult<void> set_direct(int file, bool direct) override {
        if (auto fault = enter("set_direct")) return std::unexpected(*fault);
        return files_.set_direct(file, direct);
    }
    SystemResult<void> truncate(int file, std::uint64_t size) override {
        if (auto fault = enter("truncate")) return std::unexpected(*fault);
        return files_.truncate(file, size);
    }
    SystemResult<void> start_writing(int file, std::uint64_t offset, std::uint64_t size) override {
        if (auto fault = enter("start_writing")) return std::unexpected(*fault);
        return files_.start_writing(file, offset, size);
    }
    SystemResult<void> sync(int) override {
        if (auto fault = enter("sync")) return std::unexpected(*fault);
        return {};
    }
    SystemResult<void> sync_folder(const std::string&) override {
        if (auto fault = enter("sync_folder")) return std::unexpected(*fault);
        return {};
    }
    SystemResult<void> rename(const std::string& from, const std::string& to) override {
        if (auto fault = enter("rename")) return std::unexpected(*fault);
        return files_.rename(from, to);
    }
    SystemResult<void> remove(const std::string& path) override {
        if (auto fault = enter("remove")) return std::unexpected(*fault);
        return files_.remove(path);
    }
    SystemResult<void> make_folder(const std::string& path) override {
        if (auto fault = enter("make_folder")) return std::unexpected(*fault);
        return files_.make_folder(path);
    }
    SystemResult<std::vector<std::string>> list(const std::string& path) override {
        if (auto fault = enter("list")) return std::unexpected(*fault);
        return files_.list(path);
    }
    SystemResult<void> lock(int file) override {
        if (auto fault = enter("lock")) return std::unexpected(*fault);
        return files_.lock(file);
    }

private:
    std::optional<int> enter(const char* call) {
        const std::lock_guard lock(mutex_);
        calls_.emplace_back(call);
        if (countdown_ < 0 || countdown_-- > 0) return std::nullopt;
        fired_ = true;
        return code_;
    }

    FileSystem& files_;
    mutable std::mutex mutex_;
    std::int64_t countdown_ = -1;
    int code_ = 0;
    std::atomic<bool> half_ = false;
    bool fired_ = false;
    std::optional<std::uint64_t> room_;
    std::atomic<std::size_t> write_limit_ = std::numeric_limits<std::size_t>::max();
    std::vector<std::string> calls_;
};

} // namespace berth::storage
