#include "storage/data_folder.hpp"

#include "base/encoding.hpp"
#include "storage/file_error.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <filesystem>

namespace berth::storage {
namespace {

namespace fs = std::filesystem;

std::unexpected<Error> cannot_open(const fs::path& path, int code) {
    return std::unexpected(file_error(code, fmt::format("The data folder {} cannot be opened", path.string())));
}

// The folder and those above it, each durable in the one that holds it.
SystemResult<void> make_folders(FileSystem& files, const fs::path& path) {
    auto made = files.make_folder(path.string());
    if (!made && made.error() == ENOENT && path.has_parent_path() && path.parent_path() != path) {
        if (auto above = make_folders(files, path.parent_path()); !above) return above;
        made = files.make_folder(path.string());
    }
    if (!made) return made.error() == EEXIST ? SystemResult<void>{} : made;
    return files.sync_folder(path.parent_path().string());
}

std::string process_in(FileSystem& files, int lock) {
    std::array<std::byte, 32> buffer{};
    const auto size = files.read(lock, buffer, 0);
    long process = 0;
    if (!size) return "unknown";
    const auto text = as_text(std::span(buffer).first(*size));
    const auto parsed = std::from_chars(text.data(), text.data() + text.size(), process);
    return parsed.ec == std::errc{} && process > 0 ? std::to_string(process) : "unknown";
}

} // namespace

Result<DataFolder> DataFolder::open(const std::string& given, FileSystem& files) {
    std::error_code problem;
    fs::path path = fs::absolute(given, problem).lexically_normal();
    if (given.empty() || problem) return failure(ErrorCode::invalid_parameter, "No data folder was given.");
    if (!path.has_filename() && path.has_parent_path()) path = path.parent_path(); // "/srv/berth/"

    if (const auto made = make_folders(files, path); !made) {
        if (made.error() == ENOTDIR) {
            return failure(ErrorCode::invalid_parameter, fmt::format("{} lies below a file.", path.string()));
        }
        return cannot_open(path, made.error());
    }
    const auto folder = files.open(path.string(), O_RDONLY, 0);
    if (!folder) return cannot_open(path, folder.error());
    const auto status = files.status(folder->get());
    if (!status) return cannot_open(path, status.error());
    if (!status->is_folder) {
        return failure(ErrorCode::invalid_parameter,
                       fmt::format("{} is not a folder. Name the folder that shall hold the data.", path.string()));
    }

    auto lock = files.open((path / "lock").string(), O_RDWR | O_CREAT, 0600);
    if (!lock) return cannot_open(path, lock.error());
    if (const auto locked = files.lock(lock->get()); !locked) {
        if (locked.error() != EWOULDBLOCK) return cannot_open(path, locked.error());
        return failure(ErrorCode::conflict,
                       fmt::format("The data folder {} is in use by another berth (process {}). Stop that one, or choose "
                                   "another folder.",
                                   path.string(), process_in(files, lock->get())));
    }
    // Who has it, for the message above. A full disk is no reason not to start: what is there can be read.
    const std::string process = fmt::format("{}\n", ::getpid());
    auto noted = files.truncate(lock->get(), 0);
    if (noted) {
        if (const auto written = files.write(lock->get(), as_bytes(process), 0); !written) {
            noted = std::unexpected(written.error());
        }
    }
    if (!noted && noted.error() != ENOSPC && noted.error() != EDQUOT) return cannot_open(path, noted.error());

    // Files that are there may be writable in a folder that is not.
    const auto probe = (path / "probe").string();
    const auto probed = files.open(probe, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    if (!probed && probed.error() != ENOSPC && probed.error() != EDQUOT) return cannot_open(path, probed.error());
    if (probed) static_cast<void>(files.remove(probe));
    return DataFolder(path.string(), std::move(*lock));
}

} // namespace berth::storage
