#pragma once

#include "checking/testing/disk_journal.hpp"
#include "storage/file_system.hpp"

#include <fcntl.h>

#include <unordered_map>

namespace berth::checking {

/// The system's files, with every change written down in a journal. Thread-safe.
class RecordingFileSystem final : public storage::FileSystem {
public:
    template <class T>
    using SystemResult = storage::SystemResult<T>;

    explicit RecordingFileSystem(DiskJournal& journal) : journal_(journal) {}

    SystemResult<FileDescriptor> open(const std::string& path, int flags, unsigned mode) override {
        return journal_.atomically([&] {
            auto file = real_.open(path, flags, mode);
            if (!file) return file;
            int number = journal_.find(path);
            if (number < 0 && (flags & O_CREAT) != 0) number = journal_.create(path);
            if ((flags & O_TRUNC) != 0) journal_.truncate(number, 0);
            open_[file->get()] = number;
            return file;
        });
    }
    SystemResult<FileDescriptor> open_cached(const std::string& path) override { return real_.open_cached(path); }
    SystemResult<storage::FileStatus> status(int file) override { return real_.status(file); }
    SystemResult<std::size_t> read(int file, std::span<std::byte> out, std::uint64_t offset) override {
        return real_.read(file, out, offset);
    }
    SystemResult<std::size_t> write(int file, std::span<const std::byte> bytes, std::uint64_t offset) override {
        return journal_.atomically([&] {
            auto written = real_.write(file, bytes, offset);
            if (written) journal_.write(open_.at(file), offset, bytes.first(*written));
            return written;
        });
    }
    SystemResult<void> set_direct(int file, bool direct) override { return real_.set_direct(file, direct); }
    SystemResult<void> truncate(int file, std::uint64_t size) override {
        return journal_.atomically([&] {
            auto done = real_.truncate(file, size);
            if (done) journal_.truncate(open_.at(file), size);
            return done;
        });
    }
    SystemResult<void> start_writing(int file, std::uint64_t offset, std::uint64_t size) override {
        return real_.start_writing(file, offset, size);
    }
    SystemResult<void> sync(int file) override {
        return journal_.atomically([&]() -> SystemResult<void> {
            journal_.sync(open_.at(file));
            return {};
        });
    }
    SystemResult<void> sync_folder(const std::string& path) override {
        return journal_.atomically([&]() -> SystemResult<void> {
            journal_.sync_folder(path);
            return {};
        });
    }
    SystemResult<void> rename(const std::string& from, const std::string& to) override {
        return journal_.atomically([&] {
            auto done = real_.rename(from, to);
            if (done) journal_.rename(from, to);
            return done;
        });
    }
    SystemResult<void> remove(const std::string& path) override {
        return journal_.atomically([&] {
            auto done = real_.remove(path);
            if (done) journal_.remove(path);
            return done;
        });
    }
    SystemResult<void> make_folder(const std::string& path) override {
        return journal_.atomically([&] {
            auto done = real_.make_folder(path);
            if (done) journal_.make_folder(path);
            return done;
        });
    }
    SystemResult<std::vector<std::string>> list(const std::string& path) override { return real_.list(path); }
    SystemResult<void> lock(int file) override { return real_.lock(file); }

private:
    storage::FileSystem& real_ = storage::real_file_system();
    DiskJournal& journal_;
    std::unordered_map<int, int> open_; // which file a descriptor is of
};

} // namespace berth::checking
