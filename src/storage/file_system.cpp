#include "storage/file_system.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <memory>
#include <string_view>

namespace berth::storage {
namespace {

std::unexpected<int> failed() { return std::unexpected(errno); }

// For calls that give 0 or fail, and may be interrupted.
template <class Call>
SystemResult<void> done(Call call) {
    while (call() != 0) {
        if (errno != EINTR) return failed();
    }
    return {};
}

class RealFileSystem final : public FileSystem {
public:
    SystemResult<FileDescriptor> open(const std::string& path, int flags, unsigned mode) override {
        while (true) {
            const int file = ::open(path.c_str(), flags | O_CLOEXEC, mode);
            if (file >= 0) return FileDescriptor(file);
            if (errno != EINTR) return failed();
        }
    }

    SystemResult<FileDescriptor> open_cached(const std::string& path) override {
        open_how how{};
        how.flags = O_RDONLY | O_CLOEXEC;
        how.resolve = RESOLVE_CACHED;
        const auto file = ::syscall(SYS_openat2, AT_FDCWD, path.c_str(), &how, sizeof(how));
        if (file >= 0) return FileDescriptor(static_cast<int>(file));
        // Kernels before 5.12 and sandboxes that do not know the call: the caller takes the long way.
        if (errno == EINVAL || errno == ENOSYS || errno == EPERM || errno == EINTR) return std::unexpected(EAGAIN);
        return failed();
    }

    SystemResult<FileStatus> status(int file) override {
        struct ::stat status{};
        if (::fstat(file, &status) != 0) return failed();
        const auto modified = std::chrono::seconds(status.st_mtim.tv_sec) + std::chrono::nanoseconds(status.st_mtim.tv_nsec);
        return FileStatus{static_cast<std::uint64_t>(status.st_size),
                          Timestamp(std::chrono::floor<std::chrono::microseconds>(modified)), S_ISDIR(status.st_mode)};
    }

    SystemResult<std::size_t> read(int file, std::span<std::byte> out, std::uint64_t offset) override {
        while (true) {
            const auto got = ::pread(file, out.data(), out.size(), static_cast<off_t>(offset));
            if (got >= 0) return static_cast<std::size_t>(got);
            if (errno != EINTR) return failed();
        }
    }

    SystemResult<std::size_t> write(int file, std::span<const std::byte> bytes, std::uint64_t offset) override {
        while (true) {
            const auto put = ::pwrite(file, bytes.data(), bytes.size(), static_cast<off_t>(offset));
            if (put >= 0) return static_cast<std::size_t>(put);
            if (errno != EINTR) return failed();
        }
    }

    SystemResult<void> set_direct(int file, bool direct) override {
        return done([&] { return ::fcntl(file, F_SETFL, direct ? O_DIRECT : 0); });
    }

    SystemResult<void> truncate(int file, std::uint64_t size) override {
        return done([&] { return ::ftruncate(file, static_cast<off_t>(size)); });
    }

    SystemResult<void> start_writing(int file, std::uint64_t offset, std::uint64_t size) override {
        return done([&] {
            return ::sync_file_range(file, static_cast<off64_t>(offset), static_cast<off64_t>(size), SYNC_FILE_RANGE_WRITE);
        });
    }

    SystemResult<void> sync(int file) override {
        return done([&] { return ::fdatasync(file); });
    }

    SystemResult<void> sync_folder(const std::string& path) override {
        auto folder = open(path, O_RDONLY | O_DIRECTORY, 0);
        if (!folder) return std::unexpected(folder.error());
        return done([&] { return ::fsync(folder->get()); });
    }

    SystemResult<void> rename(const std::string& from, const std::string& to) override {
        return done([&] { return ::rename(from.c_str(), to.c_str()); });
    }

    SystemResult<void> remove(const std::string& path) override {
        return done([&] { return ::unlink(path.c_str()); });
    }

    SystemResult<void> make_folder(const std::string& path) override {
        return done([&] { return ::mkdir(path.c_str(), 0700); });
    }

    SystemResult<std::vector<std::string>> list(const std::string& path) override {
        const std::unique_ptr<DIR, int (*)(DIR*)> folder(::opendir(path.c_str()), ::closedir);
        if (!folder) return failed();
        std::vector<std::string> names;
        while (true) {
            errno = 0;
            const dirent* entry = ::readdir(folder.get());
            if (!entry) break;
            const std::string_view name = entry->d_name;
            if (name != "." && name != "..") names.emplace_back(name);
        }
        if (errno != 0) return failed();
        return names;
    }

    SystemResult<void> lock(int file) override {
        return done([&] { return ::flock(file, LOCK_EX | LOCK_NB); });
    }
};

} // namespace

FileSystem& real_file_system() noexcept {
    static RealFileSystem instance;
    return instance;
}

} // namespace berth::storage
