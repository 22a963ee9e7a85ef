#include "base/durable_file.hpp"

#include "base/file_descriptor.hpp"
#include "base/guid.hpp"

#include <fmt/format.h>

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

namespace berth {
namespace {

std::unexpected<Error> file_failure(const std::filesystem::path& path, int error) {
    const ErrorCode code = error == ENOSPC || error == EDQUOT                    ? ErrorCode::storage_full
                           : error == EROFS || error == EACCES || error == EPERM ? ErrorCode::storage_read_only
                                                                                 : ErrorCode::internal;
    return failure(code, fmt::format("'{}' could not be written: {}.", path.string(), std::strerror(error)));
}

bool write_all(int file, std::string_view content) {
    while (!content.empty()) {
        const ssize_t written = ::write(file, content.data(), content.size());
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) return false;
        content.remove_prefix(static_cast<std::size_t>(written));
    }
    return true;
}

} // namespace

Result<void> write_durably(const std::filesystem::path& path, std::string_view content, mode_t mode) {
    const auto folder = path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
    const auto beside = folder / fmt::format(".{}.{}", path.filename().string(), Guid::random().compact());
    const auto fail = [&](int error) {
        ::unlink(beside.c_str());
        return file_failure(path, error);
    };
    const FileDescriptor file(::open(beside.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode));
    if (!file) return file_failure(path, errno);
    if (::fchmod(file.get(), mode) != 0 || !write_all(file.get(), content) || ::fsync(file.get()) != 0 ||
        std::rename(beside.c_str(), path.c_str()) != 0) {
        return fail(errno);
    }
    const FileDescriptor directory(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!directory || ::fsync(directory.get()) != 0) return file_failure(path, errno);
    return {};
}

} // namespace berth
